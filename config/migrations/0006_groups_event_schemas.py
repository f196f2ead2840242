"""Backend and Administrators write the schemas of custom events."""

from typing import Any

from django.db import migrations


def grant(apps: Any, schema_editor: Any) -> None:
    from config.groups import grant_permissions

    grant_permissions()


class Migration(migrations.Migration):
    dependencies = [
        ("config", "0005_groups_segments"),
        ("events", "0012_intake_counts_and_schemas"),
    ]

    operations = [migrations.RunPython(grant, migrations.RunPython.noop)]
