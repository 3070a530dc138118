"""A receipt may take another back, and what banks told of accounts is kept as it came."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('receipts', '0001_initial'),
    ]

    operations = [
        migrations.AddField(model_name='receipt', name='reverses_id', field=models.BigIntegerField(null=True)),
        migrations.CreateModel(
            name='Statement',
            fields=[
                ('id', models.BigIntegerField(primary_key=True, serialize=False)),
                ('run_id', models.BigIntegerField()),
                ('company_id', models.BigIntegerField()),
                ('bank_account_id', models.BigIntegerField()),
                ('format', models.CharField(max_length=30)),
                ('since_on', models.DateField(null=True)),
                ('until_on', models.DateField(null=True)),
                ('balance_before', models.BigIntegerField(null=True)),
                ('balance_after', models.BigIntegerField(null=True)),
                ('count_in', models.BigIntegerField()),
                ('amount_in', models.BigIntegerField()),
                ('count_out', models.BigIntegerField()),
                ('amount_out', models.BigIntegerField()),
                ('count_cancelled', models.BigIntegerField()),
                ('amount_cancelled', models.BigIntegerField()),
                ('count_corrected', models.BigIntegerField()),
                ('corrected', models.BigIntegerField()),
            ],
            options={'db_table': 'receipts_statement'},
        ),
        migrations.CreateModel(
            name='Record',
            fields=[
                ('id', models.BigIntegerField(primary_key=True, serialize=False)),
                ('run_id', models.BigIntegerField()),
                ('company_id', models.BigIntegerField()),
                ('statement_id', models.BigIntegerField()),
                ('receipt_id', models.BigIntegerField(null=True)),
                ('line', models.BigIntegerField()),
                ('move', models.CharField(max_length=10)),
                ('booked_on', models.DateField()),
                ('value_on', models.DateField(null=True)),
                ('amount', models.BigIntegerField()),
                ('payer', models.CharField(max_length=200)),
                ('payer_bank', models.CharField(max_length=200)),
                ('payer_branch', models.CharField(max_length=200)),
                ('note', models.CharField(max_length=200)),
                ('inquiry', models.CharField(max_length=60)),
                ('content', models.TextField()),
                ('repeat', models.IntegerField()),
            ],
            options={'db_table': 'receipts_record'},
        ),
    ]
