"""The shapes of adding and deleting orders, for the OpenAPI document (docs/api.md, Orders)."""

from typing import Any, Literal, NotRequired, TypedDict

from contract.openapi import ProblemShape, query_parameter
from events.add_orders import MAX_ORDERS
from events.api_shapes import EventWarningShape
from orders.fields import ITEM_FIELDS, MAX_ITEMS, ORDER_FIELDS, STATUSES, WHOLE_ORDER_REQUIREMENTS, Field, FieldKind

TEXT_OR_NUMBER = ["string", "number", "boolean", "null"]
AMOUNT: dict[str, Any] = {"type": ["string", "number", "null"], "description": "A decimal as a number or a text."}
DATE = "ISO 8601; without an offset in the account's time zone."
OF_KIND: dict[FieldKind, dict[str, Any]] = {
    FieldKind.MONEY: AMOUNT,
    FieldKind.QUANTITY: AMOUNT,
    FieldKind.STATUS: {"type": "string", "enum": list(STATUSES)},
    FieldKind.CURRENCY: {"type": ["string", "null"], "description": "ISO 4217; the account's default when absent."},
    FieldKind.DATE: {"type": "string", "description": DATE},
}


def _members(fields: tuple[Field, ...]) -> dict[str, Any]:
    return {field.name: OF_KIND.get(field.kind, {"type": TEXT_OR_NUMBER}) for field in fields}


ORDER_TO_SEND: dict[str, Any] = {
    "type": "object",
    "required": list(WHOLE_ORDER_REQUIREMENTS.order),
    "description": "Further members are kept as custom fields. An empty text counts as absent.",
    "properties": {
        **_members(ORDER_FIELDS),
        "items": {
            "description": "An array of items, or a JSON string of one.",
            "type": ["array", "string", "null"],
            "maxItems": MAX_ITEMS,
            "items": {
                "type": "object",
                "required": list(WHOLE_ORDER_REQUIREMENTS.item),
                "properties": _members(ITEM_FIELDS),
            },
        },
    },
}
ORDERS_TO_SEND: dict[str, Any] = {
    "type": "object",
    "required": ["orders"],
    "properties": {"orders": {"type": "array", "maxItems": MAX_ORDERS, "items": ORDER_TO_SEND}},
}

ADD_ORDERS_DESCRIPTION = (
    "Each order is created, or updated with what is there, and so is its contact. The answer is sent when they are "
    "applied, with an entry for each in the order given. An order that cannot be taken has `errors` in its place, and "
    "stands in `failedOrders` too; it holds back none of the others. When some still wait after a few seconds, because "
    "their lanes are busy, the answer is a 202 whose entries have the `eventId` to ask for."
)


class AddedOrderShape(TypedDict):
    """One order: what became of it, or `errors` with pointers into the body.

    `orderId` and `contactId` are absent from one that was refused or still waits. `contactId` is null for a guest.
    """

    externalOrderId: str | None
    eventId: NotRequired[str]
    orderId: NotRequired[int | None]
    contactId: NotRequired[int | None]
    outcome: NotRequired[str]
    reason: NotRequired[str]
    warnings: NotRequired[list[EventWarningShape]]
    errors: NotRequired[list[ProblemShape]]


class AddedOrdersShape(TypedDict):
    """`failedOrders` repeats the entries that have `errors`."""

    orders: list[AddedOrderShape]
    failedOrders: list[AddedOrderShape]


ORDERS_EXAMPLE: dict[str, Any] = {
    "orders": [
        {
            "externalOrderId": "B1001",
            "externalCustomerId": "AV13760",
            "email": "olha@shop.example",
            "phone": "380501234567",
            "firstName": "Olha",
            "totalCost": "258.00",
            "status": "DELIVERED",
            "date": "2026-05-14T10:11:00",
            "currency": "UAH",
            "items": [{"externalItemId": "200600", "name": "Super Device", "quantity": 1, "cost": "258.00"}],
        }
    ]
}
REFUSED: dict[str, Any] = {
    "externalOrderId": "B1002",
    "errors": [
        {
            "pointer": "/orders/1/totalCost",
            "code": "missing_parameter",
            "detail": "The parameter totalCost is required and is not there.",
            "expected": "totalCost",
        }
    ],
}
APPLIED: dict[str, Any] = {
    "externalOrderId": "B1001",
    "eventId": "7",
    "orderId": 3,
    "contactId": 5,
    "outcome": "applied",
}
ANSWER_EXAMPLE: dict[str, Any] = {"orders": [APPLIED, REFUSED], "failedOrders": [REFUSED]}
WAITING_EXAMPLE: dict[str, Any] = {
    "orders": [{"externalOrderId": "B1001", "eventId": "7", "outcome": "waiting"}],
    "failedOrders": [],
}


# Deleting orders.

DELETE_DESCRIPTION = (
    "Deletes the order of an external id, or all orders whose `date` is in a span of at most 24 hours. It is done in "
    "the background, in the place of its acceptance among the events of each order, and asking again is harmless. The "
    "figures follow; the events stay, and one that comes later makes the order anew. The audit log keeps who asked for "
    "what, and how many orders that were. With an `Idempotency-Key`, a retry that comes late never deletes an order "
    "that was made anew meanwhile."
)
_MOMENT = {"type": "string", "examples": ["2026-05-14T00:00:00"]}
DELETE_PARAMETERS = [
    query_parameter(
        "externalOrderId",
        "The order to delete; without `from` and `to`.",
        {"type": "string", "minLength": 1, "maxLength": 255, "examples": ["1001"]},
    ),
    query_parameter("from", "The first moment of the span, itself included; UTC when it names no offset.", _MOMENT),
    query_parameter("to", "The last moment of the span, itself included, at most 24 hours later.", _MOMENT),
]


class DeletionShape(TypedDict):
    id: str
    status: Literal["accepted"]


DELETION_EXAMPLE: dict[str, Any] = {"id": "3", "status": "accepted"}
