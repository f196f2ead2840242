"""Pages of orders keep their place while orders come in, and each filter and ordering is read from an index."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from account.current import forget_account
from contract.reasons import ORDER_WARNINGS
from events.keys import forget_keys
from orders.api import SORT_KEYS
from orders.models import Order
from tests.callers import bearer, make_key
from tests.factories import make_contact, make_order

ORDERS = "/api/v1/orders"
NOON = datetime(2026, 5, 14, 9, tzinfo=UTC)


def read(client: Client, address: str, **query: str):
    answer = client.get(address, query)
    assert answer.status_code == 200, answer.content
    return answer.json()


def _client() -> Client:
    forget_keys()
    forget_account()
    return Client(raise_request_exception=False, headers=bearer(make_key()))


# Few different values, so that the id has to tell orders apart.
COLUMNS = st.fixed_dictionaries(
    {
        "date": st.integers(0, 2).map(lambda days: NOON + timedelta(days=days)),
        "updated_at": st.integers(0, 2).map(lambda hours: NOON + timedelta(hours=hours)),
        "total": st.sampled_from(["1.5", "1.50", "20"]),
    }
)


class WhileOrdersComeIn(TestCase):
    def setup_example(self):
        super().setup_example()
        self.client = _client()

    @settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(
        at_first=st.lists(COLUMNS, max_size=12),
        coming=st.lists(COLUMNS, max_size=10),
        ordering=st.sampled_from([f"{sign}{name}" for name in SORT_KEYS for sign in ("", "-")]),
        limit=st.integers(1, 5),
    )
    def test_no_order_is_skipped_or_told_twice(self, at_first, coming, ordering, limit):
        """Whatever is there when the reading begins is told once, in order; what comes later at most once."""
        for number, columns in enumerate(at_first):
            make_order(f"first{number}", **columns)
        there = [order["orderId"] for order in read(self.client, ORDERS, ordering=ordering, limit="500")["results"]]
        told, page = [], read(self.client, ORDERS, ordering=ordering, limit=str(limit))
        while page:
            told += [order["orderId"] for order in page["results"]]
            for columns in coming[:2]:
                make_order(f"later{len(coming)}", **columns)
                coming = coming[1:]
            page = read(self.client, page["next"]) if page["next"] else None
        assert [order_id for order_id in told if order_id in there] == there
        assert len(told) == len(set(told))


# --- Plans ----------------------------------------------------------------------------------------------------------

MANY = 5_000
FILL = """
    INSERT INTO orders_order (external_order_id, contact_id, status, total_cost, currency, date, external_customer_id,
                              email, phone, first_name, last_name, restore_url, status_description, store_id, source,
                              delivery_method, delivery_address, payment_method, additional_info, custom_fields,
                              warnings, from_mobile_sdk, created_at, updated_at)
    SELECT n, NULL, CASE WHEN n %% 500 = 0 THEN 'CANCELLED' ELSE 'DELIVERED' END, n * 7919 %% 5003,
           CASE WHEN n %% 500 = 1 THEN 'JPY' ELSE 'UAH' END, %(noon)s + n * interval '1 minute', 'C' || n,
           'p' || n || '@shop.example', n, '', '', '', '',
           CASE WHEN n %% 500 = 2 THEN 'small' ELSE 'large' END, CASE WHEN n %% 500 = 3 THEN 'kiosk' ELSE 'web' END,
           '', '', '', '', '{}',
           CASE WHEN n %% 500 = 4 THEN '[{"code": "total_mismatch", "detail": ""}]' ELSE '[]' END::jsonb, false,
           %(noon)s, %(noon)s + (n * 7919 %% 5003) * interval '1 second'
      FROM generate_series(1, %(many)s) AS n
"""
FILL_ITEMS = """
    INSERT INTO orders_orderitem (order_id, order_date, position, external_item_id, name, quantity, url, image_url,
                                  custom_fields)
    SELECT id, date, 0, CASE WHEN external_order_id::int % 500 = 5 THEN 'rare' ELSE 'often' END, '', 1, '', '', '{}'
      FROM orders_order
