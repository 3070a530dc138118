"""The table of deposits."""

from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
    ]

    operations = [
        migrations.CreateModel(
            name='Movement',
            fields=[
                ('id', models.BigIntegerField(primary_key=True, serialize=False)),
                ('run_id', models.BigIntegerField()),
                ('charge_id', models.BigIntegerField(unique=True)),
                ('contract_id', models.BigIntegerField()),
                ('line_id', models.BigIntegerField()),
                ('partner_id', models.BigIntegerField()),
                ('product_id', models.BigIntegerField()),
                ('dimension_id', models.BigIntegerField()),
                ('invoice_id', models.BigIntegerField()),
                ('moved_on', models.DateField()),
                ('amount', models.BigIntegerField()),
                ('returned', models.BooleanField()),
            ],
            options={
                'db_table': 'deposits_movement',
                'indexes': [models.Index(fields=['line_id'], name='deposits_movement_line')],
            },
        ),
    ]
