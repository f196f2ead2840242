"""What an event changed of an order, field by field: the rows of an order's history (docs/rules.md, section 3).

Values compare as what they say: 258.0 and 258.00 are one amount, true and 1 are two values. Pure: no Django, no I/O.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from contract.currencies import format_money
from orders.fields import ORDER_FIELDS, ORDER_ID, FieldKind
from orders.state import ItemState, OrderState

type Changes = dict[str, dict[str, Any]]

_NOTHING: Any = object()
_CHANGING_FIELDS = tuple(field for field in ORDER_FIELDS if field is not ORDER_ID)


def changes_between(before: OrderState | None, after: OrderState) -> Changes:
    """{name in the API: {"from", "to"}} in the API's JSON values, absent ones null, moments in UTC.

    Of custom fields only those that differ are told. Items and custom fields that did not change must be the same
    objects in both orders.
    """
    if before is None:
        return _creation(after)
    changes: Changes = {}
    if before.contact_id != after.contact_id:
        changes["contactId"] = {"from": before.contact_id, "to": after.contact_id}
    for field in _CHANGING_FIELDS:
        old, new = getattr(before, field.attribute), getattr(after, field.attribute)
        if old is not new and old != new:
            changes[field.name] = {
                "from": _shown(field.kind, old, before.currency),
                "to": _shown(field.kind, new, after.currency),
            }
    if before.items is not after.items:
        changes["items"] = {
            "from": _items_shown(before.items, before.currency),
            "to": _items_shown(after.items, after.currency),
        }
    if before.custom_fields is not after.custom_fields:
        changes["customFields"] = _custom_changes(before.custom_fields, after.custom_fields)
    return changes


def _creation(order: OrderState) -> Changes:
    changes: Changes = {}
    if order.contact_id is not None:
        changes["contactId"] = {"from": None, "to": order.contact_id}
    for field in _CHANGING_FIELDS:
        value = getattr(order, field.attribute)
        if value is not None and value != "":
            changes[field.name] = {"from": None, "to": _shown(field.kind, value, order.currency)}
    if order.items:
        changes["items"] = {"from": None, "to": _items_shown(order.items, order.currency)}
    if order.custom_fields:
        changes["customFields"] = {"from": None, "to": dict(order.custom_fields)}
    return changes


def _custom_changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, Any]:
    differing = [name for name, value in after.items() if not is_same(before.get(name, _NOTHING), value)]
    return {
        "from": {name: before[name] for name in differing if name in before},
        "to": {name: after[name] for name in differing},
    }


def _shown(kind: FieldKind, value: Any, currency: str) -> Any:
    """One value of an order as JSON: money as text with at least the currency's decimals, absent text as null."""
    if kind is FieldKind.MONEY:
        return None if value is None else format_money(value, currency)
    if kind is FieldKind.DATE:
        return value.isoformat()
    return value or None


def _items_shown(items: Iterable[ItemState], currency: str) -> list[dict[str, Any]]:
    return [
        {
            "externalItemId": item.external_item_id,
            "name": item.name or None,
            "quantity": item.quantity,
            "cost": None if item.cost is None else format_money(item.cost, currency),
            "url": item.url or None,
            "imageUrl": item.image_url or None,
            "customFields": item.custom_fields,
        }
        for item in items
    ]


def merge_custom_fields(before: Mapping[str, Any], sent: Mapping[str, Any]) -> Mapping[str, Any]:
    """The custom fields sent put over those that are there; the very same mapping when that changes nothing."""
    differing = {name: value for name, value in sent.items() if not is_same(before.get(name, _NOTHING), value)}
    return {**before, **differing} if differing else before


def is_same(one: Any, other: Any) -> bool:
    """Whether two JSON values say the same: numbers by value, objects whatever their order, true never as 1."""
    if one != other or isinstance(one, bool) != isinstance(other, bool):
        return False
    if isinstance(one, dict):
        return all(is_same(value, other[name]) for name, value in one.items())
    if isinstance(one, list):
        return all(map(is_same, one, other))
    return True


def are_same_items(some: tuple[ItemState, ...], others: tuple[ItemState, ...]) -> bool:
    return some is others or (
        some == others
        and all(is_same(one.custom_fields, other.custom_fields) for one, other in zip(some, others, strict=True))
    )


def is_same_order(one: OrderState | None, other: OrderState) -> bool:
    """Whether nothing has to be written; == alone would take true for 1 in a custom field."""
    if one is None or one != other:
        return False
    return is_same(one.custom_fields, other.custom_fields) and are_same_items(one.items, other.items)
