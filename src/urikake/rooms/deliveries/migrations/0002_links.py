"""A mail may bear a link that expires and whose openings are kept; an outcome names the file that said so."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('deliveries', '0001_initial'),
    ]

    operations = [
        migrations.AddField(
            model_name='delivery',
            name='link',
            field=models.CharField(db_default='', max_length=32),
        ),
        migrations.AddField(
            model_name='delivery',
            name='expires_on',
            field=models.DateField(null=True),
        ),
        migrations.AddField(
            model_name='outcome',
            name='source',
            field=models.CharField(db_default='', max_length=64),
        ),
        migrations.AddIndex(
            model_name='delivery',
            index=models.Index(fields=['link'], name='deliveries_link'),
        ),
        migrations.CreateModel(
            name='Withdrawal',
            fields=[
                ('id', models.BigIntegerField(primary_key=True, serialize=False)),
                ('run_id', models.BigIntegerField()),
                ('delivery_id', models.BigIntegerField(unique=True)),
                ('why', models.CharField(max_length=500)),
            ],
            options={
                'db_table': 'deliveries_withdrawal',
            },
        ),
        migrations.CreateModel(
            name='Opening',
            fields=[
                ('id', models.BigIntegerField(primary_key=True, serialize=False)),
                ('run_id', models.BigIntegerField()),
                ('delivery_id', models.BigIntegerField()),
                ('part', models.CharField(max_length=4)),
                ('opened_at', models.DateTimeField()),
                ('address', models.CharField(max_length=45)),
                ('agent', models.CharField(max_length=200)),
                ('digest', models.CharField(max_length=64)),
                ('nonce', models.CharField(max_length=32, unique=True)),
            ],
            options={
                'db_table': 'deliveries_opening',
            },
        ),
    ]
