"""A partner may bear the transfer fee itself."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('parties', '0006_withdrawn_names'),
    ]

    operations = [
        migrations.AddField(model_name='profile', name='fee_bearer', field=models.CharField(db_default='', max_length=5)),
    ]
