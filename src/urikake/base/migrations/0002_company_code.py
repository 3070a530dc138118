"""Companies have a code; the one that was there is ``main``."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('base', '0001_initial'),
    ]

    operations = [
        migrations.AddField(
            model_name='company',
            name='code',
            field=models.CharField(default='main', max_length=20, unique=True),
            preserve_default=False,
        ),
    ]
