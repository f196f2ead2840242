"""What is taken all the same, with a warning: docs/rules.md, sections 3 and 5."""

from dataclasses import replace
from decimal import Decimal

import pytest

from contacts.matching import Match, Step
from contract.reasons import Status
from orders.rules import decide
from orders.state import OrderState
from tests.orders.building import (
    ABSENT,
    CONTACT,
    ITEM,
    NOBODY,
    apply,
    codes,
    create,
    make_event,
    make_order,
    update,
)

FUTURE = "2026-05-14T12:00:01"  # in Kyiv: a second after the event was received


def order_codes(order: OrderState) -> list[str]:
    return [caution.code.value for caution in order.warnings]


ARTICLE = {
    "phone": "380501234567",
    "externalOrderId": "12345679",
    "externalCustomerId": "AV13760",
    "totalCost": "258.0",
    "status": "INITIALIZED",
    "date": "2020-05-14T10:11:00",
    "currency": "UAH",
    "items": [
        {
            "externalItemId": "200600",
            "name": "Super Device",
            "category": "devices",
            "quantity": 1,
            "cost": 990,
            "url": "http://example.com/item/200600",
            "imageUrl": "http://example.com/item/200600/image.png",
            "description": "High quality",
        }
    ],
}


def test_the_articles_own_example_becomes_an_order_with_total_mismatch():
    decision = decide(make_event("orderCreated", ARTICLE), None)
    assert (decision.status, codes(decision)) == (Status.APPLIED, ["total_mismatch"])
    assert decision.warnings == decision.order.warnings
    assert decision.warnings[0].detail == "The items come to 990.00 UAH, and totalCost is 258.00 UAH."
    assert (str(decision.order.total_cost), decision.order.items[0].cost) == ("258.0", Decimal(990))


@pytest.mark.parametrize(
    "values",
    [
        {"totalCost": "19.90"},
        {"totalCost": "24.90", "shipping": "5.00"},
        {"totalCost": "23.9000", "shipping": "5", "taxes": "1", "discount": "2"},
        {"totalCost": "0", "discount": "19.9"},
    ],
)
def test_items_shipping_and_taxes_less_the_discount_should_add_up_to_the_total(values):
    decision = create(items=[ITEM], **values)
    assert (codes(decision), decision.order.warnings) == ([], ())


def test_a_mismatch_tells_the_numbers_and_keeps_the_order():
    decision = create(items=[ITEM], totalCost="20", shipping="1.5", taxes="0.25", discount="0.05")
    assert decision.status is Status.APPLIED
    assert [caution.detail for caution in decision.warnings] == [
        "The items with shipping 1.50, taxes 0.25, less discount 0.05 come to 21.60 UAH, and totalCost is 20.00 UAH."
    ]


def test_a_mismatch_of_the_last_decimal_of_large_numbers_is_seen():
    items = [{**ITEM, "cost": "99999999999999.9999", "quantity": "999999999999999.999"}]
    assert codes(create(items=items, totalCost="99999999999999.9999")) == ["total_mismatch"]
    exact = [{**ITEM, "cost": "33333333333333.3333", "quantity": 3}]
    assert codes(create(items=exact, totalCost="99999999999999.9999")) == []
    assert codes(create(items=exact, totalCost="99999999999999.9998")) == ["total_mismatch"]


def test_an_order_without_items_has_nothing_to_add_up():
    assert codes(create(totalCost="5", shipping="9")) == []


def test_the_total_is_checked_on_the_order_as_it_stands_after_the_event():
    order = make_order(items=[ITEM])
    more = update(order, totalCost="25.00")
    assert (codes(more), order_codes(more.order)) == (["total_mismatch"], ["total_mismatch"])
    right = update(more.order, shipping="5.10")
    assert (codes(right), order_codes(right.order)) == ([], [])
    assert codes(update(order, items=[ITEM, ITEM])) == ["total_mismatch"]
    assert update(more.order, items=[]).order.warnings == ()


@pytest.mark.parametrize("event_type", ["orderUpdated", "orderDelivered", "orderCancelled"])
def test_an_event_that_speaks_of_no_amount_does_not_warn_and_the_orders_warning_stays(event_type):
    order = make_order(items=[ITEM], totalCost="25.00")
    decision = apply(event_type, order, statusDescription="x")
    assert (codes(decision), decision.order.warnings) == ([], order.warnings)


def test_a_date_in_the_future_is_taken_with_a_warning():
    decision = create(date=FUTURE)
    assert (decision.status, codes(decision), order_codes(decision.order)) == (
        Status.APPLIED,
        ["date_in_future"],
        ["date_in_future"],
    )
    assert "2026-05-14T09:00:01+00:00" in decision.warnings[0].detail
    assert codes(create(date="2026-05-14T12:00:00")) == []


def test_a_date_in_the_future_warns_until_an_event_comes_after_it():
    order = make_order(date=FUTURE)
    assert apply("orderDelivered", order).order.warnings == order.warnings
    received_at = order.date
    assert apply("orderDelivered", order, event={"received_at": received_at}).order.warnings == ()


def test_identifiers_that_name_several_contacts_are_taken_with_a_warning():
    match = Match(
        CONTACT,
        True,
        (
            Step("externalCustomerId", "externalCustomerId", "C1", CONTACT, True),
            Step("Email", "email", "other@b.example", 8, False),
            Step("Phone", "phone", "380501234567", None, False),
        ),
    )
    decision = create(event={"match": match})
    assert (decision.status, decision.order.contact_id, codes(decision)) == (
        Status.APPLIED,
        CONTACT,
        ["identifier_conflict"],
    )
    assert decision.warnings[0].detail == 'The order\'s contact is 7, but Email "other@b.example" names contact 8.'
    assert decision.order.warnings == ()


def test_an_update_whose_other_identifier_names_the_orders_contact_still_warns_of_the_one_that_does_not():
    match = Match(8, True, (Step("Email", "email", "x", 8, True), Step("Phone", "phone", "1", CONTACT, False)))
    decision = update(make_order(), status="IN_PROGRESS", event={"match": match})
    assert decision.order.contact_id == CONTACT
    assert decision.warnings[0].detail == 'The order\'s contact is 7, but Email "x" names contact 8.'


def test_a_recorded_contact_without_its_trace_conflicts_all_the_same():
    decision = apply("orderDelivered", make_order(), event={"match": Match(8, True)})
    assert decision.warnings[0].detail == "The order's contact is 7, but the event names contact 8."


def test_an_ignored_event_keeps_its_identifier_conflict_and_no_other_warning():
    match = replace(NOBODY, contact_id=8)
    decision = create(make_order(), date=FUTURE, event={"match": match})
    assert (decision.status, codes(decision)) == (Status.IGNORED, ["identifier_conflict"])


def test_an_order_can_carry_both_of_its_warnings():
    assert order_codes(make_order(items=[ITEM], totalCost="1", date=FUTURE)) == ["total_mismatch", "date_in_future"]


def test_an_order_whose_items_have_no_cost_is_not_added_up():
    order = make_order(items=[ITEM], totalCost="1")
    without_cost = replace(order, items=(replace(order.items[0], cost=None),))
    assert apply("orderDelivered", without_cost, currency=ABSENT).order.warnings == ()
