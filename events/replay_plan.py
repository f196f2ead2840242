"""What a replay would hand over, before it is started: how many events, of which types and reasons, and how old.

Counted are the oldest MOST_COUNTED of them: a page must not count millions. Reads only.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count

from events.filters import Events
from events.models import Event

MOST_COUNTED = 20_000  # their ids go to the database and back: some tens of milliseconds


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    event_type_key: str
    reason: str
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """`has_more`: there are more than `matched`. `rows` add up to `matched`, the most frequent first.

    `oldest_at` and `newest_at` are moments of acceptance, of all of them; None where there is none.
    """

    matched: int
    has_more: bool
    rows: Sequence[Row]
    oldest_at: datetime | None = None
    newest_at: datetime | None = None


def load_plan(events: Events) -> Plan:
    """The plan for these events (events/selection.py, select_events): three queries at most."""
    ids = list(events.order_by("pk").values_list("pk", flat=True)[: MOST_COUNTED + 1])
    if not ids:
        return Plan(matched=0, has_more=False, rows=())
    counted = Event.objects.filter(pk__in=ids[:MOST_COUNTED]).values("event_type__key", "outcome__reason")
    rows = [
        Row(event_type_key=row["event_type__key"], reason=row["outcome__reason"] or "", count=row["count"])
        for row in counted.annotate(count=Count("pk")).order_by("-count", "event_type__key", "outcome__reason")
    ]
    has_more = len(ids) > MOST_COUNTED
    newest = events.order_by("-pk").values_list("pk", flat=True)[:1]
    ends = Event.objects.filter(pk__in=[ids[0], *(newest if has_more else ids[-1:])])
    moments = sorted(ends.values_list("received_at", flat=True))
    matched = min(len(ids), MOST_COUNTED)
    return Plan(matched=matched, has_more=has_more, rows=rows, oldest_at=moments[0], newest_at=moments[-1])
