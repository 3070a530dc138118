"""Running work may make files for people to carry on."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('web', '0005_simulation'),
    ]

    operations = [
        migrations.CreateModel(
            name='Output',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=200)),
                ('content', models.BinaryField()),
                ('made_at', models.DateTimeField(auto_now_add=True)),
                ('job', models.ForeignKey(on_delete=models.CASCADE, related_name='outputs', to='web.job')),
            ],
        ),
    ]
