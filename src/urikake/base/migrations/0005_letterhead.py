"""The letterhead: what of the company stands on its documents, dated."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('base', '0004_proposals'),
    ]

    operations = [
        migrations.CreateModel(
            name='Letterhead',
            fields=[
                ('id', models.BigIntegerField(primary_key=True, serialize=False)),
                ('run_id', models.BigIntegerField()),
                ('key', models.CharField(max_length=60)),
                ('value', models.TextField()),
                ('valid_from_on', models.DateField()),
            ],
            options={
                'db_table': 'base_letterhead',
            },
        ),
    ]
