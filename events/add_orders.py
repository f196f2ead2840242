"""Decides which orders of an Add orders request can be taken: docs/rules.md, section 6.

Each order is judged alone. One that can be taken becomes an event of the type “order” + status, whose parameters are
the order byte for byte as it was sent. What is wrong with another is said with pointers into the body, such as
/orders/3/totalCost.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from account.current import AccountSettings
from contract.json_lists import read_list
from contract.reasons import Problem, Reason
from events.envelope import Envelope, EnvelopeError, parse_envelope
from events.folding import KnownOrder
from events.inbox import NewEvent
from orders.rules import WHOLE_ORDER_TYPES, read_whole_order, shorten

MAX_ORDERS = 1_000
MAX_BYTES = 8 * 1_048_576
ORDERS = "orders"
MOST_TOLD = 20  # problems of one order: a thousand orders of empty items must not be answered with megabytes of them


@dataclass(frozen=True, slots=True, kw_only=True)
class SentOrder:
    """One order of a request: the event that it becomes, or what keeps it from being taken."""

    external_order_id: str | None = None
    event: Envelope | None = None
    known: KnownOrder | None = None
    problems: tuple[Problem, ...] = ()


def read_orders(raw: bytes, account: AccountSettings) -> list[SentOrder]:
    """The orders of a body, in the order given. Raises contract.json_lists.ListError when it is no list of them."""
    pieces = read_list(raw, ORDERS, MAX_ORDERS, may_be_empty=True)
    return [_read(piece, f"/{ORDERS}/{index}", account) for index, piece in enumerate(pieces)]


def known_by_event(orders: Sequence[SentOrder], event_ids: Sequence[int]) -> dict[int, KnownOrder]:
    """What has been read of the orders that were taken, by the ids of their events, which are in their order."""
    return dict(zip(event_ids, (order.known for order in orders if order.known is not None), strict=True))


def _read(piece: bytes, pointer: str, account: AccountSettings) -> SentOrder:
    if piece[:1] != b"{":
        return SentOrder(problems=(_not_an_object(piece, pointer),))
    try:
        judged = parse_envelope(_as_event(_ANY_TYPE, piece, b'"keyValue":"-",'), account)
    except EnvelopeError as error:
        return SentOrder(problems=into_body(error.problems, pointer))
    reading = read_whole_order(judged.parameters, account.time_zone)
    if reading.problems:
        return SentOrder(external_order_id=judged.order_key or None, problems=into_body(reading.problems, pointer))
    type_key = WHOLE_ORDER_TYPES[reading.values["status"]]
    body = _as_event(type_key, piece).decode()
    event = replace(judged, event_type_key=type_key, key_value=judged.order_key, body=body)
    known = KnownOrder(envelope=event, reading=reading, time_zone=account.time_zone)
    return SentOrder(external_order_id=judged.order_key, event=event, known=known)


# An order reads the same whatever its type, which its status tells; and with a key the envelope is not refused for a
# missing order id, which the reading of the order tells with all the rest.
_ANY_TYPE = next(iter(WHOLE_ORDER_TYPES.values()))


def _as_event(type_key: str, order: bytes, members: bytes = b"") -> bytes:
    return b"".join((b'{"eventTypeKey":"', type_key.encode(), b'",', members, b'"params":', order, b"}"))


def events_of(orders: Sequence[SentOrder], source_id: int) -> list[NewEvent]:
    """The events of those of the orders that can be taken, in their order, as the source's."""
    return [
        NewEvent(
            source_id=source_id,
            event_type_key=order.event.event_type_key,
            key_value=order.event.key_value,
            order_key=order.event.order_key,
            body=order.event.body,
        )
        for order in orders
        if order.event is not None
    ]


def _not_an_object(piece: bytes, pointer: str) -> Problem:
    found = piece[:80].decode(errors="replace")
    return Problem(
        pointer=pointer, code="not_an_object", detail="An order must be an object.", found=found, expected="an object"
    )


def into_body(problems: Sequence[Problem], pointer: str) -> tuple[Problem, ...]:
    """Problems of an order's event with pointers into the body that brought the order, which stands at `pointer`.

    What is missing is pointed at by the name that it would have.
    """
    return tuple(
        replace(problem, pointer=_in_body(problem, pointer)) for problem in shorten(tuple(problems), MOST_TOLD)
    )


def _in_body(problem: Problem, pointer: str) -> str:
    missing = f"/{problem.expected}" if problem.code == Reason.MISSING_PARAMETER else ""
    return pointer + problem.pointer.removeprefix("/params") + missing
