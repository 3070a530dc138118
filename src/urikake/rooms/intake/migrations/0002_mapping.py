from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('intake', '0001_initial'),
    ]

    operations = [
        migrations.CreateModel(
            name='Mapping',
            fields=[
                ('id', models.BigIntegerField(primary_key=True, serialize=False)),
                ('run_id', models.BigIntegerField()),
                ('kind', models.CharField(max_length=20)),
                ('mapping_name', models.CharField(max_length=60)),
                ('content', models.TextField()),
            ],
            options={
                'db_table': 'intake_mapping',
            },
        ),
    ]
