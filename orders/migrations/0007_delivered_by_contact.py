"""What each contact bought, from the index alone: insights/rfm/refresh.py."""

from django.db import migrations, models

from contract.index_builds import BuildIndex


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("orders", "0006_indexes_with_date_and_total")]
    operations = [
        BuildIndex(
            model_name="order",
            index=models.Index(
                condition=models.Q(("contact__isnull", False), ("status", "DELIVERED")),
                fields=["contact", "currency", "date"],
                include=("total_cost",),
                name="order_delivered_by_contact",
            ),
        ),
    ]
