"""The one row of the account, with the defaults of its model."""

from django.db import migrations


def create_account(apps, schema_editor):
    apps.get_model("account", "Account").objects.get_or_create(pk=1)


class Migration(migrations.Migration):
    dependencies = [("account", "0001_initial")]
    operations = [migrations.RunPython(create_account, migrations.RunPython.noop)]
