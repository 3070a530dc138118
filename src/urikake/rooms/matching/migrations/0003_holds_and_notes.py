"""Receipts can be held or set aside for a reason, and partners and receipts bear notes for whoever matches next."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('matching', '0002_learned'),
    ]

    operations = [
        migrations.CreateModel(
            name='Hold',
            fields=[
                ('id', models.BigIntegerField(primary_key=True, serialize=False)),
                ('run_id', models.BigIntegerField()),
                ('receipt_id', models.BigIntegerField()),
                ('state', models.CharField(max_length=5)),
                ('why', models.CharField(max_length=500)),
            ],
            options={
                'db_table': 'matching_hold',
            },
        ),
        migrations.CreateModel(
            name='Note',
            fields=[
                ('id', models.BigIntegerField(primary_key=True, serialize=False)),
                ('run_id', models.BigIntegerField()),
                ('partner_id', models.BigIntegerField(null=True)),
                ('receipt_id', models.BigIntegerField(null=True)),
                ('text', models.CharField(max_length=500)),
            ],
            options={
                'db_table': 'matching_note',
            },
        ),
    ]
