"""What of advances received was applied to items."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('matching', '0003_holds_and_notes'),
    ]

    operations = [
        migrations.CreateModel(
            name='AdvanceUse',
            fields=[
                ('id', models.BigIntegerField(primary_key=True, serialize=False)),
                ('run_id', models.BigIntegerField()),
                ('application_id', models.BigIntegerField(null=True)),
                ('collected_id', models.BigIntegerField(null=True)),
                ('partner_id', models.BigIntegerField()),
                ('applied_on', models.DateField()),
                ('used', models.BigIntegerField()),
                ('reverses_id', models.BigIntegerField(null=True, unique=True)),
            ],
            options={
                'db_table': 'matching_advance_use',
            },
        ),
    ]
