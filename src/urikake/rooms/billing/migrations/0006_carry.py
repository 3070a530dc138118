"""Bills below a minimum are carried on to the partner's next closing."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('billing', '0005_hold'),
    ]

    operations = [
        migrations.CreateModel(
            name='Carry',
            fields=[
                ('id', models.BigIntegerField(primary_key=True, serialize=False)),
                ('run_id', models.BigIntegerField()),
                ('partner_id', models.BigIntegerField()),
                ('closing_on', models.DateField()),
                ('through_id', models.BigIntegerField()),
                ('minimum', models.BigIntegerField()),
                ('why', models.CharField(max_length=500)),
            ],
            options={
                'db_table': 'billing_carry',
                'constraints': [
                    models.UniqueConstraint(fields=('partner_id', 'closing_on', 'through_id'), name='billing_carry_once')
                ],
            },
        ),
    ]
