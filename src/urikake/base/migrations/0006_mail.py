"""How the company sends e-mail."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('base', '0005_letterhead'),
    ]

    operations = [
        migrations.CreateModel(
            name='Mail',
            fields=[
                ('id', models.BigIntegerField(primary_key=True, serialize=False)),
                ('run_id', models.BigIntegerField()),
                ('key', models.CharField(max_length=60)),
                ('value', models.TextField()),
            ],
            options={
                'db_table': 'base_mail',
            },
        ),
    ]
