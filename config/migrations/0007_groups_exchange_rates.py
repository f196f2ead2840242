"""Who reads revenue reads the exchange rates, and Administrators enter them."""

from typing import Any

from django.db import migrations


def grant(apps: Any, schema_editor: Any) -> None:
    from config.groups import grant_permissions

    grant_permissions()


class Migration(migrations.Migration):
    dependencies = [
        ("config", "0006_groups_event_schemas"),
        ("orders", "0010_customers_splits_and_rates"),
    ]

    operations = [migrations.RunPython(grant, migrations.RunPython.noop)]
