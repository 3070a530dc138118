"""The terms of a contract may say that it is a commissioned work whose price is protected (取適法)."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('contracts', '0004_tax_point'),
    ]

    operations = [
        migrations.AddField(
            model_name='contractterms', name='commissioned', field=models.BooleanField(db_default=False)
        ),
    ]
