"""The names of items are noted once each, whenever and in whatever order items come, and beside the work of events."""

import pytest

from orders import item_names
from orders.item_names import note_item_names
from orders.models import ItemName, ItemNameState, Order, OrderItem
from orders.search import find_orders
from tests.factories import make_order

pytestmark = pytest.mark.django_db


def noted() -> list[tuple[str, str]]:
    return list(ItemName.objects.order_by("external_item_id", "name").values_list("external_item_id", "name"))


def test_each_name_of_an_item_is_noted_once_and_a_long_one_by_its_beginning():
    make_order("1001", items=[{"name": "Super Device"}, {"name": "Super Device"}, {"name": ""}])
    make_order("1002", items=[{"name": "Super Device 2"}, {"external_item_id": "L", "name": "x" * 2000}])
    note_item_names()
    note_item_names()
    assert noted() == [("200600", "Super Device"), ("200600", "Super Device 2"), ("L", "x" * 200)]


def test_what_comes_later_is_read_from_there_on_in_spans(monkeypatch, django_assert_num_queries):
    monkeypatch.setattr(item_names, "ITEMS_AT_ONCE", 2)
    make_order("1001", items=[{"external_item_id": str(number), "name": "one"} for number in range(5)])
    note_item_names()
    assert len(noted()) == 5
    assert ItemNameState.objects.get().read_to == OrderItem.objects.latest("pk").pk
    make_order("1002", items=[{"external_item_id": "9", "name": "nine"}])
    with django_assert_num_queries(6 + 4):  # a span with its savepoint, and the look that finds nothing more
        note_item_names()
    assert len(noted()) == 6


def test_an_item_that_could_not_be_seen_when_its_span_was_read_is_read_with_the_next():
    make_order("1001", items=[{"external_item_id": "1", "name": "late"}, {"external_item_id": "2", "name": "two"}])
    ItemNameState.objects.update(read_to=OrderItem.objects.get(external_item_id="2").pk)  # as if 1 was committed later
    make_order("1002", items=[{"external_item_id": "3", "name": "three"}])
    note_item_names()
    assert [item for item, _ in noted()] == ["1", "2", "3"]


@pytest.mark.parametrize("text", ["' & !", "':*", "a' | 'b", "\\", "%_", "<->", "—", "💥", "x" * 255])
def test_no_text_breaks_the_search_for_words(text):
    make_order("1001", items=[{"name": "Super Device"}])
    note_item_names()
    assert list(find_orders(Order.objects.all(), text).orders) == []
