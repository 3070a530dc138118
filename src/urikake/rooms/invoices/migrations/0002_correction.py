"""Documents know which document they put right, and why."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('invoices', '0001_initial'),
    ]

    operations = [
        migrations.CreateModel(
            name='Correction',
            fields=[
                ('id', models.BigIntegerField(primary_key=True, serialize=False)),
                ('run_id', models.BigIntegerField()),
                ('invoice_id', models.BigIntegerField(unique=True)),
                ('original_id', models.BigIntegerField()),
                ('kind', models.CharField(max_length=10)),
                ('why', models.CharField(max_length=500)),
            ],
            options={
                'db_table': 'invoices_correction',
                'constraints': [models.UniqueConstraint(fields=('original_id', 'kind'), name='invoices_correction_once')],
            },
        ),
    ]
