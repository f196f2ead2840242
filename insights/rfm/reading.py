"""RFM as it was computed: the grid, the segments and the movements of each currency, for the page and for the API."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from django.utils import timezone

from insights.rfm.boundaries import Boundaries
from insights.rfm.cells import SCORES, Segment, segment_of
from insights.rfm.models import RfmCell, RfmSnapshot

ASKED_AGAIN = timedelta(hours=1)  # how exactly it is kept when a snapshot was last looked at


@dataclass(slots=True, kw_only=True)
class Figures:
    """How many people, the orders that they made, and the sum of these."""

    contacts: int = 0
    orders: int = 0
    revenue: Decimal = Decimal(0)

    def add(self, cell: RfmCell) -> None:
        self.contacts += cell.contacts
        self.orders += cell.orders
        self.revenue += cell.revenue


@dataclass(slots=True, kw_only=True)
class CurrencyRfm:
    """RFM in one currency. `cells` by (recency score, frequency score) and `segments` are complete, empty ones too.

    `moves` has how many people came from which segment ("": had not bought yet) to which.
    """

    currency: str
    boundaries: Boundaries
    total: Figures = field(default_factory=Figures)
    cells: dict[tuple[int, int], Figures] = field(
        default_factory=lambda: {(r, f): Figures() for r in SCORES for f in SCORES}
    )
    segments: dict[Segment, Figures] = field(default_factory=lambda: {segment: Figures() for segment in Segment})
    moves: dict[tuple[str, Segment], int] = field(default_factory=dict)

    def add(self, cell: RfmCell) -> None:
        place = (cell.recency_score, cell.frequency_score)
        segment = segment_of(*place)
        for figures in (self.total, self.cells[place], self.segments[segment]):
            figures.add(cell)
        move = (cell.came_from, segment)
        self.moves[move] = self.moves.get(move, 0) + cell.contacts


@dataclass(frozen=True, slots=True, kw_only=True)
class Rfm:
    """RFM of one day; `currencies` by their codes. `computed_at` is the moment of the orders behind it."""

    day: date
    month_before: date
    time_zone: str
    computed_at: datetime
    seconds: Decimal
    is_current: bool
    currencies: Mapping[str, CurrencyRfm]


def share(part: Decimal | int, whole: Decimal | int) -> Decimal:
    """The part in per cent of the whole, rounded half up to a tenth; 0 of nothing."""
    return (Decimal(100) * part / whole).quantize(Decimal("0.1"), ROUND_HALF_UP) if whole else Decimal("0.0")


def load_rfm(day: date | None = None) -> Rfm | None:
    """RFM of a day, or of the day that goes on; None where it has not been computed. One statement, or two."""
    wanted = {"snapshot__is_current": True} if day is None else {"snapshot__day": day}
    cells = list(RfmCell.objects.filter(**wanted).select_related("snapshot"))  # one statement: one snapshot
    if not cells:
        snapshot = RfmSnapshot.objects.filter(**{name.removeprefix("snapshot__"): it for name, it in wanted.items()})
        found = snapshot.first()
        return None if found is None else _to_rfm(found, cells)
    return _to_rfm(cells[0].snapshot, cells)


def _to_rfm(snapshot: RfmSnapshot, cells: Sequence[RfmCell]) -> Rfm:
    currencies = {
        currency: CurrencyRfm(currency=currency, boundaries=_to_boundaries(told))
        for currency, told in snapshot.boundaries.items()
    }
    for cell in cells:
        currencies[cell.currency].add(cell)
    return Rfm(
        day=snapshot.day,
        month_before=snapshot.month_before,
        time_zone=snapshot.time_zone,
        computed_at=snapshot.computed_at,
        seconds=snapshot.seconds,
        is_current=snapshot.is_current,
        currencies=currencies,
    )


def _to_boundaries(told: Mapping[str, Any]) -> Boundaries:
    return Boundaries(
        scored_by=told["scoredBy"],
        recency=tuple(told["recency"]),
        frequency=tuple(told["frequency"]),
        monetary=tuple(map(Decimal, told["monetary"])),
    )


def keep(day: date) -> None:
    """Notes that somebody looks at the snapshot of a day, so that it stays; at most once an hour."""
    now = timezone.now()
    RfmSnapshot.objects.filter(day=day, is_current=False, last_asked_at__lt=now - ASKED_AGAIN).update(last_asked_at=now)


def spans_of(boundaries: Sequence[int], first: int) -> list[tuple[int, int | None] | None]:
    """The whole numbers of each score, from the lowest: five spans (first, last), None where a score has none.

    `first` is the least value that there is; the last span has no end.
    """
    spans: list[tuple[int, int | None] | None] = []
    for last in boundaries:
        spans.append((first, last) if first <= last else None)
        first = max(first, last + 1)
    return [*spans, (first, None)]
