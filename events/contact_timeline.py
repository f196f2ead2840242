"""A person's orders and events together, newest first, page by page.

Two lists are read side by side, each by its index from where the last page left it, and merged by their moments: an
order stands at its date, an event at the moment it was received. So a page costs the same however long the history is.
Each list keeps its own order: events that two processes took at once may be numbered otherwise than they were received,
and sorted by their moments one of them could fall between two pages.
"""

import base64
import binascii
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from heapq import merge
from operator import attrgetter

import msgspec

from contract.moments import parse_moment
from contract.paging import BIGINT_MAX
from contract.problems import refuse_parameter
from events.models import Event, Outcome
from orders.history import load_changes_of_events
from orders.models import Order, OrderChange

ORDERS, EVENTS = "orders", "events"
KINDS = (ORDERS, EVENTS)
ENTRIES = 25  # of a page


@dataclass(frozen=True, slots=True)
class Place:
    """Read on below these: an order's date and id, and an event's id. The highest of all where nothing was read yet."""

    order_date: datetime | None = None
    order_id: int = BIGINT_MAX
    event_id: int = BIGINT_MAX

    def encode(self) -> str:
        moment = self.order_date.astimezone(UTC).isoformat() if self.order_date else ""
        text = msgspec.json.encode([moment, self.order_id, self.event_id])
        return base64.urlsafe_b64encode(text).decode().rstrip("=")


def read_place(text: str) -> Place:
    """The place that was encoded; the beginning for "". Raises ApiError 400."""
    if not text:
        return Place()
    try:
        padded = text.encode("ascii") + b"=" * (-len(text) % 4)
        moment, *ids = msgspec.json.decode(base64.b64decode(padded, b"-_", validate=True), type=tuple[str, int, int])
    except (binascii.Error, ValueError, msgspec.MsgspecError) as error:
        raise _bad_place(text) from error
    date = parse_moment(moment, UTC, takes_a_day=False) if moment else None
    if (moment and date is None) or not all(0 <= row_id <= BIGINT_MAX for row_id in ids):
        raise _bad_place(text)
    return Place(date, *ids)


def _bad_place(text: str) -> Exception:
    return refuse_parameter("before", text[:80], "the address of a page of this history")


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One line: an order, or an event with the change it made, if any."""

    at: datetime
    order: Order | None = None
    event: Event | None = None
    change: OrderChange | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeline:
    """`next_place` is where the next page begins, None at the end."""

    entries: Sequence[Entry]
    next_place: Place | None


def load_timeline(contact_id: int, kinds: Collection[str], place: Place, limit: int = ENTRIES) -> Timeline:
    """A page of the history: at most four queries, each of at most limit + 1 rows."""
    orders = _orders(contact_id, place, limit) if ORDERS in kinds else ()
    events = _events(contact_id, place, limit) if EVENTS in kinds else ()
    found = list(merge(orders, events, key=attrgetter("at"), reverse=True))
    entries = found[:limit]
    for entry in entries:
        if entry.order is not None:
            place = Place(entry.order.date, entry.order.pk, place.event_id)
        elif entry.event is not None:
            place = Place(place.order_date, place.order_id, entry.event.pk)
    return Timeline(entries=_with_changes(entries), next_place=place if len(found) > limit else None)


def _orders(contact_id: int, place: Place, limit: int) -> Iterator[Entry]:
    """Index: order_by_contact."""
    orders = Order.objects.filter(contact_id=contact_id)
    if place.order_date is not None:
        orders = orders.filter(date__lte=place.order_date).exclude(date=place.order_date, pk__gte=place.order_id)
    for order in orders.defer("custom_fields").order_by("-date", "-id")[: limit + 1]:
        yield Entry(at=order.date, order=order)


def _events(contact_id: int, place: Place, limit: int) -> Iterator[Entry]:
    """By their ids first (index: outcome_by_contact); the order of acceptance is that of the ids."""
    outcomes = Outcome.objects.filter(contact_id=contact_id, event_id__lt=place.event_id)
    ids = list(outcomes.order_by("-event_id").values_list("pk", flat=True)[: limit + 1])
    events = Event.objects.select_related("source", "event_type", "outcome", "outcome__order")
    by_id = events.defer("body", "outcome__trace", "outcome__problems", "outcome__traceback").in_bulk(ids)
    for event_id in ids:
        yield Entry(at=by_id[event_id].received_at, event=by_id[event_id])


def _with_changes(entries: Sequence[Entry]) -> list[Entry]:
    changes = load_changes_of_events([entry.event.pk for entry in entries if entry.event is not None])
    return [
        Entry(at=entry.at, order=entry.order, event=entry.event, change=changes.get(entry.event.pk))
        if entry.event is not None
        else entry
        for entry in entries
    ]
