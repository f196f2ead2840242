import django.contrib.postgres.fields
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("events", "0009_log_vacuum"),
    ]

    operations = [
        migrations.AddField(
            model_name="replay",
            name="event_ids",
            field=django.contrib.postgres.fields.ArrayField(base_field=models.BigIntegerField(), null=True),
        ),
    ]
