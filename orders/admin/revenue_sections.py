"""One currency of the revenue page: its tiles, chart, table and parts, each figure with its orders' list."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from console import display
from console.chart import BarChart, Slot, draw_bars
from contract.currencies import format_money
from orders.admin.revenue_links import (
    label_of,
    orders_url,
    part_url,
    sdk_orders_url,
    short_label_of,
    span_label,
)
from orders.calendar import Calendar, Granularity
from orders.exchange import Converted
from orders.revenue_report import Compared, CurrencyReport, PeriodReport, Span, cut_to, periods_of
from orders.revenue_splits import PartRevenue, Split, not_in_items

MOST_PARTS = 50  # of a table; the rest is summed up, and is in the CSV
TENTH = Decimal("0.1")


@dataclass(frozen=True, slots=True)
class Cell:
    """A figure as it is shown, and the list of its orders; no link where there are none."""

    shown: SafeString | str
    url: str = ""
    below: str = ""
    is_muted: bool = False


@dataclass(frozen=True, slots=True)
class Asked:
    """What the page was asked for, as its sections need it."""

    calendar: Calendar
    by: Granularity
    span: Span
    shows_sdk: bool
    reporting_currency: str


def section_of(report: CurrencyReport, asked: Asked) -> dict[str, Any]:
    """The report of a currency, which must have been compared, as the page draws it; parts come with parts_of()."""
    currency, span = report.currency, asked.span
    return {
        "currency": currency,
        "report": report,
        "average": report.total.average(currency),
        "url": orders_url(currency, *span),
        "new_url": orders_url(currency, *span, buyers="new"),
        "sdk_url": sdk_orders_url(currency, *span),
        "earlier": [
            _compared(words, report, compared)
            for words, compared in (
                (_("before, %(span)s"), report.period_before),
                (_("a year ago, %(span)s"), report.year_before),
            )
            if compared is not None
        ],
        "converted": _converted(report.converted),
        "chart": _chart(report, asked),
        "columns": _columns(asked),
        "rows": [_row(period, currency, asked) for period in reversed(report.periods)],
    }


def _columns(asked: Asked) -> list[str]:
    titles = [_("Delivered"), _("Orders"), _("Average"), _("Customers"), _("New"), _("Returning")]
    titles += [_("Period before"), _("Year before")]
    if asked.reporting_currency:
        titles.append(_("In %(currency)s") % {"currency": asked.reporting_currency})
    return [*titles, _("SDK, INITIALIZED"), _("SDK orders")] if asked.shows_sdk else titles


def _row(period: PeriodReport, currency: str, asked: Asked) -> dict[str, Any]:
    days, sums, customers = (period.first_day, period.last_day), period.sums, period.customers
    url = orders_url(currency, *days) if sums.orders else ""
    cells = [
        Cell(display.money(sums.revenue, currency), url),
        Cell(display.number(sums.orders), url),
        Cell(display.money(sums.average(currency), currency), url),
        _people(customers.all, currency, days, "known"),
        _people(customers.new, currency, days, "new"),
        _people(customers.returning, currency, days, "returning"),
        _earlier(period.sums.revenue, period.period_before, currency),
        _earlier(period.sums.revenue, period.year_before, currency),
    ]
    if converted := _converted(period.converted, url):
        cells.append(converted)
    if asked.shows_sdk:
        sdk_url = sdk_orders_url(currency, *days) if sums.sdk_orders else ""
        cells += [
            Cell(display.money(sums.sdk_revenue, currency), sdk_url, is_muted=True),
            Cell(display.number(sums.sdk_orders), sdk_url, is_muted=True),
        ]
    return {"label": label_of(asked.by, period.period), "url": orders_url(currency, *days), "cells": cells}


def _people(count: int, currency: str, days: Span, buyers: str) -> Cell:
    return Cell(display.number(count), orders_url(currency, *days, buyers=buyers) if count else "")


def _earlier(now: Decimal, compared: Compared | None, currency: str) -> Cell:
    if compared is None:
        return Cell(display.EMPTY)
    url = orders_url(currency, compared.first_day, compared.last_day) if compared.sums.orders else ""
    below = change_of(now, compared.sums.revenue)
    return Cell(display.money(compared.sums.revenue, currency), url, below, is_muted=True)


def whole(amount: Decimal, currency: str) -> Decimal:
    """The amount with at least the decimals of its currency."""
    return Decimal(format_money(amount, currency))


def change_of(now: Decimal, then: Decimal) -> str:
    """By how much a figure has changed, in percent to a tenth: “+12.5 %”; "" where there was nothing."""
    if not then:
        return ""
    percent = ((now - then) * 100 / then).quantize(TENTH, ROUND_HALF_UP)
    return f"{'+' if percent > 0 else ''}{display.number(percent)} %"


def _compared(words: str, report: CurrencyReport, compared: Compared) -> dict[str, Any]:
    return {
        "title": words % {"span": span_label(compared.first_day, compared.last_day)},
        "revenue": compared.sums.revenue,
        "change": change_of(report.total.revenue, compared.sums.revenue),
        "url": orders_url(report.currency, compared.first_day, compared.last_day),
    }


def _converted(converted: Converted | None, url: str = "") -> Cell | None:
    if converted is None:
        return None
    if converted.amount is None:
        return Cell(_("rate missing"), below=_("on %(count)d days") % {"count": converted.days_without_rate})
    return Cell(display.money(converted.amount, converted.currency), url, is_muted=True)


def _chart(report: CurrencyReport, asked: Asked) -> BarChart | None:
    found = {period.period: period for period in report.periods}
    slots = []
    for start in periods_of(asked.calendar, asked.by, asked.span):
        period, days = found.get(start), cut_to(asked.calendar, asked.by, start, asked.span)
        delivered = period.sums.revenue if period else Decimal(0)
        initialized = period.sums.sdk_revenue if period else Decimal(0)
        words = _("%(period)s: %(amount)s %(currency)s delivered")
        figures = {
            "period": label_of(asked.by, start),
            "amount": display.number(whole(delivered, report.currency)),
            "currency": report.currency,
        }
        slots.append(
            Slot(
                label=short_label_of(asked.by, start),
                tooltip=words % figures,
                values=(delivered, initialized) if asked.shows_sdk else (delivered,),
                url=orders_url(report.currency, *days),
            )
        )
    return draw_bars(slots)


def parts_of_currency(parts: Sequence[PartRevenue], currency: str) -> list[PartRevenue]:
    """Those of the whole span in one currency, the greatest first, as they were loaded."""
    return [part for part in parts if part.currency == currency]


def parts_of(split: Split, report: CurrencyReport, parts: Sequence[PartRevenue], asked: Asked) -> dict[str, Any]:
    """The table of a split: each value with its share of the revenue, and what is in none of them."""
    totals, currency, whole = parts_of_currency(parts, report.currency), report.currency, report.total.revenue
    shown, rest = totals[:MOST_PARTS], totals[MOST_PARTS:]
    rows = [
        {
            "value": part.value,
            "url": part_url(split, part.value, currency, *asked.span),
            "revenue": part.revenue,
            "orders": part.orders,
            "share": share_of(part.revenue, whole),
        }
        for part in shown
    ]
    return {
        "rows": rows,
        "others": len(rest),
        "others_revenue": sum((part.revenue for part in rest), Decimal(0)),
        "not_in_items": not_in_items(whole, totals) if split == "category" else None,
        "total": whole,
    }


def share_of(part: Decimal, whole: Decimal) -> str:
    return f"{display.number((part * 100 / whole).quantize(TENTH, ROUND_HALF_UP))} %" if whole else ""
