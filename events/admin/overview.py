"""The first page after login: what came in, what became of it, what waits, and what was sold.

The figures of events stand for all three periods beside each other; `?period=` chooses the one that the chart, the
revenue and the orders are of. Days are cut in the account's time zone.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils import formats, timezone
from django.utils.functional import Promise
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from console import display
from console.chart import HALF, BarChart, Slot, draw_bars
from console.filters import start_of
from contract.reasons import SENTENCES, Reason, Status
from events.admin.overview_revenue import orders_by_status, revenue_of
from events.admin.source_warnings import load_source_warnings
from events.intake import Counts, sum_counts
from events.models import Event, Outcome
from events.overview import Queue, load_days, load_queue
from orders.models import Order

PERIODS: Mapping[str, int] = {"today": 1, "7": 7, "30": 30}  # days, today included; the longest last
TITLES: Mapping[str, str | Promise] = {
    "today": gettext_lazy("Today"),
    "7": gettext_lazy("Last 7 days"),
    "30": gettext_lazy("Last 30 days"),
}
DEFAULT_PERIOD = "7"
LEAST_CHARTED = 7  # days: one bar is no chart
SHOWN_ORDERS = 8
SHOWN_EVENTS = 8
LATE_SECONDS = 60  # from here on the age of the oldest waiting event is shown as a warning


def overview_context(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """What the page shows to this user: each part needs the permission of the list that it counts."""
    user, today = request.user, timezone.localdate()
    period = _period_of(request)
    parts: dict[str, Any] = {"span_titles": list(TITLES.values())}
    if user.has_perm("events.view_event"):
        parts.update(_intake(today, period), latest_refused=_latest_refused(), watched=load_source_warnings())
        may_see_sources = user.has_perm("events.view_source")
        parts["sources_url"] = reverse("admin:events_source_changelist") if may_see_sources else ""
    if user.has_perm("orders.view_dailyrevenue"):
        parts["revenue"] = revenue_of(today, PERIODS[period])
    if user.has_perm("orders.view_order"):
        parts["statuses"] = orders_by_status(today, PERIODS[period])
        parts["latest_orders"] = Order.objects.order_by("-date", "-id")[:SHOWN_ORDERS]
    frame = {"title": _("Overview"), "period": period, "period_title": TITLES[period], "tabs": _tabs()}
    return {**context, **parts, **frame, "may_see_something": len(parts) > 1}


def _period_of(request: HttpRequest) -> str:
    """The period that the address names; one that there is not is the usual one."""
    asked = request.GET.get("period", DEFAULT_PERIOD)
    return asked if asked in PERIODS else DEFAULT_PERIOD


def _tabs() -> list[tuple[str, str | Promise, str]]:
    return [(key, title, f"?{urlencode({'period': key})}") for key, title in TITLES.items()]


def _intake(today: date, period: str) -> dict[str, Any]:
    """All figures of events from the days of the longest period: three statements."""
    queue = load_queue()
    days = [today - timedelta(days=back) for back in range(max(PERIODS.values()) - 1, -1, -1)]
    counts = load_days([start_of(day) for day in days])
    spans = [(days[-length], sum_counts(counts[-length:])) for length in PERIODS.values()]
    charted = max(PERIODS[period], LEAST_CHARTED)
    return {
        "queue": _queue_tile(queue),
        "taken": [_taken_tile(title, *span) for title, span in zip(TITLES.values(), spans, strict=True)],
        "fates": [*_fate_rows(spans)],
        "chart": _chart(days[-charted:], counts[-charted:]),
        "charted": charted,
        "has_events": spans[-1][1].taken > 0 or queue.waiting > 0,
    }


def _queue_tile(queue: Queue) -> dict[str, Any]:
    age = None if queue.oldest_since is None else (timezone.now() - queue.oldest_since).total_seconds()
    oldest = queue.oldest_event_id
    return {
        "waiting": queue.waiting,
        "age_seconds": age,
        "is_late": age is not None and age > LATE_SECONDS,
        "url": events_url(outcome=Status.WAITING.value),
        "oldest_url": reverse("admin:events_event_change", args=[oldest]) if oldest is not None else "",
    }


def _taken_tile(title: str | Promise, first_day: date, counts: Counts) -> dict[str, Any]:
    url = events_url(received_from=first_day.isoformat())
    return {"title": title, "taken": counts.taken, "url": url, "shares": shares_of(counts)}


SHOWN_STATUSES = (Status.APPLIED, Status.IGNORED, Status.FAILED, Status.WAITING)


def shares_of(counts: Counts) -> list[tuple[Status, Decimal, Decimal]]:
    """Each outcome with where its part of a bar of 100 begins and how long it is; outcomes of no event left out."""
    shares, start, taken = [], Decimal(0), counts.taken
    for status in SHOWN_STATUSES:
        if counts[status]:
            share = (Decimal(100 * counts[status]) / taken).quantize(Decimal("0.01"))
            shares.append((status, start, share))
            start += share
    return shares


def _fate_rows(spans: Sequence[tuple[date, Counts]]) -> Iterator[dict[str, Any]]:
    """One row for each outcome, and below it one for each of its reasons, with a cell for each span."""
    for status in SHOWN_STATUSES:
        counts = [(day, span[status]) for day, span in spans]
        yield {"name": status.value, "status": status, "cells": _cells(counts, outcome=status.value)}
        for reason in Reason:
            counts = [(day, span.by_reason.get(reason, 0)) for day, span in spans]
            is_of_status = status is (Status.FAILED if reason is Reason.INTERNAL_ERROR else Status.IGNORED)
            if is_of_status and any(count for _, count in counts):
                cells = _cells(counts, reason=reason.value)
                yield {"name": reason.value, "sentence": SENTENCES[reason], "cells": cells}


def _cells(counts: Sequence[tuple[date, int]], **query: str) -> list[tuple[int, str]]:
    return [(count, events_url(received_from=day.isoformat(), **query)) for day, count in counts]


def _chart(days: Sequence[date], counts: Sequence[Counts]) -> BarChart | None:
    """Taken, and of these what was not applied, by day; each day leads to its events."""
    return draw_bars(
        [
            Slot(
                label=formats.date_format(day, "j M"),
                tooltip=_("%(day)s: %(taken)s taken, %(ignored)s ignored, %(failed)s failed")
                % {
                    "day": formats.date_format(day, "D, j M Y"),
                    "taken": display.number(count.taken),
                    "ignored": display.number(count[Status.IGNORED]),
                    "failed": display.number(count[Status.FAILED]),
                },
                values=(Decimal(count.taken), Decimal(count[Status.IGNORED] + count[Status.FAILED])),
                url=events_url(received_from=day.isoformat(), received_to=day.isoformat()),
            )
            for day, count in zip(days, counts, strict=True)
        ],
        HALF,
    )


def events_url(**query: str) -> str:
    """The list of exactly the events that a number counts."""
    return f"{reverse('admin:events_event_changelist')}?{urlencode(query)}"


def _latest_refused() -> list[Event]:
    """The latest events that were ignored or failed, whatever the reason: a few rows of outcome_by_reason for each."""
    newest = [
        Outcome.objects.filter(reason=reason.value).exclude(status=Status.APPLIED).order_by("-event_id")[:SHOWN_EVENTS]
        for reason in Reason
    ]
    ids = newest[0].values("event_id").union(*(rows.values("event_id") for rows in newest[1:]), all=True)
    events = Event.objects.filter(
        pk__in=list(ids.order_by("-event_id").values_list("event_id", flat=True)[:SHOWN_EVENTS])
    )
    return list(events.select_related("source", "event_type", "outcome").defer("body").order_by("-pk"))
