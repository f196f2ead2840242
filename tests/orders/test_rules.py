"""What each order event does to an order that exists and to one that does not: docs/rules.md, section 3."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from contract.reasons import Reason, Status
from orders.fields import STATUSES
from orders.rules import NOTHING_CHANGED
from orders.state import OrderState
from tests.orders.building import (
    ABSENT,
    CONTACT,
    FOUND,
    ITEM,
    NO_IDENTIFIER,
    NOBODY,
    ORDER,
    RECEIVED_AT,
    apply,
    codes,
    create,
    found_problems,
    make_event,
    make_order,
    update,
)

EARLIER, LATER = datetime(2026, 5, 1, tzinfo=UTC), datetime(2026, 5, 2, tzinfo=UTC)


# orderCreated


def test_an_order_created_makes_the_order_as_it_was_sent():
    decision = create(
        items=[ITEM],
        email="a@b.example",
        phone="380501234567",
        firstName="Olha",
        lastName="K",
        shipping="1.50",
        discount="2",
        taxes="0.5",
        restoreUrl="https://shop.example/cart",
        statusDescription="new",
        storeId="7",
        source="web",
        deliveryMethod="post",
        deliveryAddress="Kyiv",
        paymentMethod="card",
        additionalInfo="call first",
        giftWrap=True,
    )
    assert (decision.status, decision.reason, decision.problems, decision.note) == (Status.APPLIED, None, (), "")
    order = decision.order
    assert replace(order, items=(), warnings=()) == OrderState(
        external_order_id="1001",
        contact_id=CONTACT,
        status="INITIALIZED",
        total_cost=Decimal("19.90"),
        currency="UAH",
        date=datetime(2026, 5, 14, 7, 11, tzinfo=UTC),
        external_customer_id="C1",
        email="a@b.example",
        phone="380501234567",
        first_name="Olha",
        last_name="K",
        shipping=Decimal("1.50"),
        discount=Decimal(2),
        taxes=Decimal("0.5"),
        restore_url="https://shop.example/cart",
        status_description="new",
        store_id="7",
        source="web",
        delivery_method="post",
        delivery_address="Kyiv",
        payment_method="card",
        additional_info="call first",
        custom_fields={"giftWrap": True},
    )
    assert [item.external_item_id for item in order.items] == ["200600"]


@pytest.mark.parametrize("status", STATUSES)
def test_an_order_is_created_with_the_status_it_names(status):
    assert create(status=status).order.status == status


def test_an_order_created_without_items_makes_an_order_without_items():
    assert make_order().items == ()


def test_an_order_that_names_no_currency_has_the_accounts_default():
    assert create(currency=ABSENT, event={"default_currency": "EUR"}).order.currency == "EUR"


@pytest.mark.parametrize("name", ["externalOrderId", "totalCost", "status", "date"])
def test_each_required_parameter_that_is_missing_keeps_the_order_from_being_created(name):
    decision = create(**{name: ABSENT})
    assert (decision.status, decision.reason, decision.order) == (Status.IGNORED, Reason.MISSING_PARAMETER, None)
    [problem] = decision.problems
    assert (problem.pointer, problem.code) == ("/params", "missing_parameter")
    assert problem.detail == f"The parameter {name} is required and is not there."


@pytest.mark.parametrize("name", ["externalOrderId", "totalCost", "status", "date"])
def test_null_counts_as_absent(name):
    assert create(**{name: None}).problems == create(**{name: ABSENT}).problems


def test_null_in_a_custom_field_counts_as_absent_too():
    assert make_order(giftWrap=None).custom_fields == {}


def test_parameter_names_are_exact():
    decision = create(totalCost=ABSENT, TotalCost="19.90")
    assert decision.reason is Reason.MISSING_PARAMETER
    assert make_order(Currency="EUR").custom_fields == {"Currency": "EUR"}


@pytest.mark.parametrize("status", STATUSES)
def test_a_repeated_order_created_never_takes_a_delivered_order_back(status):
    order = apply("orderDelivered", make_order()).order
    decision = create(order, status=status)
    assert (decision.status, decision.reason) == (Status.IGNORED, Reason.ORDER_EXISTS)
    assert (decision.order, dict(decision.changes)) == (None, {})
    assert found_problems(decision) == [("/params/0/value", "order_exists")]


def test_a_repeated_order_created_is_told_that_the_order_exists_whatever_else_it_lacks():
    decision = apply("orderCreated", make_order(), event={"match": NO_IDENTIFIER})
    assert found_problems(decision) == [("/params/0/value", "order_exists")]


# orderUpdated


def test_an_order_updated_replaces_what_is_there_and_leaves_the_rest():
    before = make_order(items=[ITEM], giftWrap=True, note="old", email="a@b.example")
    after = update(before, status="IN_PROGRESS", totalCost="20.00", note="new", storeId=7).order
    assert after == replace(
        before,
        status="IN_PROGRESS",
        total_cost=Decimal("20.00"),
        store_id="7",
        custom_fields={"giftWrap": True, "note": "new"},
        warnings=after.warnings,
    )
    assert after.items is before.items


def test_items_of_an_update_replace_all_items():
    before = make_order(items=[ITEM, {**ITEM, "externalItemId": "2"}])
    after = update(before, items=[{**ITEM, "externalItemId": "3"}]).order
    assert [item.external_item_id for item in after.items] == ["3"]


def test_an_empty_array_of_items_takes_all_items_away():
    assert update(make_order(items=[ITEM]), items=[]).order.items == ()


def test_null_in_an_update_leaves_what_was_there():
    before = make_order(items=[ITEM], email="a@b.example", shipping="1.00", giftWrap=True)
    decision = update(before, items=None, email=None, shipping=None, giftWrap=None, totalCost=None)
    assert (decision.order, decision.note) == (before, NOTHING_CHANGED)


def test_an_empty_text_in_an_update_clears_the_field():
    before = make_order(email="a@b.example", statusDescription="new")
    after = update(before, email="", statusDescription="").order
    assert (after.email, after.status_description) == ("", "")


@pytest.mark.parametrize(
    "wrong",
    [{"totalCost": "-1"}, {"date": "2026-05-14"}, {"status": "delivered"}, {"items": [{**ITEM, "url": ""}]}],
)
def test_an_update_with_one_invalid_parameter_changes_nothing_at_all(wrong):
    decision = update(make_order(), statusDescription="ok", **wrong)
    assert (decision.status, decision.reason) == (Status.IGNORED, Reason.INVALID_PARAMETER)
    assert (decision.order, dict(decision.changes)) == (None, {})


def test_an_update_of_an_order_that_does_not_exist_creates_it():
    decision = update(None, **ORDER, items=[ITEM])
    assert (decision.status, decision.order) == (Status.APPLIED, make_order(items=[ITEM]))


def test_an_update_of_an_order_that_does_not_exist_needs_what_a_creation_needs():
    decision = update(None, statusDescription="x", event={"match": NOBODY})
    assert decision.reason is Reason.MISSING_PARAMETER
    assert [problem.expected for problem in decision.problems[:3]] == ["totalCost", "status", "date"]
    assert found_problems(decision) == [("/params", "missing_parameter")] * 3 + [("/params", "contact_not_found")]


def test_an_update_needs_only_the_id_of_an_existing_order():
    decision = update(make_order(), status="IN_PROGRESS", event={"match": NO_IDENTIFIER})
    assert (decision.status, decision.order.status) == (Status.APPLIED, "IN_PROGRESS")
    assert decision.order.contact_id == CONTACT


@pytest.mark.parametrize("before", STATUSES)
@pytest.mark.parametrize("after", STATUSES)
def test_any_status_may_follow_any_other(before, after):
    decision = update(make_order(status=before), status=after)
    assert (decision.status, decision.order.status) == (Status.APPLIED, after)


# orderDelivered and orderCancelled

TERMINAL = [("orderDelivered", "DELIVERED"), ("orderCancelled", "CANCELLED")]


@pytest.mark.parametrize(("event_type", "status"), TERMINAL)
@pytest.mark.parametrize("before", STATUSES)
def test_delivered_and_cancelled_set_the_status_of_an_existing_order_and_nothing_else(event_type, status, before):
    order = make_order(status=before, items=[ITEM])
    assert apply(event_type, order).order == replace(order, status=status)


@pytest.mark.parametrize(("event_type", "status"), TERMINAL)
def test_delivered_and_cancelled_read_no_other_parameter(event_type, status):
    order = make_order()
    decision = apply(event_type, order, status="INITIALIZED", totalCost="not a number", items="[", giftWrap=True)
    assert (decision.status, decision.order) == (Status.APPLIED, replace(order, status=status))


@pytest.mark.parametrize(("event_type", "status"), TERMINAL)
def test_delivered_and_cancelled_of_an_order_that_does_not_exist_are_ignored(event_type, status):
    decision = decide_with_everything(event_type)
    assert (decision.status, decision.reason, decision.order) == (Status.IGNORED, Reason.ORDER_NOT_FOUND, None)
    assert found_problems(decision) == [("/params/0/value", "order_not_found")]


def decide_with_everything(event_type):
    return apply(event_type, None, **{name: value for name, value in ORDER.items() if name != "externalOrderId"})


@pytest.mark.parametrize("event_type", ["orderDelivered", "orderCancelled"])
def test_delivered_and_cancelled_without_an_order_id_miss_that_parameter(event_type):
    decision = apply(event_type, None, externalOrderId=None)
    assert found_problems(decision) == [("/params", "missing_parameter")]


def test_an_order_can_be_delivered_by_an_event_without_identifiers():
    assert apply("orderDelivered", make_order(), event={"match": NO_IDENTIFIER}).status is Status.APPLIED


# Contacts


def test_an_order_is_created_only_for_a_contact_that_is_found():
    decision = create(event={"match": NOBODY})
    assert (decision.status, decision.reason, decision.order) == (Status.IGNORED, Reason.CONTACT_NOT_FOUND, None)
    [problem] = decision.problems
    assert (problem.pointer, problem.found) == ("/params", 'externalCustomerId "C1"')


def test_an_order_without_any_identifier_is_not_created():
    decision = create(externalCustomerId=ABSENT, event={"match": NO_IDENTIFIER})
    assert decision.reason is Reason.CONTACT_IDENTIFIER_MISSING
    assert found_problems(decision) == [("/params", "contact_identifier_missing")]


def test_an_order_can_be_created_by_an_identifier_that_only_a_matching_rule_names():
    decision = create(externalCustomerId=ABSENT, loyaltyCard="L1")
    assert (decision.order.contact_id, decision.order.custom_fields) == (CONTACT, {"loyaltyCard": "L1"})


def test_an_update_that_names_another_contact_keeps_the_orders_contact_and_warns():
    other = replace(FOUND, contact_id=8, trace=(replace(FOUND.trace[0], contact_id=8, value="C2"),))
    decision = update(make_order(), externalCustomerId="C2", event={"match": other})
    assert (decision.status, decision.order.contact_id) == (Status.APPLIED, CONTACT)
    assert (codes(decision), decision.order.external_customer_id) == (["identifier_conflict"], "C2")


@pytest.mark.parametrize("event_type", ["orderUpdated", "orderDelivered", "orderCancelled"])
def test_an_order_without_a_contact_joins_the_contact_that_a_later_event_finds(event_type):
    guest = replace(make_order(status="IN_PROGRESS"), contact_id=None)
    decision = apply(event_type, guest)
    assert decision.order.contact_id == CONTACT
    assert decision.changes["contactId"] == {"from": None, "to": CONTACT}
    assert codes(decision) == []


def test_an_order_without_a_contact_stays_so_while_events_find_nobody():
    guest = replace(make_order(), contact_id=None)
    assert apply("orderDelivered", guest, event={"match": NOBODY}).order.contact_id is None


# Precedence


def test_of_several_reasons_the_first_in_their_order_stands_for_the_outcome_and_all_problems_are_listed():
    order = replace(make_order(), last_occurred_at=LATER)
    stale = {"occurred_at": EARLIER}
    assert create(totalCost=ABSENT, date="x", event={"match": NOBODY}).reason is Reason.MISSING_PARAMETER
    decision = create(date="x", event={"match": NOBODY})
    assert decision.reason is Reason.INVALID_PARAMETER
    assert found_problems(decision) == [("/params/4/value", "invalid_parameter"), ("/params", "contact_not_found")]
    decision = create(order, date="x", event=stale)
    assert decision.reason is Reason.INVALID_PARAMETER
    assert [code for _, code in found_problems(decision)] == ["invalid_parameter", "order_exists", "stale"]
    assert create(order, event=stale).reason is Reason.ORDER_EXISTS
    assert update(order, date="x", event=stale).reason is Reason.INVALID_PARAMETER


def test_all_missing_and_invalid_parameters_are_listed_at_once():
    decision = create(
        totalCost="x", status=ABSENT, date=1589440260, currency="uah", items=[{"quantity": 0, "url": []}, 5]
    )
    assert decision.reason is Reason.MISSING_PARAMETER
    assert sorted(found_problems(decision)) == sorted(
        [
            ("/params", "missing_parameter"),
            ("/params/2/value", "invalid_parameter"),
            ("/params/3/value", "invalid_parameter"),
            ("/params/4/value", "invalid_parameter"),
            *[("/params/5/value/0", "missing_parameter")] * 4,
            ("/params/5/value/0/quantity", "invalid_parameter"),
            ("/params/5/value/0/url", "invalid_parameter"),
            ("/params/5/value/1", "invalid_parameter"),
        ]
    )


def test_a_problem_says_where_it_is_what_was_found_and_what_is_expected():
    [problem] = create(totalCost="12,50").problems
    assert problem.pointer == "/params/2/value"
    assert problem.found == '"12,50"'
    assert problem.expected == "a number of at most 18 digits, 4 of them decimals, not negative"
    assert problem.detail == f'totalCost must be {problem.expected}; found "12,50".'


# Nothing changed


@pytest.mark.parametrize(
    "values",
    [
        {},
        {"status": "INITIALIZED"},
        {"totalCost": "19.9"},
        {"totalCost": "019.900"},
        {"date": "2026-05-14T07:11:00Z"},
        {"giftWrap": True},
        {"items": [ITEM]},
        {"items": [{**ITEM, "cost": "9.950"}]},
        {"email": ""},
    ],
)
def test_an_event_that_changes_nothing_is_applied_with_a_note_and_leaves_no_change(values):
    order = make_order(items=[ITEM], giftWrap=True)
    decision = update(order, **values)
    assert (decision.status, decision.reason, decision.note) == (Status.APPLIED, None, NOTHING_CHANGED)
    assert (decision.order, dict(decision.changes)) == (order, {})
    assert str(decision.order.total_cost) == "19.90"


def test_a_second_delivery_of_a_delivered_order_changes_nothing():
    order = apply("orderDelivered", make_order()).order
    decision = apply("orderDelivered", order)
    assert (decision.order, decision.note, dict(decision.changes)) == (order, NOTHING_CHANGED, {})


@pytest.mark.parametrize(
    ("before", "after"), [(True, 1), (1, True), (False, 0), ([True], [1]), ({"a": 1}, {"a": True})]
)
def test_true_is_not_the_number_one(before, after):
    decision = update(make_order(flag=before), flag=after)
    assert decision.changes["customFields"] == {"from": {"flag": before}, "to": {"flag": after}}
    assert repr(decision.order.custom_fields) == repr({"flag": after})


# occurred


def test_an_event_that_occurred_before_the_last_one_applied_is_stale():
    order = create(event={"occurred_at": LATER}).order
    assert order.last_occurred_at == LATER
    decision = update(order, status="IN_PROGRESS", event={"occurred_at": EARLIER})
    assert (decision.status, decision.reason, decision.order) == (Status.IGNORED, Reason.STALE, None)
    [problem] = decision.problems
    in_kyiv = ("2026-05-01T03:00:00+03:00", "2026-05-02T03:00:00+03:00 or later")  # the account's zone
    assert (problem.pointer, problem.found, problem.expected) == ("/occurred", *in_kyiv)


def test_an_event_that_occurred_at_the_same_moment_is_applied():
    order = create(event={"occurred_at": LATER}).order
    assert update(order, status="IN_PROGRESS", event={"occurred_at": LATER}).status is Status.APPLIED


def test_without_occurred_the_order_of_acceptance_decides():
    order = create(event={"occurred_at": LATER}).order
    after = update(order, status="IN_PROGRESS").order
    assert (after.status, after.last_occurred_at) == ("IN_PROGRESS", LATER)


def test_an_order_that_no_dated_event_was_applied_to_takes_any_occurred():
    assert update(make_order(), status="IN_PROGRESS", event={"occurred_at": EARLIER}).order.last_occurred_at == EARLIER


def test_an_event_that_changes_nothing_still_makes_older_ones_stale():
    order = create(event={"occurred_at": EARLIER}).order
    unchanged = update(order, event={"occurred_at": LATER})
    assert (unchanged.note, unchanged.order.last_occurred_at) == (NOTHING_CHANGED, LATER)
    between = {"occurred_at": EARLIER + timedelta(hours=1)}
    assert apply("orderCancelled", unchanged.order, event=between).reason is Reason.STALE


def test_a_refused_event_makes_no_other_one_stale():
    order = create(event={"occurred_at": EARLIER}).order
    assert update(order, date="x", event={"occurred_at": LATER}).order is None


# Sources


def test_an_order_is_of_the_mobile_sdk_if_the_event_that_made_it_was():
    made = create(event={"from_mobile_sdk": True}).order
    assert made.from_mobile_sdk is True
    assert update(made, status="DELIVERED").order.from_mobile_sdk is True
    assert update(make_order(), status="DELIVERED", event={"from_mobile_sdk": True}).order.from_mobile_sdk is False


def test_the_same_event_on_the_same_order_is_always_decided_the_same():
    event = {"received_at": RECEIVED_AT}
    assert create(items=[ITEM], event=event) == create(items=[ITEM], event=event)
    assert make_event("orderCreated", ORDER) == make_event("orderCreated", ORDER)


def test_an_order_created_without_an_id_is_never_told_that_its_order_exists():
    assert found_problems(create(make_order(), externalOrderId=ABSENT)) == [("/params", "missing_parameter")]
