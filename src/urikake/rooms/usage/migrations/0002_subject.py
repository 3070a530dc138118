"""Usage events may name what was counted, and are summed from their index alone."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('usage', '0001_initial'),
    ]

    operations = [
        migrations.AddField(model_name='usageevent', name='subject', field=models.CharField(max_length=60, db_default='')),
        migrations.RemoveIndex(model_name='usageevent', name='usage_event_line_day'),
        migrations.AddIndex(
            model_name='usageevent',
            index=models.Index(fields=['line_id', 'used_on', 'quantity_micro'], name='usage_event_line_quantity'),
        ),
    ]
