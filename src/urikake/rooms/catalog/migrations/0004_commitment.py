"""Product versions may bound the charges of several months together."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('catalog', '0003_meter'),
    ]

    operations = [
        migrations.AddField(model_name='product', name='commitment_months', field=models.IntegerField(null=True)),
    ]
