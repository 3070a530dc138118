"""Prices may hold interest: the rate that people judged, and what of each line it is."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('obligations', '0002_combination'),
    ]

    operations = [
        migrations.AddField(model_name='judgement', name='rate_micro', field=models.BigIntegerField(null=True)),
        migrations.AddField(model_name='version', name='rate_micro', field=models.BigIntegerField(null=True)),
        migrations.AddField(model_name='obligation', name='financed', field=models.BigIntegerField(null=True)),
        migrations.AddField(model_name='obligation', name='bound_on', field=models.DateField(null=True)),
    ]
