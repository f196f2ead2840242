"""The figures of event analytics over HTTP: those of the pages, or word that they are being computed."""

from decimal import Decimal

import pytest
from django.db import connection
from django.test import Client

from events.keys import forget_keys
from insights.analytics import reports
from insights.analytics.models import Report, ReportKind
from insights.analytics.reports import compute_requested
from tests.callers import bearer, make_key
from tests.factories import make_contact
from tests.insights.test_analytics import cart, orders  # noqa: F401 - a fixture

pytestmark = pytest.mark.django_db
MAY = {"from": "2026-05-01", "to": "2026-05-31"}
FUNNEL, CARTS, ITEMS = (f"/api/v1/analytics/{name}" for name in ("funnel", "carts", "items"))


@pytest.fixture
def client() -> Client:
    forget_keys()
    return Client(raise_request_exception=False, headers=bearer(make_key()))


def test_the_funnel_is_that_of_the_page(client, orders):  # noqa: F811
    answer = client.get(FUNNEL, MAY).json()
    assert (answer["from"], answer["to"], answer["isBeingComputed"]) == ("2026-05-01", "2026-05-31", False)
    assert answer["reached"] == {"INITIALIZED": 4, "IN_PROGRESS": 3, "DELIVERED": 3}
    assert answer["now"] == {"DELIVERED": 2, "CANCELLED": 2, "ABANDONED_SHOPPING_CART": 1}
    assert [(step["orders"], step["medianSeconds"]) for step in answer["steps"]] == [
        (2, 3600),
        (2, 172_800),
        (3, 180_000),
    ]


def test_carts_and_items_have_money_as_text(client):
    person = make_contact()
    cart("lost", person, 2, total="20")
    cart("sold", person, 20, "DELIVERED", "70", items=[{"cost": Decimal("12.5"), "quantity": Decimal(2)}])
    [carts] = client.get(CARTS, {**MAY, "withinDays": "3"}).json()["results"]
    assert carts["lost"] == {"carts": 1, "value": "20.00", "revenue": "0.00"}
    [carts] = client.get(CARTS, {**MAY, "withinDays": "30"}).json()["results"]
    assert carts["boughtElse"] == {"carts": 1, "value": "20.00", "revenue": "70.00"}
    [items] = client.get(ITEMS, MAY).json()["results"]
    assert items["byRevenue"] == items["byQuantity"]
    assert items["byRevenue"][0] == {
        "externalItemId": "200600",
        "name": "Super Device",
        "orders": 1,
        "quantity": 2,
        "revenue": "25.00",
        "withoutCost": 0,
    }


def test_what_takes_long_is_computed_in_the_background(client, monkeypatch):
    def slowly(span, within_days):
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_sleep(1)")
        raise AssertionError("the statement was not stopped")

    with monkeypatch.context() as patched:
        patched.setitem(reports.COMPUTE, ReportKind.ITEMS, slowly)
        answer = client.get(ITEMS, MAY)
        assert (answer.status_code, answer["Retry-After"], answer.json()["status"]) == (202, "5", "computing")
    monkeypatch.setattr(reports, "MAX_WAITING", 1)
    Report.objects.update(figures=None, computed_at=None)
    assert client.get(ITEMS, MAY).status_code == 202
    compute_requested()
    assert client.get(ITEMS, MAY).json()["results"] == []


@pytest.mark.parametrize(
    ("address", "query", "parameter"),
    [
        (FUNNEL, {"from": "May"}, "from"),
        (FUNNEL, {"from": "2026-05-02", "to": "2026-05-01"}, "from"),
        (FUNNEL, {"from": "1990-01-01", "to": "2026-05-01"}, "from"),
        (FUNNEL, {"to": "0001-01-01"}, "to"),
        (FUNNEL, {"withinDays": "3"}, "withinDays"),
        (CARTS, {"withinDays": "0"}, "withinDays"),
        (CARTS, {"withinDays": "9" * 40}, "withinDays"),
        (ITEMS, {"currency": "UAH"}, "currency"),
    ],
)
def test_what_cannot_be_asked_is_refused_at_its_place(address, query, parameter, client):
    answer = client.get(address, query)
    assert answer.status_code == 400
    assert [error["parameter"] for error in answer.json()["errors"]] == [parameter]


def test_it_takes_a_key_or_the_permission_to_view_insights(client, staff):
    assert [Client().get(address).status_code for address in (FUNNEL, CARTS, ITEMS)] == [401] * 3
    assert staff("orders.view_order").get(FUNNEL).status_code == 403
