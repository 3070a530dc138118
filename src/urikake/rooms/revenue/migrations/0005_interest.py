"""Interest on the balances of contracts whose price holds it."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('revenue', '0004_transfers'),
    ]

    operations = [
        migrations.CreateModel(
            name='Interest',
            fields=[
                ('id', models.BigIntegerField(primary_key=True, serialize=False)),
                ('run_id', models.BigIntegerField()),
                ('contract_id', models.BigIntegerField()),
                ('month', models.DateField()),
                ('posted_on', models.DateField()),
                ('expense', models.BigIntegerField()),
                ('income', models.BigIntegerField()),
            ],
            options={
                'db_table': 'revenue_interest',
                'indexes': [models.Index(fields=['contract_id'], name='revenue_interest_contract')],
            },
        ),
    ]
