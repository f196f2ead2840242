"""Backend and Administrators tell other systems."""

from typing import Any

from django.db import migrations


def grant(apps: Any, schema_editor: Any) -> None:
    from config.groups import grant_permissions

    grant_permissions()


class Migration(migrations.Migration):
    dependencies = [("config", "0003_groups_export_correct_share"), ("webhooks", "0001_webhooks")]

    operations = [migrations.RunPython(grant, migrations.RunPython.noop)]
