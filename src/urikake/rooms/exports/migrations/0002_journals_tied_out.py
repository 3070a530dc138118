"""Journals that came back are tied out slip by slip, and balances month by month."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('exports', '0001_initial'),
    ]

    operations = [
        migrations.AddField(model_name='tieout', name='since_on', field=models.DateField(null=True)),
        migrations.AddField(model_name='tieoutline', name='month_on', field=models.DateField(null=True)),
        *(
            migrations.AddField(model_name='tieoutline', name=name, field=models.BigIntegerField(db_default=0))
            for name in ('moved', 'missing', 'extra', 'changed')
        ),
        migrations.CreateModel(
            name='TieOutSlip',
            fields=[
                ('id', models.BigIntegerField(primary_key=True, serialize=False)),
                ('run_id', models.BigIntegerField()),
                ('tie_out_id', models.BigIntegerField()),
                ('kind', models.CharField(max_length=10)),
                ('slip_number', models.CharField(max_length=40)),
                ('day_here', models.DateField(null=True)),
                ('day_there', models.DateField(null=True)),
                ('text', models.CharField(max_length=300)),
                ('called', models.CharField(max_length=60)),
                ('here', models.BigIntegerField()),
                ('there', models.BigIntegerField()),
                ('file_row', models.BigIntegerField()),
            ],
            options={
                'db_table': 'exports_tie_out_slip',
                'indexes': [models.Index(fields=['tie_out_id'], name='exports_tie_out_slips')],
            },
        ),
    ]
