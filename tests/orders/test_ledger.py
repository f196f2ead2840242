"""The ledger writes what the rules decided and reads the same back, in a fixed number of statements."""

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from contacts.models import Contact
from contract.reasons import Caution, WarningCode
from orders import ledger
from orders.ledger import HistoryRow, OrderWrite
from orders.models import Order
from orders.state import ItemState, OrderState

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 5, 14, 8, 0, tzinfo=UTC)


def make_state(order_id: str = "1001", **fields) -> OrderState:
    return OrderState(
        **{
            "external_order_id": order_id,
            "contact_id": None,
            "status": "INITIALIZED",
            "total_cost": Decimal("258.00"),
            "currency": "UAH",
            "date": datetime(2026, 5, 14, 7, 11, tzinfo=UTC),
            **fields,
        }
    )


def make_item(**fields) -> ItemState:
    return ItemState(**{"external_item_id": "200600", "quantity": Decimal(1), "cost": Decimal("9.9"), **fields})


FULL = {
    "contact_id": None,
    "status": "DELIVERED",
    "total_cost": Decimal("99999999999999.9999"),
    "currency": "EUR",
    "external_customer_id": "C1",
    "email": "a@b.example",
    "phone": "380501234567",
    "first_name": "О'Генрі\n\t\\N",
    "last_name": "<b>",
    "shipping": Decimal("0.0"),
    "discount": Decimal("1.50"),
    "taxes": Decimal("2"),
    "restore_url": "https://shop.example/?a=1&b=2",
    "status_description": "“so”",
    "store_id": "7",
    "source": "web",
    "delivery_method": "post",
    "delivery_address": "Kyiv",
    "payment_method": "card",
    "additional_info": "{}",
    "items": (
        make_item(custom_fields={"weight": Decimal("1.50"), "tags": '["a"]'}),
        make_item(external_item_id="2", quantity=Decimal("0.125"), cost=None, url="u", image_url="i", name="n"),
    ),
    "custom_fields": {"gift": True, "big": 10**30, "exact": Decimal("0.10"), "nested": [{"a": None}]},
    "warnings": (Caution(code=WarningCode.TOTAL_MISMATCH, detail="258.00 is not 990"),),
    "from_mobile_sdk": True,
    "last_occurred_at": NOW,
}


def test_an_order_is_read_back_as_it_was_written_with_every_digit():
    state = make_state(**FULL)
    ids = ledger.store_orders([OrderWrite(None, None, state)], [], NOW)
    loaded = ledger.load_orders(["1001", "unknown"])
    assert loaded == {"1001": ledger.StoredOrder(ids["1001"], state)}
    read = loaded["1001"].state
    assert [str(value) for value in (read.total_cost, read.shipping, read.discount)] == [
        "99999999999999.9999",
        "0.0",
        "1.50",
    ]
    assert str(read.items[0].custom_fields["weight"]) == "1.50"


def test_a_changed_order_is_read_back_as_it_was_changed_and_keeps_its_id_and_creation():
    before = make_state(items=(make_item(),))
    ids = ledger.store_orders([OrderWrite(None, None, before)], [], NOW)
    later = datetime(2026, 5, 15, tzinfo=UTC)
    after = make_state(**FULL)
    assert ledger.store_orders([OrderWrite(ids["1001"], before, after)], [], later) == ids
    assert ledger.load_orders(["1001"]) == {"1001": ledger.StoredOrder(ids["1001"], after)}
    assert Order.objects.values_list("created_at", "updated_at").get() == (NOW, later)


def test_an_order_that_did_not_change_is_not_written():
    state = make_state()
    ids = ledger.store_orders([OrderWrite(None, None, state)], [], NOW)
    ledger.store_orders([OrderWrite(ids["1001"], state, replace(state))], [], datetime(2026, 5, 15, tzinfo=UTC))
    assert Order.objects.get().updated_at == NOW


def test_items_that_stay_are_not_written_again():
    before = make_state(items=(make_item(),))
    ids = ledger.store_orders([OrderWrite(None, None, before)], [], NOW)
    item_id = Order.objects.get().items.get().pk
    ledger.store_orders([OrderWrite(ids["1001"], before, replace(before, status="DELIVERED"))], [], NOW)
    assert Order.objects.get().items.get().pk == item_id


def test_any_number_of_orders_takes_the_same_number_of_statements(django_assert_num_queries):
    def mixed_batch(prefix: str, size: int):
        olds = [make_state(f"{prefix}old{place}", items=(make_item(),)) for place in range(size)]
        ids = ledger.store_orders([OrderWrite(None, None, state) for state in olds], [], NOW)
        news = [OrderWrite(None, None, make_state(f"{prefix}new{place}")) for place in range(size)]
        changed = [
            OrderWrite(ids[state.external_order_id], state, replace(state, items=(), status="CANCELLED"))
            for state in olds
        ]
        history = [
            HistoryRow(write.after.external_order_id, hash(write.after.external_order_id), {"status": {}})
            for write in news + changed
        ]
        return news + changed, history

    for prefix, size in (("a", 1), ("b", 40)):
        writes, history = mixed_batch(prefix, size)
        with django_assert_num_queries(5):  # ids, COPY orders, UPDATE, DELETE items, COPY history
            ledger.store_orders(writes, history, NOW)
        with django_assert_num_queries(2):
            assert len(ledger.load_orders([write.after.external_order_id for write in writes])) == 2 * size


def test_an_order_keeps_its_contact():
    contact = Contact.objects.create()
    ledger.store_orders([OrderWrite(None, None, make_state(contact_id=contact.pk))], [], NOW)
    assert ledger.load_orders(["1001"])["1001"].state.contact_id == contact.pk


def test_loading_nothing_asks_nothing(django_assert_num_queries):
    with django_assert_num_queries(0):
        assert ledger.load_orders([]) == {}
