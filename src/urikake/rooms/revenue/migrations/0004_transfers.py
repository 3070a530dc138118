"""Balances of contracts that are combined stand with one of them."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('revenue', '0003_shifts'),
    ]

    operations = [
        migrations.CreateModel(
            name='Transfer',
            fields=[
                ('id', models.BigIntegerField(primary_key=True, serialize=False)),
                ('run_id', models.BigIntegerField()),
                ('contract_id', models.BigIntegerField()),
                ('arrangement_id', models.BigIntegerField()),
                ('month', models.DateField()),
                ('posted_on', models.DateField()),
                ('amount', models.BigIntegerField()),
            ],
            options={
                'db_table': 'revenue_transfer',
                'indexes': [models.Index(fields=['contract_id'], name='revenue_transfer_contract')],
            },
        ),
    ]
