"""What must never be false of an order is refused by the database, by name."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction

from orders.models import DailyRevenue, Order, OrderChange, OrderItem, SummaryState

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 5, 14, tzinfo=UTC)


def make_order(**fields) -> Order:
    defaults = {
        "external_order_id": "1001",
        "status": "INITIALIZED",
        "total_cost": Decimal(1),
        "currency": "UAH",
        "date": NOW,
        "created_at": NOW,
        "updated_at": NOW,
    }
    return Order.objects.create(**{**defaults, **fields})


@pytest.mark.parametrize(
    ("fields", "name"),
    [
        ({"total_cost": Decimal("-0.01")}, "order_total_not_negative"),
        ({"status": "delivered"}, "order_status_known"),
        ({"currency": "uah"}, "order_currency_is_iso_4217"),
    ],
)
def test_an_impossible_order_is_refused(fields, name):
    with pytest.raises(IntegrityError, match=name), transaction.atomic():
        make_order(**fields)


def test_an_external_order_id_names_one_order():
    make_order()
    with pytest.raises(IntegrityError, match="order_external_id_is_unique"), transaction.atomic():
        make_order()


@pytest.mark.parametrize(
    ("fields", "name"),
    [
        ({"quantity": Decimal(0)}, "order_item_quantity_positive"),
        ({"cost": Decimal(-1)}, "order_item_cost_not_negative"),
    ],
)
def test_an_impossible_item_is_refused(fields, name):
    item = {"order": make_order(), "order_date": NOW, "position": 0, "external_item_id": "1", "quantity": Decimal(1)}
    item |= fields
    with pytest.raises(IntegrityError, match=name), transaction.atomic():
        OrderItem.objects.create(**item)


def test_two_items_never_stand_in_one_place():
    order = make_order()
    OrderItem.objects.create(order=order, order_date=NOW, position=0, external_item_id="1", quantity=Decimal(1))
    with pytest.raises(IntegrityError, match="order_item_position_is_unique"), transaction.atomic():
        OrderItem.objects.create(order=order, order_date=NOW, position=0, external_item_id="2", quantity=Decimal(1))


def test_an_event_changes_an_order_at_most_once():
    order = make_order()
    OrderChange.objects.create(order=order, event_id=5, at=NOW, fields={})
    with pytest.raises(IntegrityError, match="order_change_once_per_event"), transaction.atomic():
        OrderChange.objects.create(order=order, event_id=5, at=NOW, fields={})


def test_a_day_and_currency_have_one_revenue():
    row = {
        "day": NOW.date(),
        "currency": "UAH",
        "revenue": 1,
        "orders": 1,
        "mobile_sdk_initialized_revenue": 0,
        "mobile_sdk_initialized_orders": 0,
    }
    DailyRevenue.objects.create(**row)
    with pytest.raises(IntegrityError, match="daily_revenue_one_row_a_day"), transaction.atomic():
        DailyRevenue.objects.create(**row)


def test_the_state_of_the_summaries_is_one_row():
    with pytest.raises(IntegrityError, match="summary_state_is_one_row"), transaction.atomic():
        SummaryState.objects.create(pk=2)
