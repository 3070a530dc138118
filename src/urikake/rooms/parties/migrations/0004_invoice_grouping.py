"""Partners may have their invoices grouped in a way of their own."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('parties', '0003_holiday'),
    ]

    operations = [
        migrations.AddField(
            model_name='profile', name='invoice_grouping', field=models.CharField(db_default='', max_length=10)
        ),
    ]