"""
SERVED_BY = {
    "status=CANCELLED": "order_by_status",
    "currency=JPY": "order_by_currency",
    "externalCustomerId=C77": "order_by_customer_id",
    "email=P77@shop.example": "order_by_email",
    "phone=77": "order_by_phone",
    "storeId=small": "order_by_store_with_total",
    "source=kiosk": "order_by_source",
    "itemId=rare": "order_item_by_item_and_date",
    "itemId=often": "order_item_by_item_and_date",
    "warning=total_mismatch": "order_total_mismatch",
    "dateFrom=2026-05-15&dateTo=2026-05-15": "order_by_date",
    "ordering=-totalCost": "order_by_total_cost",
    "ordering=totalCost&totalFrom=4000": "order_by_total_cost",
    "totalFrom=70&totalTo=71": "order_by_total_cost",
    "ordering=-updatedAt": "order_by_update",
    "ordering=updatedAt": "order_by_update",
}
SORTED = ("externalCustomerId", "email", "phone", "totalFrom")  # few rows each, so sorting costs nothing


@pytest.mark.django_db
def test_every_filter_and_ordering_of_orders_is_served_by_its_index():
    client = _client()
    with connection.cursor() as cursor:
        cursor.execute(FILL, {"many": MANY, "noon": NOON})
        cursor.execute(FILL_ITEMS)
        cursor.execute("ANALYZE orders_order, orders_orderitem")
    plans = {query: _plan_of_page(client, query) for query in SERVED_BY}
    assert {query: plan for query, plan in plans.items() if SERVED_BY[query] not in plan} == {}
    assert [query for query, plan in plans.items() if "Sort" in plan and not query.startswith(SORTED)] == []


def _plan_of_page(client: Client, query: str) -> str:
    """How PostgreSQL finds a page of two."""
    with CaptureQueriesContext(connection) as queries:
        read(client, f"{ORDERS}?limit=2&{query}")
    page = next(each["sql"] for each in queries if "LIMIT" in each["sql"] and 'FROM "orders_order"' in each["sql"])
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN {page}")
        return "\n".join(line for (line,) in cursor.fetchall())


@pytest.mark.django_db
def test_the_greatest_orders_of_a_day_cost_three_statements(django_assert_num_queries):
    client = _client()
    for number in range(6):
        make_order(str(number), total=str(number), date=NOON + timedelta(days=number // 3), items=[{}])
    query = {"ordering": "-totalCost", "dateTo": "2026-05-14", "limit": "2"}
    read(client, ORDERS, **query)  # the key and the account are held from here on
    with django_assert_num_queries(3):
        page = read(client, ORDERS, **query)
    assert [order["externalOrderId"] for order in page["results"]] == ["2", "1"]
    assert [order["externalOrderId"] for order in read(client, page["next"])["results"]] == ["0"]


@pytest.mark.django_db
def test_every_warning_has_an_index_of_its_own():
    names = {index.name for index in Order._meta.indexes}
    assert {f"order_{code.value}"[:30] for code in ORDER_WARNINGS} <= names


# --- The search box -------------------------------------------------------------------------------------------------


@pytest.mark.django_db
@pytest.mark.parametrize("text", ["Guest@Shop.example", "380501234567", "C9", " A1 "])
def test_an_order_of_nobody_is_found_by_what_it_says_itself(text):
    client = _client()
    make_order("A1", email="guest@shop.example", phone="380501234567", external_customer_id="C9", total="10")
    make_order("A2", email="other@shop.example")
    assert [order["externalOrderId"] for order in read(client, ORDERS, search=text)["results"]] == ["A1"]


@pytest.mark.django_db
def test_an_order_that_is_found_twice_over_is_told_once():
    client = _client()
    contact = make_contact(email="olena@shop.example")
    make_order("A1", contact=contact, email="olena@shop.example", total=str(Decimal("10")))
    assert len(read(client, ORDERS, search="olena@shop.example")["results"]) == 1
