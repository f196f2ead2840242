"""What revenue is told by beside its days: customers, sources, stores, categories, and other currencies."""

import django.core.validators
from django.db import migrations, models

CODE = django.core.validators.RegexValidator("^[A-Z]{3}\\Z", "Three capital letters of ISO 4217, such as UAH.")


def create_state(apps, schema_editor):
    apps.get_model("orders", "CustomerState").objects.get_or_create(pk=1)


# Until every day is built anew, a summary from before this migration knows nothing of splits and customers.
BUILD_ANEW = "UPDATE orders_summarystate SET time_zone = ''"


class Migration(migrations.Migration):
    dependencies = [("orders", "0009_indexes_of_the_search_box")]

    operations = [
        migrations.CreateModel(
            name="CustomerCount",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("by", models.CharField(max_length=5)),
                ("period", models.DateField()),
                ("currency", models.CharField(max_length=3)),
                ("customers", models.PositiveIntegerField()),
                ("new_customers", models.PositiveIntegerField(db_default=0, default=0)),
            ],
            options={
                "default_permissions": (),
                "constraints": [
                    models.UniqueConstraint(fields=("by", "period", "currency"), name="customer_count_one_row_a_period")
                ],
            },
        ),
        migrations.CreateModel(
            name="CustomerMark",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("order_id", models.BigIntegerField()),
                ("contact_id", models.BigIntegerField(null=True)),
                ("currency", models.CharField(blank=True, max_length=3)),
                ("date", models.DateTimeField(null=True)),
            ],
            options={"default_permissions": ()},
        ),
        migrations.CreateModel(
            name="CustomerState",
            fields=[
                ("id", models.PositiveSmallIntegerField(default=1, editable=False, primary_key=True, serialize=False)),
                ("calendar", models.CharField(blank=True, max_length=80)),
                ("built_at", models.DateTimeField(null=True)),
                ("build_seconds", models.FloatField(default=0)),
            ],
            options={
                "default_permissions": (),
                "constraints": [
                    models.CheckConstraint(condition=models.Q(("id", 1)), name="customer_state_is_one_row")
                ],
            },
        ),
        migrations.CreateModel(
            name="RevenueSplit",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("split", models.CharField(max_length=8)),
                ("day", models.DateField()),
                ("currency", models.CharField(max_length=3)),
                ("value", models.TextField(blank=True)),
                ("revenue", models.DecimalField()),
                ("orders", models.PositiveIntegerField()),
            ],
            options={
                "default_permissions": (),
                "indexes": [models.Index(fields=["split", "day", "currency"], name="revenue_split_by_day")],
            },
        ),
        migrations.CreateModel(
            name="SplitMark",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("day", models.DateField()),
                ("currency", models.CharField(max_length=3)),
            ],
            options={"default_permissions": ()},
        ),
        migrations.CreateModel(
            name="ExchangeRate",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("currency", models.CharField(max_length=3, validators=[CODE], verbose_name="currency")),
                (
                    "reporting_currency",
                    models.CharField(max_length=3, validators=[CODE], verbose_name="reporting currency"),
                ),
                ("day", models.DateField(verbose_name="valid from")),
                ("rate", models.DecimalField(decimal_places=12, max_digits=24, verbose_name="rate")),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("reporting_currency", "currency", "day"),
                        name="exchange_rate_one_a_day",
                        violation_error_message="There is a rate of these currencies from this day on already.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("rate__gt", 0)),
                        name="exchange_rate_positive",
                        violation_error_message="The rate must be above zero.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("currency", models.F("reporting_currency")), _negated=True),
                        name="exchange_rate_of_two_currencies",
                        violation_error_message="The two currencies must differ.",
                    ),
                ],
            },
        ),
        migrations.RunPython(create_state, migrations.RunPython.noop),
        migrations.RunSQL(BUILD_ANEW, migrations.RunSQL.noop),
    ]
