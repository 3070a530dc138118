"""Requests are kept with their answers."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('base', '0002_company_code'),
    ]

    operations = [
        migrations.CreateModel(
            name='Request',
            fields=[
                ('id', models.BigIntegerField(primary_key=True, serialize=False)),
                ('run_id', models.BigIntegerField()),
                ('company_id', models.BigIntegerField()),
                ('key', models.CharField(max_length=200)),
                ('fingerprint', models.CharField(max_length=64)),
                ('status', models.IntegerField()),
                ('body', models.TextField()),
            ],
            options={
                'db_table': 'base_request',
                'constraints': [models.UniqueConstraint(fields=('company_id', 'key'), name='base_request_key')],
            },
        ),
    ]
