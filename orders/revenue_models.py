"""What is kept beside DailyRevenue: customers, splits, the marks of both, and the rates of a reporting currency.

All but the rates is derived from the orders: orders/customer_counts.py and orders/split_summaries.py write it, and say
how it stays equal to them.
"""

from django.core.validators import RegexValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _


class CustomerCount(models.Model):
    """How many contacts bought in a day, week or month, in one currency; `period` is its first day.

    `new_customers` are those whose first DELIVERED order ever it holds. They add up, so only days have them.
    """

    id = models.BigAutoField(primary_key=True)
    by = models.CharField(max_length=5)  # day, week or month
    period = models.DateField()
    currency = models.CharField(max_length=3)
    customers = models.PositiveIntegerField()
    new_customers = models.PositiveIntegerField(default=0, db_default=0)

    class Meta:
        default_permissions = ()
        constraints = [
            # Serves the read of a span: the periods of one length, in order.
            models.UniqueConstraint(fields=["by", "period", "currency"], name="customer_count_one_row_a_period"),
        ]

    def __str__(self) -> str:
        return f"{self.by} {self.period} {self.currency} {self.customers}"


class CustomerMark(models.Model):
    """“This order counted so when a transaction changed it.” Only ever inserted and deleted.

    `contact_id` null: it did not count. An order's oldest mark says how the counts that are built know it.
    """

    id = models.BigAutoField(primary_key=True)
    order_id = models.BigIntegerField()
    contact_id = models.BigIntegerField(null=True)
    currency = models.CharField(max_length=3, blank=True)
    date = models.DateTimeField(null=True)

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return f"order {self.order_id}"


class RevenueSplit(models.Model):
    """The part of a day's revenue that one source, store or item category has, in one currency."""

    id = models.BigAutoField(primary_key=True)
    split = models.CharField(max_length=8)  # source, store or category
    day = models.DateField()
    currency = models.CharField(max_length=3)
    value = models.TextField(blank=True)  # "": the orders, or items, that name none
    revenue = models.DecimalField()
    orders = models.PositiveIntegerField()

    class Meta:
        default_permissions = ()
        # The read of a span, and the days that are built again. Values may be too long for an index.
        indexes = [models.Index(fields=["split", "day", "currency"], name="revenue_split_by_day")]

    def __str__(self) -> str:
        return f"{self.day} {self.currency} {self.split} {self.value}"


class SplitMark(models.Model):
    """“The splits of this day are to be computed again.” Written when the day's own revenue is."""

    id = models.BigAutoField(primary_key=True)
    day = models.DateField()
    currency = models.CharField(max_length=3)

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.day} {self.currency}"


class CustomerState(models.Model):
    """The calendar that CustomerCount is built for, and how its last build went. Exactly one row (id 1)."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1, editable=False)
    calendar = models.CharField(max_length=80, blank=True)  # time zone and first day of the week; "": not built
    built_at = models.DateTimeField(null=True)
    build_seconds = models.FloatField(default=0)

    class Meta:
        default_permissions = ()
        constraints = [models.CheckConstraint(condition=Q(id=1), name="customer_state_is_one_row")]

    def __str__(self) -> str:
        return self.calendar


CODE = RegexValidator(r"^[A-Z]{3}\Z", _("Three capital letters of ISO 4217, such as UAH."))


class ExchangeRate(models.Model):
    """What one unit of `currency` is worth in `reporting_currency`, from `day` on until the next rate of the two."""

    id = models.BigAutoField(primary_key=True)
    currency = models.CharField(_("currency"), max_length=3, validators=[CODE])
    reporting_currency = models.CharField(_("reporting currency"), max_length=3, validators=[CODE])
    day = models.DateField(_("valid from"))
    rate = models.DecimalField(_("rate"), max_digits=24, decimal_places=12)

    class Meta:
        constraints = [
            # Serves the look-up of the rate that holds on a day.
            models.UniqueConstraint(
                fields=["reporting_currency", "currency", "day"],
                name="exchange_rate_one_a_day",
                violation_error_message=_("There is a rate of these currencies from this day on already."),
            ),
            models.CheckConstraint(
                condition=Q(rate__gt=0),
                name="exchange_rate_positive",
                violation_error_message=_("The rate must be above zero."),
            ),
            models.CheckConstraint(
                condition=~Q(currency=F("reporting_currency")),
                name="exchange_rate_of_two_currencies",
                violation_error_message=_("The two currencies must differ."),
            ),
        ]

    def __str__(self) -> str:
        return f"1 {self.currency} = {self.rate.normalize():f} {self.reporting_currency} from {self.day}"
