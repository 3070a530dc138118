"""A payer name may be withdrawn."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('parties', '0005_tax_unit'),
    ]

    operations = [
        migrations.AddField(model_name='payername', name='withdrawn', field=models.BooleanField(db_default=False)),
    ]
