"""Product versions say how usage becomes a quantity."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('catalog', '0002_option_rules'),
    ]

    operations = [
        migrations.AddField(model_name='product', name='meter', field=models.CharField(max_length=10, db_default='')),
    ]
