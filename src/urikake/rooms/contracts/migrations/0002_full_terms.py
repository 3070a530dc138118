"""Discounts, uplift at renewal, minimum terms with their fee, and leaving without refund."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('contracts', '0001_initial'),
    ]

    operations = [
        migrations.AddField('contractterms', 'uplift_micro', models.BigIntegerField(null=True)),
        migrations.AddField('contractterms', 'minimum_months', models.IntegerField(null=True)),
        migrations.AddField('contractterms', 'refund', models.CharField(max_length=10, db_default='')),
        migrations.AddField('line', 'leaving', models.BooleanField(db_default=False)),
        migrations.AddField('event', 'discount_rate', models.BigIntegerField(null=True)),
        migrations.AddField('event', 'discount_cut', models.BigIntegerField(null=True)),
    ]
