"""Narrows the list of orders to those behind one figure of the revenue page. Inputs without a place in the form: they
come with a link, stand above the list as chips, and survive paging.
"""

from typing import Any

from django.core.validators import ProhibitNullCharactersValidator
from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery
from django.db.models.fields.json import KT
from django.forms import CharField, HiddenInput
from django.utils.translation import gettext_lazy as _
from django_filters import CharFilter, ChoiceFilter, FilterSet

from account.current import current_account
from console.filters import start_of
from orders.calendar import calendar_of
from orders.models import Order, OrderItem, OrderStatus
from orders.revenue_splits import days_of_category

LONGEST_TEXT = 2_000  # of an order's own source and store
BUYERS = [("known", _("with a contact")), ("new", _("new customers")), ("returning", _("returning customers"))]
WITHOUT = [("source", _("source")), ("store", _("store")), ("category", _("category of an item"))]


class ExactText(CharField):
    """A text exactly as it was sent, blanks included."""

    def __init__(self, **options: Any) -> None:
        super().__init__(strip=False, **options)
        self.validators.append(ProhibitNullCharactersValidator())


class ExactFilter(CharFilter):
    field_class = ExactText

    def __init__(self, label: Any, **options: Any) -> None:
        super().__init__(label=label, max_length=LONGEST_TEXT, widget=HiddenInput, **options)


class HiddenChoice(ChoiceFilter):
    def __init__(self, label: Any, choices: Any, **options: Any) -> None:
        super().__init__(label=label, choices=choices, widget=HiddenInput, empty_label=None, **options)


class RevenueFilters(FilterSet):
    """What the figures of the revenue page ask the list for, beside status, currency and days."""

    buyers = HiddenChoice(_("Buyers"), BUYERS, method="of_buyers")
    sdk = HiddenChoice(_("Mobile SDK"), [("yes", _("made by a mobile SDK"))], method="of_mobile_sdk")
    category = ExactFilter(_("Category"), method="with_category")
    without = HiddenChoice(_("Without"), WITHOUT, method="without_value")

    class Meta:
        model = Order
        fields: list[str] = []

    def of_mobile_sdk(self, orders: QuerySet[Order], name: str, value: str) -> QuerySet[Order]:
        return orders.filter(from_mobile_sdk=True)

    def of_buyers(self, orders: QuerySet[Order], name: str, value: str) -> QuerySet[Order]:
        """Orders of contacts; new ones have their first DELIVERED order ever in the list's days and currency."""
        orders = orders.filter(contact__isnull=False)
        if value == "known":
            return orders
        first = Order.objects.filter(contact=OuterRef("contact"), status=OrderStatus.DELIVERED).order_by("date", "id")
        orders = orders.alias(
            first_at=Subquery(first.values("date")[:1]), first_in=Subquery(first.values("currency")[:1])
        )
        is_new = Q(first_at__isnull=False)
        asked = self.form.cleaned_data
        if day := asked.get("date_from"):
            is_new &= Q(first_at__gte=start_of(day))
        if day := asked.get("date_to"):
            is_new &= Q(first_at__lt=start_of(self.filters["date_to"].bound_of(day)))
        if currency := asked.get("currency"):
            is_new &= Q(first_in=currency.strip().upper())
        return orders.filter(is_new if value == "new" else ~is_new)

    def with_category(self, orders: QuerySet[Order], name: str, value: str) -> QuerySet[Order]:
        """Orders with an item of the category; those of a rare one are looked for on its days alone."""
        account, asked = current_account(), self.form.cleaned_data
        days = days_of_category(
            value,
            calendar_of(account.time_zone, account.phone_region),
            asked.get("date_from"),
            asked.get("date_to"),
        )
        if days is not None:
            on_days = Q(pk__in=())
            for day in days:
                on_days |= Q(date__gte=start_of(day), date__lt=start_of(self.filters["date_to"].bound_of(day)))
            orders = orders.filter(on_days)
        return orders.filter(Exists(_items_by_category().filter(of=value)))

    def without_value(self, orders: QuerySet[Order], name: str, value: str) -> QuerySet[Order]:
        if value == "category":
            return orders.filter(Exists(_items_by_category().filter(Q(of__isnull=True) | Q(of=""))))
        return orders.filter(**{"store_id" if value == "store" else "source": ""})


def _items_by_category() -> QuerySet[Any]:
    """The items of the list's order, `of` as the category's split reads it (orders/split_summaries.py)."""
    return OrderItem.objects.filter(order=OuterRef("pk")).alias(of=KT("custom_fields__category"))
