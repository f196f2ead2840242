"""Contacts by the values of their fields: segments (insights/segments/compiling_contacts.py)."""

import django.contrib.postgres.indexes
from django.db import migrations, models

from contract.index_builds import BuildIndex


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("contacts", "0011_name_beginnings")]
    operations = [
        BuildIndex(
            model_name="contact",
            index=django.contrib.postgres.indexes.GinIndex(
                condition=models.Q(("deleted_at", None)),
                fields=["fields"],
                name="contact_by_field",
                opclasses=["jsonb_path_ops"],
            ),
        ),
    ]
