"""Events for the tests of the road from the inbox to the outcome: valid and dull unless a test says otherwise."""

import json
from typing import Any

from account.current import current_account
from events import inbox
from events.envelope import parse_envelope
from events.inbox import NewEvent
from events.models import LANES, Outcome, Source, SourceKind
from events.processing import drain_lanes

ITEM = {
    "externalItemId": "200600",
    "name": "Super Device",
    "quantity": 1,
    "cost": "19.90",
    "url": "https://shop.example/item/200600",
    "imageUrl": "https://shop.example/item/200600.png",
}


def make_source(name: str = "shop", kind: SourceKind = SourceKind.BACKEND) -> Source:
    return Source.objects.get_or_create(name=name, defaults={"kind": kind})[0]


def order_params(order_id: str = "1001", **params: Any) -> dict[str, Any]:
    """The parameters that create an order of the contact whose external customer id is C1."""
    return {
        "externalOrderId": order_id,
        "externalCustomerId": "C1",
        "totalCost": "19.90",
        "status": "INITIALIZED",
        "date": "2026-05-14T10:11:00",
        "currency": "UAH",
        **params,
    }


def event_body(event_type: str, params: dict[str, Any], **members: Any) -> str:
    """The JSON text of an envelope with its parameters as a list, as shops send them."""
    listed = [{"name": name, "value": value} for name, value in params.items()]
    return json.dumps({"eventTypeKey": event_type, **members, "params": listed})


def new_event(body: str, source: Source | None = None, api_version: int = 1) -> NewEvent:
    envelope = parse_envelope(body, current_account())
    return NewEvent(
        source_id=(source or make_source()).pk,
        event_type_key=envelope.event_type_key,
        key_value=envelope.key_value,
        order_key=envelope.order_key,
        body=envelope.body,
        occurred_at=envelope.occurred_at,
        api_version=api_version,
    )


def post(event_type: str, params: dict[str, Any], source: Source | None = None, **members: Any) -> int:
    """Stores one event and leaves it waiting; its id."""
    return inbox.store_many([new_event(event_body(event_type, params, **members), source)])[0]


def created(order_id: str = "1001", **params: Any) -> int:
    return post("orderCreated", order_params(order_id, **params))


def drain() -> int:
    """Applies all that waits, as the workers do; the number of events."""
    return drain_lanes(range(LANES))


def outcome_of(event_id: int) -> Outcome:
    return Outcome.objects.get(event_id=event_id)
