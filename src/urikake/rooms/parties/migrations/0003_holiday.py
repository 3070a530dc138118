"""The company has a calendar of its own."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('parties', '0002_peppol_id'),
    ]

    operations = [
        migrations.CreateModel(
            name='Holiday',
            fields=[
                ('id', models.BigIntegerField(primary_key=True, serialize=False)),
                ('run_id', models.BigIntegerField()),
                ('day_on', models.DateField()),
                ('name', models.CharField(max_length=60)),
                ('closed', models.BooleanField()),
            ],
            options={
                'db_table': 'parties_holiday',
            },
        ),
    ]
