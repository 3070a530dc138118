"""Which products may be sold together."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('catalog', '0001_initial'),
    ]

    operations = [
        migrations.CreateModel(
            name='OptionRule',
            fields=[
                ('id', models.BigIntegerField(primary_key=True, serialize=False)),
                ('run_id', models.BigIntegerField()),
                ('company_id', models.BigIntegerField()),
                ('code', models.CharField(max_length=60)),
                ('rule', models.CharField(max_length=10)),
                ('other_code', models.CharField(max_length=60)),
                ('valid_from_on', models.DateField()),
                ('until_on', models.DateField(null=True)),
            ],
            options={
                'db_table': 'catalog_option_rule',
            },
        ),
    ]
