"""Deliveries of documents and what became of them."""

from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
    ]

    operations = [
        migrations.CreateModel(
            name='Delivery',
            fields=[
                ('id', models.BigIntegerField(primary_key=True, serialize=False)),
                ('run_id', models.BigIntegerField()),
                ('invoice_id', models.BigIntegerField()),
                ('attempt', models.IntegerField()),
                ('method', models.CharField(max_length=20)),
                ('recipients', models.CharField(max_length=254)),
                ('message_id', models.CharField(max_length=254)),
                ('digest', models.CharField(max_length=64)),
                ('why', models.CharField(max_length=500)),
            ],
            options={
                'db_table': 'deliveries_delivery',
                'constraints': [models.UniqueConstraint(fields=('invoice_id', 'attempt'), name='deliveries_attempt_once')],
            },
        ),
        migrations.CreateModel(
            name='Outcome',
            fields=[
                ('id', models.BigIntegerField(primary_key=True, serialize=False)),
                ('run_id', models.BigIntegerField()),
                ('delivery_id', models.BigIntegerField()),
                ('state', models.CharField(max_length=10)),
                ('said', models.CharField(max_length=500)),
            ],
            options={
                'db_table': 'deliveries_outcome',
                'constraints': [models.UniqueConstraint(fields=('delivery_id', 'state'), name='deliveries_outcome_once')],
            },
        ),
    ]
