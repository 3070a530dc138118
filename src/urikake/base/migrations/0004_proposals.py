"""Proposals and decisions: what waits for a second person."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('base', '0003_request'),
    ]

    operations = [
        migrations.CreateModel(
            name='Proposal',
            fields=[
                ('id', models.BigIntegerField(primary_key=True, serialize=False)),
                ('run_id', models.BigIntegerField()),
                ('kind', models.CharField(max_length=40)),
                ('content', models.TextField()),
                ('why', models.TextField()),
            ],
            options={
                'db_table': 'base_proposal',
            },
        ),
        migrations.CreateModel(
            name='Decision',
            fields=[
                ('id', models.BigIntegerField(primary_key=True, serialize=False)),
                ('run_id', models.BigIntegerField()),
                ('proposal_id', models.BigIntegerField(unique=True)),
                ('verdict', models.CharField(max_length=20)),
                ('note', models.TextField()),
            ],
            options={
                'db_table': 'base_decision',
            },
        ),
    ]
