"""Contracts may be billed to another partner from a day on."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('contracts', '0002_full_terms'),
    ]

    operations = [
        migrations.AddField(model_name='event', name='bill_to_id', field=models.BigIntegerField(null=True)),
    ]
