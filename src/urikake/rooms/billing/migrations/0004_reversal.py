"""Charges that take others back are linked to them."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('billing', '0003_discounts'),
    ]

    operations = [
        migrations.CreateModel(
            name='Reversal',
            fields=[
                ('id', models.BigIntegerField(primary_key=True, serialize=False)),
                ('run_id', models.BigIntegerField()),
                ('charge_id', models.BigIntegerField(unique=True)),
                ('reverses_id', models.BigIntegerField(unique=True)),
                ('line_id', models.BigIntegerField()),
                ('cycle_from_on', models.DateField()),
            ],
            options={
                'db_table': 'billing_reversal',
            },
        ),
    ]
