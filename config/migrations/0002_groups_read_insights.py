"""Marketers and Administrators read insights."""

from typing import Any

from django.db import migrations


def grant(apps: Any, schema_editor: Any) -> None:
    from config.groups import grant_permissions

    grant_permissions()


class Migration(migrations.Migration):
    dependencies = [("config", "0001_groups"), ("insights", "0001_rfm")]

    operations = [migrations.RunPython(grant, migrations.RunPython.noop)]
