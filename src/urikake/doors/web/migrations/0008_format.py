from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('web', '0007_arrival'),
    ]

    operations = [
        migrations.AddField(
            model_name='upload',
            name='format',
            field=models.CharField(blank=True, db_default='', max_length=30),
        ),
    ]
