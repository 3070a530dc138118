"""Accounts of payees, senders, refunds with their parts, and transfer files."""

from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
    ]

    operations = [
        migrations.CreateModel(
            name='Payee',
            fields=[
                ('id', models.BigIntegerField(primary_key=True, serialize=False)),
                ('run_id', models.BigIntegerField()),
                ('partner_id', models.BigIntegerField()),
                ('bank', models.CharField(max_length=4)),
                ('bank_name', models.CharField(max_length=15)),
                ('branch', models.CharField(max_length=3)),
                ('branch_name', models.CharField(max_length=15)),
                ('deposit', models.CharField(max_length=10)),
                ('bank_number', models.CharField(max_length=10)),
                ('holder_kana', models.CharField(max_length=60)),
            ],
            options={
                'db_table': 'refunds_payee',
            },
        ),
        migrations.CreateModel(
            name='Refund',
            fields=[
                ('id', models.BigIntegerField(primary_key=True, serialize=False)),
                ('run_id', models.BigIntegerField()),
                ('partner_id', models.BigIntegerField()),
                ('payee_id', models.BigIntegerField()),
                ('bank_account_id', models.BigIntegerField()),
                ('pay_on', models.DateField()),
                ('amount', models.BigIntegerField()),
                ('why', models.CharField(max_length=500)),
                ('reverses_id', models.BigIntegerField(null=True, unique=True)),
            ],
            options={
                'db_table': 'refunds_refund',
            },
        ),
        migrations.CreateModel(
            name='Sender',
            fields=[
                ('id', models.BigIntegerField(primary_key=True, serialize=False)),
                ('run_id', models.BigIntegerField()),
                ('bank_account_id', models.BigIntegerField()),
                ('client_code', models.CharField(max_length=10)),
                ('client_name', models.CharField(max_length=60)),
                ('bank_name', models.CharField(max_length=15)),
                ('branch_name', models.CharField(max_length=15)),
                ('line_end', models.CharField(max_length=4)),
            ],
            options={
                'db_table': 'refunds_sender',
            },
        ),
        migrations.CreateModel(
            name='Withdrawal',
            fields=[
                ('id', models.BigIntegerField(primary_key=True, serialize=False)),
                ('run_id', models.BigIntegerField()),
                ('transfer_id', models.BigIntegerField(unique=True)),
                ('why', models.CharField(max_length=500)),
            ],
            options={
                'db_table': 'refunds_withdrawal',
            },
        ),
        migrations.CreateModel(
            name='Line',
            fields=[
                ('id', models.BigIntegerField(primary_key=True, serialize=False)),
                ('run_id', models.BigIntegerField()),
                ('transfer_id', models.BigIntegerField()),
                ('refund_id', models.BigIntegerField()),
                ('change', models.CharField(max_length=10)),
            ],
            options={
                'db_table': 'refunds_line',
                'indexes': [models.Index(fields=['transfer_id'], name='refunds_line_transfer'), models.Index(fields=['refund_id'], name='refunds_line_refund')],
            },
        ),
        migrations.CreateModel(
            name='Part',
            fields=[
                ('id', models.BigIntegerField(primary_key=True, serialize=False)),
                ('run_id', models.BigIntegerField()),
                ('refund_id', models.BigIntegerField()),
                ('application_id', models.BigIntegerField(null=True)),
                ('collected_id', models.BigIntegerField(null=True)),
                ('amount', models.BigIntegerField()),
            ],
            options={
                'db_table': 'refunds_part',
                'indexes': [models.Index(fields=['refund_id'], name='refunds_part_refund')],
            },
        ),
        migrations.CreateModel(
            name='Transfer',
            fields=[
                ('id', models.BigIntegerField(primary_key=True, serialize=False)),
                ('run_id', models.BigIntegerField()),
                ('bank_account_id', models.BigIntegerField()),
                ('pay_on', models.DateField()),
                ('attempt', models.IntegerField()),
                ('transfer_count', models.BigIntegerField()),
                ('amount', models.BigIntegerField()),
                ('digest', models.CharField(max_length=64)),
                ('file_deflated', models.BinaryField()),
            ],
            options={
                'db_table': 'refunds_transfer',
                'constraints': [models.UniqueConstraint(fields=('bank_account_id', 'pay_on', 'attempt'), name='refunds_transfer_once')],
            },
        ),
    ]
