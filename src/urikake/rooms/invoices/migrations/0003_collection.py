"""An invoice may be paid by its contracts' own terms, and bear taxes that are rounded by delivery note."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('invoices', '0002_correction'),
    ]

    operations = [
        migrations.AddField(model_name='invoice', name='collection_terms_id', field=models.BigIntegerField(null=True)),
        migrations.AddField(model_name='invoice', name='tax_unit', field=models.CharField(db_default='', max_length=15)),
    ]
