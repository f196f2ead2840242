"""The orders with an item of a category, newest first: segments (insights/segments/compiling_orders.py)."""

import django.db.models.fields.json
import django.db.models.functions.text
from django.db import migrations, models

from contract.index_builds import BuildIndex


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("orders", "0011_delivered_with_contact")]
    operations = [
        BuildIndex(
            model_name="orderitem",
            index=models.Index(
                django.db.models.functions.text.Left(
                    django.db.models.fields.json.KeyTextTransform("category", "custom_fields"), 100
                ),
                models.OrderBy(models.F("order_date"), descending=True),
                models.OrderBy(models.F("order"), descending=True),
                condition=models.Q(("custom_fields__has_key", "category")),
                name="order_item_by_category",
            ),
        ),
    ]
