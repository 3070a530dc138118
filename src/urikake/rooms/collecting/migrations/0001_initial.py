"""Collectors, mandates, requests of direct debits and what was collected."""

from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
    ]

    operations = [
        migrations.CreateModel(
            name='Collection',
            fields=[
                ('id', models.BigIntegerField(primary_key=True, serialize=False)),
                ('run_id', models.BigIntegerField()),
                ('collector_id', models.BigIntegerField()),
                ('request_id', models.BigIntegerField(null=True, unique=True)),
                ('collected_on', models.DateField()),
                ('payout_on', models.DateField()),
                ('amount', models.BigIntegerField()),
                ('fee', models.BigIntegerField()),
            ],
            options={
                'db_table': 'collecting_collection',
            },
        ),
        migrations.CreateModel(
            name='Collector',
            fields=[
                ('id', models.BigIntegerField(primary_key=True, serialize=False)),
                ('run_id', models.BigIntegerField()),
                ('partner_id', models.BigIntegerField()),
                ('kind', models.CharField(max_length=10)),
                ('client_code', models.CharField(max_length=10)),
                ('client_name', models.CharField(max_length=60)),
                ('bank', models.CharField(max_length=4)),
                ('bank_name', models.CharField(max_length=15)),
                ('branch', models.CharField(max_length=3)),
                ('branch_name', models.CharField(max_length=15)),
                ('deposit', models.CharField(max_length=10)),
                ('bank_number', models.CharField(max_length=10)),
                ('payout_days', models.IntegerField()),
                ('line_end', models.CharField(max_length=4)),
            ],
            options={
                'db_table': 'collecting_collector',
            },
        ),
        migrations.CreateModel(
            name='Mandate',
            fields=[
                ('id', models.BigIntegerField(primary_key=True, serialize=False)),
                ('run_id', models.BigIntegerField()),
                ('partner_id', models.BigIntegerField()),
                ('collector_id', models.BigIntegerField()),
                ('bank', models.CharField(max_length=4)),
                ('bank_name', models.CharField(max_length=15)),
                ('branch', models.CharField(max_length=3)),
                ('branch_name', models.CharField(max_length=15)),
                ('deposit', models.CharField(max_length=10)),
                ('bank_number', models.CharField(max_length=10)),
                ('holder_kana', models.CharField(max_length=60)),
                ('customer_no', models.CharField(max_length=20)),
                ('valid_from_on', models.DateField()),
                ('stopped', models.BooleanField()),
                ('why', models.CharField(max_length=500)),
            ],
            options={
                'db_table': 'collecting_mandate',
            },
        ),
        migrations.CreateModel(
            name='Outcome',
            fields=[
                ('id', models.BigIntegerField(primary_key=True, serialize=False)),
                ('run_id', models.BigIntegerField()),
                ('request_id', models.BigIntegerField(unique=True)),
                ('state', models.CharField(max_length=10)),
                ('why', models.CharField(max_length=500)),
                ('digest', models.CharField(max_length=64)),
                ('paid_count', models.BigIntegerField()),
                ('paid', models.BigIntegerField()),
            ],
            options={
                'db_table': 'collecting_outcome',
            },
        ),
        migrations.CreateModel(
            name='Result',
            fields=[
                ('id', models.BigIntegerField(primary_key=True, serialize=False)),
                ('run_id', models.BigIntegerField()),
                ('debit_id', models.BigIntegerField(unique=True)),
                ('result', models.IntegerField()),
            ],
            options={
                'db_table': 'collecting_result',
            },
        ),
        migrations.CreateModel(
            name='Advance',
            fields=[
                ('id', models.BigIntegerField(primary_key=True, serialize=False)),
                ('run_id', models.BigIntegerField()),
                ('collection_id', models.BigIntegerField()),
                ('partner_id', models.BigIntegerField()),
                ('amount', models.BigIntegerField()),
            ],
            options={
                'db_table': 'collecting_advance',
                'indexes': [models.Index(fields=['collection_id'], name='collecting_advance_of')],
            },
        ),
        migrations.CreateModel(
            name='Debit',
            fields=[
                ('id', models.BigIntegerField(primary_key=True, serialize=False)),
                ('run_id', models.BigIntegerField()),
                ('request_id', models.BigIntegerField()),
                ('partner_id', models.BigIntegerField()),
                ('mandate_id', models.BigIntegerField()),
                ('amount', models.BigIntegerField()),
                ('change', models.CharField(max_length=10)),
            ],
            options={
                'db_table': 'collecting_debit',
                'indexes': [models.Index(fields=['request_id'], name='collecting_debit_request'), models.Index(fields=['partner_id'], name='collecting_debit_partner')],
            },
        ),
        migrations.CreateModel(
            name='DebitItem',
            fields=[
                ('id', models.BigIntegerField(primary_key=True, serialize=False)),
                ('run_id', models.BigIntegerField()),
                ('debit_id', models.BigIntegerField()),
                ('item_id', models.BigIntegerField()),
                ('amount', models.BigIntegerField()),
            ],
            options={
                'db_table': 'collecting_debit_item',
                'indexes': [models.Index(fields=['debit_id'], name='collecting_debit_item_debit')],
            },
        ),
        migrations.CreateModel(
            name='Line',
            fields=[
                ('id', models.BigIntegerField(primary_key=True, serialize=False)),
                ('run_id', models.BigIntegerField()),
                ('collector_id', models.BigIntegerField()),
                ('transaction_code', models.CharField(max_length=60)),
                ('collection_id', models.BigIntegerField()),
                ('document', models.CharField(max_length=60)),
                ('amount', models.BigIntegerField()),
                ('fee', models.BigIntegerField()),
            ],
            options={
                'db_table': 'collecting_line',
                'constraints': [models.UniqueConstraint(fields=('collector_id', 'transaction_code'), name='collecting_line_once')],
            },
        ),
        migrations.CreateModel(
            name='Request',
            fields=[
                ('id', models.BigIntegerField(primary_key=True, serialize=False)),
                ('run_id', models.BigIntegerField()),
                ('collector_id', models.BigIntegerField()),
                ('debit_on', models.DateField()),
                ('attempt', models.IntegerField()),
                ('due_until_on', models.DateField()),
                ('debit_count', models.BigIntegerField()),
                ('amount', models.BigIntegerField()),
                ('digest', models.CharField(max_length=64)),
                ('file_deflated', models.BinaryField()),
            ],
            options={
                'db_table': 'collecting_request',
                'constraints': [models.UniqueConstraint(fields=('collector_id', 'debit_on', 'attempt'), name='collecting_request_once')],
            },
        ),
    ]
