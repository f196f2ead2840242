"""The history row that an event leaves: docs/rules.md, section 3."""

from dataclasses import replace
from decimal import Decimal

from contract.json_values import encode
from tests.orders.building import CONTACT, ITEM, apply, create, json, make_order, update

SHOWN_ITEM = {
    "externalItemId": "200600",
    "name": "Super Device",
    "quantity": Decimal(2),
    "cost": "9.95",
    "url": "https://shop.example/item/200600",
    "imageUrl": "https://shop.example/item/200600.png",
    "customFields": {"size": "[1]"},
}


def test_a_creation_tells_every_field_that_was_given_from_null():
    changes = create(items=[{**ITEM, "size": [1]}], giftWrap=True, shipping="0").changes
    assert {name: change["to"] for name, change in changes.items()} == {
        "contactId": CONTACT,
        "externalCustomerId": "C1",
        "status": "INITIALIZED",
        "totalCost": "19.90",
        "currency": "UAH",
        "date": "2026-05-14T07:11:00+00:00",
        "shipping": "0.00",
        "items": [SHOWN_ITEM],
        "customFields": {"giftWrap": True},
    }
    assert {change["from"] for change in changes.values()} == {None}


def test_a_change_tells_only_what_differs():
    assert update(make_order(), totalCost="20", status="INITIALIZED", currency="UAH").changes == {
        "totalCost": {"from": "19.90", "to": "20.00"}
    }
    assert apply("orderDelivered", make_order()).changes == {"status": {"from": "INITIALIZED", "to": "DELIVERED"}}


def test_a_text_that_is_set_or_cleared_changes_from_and_to_null():
    order = make_order(email="a@b.example")
    assert update(order, email="", phone="1").changes == {
        "email": {"from": "a@b.example", "to": None},
        "phone": {"from": None, "to": "1"},
    }


def test_a_date_changes_in_utc():
    assert update(make_order(), date="2026-05-15T00:00:00.25").changes == {
        "date": {"from": "2026-05-14T07:11:00+00:00", "to": "2026-05-14T21:00:00.250000+00:00"}
    }


def test_items_change_as_a_whole():
    before = make_order(items=[{**ITEM, "size": [1]}])
    assert update(before, items=[{**ITEM, "size": [1], "quantity": 3}]).changes == {
        "items": {"from": [SHOWN_ITEM], "to": [{**SHOWN_ITEM, "quantity": Decimal(3)}]}
    }


def test_of_custom_fields_only_those_that_differ_are_told():
    before = make_order(a=1, b="x", c=json("1.50"))
    assert update(before, a=1, b="y", c=json("1.5"), d=None, e=[]).changes == {
        "customFields": {"from": {"b": "x"}, "to": {"b": "y", "e": []}}
    }


def test_money_is_told_in_the_currency_of_its_moment():
    changes = update(make_order(currency="JPY", totalCost="1990"), currency="KWD", totalCost="2").changes
    assert changes["totalCost"] == {"from": "1990", "to": "2.000"}


def test_a_newer_occurred_alone_is_no_change():
    order = make_order()
    decision = update(order, event={"occurred_at": order.date})
    assert (dict(decision.changes), decision.order) == ({}, replace(order, last_occurred_at=order.date))


def test_changes_can_be_written_as_json_with_all_digits():
    changes = create(items=[{**ITEM, "quantity": "1.500", "w": json("0.10")}], points=10**30).changes
    text = encode(changes)
    assert '"quantity":1.500' in text
    assert '"w":0.10' in text
    assert '"points":1000000000000000000000000000000' in text
