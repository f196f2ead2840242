"""Phone numbers by their last digits, in any spelling, and the names in orders that no contact stands behind."""

import django.db.models.functions.text
from django.contrib.postgres.operations import RemoveIndexConcurrently
from django.db import migrations, models

from contract.index_builds import BuildIndex


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("orders", "0008_item_names_and_exports")]
    operations = [
        BuildIndex(
            model_name="order",
            index=models.Index(
                django.db.models.functions.text.Right(
                    models.Func(
                        models.F("phone"),
                        models.Value("[^0-9]"),
                        models.Value(""),
                        models.Value("g"),
                        function="regexp_replace",
                    ),
                    9,
                    output_field=models.TextField(),
                ),
                condition=models.Q(("phone", ""), _negated=True),
                name="order_by_phone_end",
            ),
        ),
        *(
            BuildIndex(
                model_name="order",
                index=models.Index(
                    django.db.models.functions.text.Left(django.db.models.functions.text.Lower(column), 100),
                    condition=models.Q(("contact__isnull", True), models.Q((column, ""), _negated=True)),
                    name=f"order_of_nobody_by_{column}"[:30],
                ),
            )
            for column in ("first_name", "last_name")
        ),
        RemoveIndexConcurrently(model_name="order", name="order_by_phone"),
    ]
