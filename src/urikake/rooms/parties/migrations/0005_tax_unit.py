"""A partner's taxes may be rounded by delivery note, and its small bills carried forward."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('parties', '0004_invoice_grouping'),
    ]

    operations = [
        migrations.AddField(model_name='profile', name='tax_unit', field=models.CharField(db_default='', max_length=15)),
        migrations.AddField(model_name='profile', name='minimum_invoice', field=models.BigIntegerField(null=True)),
    ]
