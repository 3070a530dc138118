from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('web', '0003_read'),
    ]

    operations = [
        migrations.CreateModel(
            name='Upload',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('company', models.CharField(max_length=20)),
                ('kind', models.CharField(max_length=40)),
                ('account', models.CharField(blank=True, max_length=20)),
                ('name', models.CharField(max_length=200)),
                ('content', models.BinaryField()),
                ('actor', models.CharField(max_length=150)),
                ('key', models.CharField(max_length=200)),
                ('came_at', models.DateTimeField(auto_now_add=True)),
                ('mapping', models.JSONField(default=dict)),
                ('tried', models.JSONField(default=dict)),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('company', 'actor', 'key'), name='web_upload_key')],
            },
        ),
    ]
