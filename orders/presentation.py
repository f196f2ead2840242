"""Shows orders as the API does: the shapes of `docs/api.md`, moments in the account's zone, money as text.

Text that an order has not got is null. Custom fields and quantities keep the digits that they were sent with, as JSON
numbers.
"""

from collections.abc import Iterable
from datetime import tzinfo
from decimal import Decimal
from typing import Annotated, Any, TypedDict

import msgspec

from contract.currencies import format_money
from contract.moments import present_moment
from contract.openapi import ExactNumber, Moment, Money
from orders.models import Order, OrderItem, OrderStatus
from orders.state import ItemState, OrderState

Status = Annotated[str, msgspec.Meta(extra_json_schema={"enum": OrderStatus.values})]


class WarningShape(TypedDict):
    code: str
    detail: str


class ItemShape(TypedDict):
    externalItemId: str
    name: str | None
    quantity: ExactNumber
    cost: Money | None
    url: str | None
    imageUrl: str | None
    customFields: dict[str, Any]


class OrderStateShape(TypedDict):
    """Money is a string with at least the decimals of its currency; moments are in the account's time zone."""

    externalOrderId: str
    contactId: int | None
    externalCustomerId: str | None
    status: Status
    totalCost: Money
    currency: str
    date: Moment
    email: str | None
    phone: str | None
    firstName: str | None
    lastName: str | None
    shipping: Money | None
    discount: Money | None
    taxes: Money | None
    restoreUrl: str | None
    statusDescription: str | None
    storeId: str | None
    source: str | None
    deliveryMethod: str | None
    deliveryAddress: str | None
    paymentMethod: str | None
    additionalInfo: str | None
    items: list[ItemShape]
    customFields: dict[str, Any]
    warnings: list[WarningShape]
    fromMobileSdk: bool


class OrderShape(OrderStateShape):
    """An order that is stored."""

    orderId: int
    createdAt: Moment
    updatedAt: Moment


def present_order(order: Order, zone: tzinfo) -> OrderShape:
    """The order with its items, which must have been prefetched in their order."""
    return {
        "orderId": order.pk,
        **_present_fields(order, order.items.all(), order.warnings, zone),
        "createdAt": present_moment(order.created_at, zone),
        "updatedAt": present_moment(order.updated_at, zone),
    }


def present_state(order: OrderState | None, zone: tzinfo) -> OrderStateShape | None:
    """An order that may not be stored, such as a dry run's: without what only a stored one has."""
    if order is None:
        return None
    warnings: list[WarningShape] = [{"code": each.code.value, "detail": each.detail} for each in order.warnings]
    return _present_fields(order, order.items, warnings, zone)


def _present_fields(
    order: Order | OrderState, items: Iterable[OrderItem | ItemState], warnings: list[WarningShape], zone: tzinfo
) -> OrderStateShape:
    def money(amount: Decimal | None) -> str | None:
        return None if amount is None else format_money(amount, order.currency)

    return {
        "externalOrderId": order.external_order_id,
        "contactId": order.contact_id,
        "externalCustomerId": order.external_customer_id or None,
        "status": order.status,
        "totalCost": format_money(order.total_cost, order.currency),
        "currency": order.currency,
        "date": present_moment(order.date, zone),
        "email": order.email or None,
        "phone": order.phone or None,
        "firstName": order.first_name or None,
        "lastName": order.last_name or None,
        "shipping": money(order.shipping),
        "discount": money(order.discount),
        "taxes": money(order.taxes),
        "restoreUrl": order.restore_url or None,
        "statusDescription": order.status_description or None,
        "storeId": order.store_id or None,
        "source": order.source or None,
        "deliveryMethod": order.delivery_method or None,
        "deliveryAddress": order.delivery_address or None,
        "paymentMethod": order.payment_method or None,
        "additionalInfo": order.additional_info or None,
        "items": [present_item(item, order.currency) for item in items],
        "customFields": dict(order.custom_fields),
        "warnings": warnings,
        "fromMobileSdk": order.from_mobile_sdk,
    }


def present_item(item: OrderItem | ItemState, currency: str) -> ItemShape:
    return {
        "externalItemId": item.external_item_id,
        "name": item.name or None,
        "quantity": item.quantity,
        "cost": None if item.cost is None else format_money(item.cost, currency),
        "url": item.url or None,
        "imageUrl": item.image_url or None,
        "customFields": dict(item.custom_fields),
    }
