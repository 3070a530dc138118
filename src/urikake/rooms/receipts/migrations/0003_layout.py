"""How a company reads the CSV of a bank is kept under a name."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('receipts', '0002_bank_files'),
    ]

    operations = [
        migrations.CreateModel(
            name='Layout',
            fields=[
                ('id', models.BigIntegerField(primary_key=True, serialize=False)),
                ('run_id', models.BigIntegerField()),
                ('company_id', models.BigIntegerField()),
                ('layout_name', models.CharField(max_length=30)),
                ('content', models.TextField()),
                ('withdrawn', models.BooleanField()),
            ],
            options={'db_table': 'receipts_layout'},
        ),
    ]
