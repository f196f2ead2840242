"""An index for each filter and ordering of the list: docs/plans.md. Built while the intake goes on."""

import django.db.models.functions.text
from django.db import migrations, models

from contract.index_builds import BuildIndex


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ("contacts", "0007_contact_fields"),
        ("orders", "0003_order_with_warnings"),
    ]

    operations = [
        BuildIndex(
            model_name="order",
            index=models.Index(fields=["total_cost", "id"], include=["date"], name="order_by_total_cost"),
        ),
        BuildIndex(
            model_name="order",
            index=models.Index(fields=["updated_at", "id"], name="order_by_update"),
        ),
        BuildIndex(
            model_name="order",
            index=models.Index(
                models.F("status"),
                models.OrderBy(models.F("date"), descending=True),
                models.OrderBy(models.F("id"), descending=True),
                name="order_by_status",
            ),
        ),
        BuildIndex(
            model_name="order",
            index=models.Index(
                models.F("currency"),
                models.OrderBy(models.F("date"), descending=True),
                models.OrderBy(models.F("id"), descending=True),
                name="order_by_currency",
            ),
        ),
        BuildIndex(
            model_name="order",
            index=models.Index(
                models.F("store_id"),
                models.OrderBy(models.F("date"), descending=True),
                models.OrderBy(models.F("id"), descending=True),
                condition=models.Q(("store_id", ""), _negated=True),
                name="order_by_store",
            ),
        ),
        BuildIndex(
            model_name="order",
            index=models.Index(
                models.F("source"),
                models.OrderBy(models.F("date"), descending=True),
                models.OrderBy(models.F("id"), descending=True),
                condition=models.Q(("source", ""), _negated=True),
                name="order_by_source",
            ),
        ),
        BuildIndex(
            model_name="order",
            index=models.Index(
                django.db.models.functions.text.Upper("email"),
                name="order_by_email",
            ),
        ),
        BuildIndex(
            model_name="order",
            index=models.Index(
                condition=models.Q(("phone", ""), _negated=True), fields=["phone"], name="order_by_phone"
            ),
        ),
        BuildIndex(
            model_name="order",
            index=models.Index(
                condition=models.Q(("external_customer_id", ""), _negated=True),
                fields=["external_customer_id"],
                name="order_by_customer_id",
            ),
        ),
        BuildIndex(
            model_name="order",
            index=models.Index(
                models.OrderBy(models.F("date"), descending=True),
                models.OrderBy(models.F("id"), descending=True),
                condition=models.Q(("warnings__contains", [{"code": "total_mismatch"}])),
                name="order_total_mismatch",
            ),
        ),
        BuildIndex(
            model_name="order",
            index=models.Index(
                models.OrderBy(models.F("date"), descending=True),
                models.OrderBy(models.F("id"), descending=True),
                condition=models.Q(("warnings__contains", [{"code": "identifier_conflict"}])),
                name="order_identifier_conflict",
            ),
        ),
        BuildIndex(
            model_name="order",
            index=models.Index(
                models.OrderBy(models.F("date"), descending=True),
                models.OrderBy(models.F("id"), descending=True),
                condition=models.Q(("warnings__contains", [{"code": "duplicate_parameter"}])),
                name="order_duplicate_parameter",
            ),
        ),
        BuildIndex(
            model_name="order",
            index=models.Index(
                models.OrderBy(models.F("date"), descending=True),
                models.OrderBy(models.F("id"), descending=True),
                condition=models.Q(("warnings__contains", [{"code": "date_in_future"}])),
                name="order_date_in_future",
            ),
        ),
        BuildIndex(
            model_name="order",
            index=models.Index(
                models.OrderBy(models.F("date"), descending=True),
                models.OrderBy(models.F("id"), descending=True),
                condition=models.Q(("warnings__contains", [{"code": "contact_identifier_missing"}])),
                name="order_contact_identifier_missi",
            ),
        ),
        BuildIndex(
            model_name="orderitem",
            index=models.Index(fields=["external_item_id", "order"], name="order_item_by_external_id"),
        ),
    ]
