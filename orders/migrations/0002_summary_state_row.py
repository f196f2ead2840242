"""The one row that says for which time zone the daily revenue is built: none yet."""

from django.db import migrations


def create_state(apps, schema_editor):
    apps.get_model("orders", "SummaryState").objects.get_or_create(pk=1)


class Migration(migrations.Migration):
    dependencies = [("orders", "0001_initial")]
    operations = [migrations.RunPython(create_state, migrations.RunPython.noop)]
