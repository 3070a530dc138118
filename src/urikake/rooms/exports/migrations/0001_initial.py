"""Names in accounting packages, files of journals with the entries that they hold, balances that came back."""

from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
    ]

    operations = [
        migrations.CreateModel(
            name='Batch',
            fields=[
                ('id', models.BigIntegerField(primary_key=True, serialize=False)),
                ('run_id', models.BigIntegerField()),
                ('target', models.CharField(max_length=20)),
                ('since_on', models.DateField()),
                ('until_on', models.DateField()),
                ('style', models.CharField(max_length=10)),
                ('again', models.BooleanField()),
                ('entry_count', models.BigIntegerField()),
                ('row_count', models.BigIntegerField()),
                ('amount', models.BigIntegerField()),
                ('digest', models.CharField(max_length=64)),
                ('file_deflated', models.BinaryField()),
            ],
            options={
                'db_table': 'exports_batch',
            },
        ),
        migrations.CreateModel(
            name='Mapping',
            fields=[
                ('id', models.BigIntegerField(primary_key=True, serialize=False)),
                ('run_id', models.BigIntegerField()),
                ('target', models.CharField(max_length=20)),
                ('kind', models.CharField(max_length=10)),
                ('ours', models.CharField(max_length=60)),
                ('code', models.CharField(max_length=20)),
                ('called', models.CharField(max_length=60)),
                ('sub', models.CharField(max_length=60)),
            ],
            options={
                'db_table': 'exports_mapping',
            },
        ),
        migrations.CreateModel(
            name='Numbered',
            fields=[
                ('id', models.BigIntegerField(primary_key=True, serialize=False)),
                ('run_id', models.BigIntegerField()),
                ('batch_id', models.BigIntegerField()),
                ('target', models.CharField(max_length=20)),
                ('on_day', models.DateField(null=True)),
                ('last', models.BigIntegerField()),
            ],
            options={
                'db_table': 'exports_numbered',
            },
        ),
        migrations.CreateModel(
            name='TieOut',
            fields=[
                ('id', models.BigIntegerField(primary_key=True, serialize=False)),
                ('run_id', models.BigIntegerField()),
                ('target', models.CharField(max_length=20)),
                ('on_day', models.DateField()),
                ('file_name', models.CharField(max_length=120)),
                ('digest', models.CharField(max_length=64)),
            ],
            options={
                'db_table': 'exports_tie_out',
            },
        ),
        migrations.CreateModel(
            name='Mark',
            fields=[
                ('id', models.BigIntegerField(primary_key=True, serialize=False)),
                ('run_id', models.BigIntegerField()),
                ('batch_id', models.BigIntegerField()),
                ('target', models.CharField(max_length=20)),
                ('first_id', models.BigIntegerField()),
                ('last_id', models.BigIntegerField()),
            ],
            options={
                'db_table': 'exports_mark',
                'indexes': [models.Index(fields=['target', 'first_id'], name='exports_mark_target')],
            },
        ),
        migrations.CreateModel(
            name='TieOutLine',
            fields=[
                ('id', models.BigIntegerField(primary_key=True, serialize=False)),
                ('run_id', models.BigIntegerField()),
                ('tie_out_id', models.BigIntegerField()),
                ('account_id', models.BigIntegerField(null=True)),
                ('called', models.CharField(max_length=60)),
                ('there', models.BigIntegerField()),
                ('here', models.BigIntegerField()),
                ('waiting', models.BigIntegerField()),
            ],
            options={
                'db_table': 'exports_tie_out_line',
                'indexes': [models.Index(fields=['tie_out_id'], name='exports_tie_out_of')],
            },
        ),
    ]
