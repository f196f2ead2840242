"""Events and orders for the tests of the rules: valid and dull unless a test says otherwise. No database."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from contacts.matching import Match, Step
from contract.json_values import decode
from contract.parameters import Parameter
from orders.rules import Decision, OrderEvent, decide
from orders.state import OrderState

KYIV = ZoneInfo("Europe/Kyiv")
RECEIVED_AT = datetime(2026, 5, 14, 9, 0, tzinfo=UTC)
ABSENT: Any = object()  # as a parameter's value: the parameter is not there

CONTACT = 7
FOUND = Match(CONTACT, True, (Step("externalCustomerId", "externalCustomerId", "C1", CONTACT, True),))
NOBODY = Match(None, True, (Step("externalCustomerId", "externalCustomerId", "C1", None, False),))
NO_IDENTIFIER = Match(None, False)

ITEM = {
    "externalItemId": "200600",
    "name": "Super Device",
    "quantity": 2,
    "cost": "9.95",
    "url": "https://shop.example/item/200600",
    "imageUrl": "https://shop.example/item/200600.png",
}
ORDER = {
    "externalOrderId": "1001",
    "externalCustomerId": "C1",
    "totalCost": "19.90",
    "status": "INITIALIZED",
    "date": "2026-05-14T10:11:00",
    "currency": "UAH",
}


def parameters(values: dict[str, Any]) -> dict[str, Parameter]:
    """Parameters at /params/0/value, /params/1/value, … in the order given."""
    present = {name: value for name, value in values.items() if value is not ABSENT}
    return {name: Parameter(f"/params/{index}/value", value) for index, (name, value) in enumerate(present.items())}


def make_event(event_type_key: str, values: dict[str, Any], **fields: Any) -> OrderEvent:
    return OrderEvent(
        **{
            "event_type_key": event_type_key,
            "parameters": parameters(values),
            "match": FOUND,
            "received_at": RECEIVED_AT,
            "time_zone": KYIV,
            "default_currency": "UAH",
            **fields,
        }
    )


def create(order: OrderState | None = None, *, event: dict[str, Any] | None = None, **values: Any) -> Decision:
    """What orderCreated does, with the parameters of ORDER where `values` names no others."""
    return decide(make_event("orderCreated", {**ORDER, **values}, **(event or {})), order)


def update(order: OrderState | None, *, event: dict[str, Any] | None = None, **values: Any) -> Decision:
    """What orderUpdated does, with the order's id and `values` alone."""
    return decide(make_event("orderUpdated", {"externalOrderId": "1001", **values}, **(event or {})), order)


def apply(event_type_key: str, order: OrderState | None, *, event: dict[str, Any] | None = None, **values: Any):
    """What an event of any type does, with the order's id and `values` alone."""
    return decide(make_event(event_type_key, {"externalOrderId": "1001", **values}, **(event or {})), order)


def make_order(**values: Any) -> OrderState:
    """The order that an orderCreated with these parameters makes."""
    decision = create(**values)
    assert decision.order is not None, decision.problems
    return decision.order


def json(text: str) -> Any:
    """A value as it is decoded from what was sent: numbers with a point keep their text."""
    return decode(text)


def codes(decision: Decision) -> list[str]:
    return [caution.code.value for caution in decision.warnings]


def found_problems(decision: Decision) -> list[tuple[str, str]]:
    """(pointer, code) of each problem."""
    return [(problem.pointer, str(problem.code)) for problem in decision.problems]


def digits(amount: Decimal | None) -> str:
    """The amount with its digits, which == does not compare."""
    return "" if amount is None else str(amount)
