"""Marketers export orders, Support corrects them, and both share views of lists; Administrators do all of it."""

from typing import Any

from django.db import migrations


def grant(apps: Any, schema_editor: Any) -> None:
    from config.groups import grant_permissions

    grant_permissions()


class Migration(migrations.Migration):
    dependencies = [
        ("config", "0002_groups_read_insights"),
        ("console", "0001_saved_views"),
        ("orders", "0008_item_names_and_exports"),
    ]

    operations = [migrations.RunPython(grant, migrations.RunPython.noop)]
