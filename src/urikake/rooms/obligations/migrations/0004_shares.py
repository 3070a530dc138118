"""What was performed is kept as the part of a whole that it was told as."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('obligations', '0003_financing'),
    ]

    operations = [
        migrations.AddField(model_name='progress', name='share_part', field=models.BigIntegerField(null=True)),
        migrations.AddField(model_name='progress', name='share_whole', field=models.BigIntegerField(null=True)),
    ]
