"""The newest orders with an item, and the greatest of a store, each from one index: docs/plans.md."""

from django.contrib.postgres.operations import RemoveIndexConcurrently
from django.db import migrations, models

from contract.index_builds import BuildIndex


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("orders", "0005_item_order_date")]
    operations = [
        BuildIndex(
            model_name="orderitem",
            index=models.Index(
                models.F("external_item_id"),
                models.OrderBy(models.F("order_date"), descending=True),
                models.OrderBy(models.F("order"), descending=True),
                name="order_item_by_item_and_date",
            ),
        ),
        BuildIndex(
            model_name="order",
            index=models.Index(
                condition=models.Q(("store_id", ""), _negated=True),
                fields=["store_id", "-date", "-id"],
                include=["total_cost"],
                name="order_by_store_with_total",
            ),
        ),
        RemoveIndexConcurrently(model_name="orderitem", name="order_item_by_external_id"),
        RemoveIndexConcurrently(model_name="order", name="order_by_store"),
    ]
