"""What the property tests draw: JSON as it is decoded, parameters that make sense or none, and lists of order events.

Pure: nothing here needs a database.
"""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import strategies as st

from contacts.matching import Match
from contract.json_values import JsonValue, Number, encode
from orders.fields import ITEM_FIELDS, ORDER_FIELDS, STATUSES
from orders.rules import DELETION_TYPE, ORDER_EVENT_TYPES, WHOLE_ORDER_TYPES, OrderEvent
from tests.orders.building import CONTACT, ITEM, ORDER, make_event

# JSON

texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20)
number_literals = st.from_regex(r"-?(0|[1-9][0-9]{0,24})(\.[0-9]{1,9})?([eE][+-]?[0-9]{1,4})?", fullmatch=True)


def number_of(literal: str) -> JsonValue:
    """A literal as it is decoded: an integer as int, everything else with its text."""
    return int(literal) if literal.lstrip("-").isdigit() else Number(literal)


scalars = st.none() | st.booleans() | number_literals.map(number_of) | texts


def _containers(members: st.SearchStrategy[JsonValue]) -> st.SearchStrategy[JsonValue]:
    return st.lists(members, max_size=4) | st.dictionaries(texts, members, max_size=4)


json_values: st.SearchStrategy[JsonValue] = st.recursive(scalars, _containers, max_leaves=6)

# Parameters that nobody can make sense of

_any_item = st.dictionaries(st.sampled_from([field.name for field in ITEM_FIELDS]) | texts, json_values, max_size=4)
_right_item = st.fixed_dictionaries({}, optional={name: st.just(value) for name, value in ITEM.items()})
_any_items = st.lists(st.builds(lambda right, wild: right | wild, _right_item, _any_item) | json_values, max_size=2)
_any_order = st.dictionaries(st.sampled_from([field.name for field in ORDER_FIELDS]) | texts, json_values, max_size=4)


@st.composite
def wild_values(draw: st.DrawFn) -> dict[str, JsonValue]:
    """Values of an order event of which some are right and any may be anything."""
    values = draw(st.fixed_dictionaries({}, optional={name: st.just(value) for name, value in ORDER.items()}))
    values |= draw(_any_order)
    items = draw(st.none() | json_values | _any_items | _any_items.map(encode))
    return values if items is None else {**values, "items": items}


# Money

MOST_DIGITS, MOST_DECIMALS = 18, 4


@st.composite
def plain_amounts(draw: st.DrawFn) -> str:
    """Amounts within the limits, as text, some with zeros in front or behind."""
    decimals = draw(st.text("0123456789", max_size=MOST_DECIMALS))
    whole = draw(st.text("0123456789", min_size=1, max_size=MOST_DIGITS - len(decimals)))
    return f"{whole}.{decimals}" if decimals else whole


# Order events that nearly all apply

ORDER_IDS = ("1001", "1002")
EPOCH = datetime(2026, 5, 1, tzinfo=UTC)
_few_amounts = st.sampled_from(["0", "1", "1.0", "19.90", "19.9", "25"])
_items = st.lists(
    st.builds(
        lambda cost, size: {**ITEM, "cost": cost, "size": size},
        _few_amounts,
        st.sampled_from([1, True, Number("1.0"), "x", [1], None]),
    ),
    max_size=2,
)
_changes = st.fixed_dictionaries(
    {},
    optional={
        "status": st.sampled_from(STATUSES),
        "totalCost": _few_amounts,
        "shipping": _few_amounts,
        "date": st.sampled_from(["2026-05-14T10:11", "2026-05-15T00:00:00Z", "2027-01-01T00:00"]),
        "currency": st.sampled_from(["UAH", "JPY"]),
        "email": st.sampled_from(["", "a@b.example"]),
        "items": _items,
        "note": st.sampled_from([1, True, Number("1.50"), Number("1e2"), Number("1e-8"), 10**30, "", [1, [2]]]),
        "wrong": st.none(),
        "storeId": st.sampled_from(["1", 2, [], None]),  # [] makes the event invalid
    },
)
_matches = st.sampled_from([Match(CONTACT, True), Match(8, True), Match(None, True), Match(None, False)])
_moments = st.integers(0, 5).map(lambda hours: EPOCH + timedelta(hours=hours))


@st.composite
def order_events(draw: st.DrawFn, *, with_occurred: bool = True, with_deletions: bool = True) -> tuple[str, OrderEvent]:
    """(order id, event): of any type, about one of two orders, now and then invalid or without a contact."""
    order_id = draw(st.sampled_from(ORDER_IDS))
    types = ORDER_EVENT_TYPES if with_deletions else ORDER_EVENT_TYPES - {DELETION_TYPE}
    event_type = draw(st.sampled_from(sorted(types)))
    values: dict[str, Any] = {"externalOrderId": order_id, **draw(_changes)}
    if event_type == "orderCreated" or event_type in WHOLE_ORDER_TYPES.values() or draw(st.booleans()):
        values = {**ORDER, **values}
    event = make_event(event_type, values, match=draw(_matches), received_at=draw(_moments))
    return order_id, replace(event, occurred_at=draw(st.none() | _moments)) if with_occurred else event
