"""Decides what stays of an order when its contact is erased: docs/rules.md, section 6.

The order's id, items, money, dates, status and ways of delivery and payment stay; names, channels, addresses, free
texts and whatever the shop has put into fields of its own go. In an order of somebody else only what names the erased
person goes. Events and orders are treated by the same functions, so that the log still gives the ledger.
Pure: no Django, no I/O.
"""

from collections.abc import Mapping
from dataclasses import fields, replace
from typing import Any
from zoneinfo import ZoneInfo

from contacts.erasure_json import erase_in, is_hidden_in, json_in
from contacts.erasure_values import ErasedPerson, Finder
from contract.json_values import JsonValue, encode
from orders.fields import ITEMS, ORDER_FIELDS, ORDER_ID, Field, FieldKind
from orders.state import ItemState, OrderState
from orders.values import MONEY_DECIMALS, QUANTITY_DECIMALS, READERS, Rejection, read_decimal

# By their names in the API. The other fields of an order are, or may hold, something of its contact.
OWN_FIELDS = frozenset(
    {ORDER_ID.name, "status", "totalCost", "currency", "date", "source", "shipping", "discount", "taxes"}
    | {"storeId", "deliveryMethod", "paymentMethod"}
)
_FIELDS: Mapping[str, Field] = {field.name: field for field in ORDER_FIELDS}
# What cannot hold a person, as far as it can be read as what it should be.
_PLAIN_KINDS = frozenset({FieldKind.ID, FieldKind.MONEY, FieldKind.STATUS, FieldKind.CURRENCY, FieldKind.DATE})
_TEXTS_OF_ITEMS = frozenset({"name", "url", "imageUrl"})  # of goods: a first name alone is not looked for in them
_NUMBERS_OF_ITEMS = {"quantity": QUANTITY_DECIMALS, "cost": MONEY_DECIMALS}
_ITEM_ID = "externalItemId"
CONTACT = "contactId"  # our own number of the contact, which stays
_ZONE = ZoneInfo("UTC")  # whether a date can be read does not depend on it


def erase_own_parameter(name: str, value: JsonValue, person: ErasedPerson) -> JsonValue:
    """What stays of a parameter of an order of the person's own: null for all that is not kept or cannot be read."""
    if name == ITEMS:
        return erase_items(value, person.identifying_or_full_name, person.own)
    if name not in OWN_FIELDS or value is None or not _can_be_read(name, value):
        return None
    return value if _is_plain(name) else erase_in(value, person.own)


def erase_mentions_in_parameter(name: str, value: JsonValue, person: ErasedPerson) -> JsonValue:
    """A parameter of an order of somebody else, without what names the person."""
    finder = person.identifying
    if name == ITEMS and (items := erase_items(value, finder, finder)) is not None:
        return items
    if _is_plain(name) and _can_be_read(name, value):
        return value
    return erase_in(value, finder)


def _can_be_read(name: str, value: JsonValue) -> bool:
    return not isinstance(READERS[_FIELDS[name].kind](value, _ZONE), Rejection)


def erase_items(value: JsonValue, of_goods: Finder, of_others: Finder) -> JsonValue:
    """Items without the person: an array, or a JSON string of one. What is neither becomes null."""
    if isinstance(value, str):
        inner = json_in(value)
        if not isinstance(inner, list):
            return None
        erased = erase_items(inner, of_goods, of_others)
        return value if erased == inner and not is_hidden_in(value, inner, of_others) else encode(erased)
    if not isinstance(value, list):
        return None
    return [_erase_item(item, of_goods, of_others) for item in value]


def _erase_item(item: JsonValue, of_goods: Finder, of_others: Finder) -> JsonValue:
    if not isinstance(item, dict):
        return erase_in(item, of_others)
    return dict(_erase_member(name, value, of_goods, of_others) for name, value in item.items())


def _erase_member(name: str, value: JsonValue, of_goods: Finder, of_others: Finder) -> tuple[str, JsonValue]:
    is_id = name == _ITEM_ID and not isinstance(value, list | dict)
    is_number = name in _NUMBERS_OF_ITEMS and read_decimal(value, _NUMBERS_OF_ITEMS[name]) is not None
    if is_id or is_number:
        return name, value
    if name in _TEXTS_OF_ITEMS:
        return name, erase_in(value, of_goods)
    return of_others.erase(name), erase_in(value, of_others)


# --- orders that the log does not give: imported before it was kept, or with a history that was cut ---


def erase_order(order: OrderState, person: ErasedPerson) -> OrderState:
    """An order and its items as the same erasure of its events would leave them."""
    is_own = order.contact_id == person.contact_id
    finder = person.own if is_own else person.identifying
    texts: dict[str, Any] = {
        field.attribute: "" if is_own and field.name not in OWN_FIELDS else erase_in(text, finder)
        for field in ORDER_FIELDS
        if field.kind not in _PLAIN_KINDS and isinstance(text := getattr(order, field.attribute), str)
    }
    of_goods = person.identifying_or_full_name if is_own else finder
    return replace(
        order,
        **texts,
        custom_fields={} if is_own else erase_in(order.custom_fields, finder),
        items=tuple(_erase_item_state(item, of_goods, finder) for item in order.items),
    )


def _erase_item_state(item: ItemState, of_goods: Finder, of_others: Finder) -> ItemState:
    return replace(
        item,
        name=of_goods.erase(item.name),
        url=of_goods.erase(item.url),
        image_url=of_goods.erase(item.image_url),
        custom_fields=erase_in(item.custom_fields, of_others),
    )


def erase_changes(changes: Mapping[str, Any], person: ErasedPerson, *, is_own: bool) -> dict[str, Any]:
    """The same for a row of an order's history: {name in the API: {"from", "to"}}."""
    finder = person.own if is_own else person.identifying
    kept = {*OWN_FIELDS, ITEMS, CONTACT} if is_own else changes.keys()
    return {
        name: change if name == CONTACT or _is_plain(name) else erase_in(change, finder)
        for name, change in changes.items()
        if name in kept
    }


def _is_plain(name: str) -> bool:
    return name in _FIELDS and _FIELDS[name].kind in _PLAIN_KINDS


UNTOUCHED = frozenset(field.name for field in fields(OrderState)) - (
    {"items", "custom_fields", "warnings"} | {field.attribute for field in ORDER_FIELDS}
) | {field.attribute for field in ORDER_FIELDS if field.kind in _PLAIN_KINDS}


def has_same_figures(one: OrderState, other: OrderState) -> bool:
    """Whether two states of an order agree in all that an erasure keeps: money, dates, status, contact and items."""
    if any(getattr(one, name) != getattr(other, name) for name in UNTOUCHED):
        return False
    return [(item.external_item_id, item.quantity, item.cost) for item in one.items] == [
        (item.external_item_id, item.quantity, item.cost) for item in other.items
    ]
