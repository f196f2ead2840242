"""Customers of a month that the chosen days cut: those who bought on these days, however many bought on others."""

from datetime import UTC, datetime

import pytest
from django.test import Client

from account.current import forget_account
from events.keys import forget_keys
from orders import customer_counts, revenue_customers, summaries
from tests.callers import bearer, make_key
from tests.factories import make_contact, make_order
from tests.orders.test_ledger import make_state

pytestmark = pytest.mark.django_db


@pytest.fixture(params=["the days inside", "the days outside"])
def client(request, monkeypatch) -> Client:
    """Reads the same figures twice, by which of a month's days are looked through."""
    monkeypatch.setattr(revenue_customers, "LOOKUP", 1_000 if request.param == "the days inside" else 0)
    return _client()


def _client() -> Client:
    forget_account()
    forget_keys()
    return Client(headers=bearer(make_key()))


def sell(number: int, day: int, contact, currency: str = "UAH", month: int = 5) -> None:
    date = datetime(2026, month, day, 9, tzinfo=UTC)
    make_order(str(number), total="1.00", status="DELIVERED", date=date, contact=contact, currency=currency)


def build() -> None:
    summaries.rebuild_all()
    customer_counts.rebuild(counts_all=True)


def customers(client: Client, query: str) -> list[tuple[str, str, int, int]]:
    answer = client.get(f"/api/v1/revenue?by=month&{query}").json()
    return [(row["period"], row["currency"], row["customers"], row["newCustomers"]) for row in answer["results"]]


def test_who_bought_only_on_other_days_of_the_month_is_not_among_them(client):
    anna, bohdan, vira = make_contact(), make_contact(), make_contact()
    bought = [(2, anna), (2, bohdan), (10, anna), (12, anna), (20, bohdan), (20, vira), (25, bohdan)]
    for number, (day, contact) in enumerate(bought):
        sell(number, day, contact)
    build()
    assert customers(client, "from=2026-05-05&to=2026-05-15") == [("2026-05-01", "UAH", 1, 0)]
    assert customers(client, "from=2026-05-05") == [("2026-05-01", "UAH", 3, 1)]
    assert customers(client, "to=2026-05-15") == [("2026-05-01", "UAH", 2, 2)]
    assert customers(client, "from=2026-05-12&to=2026-05-12") == [("2026-05-01", "UAH", 1, 0)]


def test_each_currency_and_each_end_of_the_span_is_told_by_its_own_orders(client):
    anna, bohdan = make_contact(), make_contact()
    sell(1, 3, anna, month=4)
    sell(2, 20, anna, "EUR", month=4)
    sell(3, 20, bohdan, month=4)
    sell(4, 4, anna, month=6)
    sell(5, 25, bohdan, "EUR", month=6)
    sell(6, 26, anna, month=6)
    build()
    assert customers(client, "from=2026-04-10&to=2026-06-10") == [
        ("2026-04-01", "EUR", 1, 0),
        ("2026-04-01", "UAH", 1, 1),
        ("2026-06-01", "UAH", 1, 0),
    ]


def test_a_change_since_the_counts_were_made_is_in_them(client):
    anna, bohdan = make_contact(), make_contact()
    sell(1, 20, anna)
    build()
    late = make_order("2", total="1", status="DELIVERED", date=datetime(2026, 5, 3, 9, tzinfo=UTC), contact=bohdan)
    summaries.leave_marks([(late.date, late.currency)])
    customer_counts.leave_marks([(None, None, late.pk, _bought(late))])
    assert customers(client, "to=2026-05-10") == [("2026-05-01", "UAH", 1, 1)]
    assert customers(client, "from=2026-05-10") == [("2026-05-01", "UAH", 1, 1)]


def _bought(order):
    return make_state(
        order.external_order_id,
        status="DELIVERED",
        contact_id=order.contact_id,
        currency=order.currency,
        date=order.date,
    )


def test_a_month_that_goes_on_is_not_counted_from_its_orders(django_assert_num_queries):
    for day in range(1, 20):
        sell(day, day, make_contact())
    build()
    client = _client()
    assert customers(client, "to=2026-05-20") == [("2026-05-01", "UAH", 19, 19)]
    with django_assert_num_queries(4):  # revenue, whether customers are counted, what was sold outside, customers
        client.get("/api/v1/revenue?by=month&to=2026-05-20")
