"""What the list of orders can be narrowed to; each of them stands in the address of the list, and so in an export's."""

from typing import Any

from django.db import connection
from django.db.models import Q, QuerySet
from django.forms import HiddenInput
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django_filters import CharFilter

from account.current import current_account
from console.filters import AmountFilter, DayFilter, PickFilter, SearchFilter, SuggestFilter
from console.lists import Note, changed_url
from contract.reasons import WarningCode
from orders.admin.revenue_filters import RevenueFilters
from orders.models import DailyRevenue, Order, OrderStatus
from orders.search import MOST_NAMESAKES, NEWEST_OF_ITEMS, Findings, find_orders, orders_with_item

SUGGESTED = 50
# What an order can carry; the other warnings are of events only.
CARRIED = (WarningCode.TOTAL_MISMATCH, WarningCode.DATE_IN_FUTURE, WarningCode.CONTACT_IDENTIFIER_MISSING)

# One look-up for each value, however many orders have it: the next greater one, again and again.
LOAD_DISTINCT = """
    WITH RECURSIVE found AS (
        (SELECT {column} AS value FROM orders_order WHERE {column} <> '' ORDER BY {column} LIMIT 1)   -- index: {index}
        UNION ALL
        SELECT (SELECT {column} FROM orders_order
                 WHERE {column} > found.value AND {column} <> '' ORDER BY {column} LIMIT 1)
          FROM found
         WHERE found.value IS NOT NULL
    )
    SELECT value FROM found WHERE value IS NOT NULL LIMIT {limit}
"""
LOAD_STORES = LOAD_DISTINCT.format(column="store_id", index="order_by_store_with_total", limit=SUGGESTED)
LOAD_SOURCES = LOAD_DISTINCT.format(column="source", index="order_by_source", limit=SUGGESTED)


def _values_of(statement: str) -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute(statement)
        return [value for (value,) in cursor.fetchall()]


def store_suggestions() -> list[str]:
    """The first stores by their ids: one statement."""
    return _values_of(LOAD_STORES)


def source_suggestions() -> list[str]:
    """The first values of the orders' own parameter `source`: one statement."""
    return _values_of(LOAD_SOURCES)


def status_choices() -> list[tuple[str, str]]:
    return [(status.value, status.value) for status in OrderStatus]


def currency_suggestions() -> list[str]:
    sold_in = DailyRevenue.objects.values_list("currency", flat=True).distinct()
    return sorted({*sold_in, current_account().default_currency})


def warning_choices() -> list[tuple[str, str | Promise]]:
    return [("any", gettext_lazy("with a warning")), *((code.value, code.value) for code in CARRIED)]


class OrderFilters(RevenueFilters):
    """The filters of the list. `notes` says what to know of the rows that a search found, once they are asked for."""

    q = SearchFilter(gettext_lazy("Order id, e-mail, phone, customer id, name, item name or id"), method="search")
    status = PickFilter(gettext_lazy("Status"), status_choices)
    currency = SuggestFilter(gettext_lazy("Currency"), currency_suggestions, method="in_currency")
    date_from = DayFilter(gettext_lazy("From"), field_name="date")
    date_to = DayFilter(gettext_lazy("To"), field_name="date", is_end=True)
    total_from = AmountFilter(gettext_lazy("Total from"), field_name="total_cost", lookup_expr="gte")
    total_to = AmountFilter(gettext_lazy("Total to"), field_name="total_cost", lookup_expr="lte")
    source = SuggestFilter(gettext_lazy("Source"), source_suggestions)
    store = SuggestFilter(gettext_lazy("Store"), store_suggestions, field_name="store_id")
    item = CharFilter(label=gettext_lazy("Item id"), max_length=255, method="with_item")
    warning = PickFilter(gettext_lazy("Warning"), warning_choices, method="with_warning")
    contact = CharFilter(label=gettext_lazy("Contact"), method="of_contact", widget=HiddenInput)  # of a contact's page

    class Meta:
        model = Order
        fields: list[str] = []

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.notes: list[Note] = []

    def search(self, orders: QuerySet[Order], name: str, value: str) -> QuerySet[Order]:
        findings = find_orders(orders, value)
        self.notes = self._notes_on(findings)
        return findings.orders

    def _notes_on(self, findings: Findings) -> list[Note]:
        notes = []
        if findings.has_more_namesakes:
            words = _(
                "More than %(count)d people have this name; these are the orders of some of them. Type more of it."
            )
            notes.append(Note(words % {"count": MOST_NAMESAKES}))
        if findings.is_cut_by_item:
            words = _(
                "Several items are called so: these are the newest %(count)d orders with them. Choose one for all."
            )
            notes.append(Note(words % {"count": NEWEST_OF_ITEMS}))
        if findings.items and self.request is not None:
            count = len(findings.items)
            links = [
                (
                    f"{item.name} ({item.external_item_id})" if item.name else item.external_item_id,
                    changed_url(self.request.GET, q="", cursor="", item=item.external_item_id),
                )
                for item in findings.items
            ]
            notes.append(Note(ngettext("An item is called so:", "Items are called so:", count), links))
        return notes

    def in_currency(self, orders: QuerySet[Order], name: str, value: str) -> QuerySet[Order]:
        return orders.filter(currency=value.strip().upper())

    def with_item(self, orders: QuerySet[Order], name: str, value: str) -> QuerySet[Order]:
        return orders_with_item(orders, value)

    def with_warning(self, orders: QuerySet[Order], name: str, value: str) -> QuerySet[Order]:
        if value == "any":
            return orders.filter(~Q(warnings=[]))  # index: order_with_warnings
        return orders.filter(warnings__contains=[{"code": value}])  # index: one for each code

    def of_contact(self, orders: QuerySet[Order], name: str, value: str) -> QuerySet[Order]:
        is_id = value.isascii() and value.isdigit() and len(value) < 19
        return orders.filter(contact_id=int(value)) if is_id else orders.none()
