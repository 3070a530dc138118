"""The terms of a contract may say which day's rate of tax holds, and how it is billed and paid."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('contracts', '0003_bill_to'),
    ]

    operations = [
        migrations.AddField(
            model_name='contractterms', name='tax_point', field=models.CharField(db_default='', max_length=10)
        ),
        migrations.AddField(model_name='contractterms', name='collection_terms_id', field=models.BigIntegerField(null=True)),
    ]
