"""Who is on which receipt of the matching screen, for as long as they are."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('web', '0008_format'),
    ]

    operations = [
        migrations.CreateModel(
            name='Looking',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('company', models.CharField(max_length=20)),
                ('person', models.CharField(max_length=150)),
                ('shown', models.CharField(max_length=150)),
                ('receipt', models.BigIntegerField()),
                ('since', models.DateTimeField()),
                ('at', models.DateTimeField()),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('company', 'person'), name='web_looking_person')],
            },
        ),
    ]
