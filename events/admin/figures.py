"""The figures of one source, one event type, or some of them: what became of their events, each number with its link.

They are of decided events (events/intake.py, load_breakdown); what waits is the queue's, which the first page tells.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.http import urlencode
from django.utils.translation import gettext_lazy as _

from console import display
from console.filters import start_of
from contract.reasons import SENTENCES, Reason, Status
from events.intake import Part, load_breakdown
from events.received import first_ids_since

SPANS: Sequence[tuple[str | Promise, int]] = ((_("Today"), 1), (_("Last 7 days"), 7), (_("Last 30 days"), 30))
SHOWN_DAYS = 7  # of tables that have one span only
DECIDED = (Status.APPLIED, Status.IGNORED, Status.FAILED)
TENTH = Decimal("0.1")


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """The parts by span: those of SPANS in its order, each from its first day on."""

    first_days: Sequence[date]
    spans: Sequence[Sequence[Part]]

    @property
    def shown(self) -> Sequence[Part]:
        """Those of the last SHOWN_DAYS days."""
        return self.spans[1]

    @property
    def shown_from(self) -> str:
        return self.first_days[1].isoformat()


def load_figures(*, source_ids: Collection[int] | None = None, type_ids: Collection[int] | None = None) -> Figures:
    """What became of the events of these sources or types: two statements, whatever their number."""
    today = timezone.localdate()
    first_days = [today - timedelta(days=length - 1) for _, length in SPANS]
    bounds = first_ids_since([start_of(day) for day in reversed(first_days)])
    parts = load_breakdown(bounds, source_ids=source_ids, type_ids=type_ids)
    last = len(SPANS) - 1
    return Figures(
        first_days=first_days,
        spans=[[part for part in parts if part.place >= last - place] for place in range(len(SPANS))],
    )


def fate_rows(figures: Figures, **query: str) -> Iterator[dict[str, Any]]:
    """A row for each outcome and each of its reasons, for events/fates.html; `query` narrows the lists they lead to."""
    counts = [_counted(parts) for parts in figures.spans]
    for status in DECIDED:
        yield {
            "name": status.value,
            "status": status,
            "cells": _cells(figures, [each[status.value, ""] for each in counts], outcome=status.value, **query),
        }
        for reason in Reason:
            found = [each[status.value, reason.value] for each in counts]
            if any(found):
                cells = _cells(figures, found, reason=reason.value, **query)
                yield {"name": reason.value, "sentence": SENTENCES[reason], "cells": cells}


def _counted(parts: Sequence[Part]) -> Counter[tuple[str, str]]:
    """By status and reason; all of a status under the reason “”."""
    counted: Counter[tuple[str, str]] = Counter()
    for part in parts:
        counted[part.status, ""] += part.events
        if part.reason:
            counted[part.status, part.reason] += part.events
    return counted


def _cells(figures: Figures, counts: Sequence[int], **query: str) -> list[tuple[int, str]]:
    return [
        (count, events_url(received_from=day.isoformat(), **query))
        for count, day in zip(counts, figures.first_days, strict=True)
    ]


def share_rows(
    figures: Figures, key: Callable[[Part], int], query_of: Callable[[int], Mapping[str, str]]
) -> dict[int, dict[str, Any]]:
    """For each key (a source's or a type's id) what became of its events in the last SHOWN_DAYS days.

    {"decided", "statuses": [(status, count, percent, url)]}: `query_of` says what narrows the list to the key.
    """
    by_key: dict[int, Counter[str]] = defaultdict(Counter)
    for part in figures.shown:
        by_key[key(part)][part.status] += part.events
    return {
        each: {
            "decided": counts.total(),
            "statuses": [
                (
                    status.value,
                    counts[status.value],
                    percent(counts[status.value], counts.total()),
                    events_url(outcome=status.value, received_from=figures.shown_from, **query_of(each)),
                )
                for status in DECIDED
            ],
        }
        for each, counts in by_key.items()
    }


def percent(count: int, of: int) -> str:
    """The share in percent with one decimal; "" of nothing."""
    return display.number((Decimal(count) * 100 / of).quantize(TENTH)) if of else ""


def events_url(**query: str) -> str:
    """The list of exactly the events that a number counts."""
    return f"{reverse('admin:events_event_changelist')}?{urlencode(query)}"
