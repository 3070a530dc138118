from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('web', '0004_upload'),
    ]

    operations = [
        migrations.CreateModel(
            name='Simulation',
            fields=[
                ('id', models.BigIntegerField(primary_key=True, serialize=False)),
                ('company', models.CharField(max_length=20)),
                ('title', models.CharField(max_length=200)),
                ('changes', models.JSONField(default=dict)),
                ('months', models.IntegerField()),
                ('result', models.JSONField(default=dict)),
                ('actor', models.CharField(max_length=150)),
                ('made_at', models.DateTimeField(auto_now_add=True)),
                ('reserved_at', models.DateTimeField(null=True)),
                ('reserved_by', models.CharField(blank=True, max_length=150)),
            ],
            options={
                'indexes': [models.Index(fields=['company', '-id'], name='web_simulation_company')],
            },
        ),
    ]
