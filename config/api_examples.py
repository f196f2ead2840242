"""The examples of the OpenAPI document: one shop, one order and its customer, through every address.

Olha is contact 77; her order 1001 was made by event 1042 and delivered by event 1043. They stand here together, and not
with the endpoints, so that they tell one story. tests/http/test_openapi.py holds each to its schema, and sees to it
that no body, answer or refusal is without one.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Shown:
    """What an operation is shown with: bodies by what they show, and an answer for each status."""

    sent: Mapping[str, Any] = field(default_factory=dict)
    answered: Mapping[int, Any] = field(default_factory=dict)


# --- The story -------------------------------------------------------------------------------------------------------

RECEIVED_AT = "2026-05-14T10:11:02.315000+03:00"
DECIDED_AT = "2026-05-14T10:11:02.331000+03:00"

ITEM = {
    "externalItemId": "200600",
    "name": "Super Device",
    "quantity": 2,
    "cost": "129.00",
    "url": "https://shop.example/item/200600",
    "imageUrl": "https://shop.example/item/200600.png",
}
PARAMETERS = {
    "externalOrderId": "1001",
    "externalCustomerId": "C1",
    "totalCost": "258.00",
    "currency": "UAH",
    "status": "IN_PROGRESS",
    "date": "2026-05-14T10:11:00",
    "items": [ITEM],
}
LISTED = [{"name": name, "value": value} for name, value in PARAMETERS.items()]

ORDER_CREATED = {"eventTypeKey": "orderCreated", "keyValue": "1001", "params": LISTED}
ORDER_DELIVERED = {"eventTypeKey": "orderDelivered", "params": {"externalOrderId": "1001"}}
WISH = {
    "eventTypeKey": "wishListed",
    "keyValue": "C1",
    "params": {"externalCustomerId": "C1", "item": "200600"},
    "occurred": "2026-05-13T21:40:00+03:00",
}
UNKNOWN_CONTACT: dict[str, Any] = {"eventTypeKey": "orderCreated", "params": {**PARAMETERS, "externalCustomerId": "C9"}}

TRACE: list[dict[str, Any]] = [
    {"parameter": "ContactId", "kind": "contactId", "value": None, "contactId": None, "decided": False},
    {"parameter": "externalCustomerId", "kind": "externalCustomerId", "value": "C1", "contactId": 77, "decided": True},
]
FATE: dict[str, Any] = {
    "eventTypeKey": "orderCreated",
    "keyValue": "1001",
    "params": LISTED,
    "occurred": None,
    "source": "shop",
    "outcome": "applied",
    "reason": None,
    "message": "It was applied to the order.",
    "warnings": [],
    "problems": [],
    "trace": TRACE,
    "contactId": 77,
    "orderId": 12,
    "externalOrderId": "1001",
    "attempts": 1,
}
EVENT = {"id": "1042", "receivedAt": RECEIVED_AT, "decidedAt": DECIDED_AT, **FATE}
EVENT_IN_DETAIL = {
    **EVENT,
    "earlierAttempts": [],
    "variables": {
        "eventKey": "1001",
        "orderId": "1042",
        "order.orderId": "12",
        "contactId": "77",
        "EmailAddress": "olha@shop.example",
        "SMS": "+380501234567",
        "externalOrderId": "1001",
        "items[0].name": "Super Device",
    },
}

ORDER_STATE = {
    "externalOrderId": "1001",
    "contactId": 77,
    "externalCustomerId": "C1",
    "status": "IN_PROGRESS",
    "totalCost": "258.00",
    "currency": "UAH",
    "date": "2026-05-14T10:11:00+03:00",
    "email": "olha@shop.example",
    "phone": "+380501234567",
    "firstName": "Olha",
    "lastName": "Melnyk",
    "shipping": None,
    "discount": None,
    "taxes": None,
    "restoreUrl": None,
    "statusDescription": None,
    "storeId": "S1",
    "source": "site",
    "deliveryMethod": "courier",
    "deliveryAddress": "Lviv, Rynok 1",
    "paymentMethod": "card",
    "additionalInfo": None,
    "items": [{**ITEM, "customFields": {"size": "M"}}],
    "customFields": {"giftWrap": True},
    "warnings": [],
    "fromMobileSdk": False,
}
ORDER = {"orderId": 12, **ORDER_STATE, "createdAt": DECIDED_AT, "updatedAt": DECIDED_AT}

CONTACT_TO_SEND = {
    "firstName": "Olha",
    "lastName": "Melnyk",
    "channels": [{"type": "email", "value": "olha@shop.example"}, {"type": "sms", "value": "+380501234567"}],
    "externalCustomerId": "C1",
    "address": {"town": "Lviv"},
    "fields": [{"name": "loyaltyCard", "value": "L-77"}],
    "groups": ["Customers"],
}
CONTACT = {
    "id": 77,
    **CONTACT_TO_SEND,
    "contactKey": None,
    "groups": [{"id": 3, "name": "Customers", "type": "Static"}],
    "createdAt": RECEIVED_AT,
    "updatedAt": RECEIVED_AT,
}

REPLAY = {
    "id": "5",
    "status": "running",
    "filters": {"reason": "contact_not_found", "receivedFrom": "2026-05-01"},
    "matched": 1200,
    "replayed": 1000,
    "waiting": 40,
    "outcomes": {"applied": 950, "ignored": 10, "failed": 0},
    "reasons": {"contact_not_found": 10},
    "startedBy": "key 3 of source “shop”",
    "startedAt": RECEIVED_AT,
    "cancelledBy": None,
    "cancelledAt": None,
    "endedAt": None,
}

RULES = {
    "version": "1f0c9a51d2b34e67",
    "rules": [
        {"parameter": "externalCustomerId", "kind": "externalCustomerId", "enabled": True, "eventTypeKey": None},
        {"parameter": "CustomerMail", "kind": "email", "enabled": True, "eventTypeKey": None},
    ],
}


def page(row: Any) -> dict[str, Any]:
    return {
        "results": [row],
        "next": "https://orderloom.example/api/v1/orders?cursor=WyItZGF0ZSIsZmFsc2Vd",
        "previous": None,
    }


# --- By operation ----------------------------------------------------------------------------------------------------

ONE_EVENT = Shown(
    sent={
        "An order, parameters as a list": ORDER_CREATED,
        "The order was delivered, parameters as an object": ORDER_DELIVERED,
        "An event of the shop's own": WISH,
    },
    answered={200: {"id": "1042", "status": "accepted"}},
)
MANY_EVENTS = Shown(
    sent={"Two events in their order": {"events": [ORDER_CREATED, {**WISH, "idempotencyKey": "wish-1"}]}},
    answered={
        200: {
            "accepted": 1,
            "rejected": 1,
            "results": [
                {"index": 0, "id": "1042"},
                {
                    "index": 1,
                    "errors": [
                        {
                            "pointer": "/eventTypeKey",
                            "code": "missing",
                            "detail": "eventTypeKey is missing.",
                            "expected": "a text of 1 to 255 characters",
                        }
                    ],
                },
            ],
        }
    },
)

EXAMPLES: Mapping[str, Shown] = {
    "event_create": ONE_EVENT,
    "past_events_create": MANY_EVENTS,
    "sendEvents": MANY_EVENTS,
    "validateEvent": Shown(
        sent={"An order of a contact that is not there": UNKNOWN_CONTACT},
        answered={
            200: {
                **FATE,
                "params": UNKNOWN_CONTACT["params"],
                "receivedAt": None,
                "outcome": "ignored",
                "reason": "contact_not_found",
                "message": "The identifiers in the event belong to no contact.",
                "problems": [
                    {
                        "pointer": "/params",
                        "code": "contact_not_found",
                        "detail": "The identifiers in the event belong to no contact.",
                        "found": 'externalCustomerId "C9"',
                        "expected": "externalCustomerId, email, phone or another parameter of a matching rule, naming "
                        "a contact",
                    }
                ],
                "trace": [{**TRACE[1], "value": "C9", "contactId": None, "decided": False}],
                "contactId": None,
                "orderId": None,
                "attempts": 0,
                "order": {"before": None, "after": None},
                "variables": {"eventKey": "1001", "externalOrderId": "1001", "items[0].name": "Super Device"},
            }
        },
    ),
    "listEvents": Shown(answered={200: page(EVENT)}),
    "readEvent": Shown(answered={200: EVENT_IN_DETAIL}),
    "renderTemplate": Shown(
        sent={"A line of a message": {"template": "Order ${externalOrderId}: ${items[0].name} for ${nobody}"}},
        answered={200: {"text": "Order 1001: Super Device for ${nobody}", "missing": ["nobody"]}},
    ),
    "replayEvent": Shown(answered={200: {"id": "1042", "replayed": True, "outcome": "waiting"}}),
    "replayEvents": Shown(
        sent={
            "Count first": {"reason": "contact_not_found", "receivedFrom": "2026-05-01", "dryRun": True},
            "Replay": {"reason": "contact_not_found", "receivedFrom": "2026-05-01"},
        },
        answered={200: {"matched": 1200}, 202: REPLAY},
    ),
    "listReplays": Shown(answered={200: page(REPLAY)}),
    "readReplay": Shown(answered={200: REPLAY}),
    "cancelReplay": Shown(
        answered={200: {**REPLAY, "status": "cancelled", "cancelledBy": "user olena", "cancelledAt": DECIDED_AT}}
    ),
    "listOrders": Shown(answered={200: page(ORDER)}),
    "readOrder": Shown(answered={200: ORDER}),
    "listOrderChanges": Shown(
        answered={
            200: page(
                {
                    "at": DECIDED_AT,
                    "eventId": "1043",
                    "eventTypeKey": "orderDelivered",
                    "fields": {"status": {"from": "IN_PROGRESS", "to": "DELIVERED"}},
                }
            )
        }
    ),
    "listSegmentContacts": Shown(answered={200: page(CONTACT)}),
    "postContact": Shown(sent={"A customer": CONTACT_TO_SEND}, answered={200: {"id": 77}}),
    "readContact": Shown(answered={200: CONTACT}),
    "putContact": Shown(
        sent={"A new e-mail address": {"channels": [{"type": "email", "value": "olha@shop.example"}]}},
        answered={200: CONTACT},
    ),
    "readMatchingRules": Shown(answered={200: RULES}),
    "replaceMatchingRules": Shown(
        sent={"Two rules, the second one new": {"version": RULES["version"], "rules": RULES["rules"]}},
        answered={200: RULES},
    ),
    "readRevenue": Shown(
        answered={
            200: {
                "timeZone": "Europe/Kyiv",
                "weekStartsOn": "monday",
                "results": [
                    {
                        "period": "2026-05-14",
                        "currency": "UAH",
                        "revenue": "258.00",
                        "orders": 1,
                        "averageOrder": "258.00",
                        "customers": 1,
                        "newCustomers": 1,
                        "returningCustomers": 0,
                        "mobileSdkInitializedRevenue": "0.00",
                        "mobileSdkInitializedOrders": 0,
                    }
                ],
                "totals": [
                    {
                        "currency": "UAH",
                        "revenue": "258.00",
                        "orders": 1,
                        "averageOrder": "258.00",
                        "newCustomers": 1,
                        "mobileSdkInitializedRevenue": "0.00",
                        "mobileSdkInitializedOrders": 0,
                    }
                ],
            }
        }
    ),
}

_VERSION = re.compile(r"_v[23]$")


def add_examples(result: dict[str, Any], **context: Any) -> dict[str, Any]:
    """A hook of drf-spectacular: puts each operation's examples beside their schemas."""
    for methods in result["paths"].values():
        for operation in methods.values():
            shown = EXAMPLES.get(_VERSION.sub("", operation["operationId"]), Shown())
            _show(operation.get("requestBody", {}), shown.sent)
            for status, value in shown.answered.items():
                _show(operation["responses"].get(str(status), {}), {"Answer": value})
    return result


def _show(place: dict[str, Any], examples: Mapping[str, Any]) -> None:
    if examples:
        for content in place.get("content", {}).values():
            content["examples"] = {
                f"example{number}": {"summary": name, "value": value}
                for number, (name, value) in enumerate(examples.items(), start=1)
            }
