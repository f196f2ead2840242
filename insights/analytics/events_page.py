"""The page that counts events: by type, by day, and by what became of them."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.urls import reverse
from django.utils import formats
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from console.chart import BarChart, Slot, draw_bars
from contract.reasons import Status
from insights.analytics.event_counts import DayCount, counted_at, load_counts
from insights.analytics.forms import EventsForm
from insights.analytics.pages import AnalyticsPage, query_of

OUTCOMES = [Status.APPLIED.value, Status.IGNORED.value, Status.FAILED.value, Status.WAITING.value]
MOST_BARS = 400  # what a chart can show


class EventsPage(AnalyticsPage):
    title = gettext_lazy("Event analytics")
    template_name = "insights/analytics_events.html"
    form_class = EventsForm
    tab = "analytics"

    def figures(self, chosen: Mapping[str, Any]) -> dict[str, Any]:
        first_day, last_day, wanted = chosen["date_from"], chosen["date_to"], chosen["type"]
        counts = load_counts(first_day, last_day)
        shown = [count for count in counts if wanted in ("", count.event_type)]
        return {
            "counted_at": counted_at(),
            "type": wanted,
            "outcomes": OUTCOMES,
            "types": list(_lines_by_type(counts, first_day, last_day)),
            "by_day": list(_lines_by_day(shown, wanted)),
            "chart": _chart(shown, first_day, last_day, wanted),
        }


def _lines_by_type(counts: Sequence[DayCount], first_day: date, last_day: date) -> Iterator[dict[str, Any]]:
    """A line for each type, the most frequent first."""
    by_type: dict[str, Counter[str]] = {}
    for count in counts:
        by_type.setdefault(count.event_type, Counter())[count.outcome] += count.events
    days = {"received_from": first_day, "received_to": last_day}
    for key, outcomes in sorted(by_type.items(), key=lambda entry: (-entry[1].total(), entry[0])):
        yield {
            "key": key,
            "url": f"{reverse('admin:analytics')}{query_of(date_from=first_day, date_to=last_day, type=key)}",
            "cells": _cells(outcomes, type=key, **days),
        }


def _lines_by_day(counts: Sequence[DayCount], wanted: str) -> Iterator[dict[str, Any]]:
    """A line for each day that has events, the newest first."""
    by_day: dict[date, Counter[str]] = {}
    for count in counts:
        by_day.setdefault(count.day, Counter())[count.outcome] += count.events
    for day, outcomes in sorted(by_day.items(), reverse=True):
        yield {"day": day, "cells": _cells(outcomes, type=wanted, received_from=day, received_to=day)}


def _cells(outcomes: Counter[str], **filters: Any) -> list[tuple[int, str]]:
    """All of them, then those of each outcome, each with the list of exactly these events."""
    address = reverse("admin:events_event_changelist")
    return [
        (outcomes.total(), f"{address}{query_of(**filters)}"),
        *((outcomes[outcome], f"{address}{query_of(**filters, outcome=outcome)}") for outcome in OUTCOMES),
    ]


def _chart(counts: Sequence[DayCount], first_day: date, last_day: date, wanted: str) -> BarChart | None:
    """A bar for each day: what was applied, and what was not. None where there would be too many to see."""
    length = (last_day - first_day).days + 1
    if length > MOST_BARS:
        return None
    applied: Counter[date] = Counter()
    others: Counter[date] = Counter()
    for count in counts:
        (applied if count.outcome == Status.APPLIED else others)[count.day] += count.events
    slots = []
    for day in (first_day + timedelta(days=number) for number in range(length)):
        words = _("%(day)s: %(applied)s applied, %(others)s not") % {
            "day": formats.date_format(day, "D, j M Y"),
            "applied": applied[day],
            "others": others[day],
        }
        query = query_of(type=wanted, received_from=day, received_to=day)
        slots.append(
            Slot(
                label=formats.date_format(day, "j M"),
                tooltip=words,
                values=(Decimal(applied[day]), Decimal(others[day])),
                url=f"{reverse('admin:events_event_changelist')}{query}",
            )
        )
    return draw_bars(slots)
