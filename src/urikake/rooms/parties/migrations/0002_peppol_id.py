"""Partners have the electronic address to which e-invoices are delivered."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('parties', '0001_initial'),
    ]

    operations = [
        migrations.AddField(model_name='profile', name='peppol_id', field=models.CharField(db_default='', max_length=60)),
    ]
