"""Contracts may be judged to be one."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('obligations', '0001_initial'),
    ]

    operations = [
        migrations.AddField(model_name='judgement', name='with_contract_id', field=models.BigIntegerField(null=True)),
    ]
