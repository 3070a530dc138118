"""Charges bear the discounts that were off."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('billing', '0002_source_by_cycle'),
    ]

    operations = [
        migrations.AddField(model_name='charge', name=name, field=models.BigIntegerField(db_default=0))
        for name in ('discount_rate', 'discount_cut')
    ]
