"""What was sold in a period, for the first page: DELIVERED revenue beside the period before, and orders by status."""

from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _

from account.current import current_account
from console import display
from console.filters import start_of
from orders.admin.revenue import in_order, orders_url
from orders.revenue import PeriodRevenue, load_revenue
from orders.status_counts import count_by_status

TENTH = Decimal("0.1")


def revenue_of(today: date, length: int) -> list[dict[str, Any]]:
    """DELIVERED revenue of the last `length` days and of as many before, for each currency: one query."""
    first_day = today - timedelta(days=length - 1)
    first_before = first_day - timedelta(days=length)
    found = load_revenue(
        time_zone=current_account().time_zone,
        by="day",
        first_day=first_before,
        last_day=today,
        shows_mobile_sdk=False,
    )
    return [
        _compared(
            _figure(currency, first_day, today, found),
            _figure(currency, first_before, first_day - timedelta(days=1), found),
        )
        for currency in in_order({figure.currency for figure in found})
    ]


def _figure(currency: str, first_day: date, last_day: date, found: Sequence[PeriodRevenue]) -> dict[str, Any]:
    figures = [each.sums for each in found if each.currency == currency and first_day <= each.period <= last_day]
    return {
        "currency": currency,
        "revenue": sum((figure.revenue for figure in figures), Decimal(0)),
        "orders": sum(figure.orders for figure in figures),
        "url": orders_url(currency, first_day, last_day),
    }


def _compared(now: dict[str, Any], before: dict[str, Any]) -> dict[str, Any]:
    return {"currency": now["currency"], "now": now, "before": before, **difference(now["revenue"], before["revenue"])}


def difference(now: Decimal, before: Decimal) -> dict[str, str]:
    """How a figure differs from the one before, in words, and its tone (“good”, “bad” or none)."""
    if before == now:
        return {"words": _("as much as before"), "tone": ""}
    if not before:
        return {"words": _("nothing before"), "tone": "good"}
    percent = ((now - before) * 100 / before).quantize(TENTH)
    if now > before:
        return {"words": _("%(percent)s %% more") % {"percent": display.number(percent)}, "tone": "good"}
    return {"words": _("%(percent)s %% less") % {"percent": display.number(-percent)}, "tone": "bad"}


def orders_by_status(today: date, length: int) -> list[tuple[str, int, str]]:
    """Each status with the number of orders dated in the last `length` days, and the list of them: one query."""
    first_day = today - timedelta(days=length - 1)
    counts = count_by_status(start_of(first_day), start_of(today + timedelta(days=1)))
    span = {"date_from": first_day.isoformat(), "date_to": today.isoformat()}
    address = reverse("admin:orders_order_changelist")
    return [
        (status.value, count, f"{address}?{urlencode({'status': status.value, **span})}")
        for status, count in counts.items()
    ]
