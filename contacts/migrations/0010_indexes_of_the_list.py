"""Indexes for GET /api/v1/contacts, built while the intake goes on."""

import django.db.models.functions.text
from django.db import migrations, models

from contract.index_builds import BuildIndex


def name_index(column: str, name: str) -> models.Index:
    return models.Index(
        django.db.models.functions.text.Left(django.db.models.functions.text.Lower(column), 100),
        "id",
        condition=models.Q(("deleted_at", None)),
        name=name,
    )


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("contacts", "0009_contact_import")]
    operations = [
        BuildIndex(
            model_name="contact",
            index=models.Index(condition=models.Q(("deleted_at", None)), fields=["id"], name="contact_kept"),
        ),
        BuildIndex(model_name="contact", index=name_index("first_name", "contact_by_first_name")),
        BuildIndex(model_name="contact", index=name_index("last_name", "contact_by_last_name")),
    ]
