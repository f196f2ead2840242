"""Who bought in a period, from the index that its revenue is read from."""

from django.contrib.postgres.operations import RemoveIndexConcurrently
from django.db import migrations, models

from contract.index_builds import BuildIndex


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("orders", "0010_customers_splits_and_rates")]
    operations = [
        BuildIndex(
            model_name="order",
            index=models.Index(
                condition=models.Q(("status", "DELIVERED")),
                fields=["currency", "date"],
                include=("total_cost", "contact"),
                name="order_delivered_figures",
            ),
        ),
        RemoveIndexConcurrently(model_name="order", name="order_delivered_revenue"),
    ]
