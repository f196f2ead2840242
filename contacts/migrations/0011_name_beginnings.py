"""The contacts whose name begins with what is typed into a search box. Built while imports go on."""

import django.contrib.postgres.indexes
import django.db.models.functions.text
from django.db import migrations, models

from contract.index_builds import BuildIndex


def beginning(which: str) -> BuildIndex:
    name = django.db.models.functions.text.Left(django.db.models.functions.text.Lower(f"{which}_name"), 100)
    return BuildIndex(
        model_name="contact",
        index=models.Index(
            django.contrib.postgres.indexes.OpClass(name, name="text_pattern_ops"),
            condition=models.Q(("deleted_at", None)),
            name=f"contact_by_{which}_name_begin",
        ),
    )


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ("contacts", "0010_indexes_of_the_list"),
    ]

    operations = [beginning("first"), beginning("last")]
