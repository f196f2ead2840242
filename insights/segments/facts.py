"""What a segment is compiled with beside its conditions: the moment, the zone, and where the events of a day begin.

Pure: compiling asks no clock and no database.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from contract.filters import day_start
from insights.rfm.condition import RfmCondition
from insights.segments.conditions import EventCondition, Leaf, Window


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """From `start` on (included), before `end` (excluded), in UTC; None: no bound on that side."""

    start: datetime | None
    end: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """`first_event_ids`: for the start of each window of events, an id below which none was received in it.

    `rfm` gives SQL that selects the contact ids of a condition on RFM, and its parameters.
    """

    now: datetime
    zone: ZoneInfo
    rfm: Callable[[RfmCondition], tuple[str, list[Any]]]
    first_event_ids: Mapping[datetime, int] = field(default_factory=dict)

    @property
    def today(self) -> date:
        return self.now.astimezone(self.zone).date()

    def first_day_of(self, last_days: int) -> date:
        """The day that “the last N days” begin with."""
        return self.today - timedelta(days=last_days)

    def start_of(self, day: date) -> datetime:
        return day_start(day, self.zone)

    def span_of(self, window: Window | None) -> Span:
        """The moments of a window; one that reaches until now ends with this moment, itself included."""
        if window is None:
            return Span(start=None, end=None)
        if window.last_days is not None:
            end = self.now.astimezone(UTC) + timedelta(microseconds=1)
            return Span(start=self.start_of(self.first_day_of(window.last_days)), end=end)
        return Span(
            start=self.start_of(window.first_day) if window.first_day else None,
            end=self.start_of(window.last_day + timedelta(days=1)) if window.last_day else None,
        )


def starts_of_events(leaves: Iterable[Leaf], facts: Facts) -> list[datetime]:
    """The starts of all windows of events, each once: what `first_event_ids` is to hold."""
    spans = [facts.span_of(leaf.window) for leaf in leaves if isinstance(leaf, EventCondition)]
    return sorted({span.start for span in spans if span.start is not None})
