"""What the console's search box and its exports keep, and the permissions to export and to correct orders."""

import django.contrib.postgres.indexes
import django.contrib.postgres.search
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("orders", "0007_delivered_by_contact")]
    operations = [
        migrations.AlterModelOptions(
            name="order",
            options={
                "permissions": [
                    ("export_order", "Can export orders"),
                    ("correct_order", "Can correct orders by an event of the console"),
                ]
            },
        ),
        migrations.CreateModel(
            name="ItemName",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("external_item_id", models.CharField(max_length=255)),
                ("name", models.CharField(max_length=200)),
            ],
            options={
                "indexes": [
                    models.Index(fields=["external_item_id", "name"], name="item_name_by_item"),
                    django.contrib.postgres.indexes.GinIndex(
                        django.contrib.postgres.search.SearchVector("name", config="simple"), name="item_name_by_word"
                    ),
                ]
            },
        ),
        migrations.CreateModel(
            name="ItemNameState",
            fields=[
                (
                    "id",
                    models.PositiveSmallIntegerField(default=1, editable=False, primary_key=True, serialize=False),
                ),
                ("read_to", models.BigIntegerField(default=0)),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(condition=models.Q(("id", 1)), name="item_name_state_is_one_row")
                ]
            },
        ),
        migrations.RunSQL(
            "INSERT INTO orders_itemnamestate (id, read_to) VALUES (1, 0)", reverse_sql=migrations.RunSQL.noop
        ),
        migrations.CreateModel(
            name="OrderExport",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("user_id", models.IntegerField()),
                ("format", models.CharField(choices=[("csv", "CSV"), ("xlsx", "XLSX")], max_length=4)),
                ("started_at", models.DateTimeField()),
                ("seen_at", models.DateTimeField()),
                ("orders", models.BigIntegerField(null=True)),
                ("written", models.BigIntegerField(default=0)),
                ("ended_at", models.DateTimeField(null=True)),
            ],
        ),
    ]
