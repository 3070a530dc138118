"""A file that was taken knows by which mapping it was read."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('intake', '0002_mapping'),
    ]

    operations = [
        migrations.AddField(model_name='file', name='read_by', field=models.CharField(max_length=64, db_default='')),
    ]
