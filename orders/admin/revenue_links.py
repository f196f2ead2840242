"""The addresses of the lists behind revenue figures, and how periods are named."""

from collections.abc import Iterable
from datetime import date
from functools import lru_cache

from django.urls import get_script_prefix, reverse
from django.utils import formats
from django.utils.http import urlencode
from django.utils.translation import gettext as _

from account.current import current_account
from orders.calendar import Granularity
from orders.models import OrderStatus
from orders.revenue_splits import Split


def in_order(currencies: Iterable[str]) -> list[str]:
    """Currencies as pages show them: the account's own first, the others by name."""
    own = current_account().default_currency
    return sorted(currencies, key=lambda currency: (currency != own, currency))


def orders_url(currency: str, first_day: date, last_day: date, **narrowed: str) -> str:
    """The list of exactly the orders that a DELIVERED figure sums up."""
    return _list_url(currency, first_day, last_day, status=OrderStatus.DELIVERED.value, **narrowed)


def sdk_orders_url(currency: str, first_day: date, last_day: date) -> str:
    """The list of exactly the orders of the mobile-SDK part."""
    return _list_url(currency, first_day, last_day, status=OrderStatus.INITIALIZED.value, sdk="yes")


def part_url(split: Split, value: str, currency: str, first_day: date, last_day: date) -> str:
    """The list of exactly the orders of a source, a store or a category; "" is what names none."""
    narrowed: dict[str, str] = {split: value} if value else {"without": split}
    return orders_url(currency, first_day, last_day, **narrowed)


def _list_url(currency: str, first_day: date, last_day: date, **narrowed: str) -> str:
    beginning = _beginning(get_script_prefix(), currency, **narrowed)
    return f"{beginning}&date_from={first_day.isoformat()}&date_to={last_day.isoformat()}"


@lru_cache(maxsize=500)
def _beginning(prefix: str, currency: str, **narrowed: str) -> str:
    """What the addresses of a page have in common: it has a thousand of them, and they differ by their days."""
    return f"{reverse('admin:orders_order_changelist')}?{urlencode({**narrowed, 'currency': currency})}"


def label_of(by: Granularity, period: date) -> str:
    match by:
        case "day":
            return formats.date_format(period, "D, j M Y")
        case "week":
            return _("week of %(day)s") % {"day": formats.date_format(period, "j M Y")}
        case "month":
            return formats.date_format(period, "F Y")


def short_label_of(by: Granularity, period: date) -> str:
    return formats.date_format(period, "M Y" if by == "month" else "j M")


def span_label(first_day: date, last_day: date) -> str:
    first, last = (formats.date_format(day, "j M Y") for day in (first_day, last_day))
    return first if first == last else f"{first} – {last}"
