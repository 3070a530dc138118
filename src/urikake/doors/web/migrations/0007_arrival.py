"""Openings of links wait here until the worker takes them to the books."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('web', '0006_output'),
    ]

    operations = [
        migrations.CreateModel(
            name='Arrival',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('company', models.CharField(max_length=20)),
                ('delivery_id', models.BigIntegerField()),
                ('part', models.CharField(max_length=4)),
                ('opened_at', models.DateTimeField()),
                ('address', models.CharField(max_length=45)),
                ('agent', models.CharField(max_length=200)),
                ('digest', models.CharField(max_length=64)),
                ('nonce', models.CharField(max_length=32)),
            ],
        ),
    ]
