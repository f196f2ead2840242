"""What was bought: orders, their items, their history, and the revenue of each day (docs/rules.md, sections 3 and 4).

Nothing here is saved row by row: orders/ledger.py writes whole batches, under the lock of the orders' lane.
"""

from typing import Any

from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVector
from django.db import models
from django.db.models import F, Func, Q, Value
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Left, Lower, Right, Upper

from contacts.models import Contact
from contract.encoding import ExactJSONDecoder, ExactJSONEncoder
from contract.reasons import ORDER_WARNINGS
from orders.revenue_models import CustomerCount, CustomerMark, CustomerState, ExchangeRate, RevenueSplit, SplitMark

__all__ = [
    "CustomerCount",
    "CustomerMark",
    "CustomerState",
    "DailyRevenue",
    "ExchangeRate",
    "Order",
    "OrderChange",
    "OrderItem",
    "OrderStatus",
    "RevenueMark",
    "RevenueSplit",
    "SplitMark",
    "SummaryState",
]


class OrderStatus(models.TextChoices):
    INITIALIZED = "INITIALIZED"
    IN_PROGRESS = "IN_PROGRESS"
    DELIVERED = "DELIVERED"
    CANCELLED = "CANCELLED"
    ABANDONED_SHOPPING_CART = "ABANDONED_SHOPPING_CART"


INDEXED_NAME_LENGTH = 100  # characters of a person's name, as of contacts: an index row has no room for 2,000
PHONE_DIGITS = 9  # the last digits of a number are the same in every spelling, with and without the country's code
ITEM_NAME_LENGTH = 200  # characters of an item's name that a search looks at


def phone_end(column: str = "phone") -> Right:
    """The last digits of a phone number, whatever stands between them: what the index of phones holds."""
    digits = Func(F(column), Value("[^0-9]"), Value(""), Value("g"), function="regexp_replace")
    return Right(digits, PHONE_DIGITS, output_field=models.TextField())


def _exact_json(**options: Any) -> models.JSONField:
    return models.JSONField(encoder=ExactJSONEncoder, decoder=ExactJSONDecoder, **options)


