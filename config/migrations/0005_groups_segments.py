"""Marketers and Administrators see segments, make them and change them."""

from typing import Any

from django.db import migrations


def grant(apps: Any, schema_editor: Any) -> None:
    from config.groups import grant_permissions

    grant_permissions()


class Migration(migrations.Migration):
    dependencies = [("config", "0004_groups_webhooks"), ("insights", "0004_segments")]

    operations = [migrations.RunPython(grant, migrations.RunPython.noop)]
