"""Applications tell what they were known by; payer names are learned from those by hand, and released or revoked."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('matching', '0001_initial'),
    ]

    operations = [
        migrations.AddField(model_name='application', name='by', field=models.CharField(db_default='', max_length=10)),
        migrations.CreateModel(
            name='LearnedName',
            fields=[
                ('id', models.BigIntegerField(primary_key=True, serialize=False)),
                ('run_id', models.BigIntegerField()),
                ('partner_id', models.BigIntegerField()),
                ('payer', models.CharField(max_length=200)),
                ('folded', models.CharField(max_length=200)),
                ('application_id', models.BigIntegerField()),
            ],
            options={
                'db_table': 'matching_learned_name',
                'constraints': [models.UniqueConstraint(fields=('application_id', 'partner_id', 'folded'), name='matching_lesson')],
            },
        ),
        migrations.CreateModel(
            name='NameDecision',
            fields=[
                ('id', models.BigIntegerField(primary_key=True, serialize=False)),
                ('run_id', models.BigIntegerField()),
                ('partner_id', models.BigIntegerField()),
                ('folded', models.CharField(max_length=200)),
                ('kind', models.CharField(max_length=10)),
            ],
            options={
                'db_table': 'matching_name_decision',
            },
        ),
    ]
