from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('web', '0009_looking'),
    ]

    operations = [
        migrations.AddField(model_name='upload', name='lenient', field=models.BooleanField(db_default=False)),
    ]
