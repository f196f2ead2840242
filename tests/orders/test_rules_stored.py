"""What the rules decided is stored and read again with every digit and type: docs/rules.md, section 3."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from orders import ledger
from orders.conditions import conditions_of
from orders.ledger import OrderWrite, StoredOrder
from orders.state import OrderState
from tests.orders.building import ITEM, NOBODY, RECEIVED_AT, json, make_order, update

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 5, 14, tzinfo=UTC)
EXTRA = json('{"big": 1000000000000000000000000000000, "tiny": 1e-8, "zero": -0.00, "exp": 1.50e1, "flag": true}')


def store(before: StoredOrder | None, after: OrderState) -> StoredOrder:
    """The order as it reads after it was written."""
    write = OrderWrite(before.id, before.state, after) if before else OrderWrite(None, None, after)
    ledger.store_orders([write], [], NOW)
    return ledger.load_orders(["1001"])["1001"]


def types_and_digits(fields):
    """repr, because == sees neither digits nor true apart from 1."""
    return {name: repr(value) for name, value in fields.items()}


def make_guest_order(**values) -> OrderState:
    order = replace(make_order(**values), contact_id=None)
    return replace(order, warnings=conditions_of(order, RECEIVED_AT))


def test_what_was_decided_reads_back_with_every_digit_and_type():
    order = make_guest_order(
        items=[{**ITEM, "cost": "9.9500", "quantity": "2.000", **EXTRA}], totalCost="19.9", **EXTRA
    )
    read = store(None, order).state
    assert read == order
    assert types_and_digits(read.custom_fields) == types_and_digits(order.custom_fields)
    assert types_and_digits(read.items[0].custom_fields) == types_and_digits(order.items[0].custom_fields)
    assert (str(read.total_cost), str(read.items[0].cost), str(read.items[0].quantity)) == ("19.9", "9.9500", "2.000")


@pytest.mark.parametrize(("before", "after"), [(True, 1), (0, False)])
def test_true_that_becomes_the_number_one_is_written(before, after):
    stored = store(None, make_guest_order(flag=before, items=[{**ITEM, "flag": before}]))
    changed = store(stored, update(stored.state, flag=after, event={"match": NOBODY}).order)
    assert types_and_digits(changed.state.custom_fields) == {"flag": repr(after)}
    items = [{**ITEM, "flag": after}]
    changed = store(changed, update(changed.state, items=items, event={"match": NOBODY}).order)
    assert types_and_digits(changed.state.items[0].custom_fields) == {"flag": repr(after)}


def test_an_order_that_nothing_changed_in_is_not_written(django_assert_num_queries):
    stored = store(None, make_guest_order(items=[ITEM], flag=True))
    same = update(stored.state, flag=True, totalCost="19.900", items=[ITEM], event={"match": NOBODY}).order
    with django_assert_num_queries(0):
        ledger.store_orders([OrderWrite(stored.id, stored.state, same)], [], NOW)
