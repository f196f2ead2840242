"""An index for each filter and ordering of the list: docs/plans.md. Built while the intake goes on."""

from django.db import migrations, models

from contract.index_builds import BuildIndex


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ("contacts", "0007_contact_fields"),
        ("events", "0006_api_key_limit_and_use"),
        ("orders", "0004_indexes_of_lists"),
    ]

    operations = [
        BuildIndex(
            model_name="event",
            index=models.Index(fields=["event_type", "id"], name="event_by_type"),
        ),
        BuildIndex(
            model_name="event",
            index=models.Index(fields=["source", "id"], name="event_by_source"),
        ),
        BuildIndex(
            model_name="event",
            index=models.Index(fields=["key_value", "id"], name="event_by_key_value"),
        ),
        BuildIndex(
            model_name="outcome",
            index=models.Index(
                models.F("status"), models.OrderBy(models.F("event"), descending=True), name="outcome_by_status"
            ),
        ),
        BuildIndex(
            model_name="outcome",
            index=models.Index(
                models.OrderBy(models.F("event"), descending=True),
                condition=models.Q(("warnings__contains", [{"code": "total_mismatch"}])),
                name="outcome_total_mismatch",
            ),
        ),
        BuildIndex(
            model_name="outcome",
            index=models.Index(
                models.OrderBy(models.F("event"), descending=True),
                condition=models.Q(("warnings__contains", [{"code": "identifier_conflict"}])),
                name="outcome_identifier_conflict",
            ),
        ),
        BuildIndex(
            model_name="outcome",
            index=models.Index(
                models.OrderBy(models.F("event"), descending=True),
                condition=models.Q(("warnings__contains", [{"code": "duplicate_parameter"}])),
                name="outcome_duplicate_parameter",
            ),
        ),
        BuildIndex(
            model_name="outcome",
            index=models.Index(
                models.OrderBy(models.F("event"), descending=True),
                condition=models.Q(("warnings__contains", [{"code": "date_in_future"}])),
                name="outcome_date_in_future",
            ),
        ),
        BuildIndex(
            model_name="outcome",
            index=models.Index(
                models.OrderBy(models.F("event"), descending=True),
                condition=models.Q(("warnings__contains", [{"code": "contact_identifier_missing"}])),
                name="outcome_contact_identifier_mis",
            ),
        ),
    ]
