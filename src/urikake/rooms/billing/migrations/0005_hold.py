"""Bills of single partners can be held back from the issue of their closing."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('billing', '0004_reversal'),
    ]

    operations = [
        migrations.CreateModel(
            name='Hold',
            fields=[
                ('id', models.BigIntegerField(primary_key=True, serialize=False)),
                ('run_id', models.BigIntegerField()),
                ('partner_id', models.BigIntegerField()),
                ('closing_on', models.DateField()),
                ('held', models.BooleanField()),
                ('why', models.CharField(max_length=500)),
            ],
            options={
                'db_table': 'billing_hold',
            },
        ),
    ]