class Order(models.Model):
    """An order as its applied events left it. Money keeps the decimals it was sent with."""

    id = models.BigAutoField(primary_key=True)
    external_order_id = models.CharField(max_length=255)
    contact = models.ForeignKey(Contact, on_delete=models.PROTECT, null=True, related_name="orders", db_index=False)
    status = models.CharField(max_length=23, choices=OrderStatus)
    total_cost = models.DecimalField()
    currency = models.CharField(max_length=3)
    date = models.DateTimeField()
    external_customer_id = models.CharField(max_length=255, blank=True)
    email = models.CharField(max_length=2000, blank=True)
    phone = models.CharField(max_length=2000, blank=True)
    first_name = models.CharField(max_length=2000, blank=True)
    last_name = models.CharField(max_length=2000, blank=True)
    shipping = models.DecimalField(null=True)
    discount = models.DecimalField(null=True)
    taxes = models.DecimalField(null=True)
    restore_url = models.CharField(max_length=2048, blank=True)
    status_description = models.CharField(max_length=2000, blank=True)
    store_id = models.CharField(max_length=2000, blank=True)
    source = models.CharField(max_length=2000, blank=True, help_text="The parameter `source` of the order's events.")
    delivery_method = models.CharField(max_length=2000, blank=True)
    delivery_address = models.CharField(max_length=2000, blank=True)
    payment_method = models.CharField(max_length=2000, blank=True)
    additional_info = models.CharField(max_length=2000, blank=True)
    custom_fields = _exact_json(default=dict)
    warnings = _exact_json(default=list)  # [{"code", "detail"}]: what is true of the order as it stands
    from_mobile_sdk = models.BooleanField(default=False, help_text="Made by an event of a mobile-SDK source.")
    last_occurred_at = models.DateTimeField(null=True, help_text="Guards against stale events.")
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    class Meta:
        permissions = [
            ("export_order", "Can export orders"),
            ("correct_order", "Can correct orders by an event of the console"),
        ]
        constraints = [
            # Serves the ledger's look-up of a batch's orders.
            models.UniqueConstraint(fields=["external_order_id"], name="order_external_id_is_unique"),
            models.CheckConstraint(condition=Q(total_cost__gte=0), name="order_total_not_negative"),
            models.CheckConstraint(condition=Q(status__in=OrderStatus.values), name="order_status_known"),
            models.CheckConstraint(condition=Q(currency__regex=r"^[A-Z]{3}$"), name="order_currency_is_iso_4217"),
        ]
        indexes = [
            # A contact's orders, newest first: contact pages and the order list's filter.
            models.Index(F("contact"), F("date").desc(), name="order_by_contact"),
            # The order list by each of its orderings; docs/plans.md has the plan of each filter.
            models.Index(F("date").desc(), F("id").desc(), name="order_by_date"),
            # With the date, so that the greatest orders of a day are not looked for in the table.
            models.Index(fields=["total_cost", "id"], include=["date"], name="order_by_total_cost"),
            models.Index(fields=["updated_at", "id"], name="order_by_update"),
            # What many orders have in common, newest first within it.
            models.Index(F("status"), F("date").desc(), F("id").desc(), name="order_by_status"),
            models.Index(F("currency"), F("date").desc(), F("id").desc(), name="order_by_currency"),
            # With the total, so that a store's greatest orders are chosen in the index.
            models.Index(
                fields=["store_id", "-date", "-id"],
                include=["total_cost"],
                condition=~Q(store_id=""),
                name="order_by_store_with_total",
            ),
            models.Index(
                F("source"), F("date").desc(), F("id").desc(), condition=~Q(source=""), name="order_by_source"
            ),
            # Who ordered, as the order says it: few orders each, which are sorted when they are found. The first is of
            # all orders, because PostgreSQL takes no statistics of an expression from an index of some of them.
            models.Index(Upper("email"), name="order_by_email"),
            models.Index(phone_end(), condition=~Q(phone=""), name="order_by_phone_end"),
            models.Index(
                fields=["external_customer_id"], condition=~Q(external_customer_id=""), name="order_by_customer_id"
            ),
            # Of orders that no contact stands behind, the name that they say themselves; few of many.
            *(
                models.Index(
                    Left(Lower(column), INDEXED_NAME_LENGTH),
                    condition=Q(contact__isnull=True) & ~Q(**{column: ""}),
                    name=f"order_of_nobody_by_{column}"[:30],
                )
                for column in ("first_name", "last_name")
            ),
            # One for each warning, so that a rare one is not looked for among those that every order may have.
            *(
                models.Index(
                    F("date").desc(),
                    F("id").desc(),
                    condition=Q(warnings__contains=[{"code": code.value}]),
                    name=f"order_{code.value}"[:30],
                )
                for code in ORDER_WARNINGS
            ),
            # The orders that carry a warning, newest first: few of many, which staff look through.
            models.Index(F("date").desc(), F("id").desc(), condition=~Q(warnings=[]), name="order_with_warnings"),
            # Revenue and customers of a day and currency, read from the index alone.
            models.Index(
                fields=["currency", "date"],
                include=["total_cost", "contact"],
                condition=Q(status="DELIVERED"),
                name="order_delivered_figures",
            ),
            # What each contact bought, from the index alone: RFM, and who of the buyers of a period is new.
            models.Index(
                fields=["contact", "currency", "date"],
                include=["total_cost"],
                condition=Q(status="DELIVERED", contact__isnull=False),
                name="order_delivered_by_contact",
            ),
            models.Index(
                fields=["currency", "date"],
                include=["total_cost"],
                condition=Q(status="INITIALIZED", from_mobile_sdk=True),
                name="order_sdk_initialized_revenue",
            ),
        ]

    def __str__(self) -> str:
        return self.external_order_id


