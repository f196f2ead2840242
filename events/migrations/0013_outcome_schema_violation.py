"""The events whose parameters are not as their type's schema says, newest first. Built while events go on coming in."""

from django.db import migrations, models

from contract.index_builds import BuildIndex


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ("events", "0012_intake_counts_and_schemas"),
    ]

    operations = [
        BuildIndex(
            model_name="outcome",
            index=models.Index(
                models.OrderBy(models.F("event"), descending=True),
                condition=models.Q(("warnings__contains", [{"code": "schema_violation"}])),
                name="outcome_schema_violation",
            ),
        ),
    ]
