"""The groups of people: Marketers, Support, Backend, Administrators."""

from typing import Any

from django.db import migrations


def grant(apps: Any, schema_editor: Any) -> None:
    from config.groups import grant_permissions

    grant_permissions()


class Migration(migrations.Migration):
    dependencies = [
        ("contenttypes", "0002_remove_content_type_name"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("account", "0003_audit_entry"),
        ("contacts", "0009_contact_import"),
        ("orders", "0001_initial"),
        ("events", "0008_order_deletion"),
    ]

    operations = [migrations.RunPython(grant, migrations.RunPython.noop)]
