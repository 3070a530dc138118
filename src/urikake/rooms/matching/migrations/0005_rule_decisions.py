"""Decisions on the rules of automatic matching that a company may release for itself."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('matching', '0004_advances'),
    ]

    operations = [
        migrations.CreateModel(
            name='RuleDecision',
            fields=[
                ('id', models.BigIntegerField(primary_key=True, serialize=False)),
                ('run_id', models.BigIntegerField()),
                ('rule', models.CharField(max_length=10)),
                ('kind', models.CharField(max_length=10)),
                ('why', models.CharField(max_length=500)),
                ('times_right', models.BigIntegerField()),
                ('times_wrong', models.BigIntegerField()),
            ],
            options={
                'db_table': 'matching_rule_decision',
            },
        ),
    ]
