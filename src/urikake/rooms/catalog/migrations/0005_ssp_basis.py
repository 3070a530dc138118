"""Product versions may say how their standalone selling price is known."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('catalog', '0004_commitment'),
    ]

    operations = [
        migrations.AddField(model_name='product', name='ssp_basis', field=models.CharField(db_default='', max_length=20)),
    ]