class OrderItem(models.Model):
    """One line of an order, in the place it was sent in."""

    id = models.BigAutoField(primary_key=True)
    order = models.ForeignKey(Order, on_delete=models.CASCADE, related_name="items", db_index=False)
    # The order's own date once more, so that the newest orders with an item are read from one index of items.
    order_date = models.DateTimeField()
    position = models.PositiveSmallIntegerField()
    external_item_id = models.CharField(max_length=255)
    name = models.CharField(max_length=2000, blank=True)
    quantity = models.DecimalField()
    cost = models.DecimalField(null=True)
    url = models.CharField(max_length=2048, blank=True)
    image_url = models.CharField(max_length=2048, blank=True)
    custom_fields = _exact_json(default=dict)

    class Meta:
        constraints = [
            # Serves the read of an order's items, in order.
            models.UniqueConstraint(fields=["order", "position"], name="order_item_position_is_unique"),
            models.CheckConstraint(condition=Q(quantity__gt=0), name="order_item_quantity_positive"),
            models.CheckConstraint(condition=Q(cost__gte=0), name="order_item_cost_not_negative"),
        ]
        indexes = [
            # The orders with an item, newest first.
            models.Index(
                F("external_item_id"), F("order_date").desc(), F("order").desc(), name="order_item_by_item_and_date"
            ),
            # The same by the category that a shop may send with an item, and only for those that do: segments. An index
            # row has no room for a text of any length.
            models.Index(
                Left(KeyTextTransform("category", "custom_fields"), 100),
                F("order_date").desc(),
                F("order").desc(),
                condition=Q(custom_fields__has_key="category"),
                name="order_item_by_category",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.external_item_id} × {self.quantity}"


class OrderChange(models.Model):
    """One row of an order's history: which event, which fields from what to what. Never changed."""

    id = models.BigAutoField(primary_key=True)
    order = models.ForeignKey(Order, on_delete=models.CASCADE, related_name="changes", db_index=False)
    # A plain number, not a foreign key: events are a layer above orders.
    event_id = models.BigIntegerField()
    at = models.DateTimeField()
    fields = _exact_json()  # {name: {"from": …, "to": …}}

    class Meta:
        constraints = [
            # Promise 2: an event changes its order at most once.
            models.UniqueConstraint(fields=["event_id"], name="order_change_once_per_event")
        ]
        indexes = [models.Index(fields=["order", "id"], name="order_change_by_order")]  # the history of one order

    def __str__(self) -> str:
        return f"order {self.order_id} by event {self.event_id}"


class DailyRevenue(models.Model):
    """The revenue of one day of the account's time zone in one currency: derived, see orders/summaries.py."""

    id = models.BigAutoField(primary_key=True)
    day = models.DateField()
    currency = models.CharField(max_length=3)
    revenue = models.DecimalField()
    orders = models.PositiveIntegerField()
    mobile_sdk_initialized_revenue = models.DecimalField()
    mobile_sdk_initialized_orders = models.PositiveIntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["day", "currency"], name="daily_revenue_one_row_a_day")]

    def __str__(self) -> str:
        return f"{self.day} {self.currency} {self.revenue}"


class RevenueMark(models.Model):
    """“The revenue around this moment is to be computed again.” Only ever inserted and deleted: no hot row."""

    id = models.BigAutoField(primary_key=True)
    date = models.DateTimeField()
    currency = models.CharField(max_length=3)

    def __str__(self) -> str:
        return f"{self.date} {self.currency}"


class SummaryState(models.Model):
    """The time zone whose days DailyRevenue holds; empty while they are not built. Exactly one row (id 1)."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1, editable=False)
    time_zone = models.CharField(max_length=64, blank=True)

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(id=1), name="summary_state_is_one_row")]

    def __str__(self) -> str:
        return self.time_zone


class ItemName(models.Model):
    """A name under which an item was sold, for the search box: derived, see orders/item_names.py."""

    id = models.BigAutoField(primary_key=True)
    external_item_id = models.CharField(max_length=255)
    name = models.CharField(max_length=ITEM_NAME_LENGTH)

    class Meta:
        indexes = [
            models.Index(fields=["external_item_id", "name"], name="item_name_by_item"),  # whether it is noted
            GinIndex(SearchVector("name", config="simple"), name="item_name_by_word"),  # what a search asks for
        ]

    def __str__(self) -> str:
        return self.name


class ItemNameState(models.Model):
    """How far the items were read for their names. Exactly one row (id 1)."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1, editable=False)
    read_to = models.BigIntegerField(default=0)

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(id=1), name="item_name_state_is_one_row")]

    def __str__(self) -> str:
        return str(self.read_to)


class ExportFormat(models.TextChoices):
    CSV = "csv", "CSV"
    XLSX = "xlsx", "XLSX"


class OrderExport(models.Model):
    """A file of orders that somebody asked for, and how far it is. What was filtered stands in its address only."""

    id = models.BigAutoField(primary_key=True)
    user_id = models.IntegerField()  # whose file it is; a number, so that deleting a user needs no look at exports
    format = models.CharField(max_length=4, choices=ExportFormat)
    started_at = models.DateTimeField()
    seen_at = models.DateTimeField()  # the last sign of life
    orders = models.BigIntegerField(null=True)  # how many there will be in it; null until it is begun
    written = models.BigIntegerField(default=0)
    ended_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"export {self.pk}"
