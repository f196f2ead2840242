"""Orders of a mobile-SDK source as docs/rules.md, section 4 counts them, from the post to the figure, by HTTP alone."""

import json

import pytest

from account.current import forget_account
from account.models import Account
from events.keys import forget_keys
from events.models import SourceKind
from tests.callers import bearer, make_key
from tests.events.building import drain, event_body, order_params
from tests.factories import make_contact

pytestmark = pytest.mark.django_db
DAY = "2026-05-14"


@pytest.fixture
def app():
    forget_keys()
    make_contact(external_customer_id="C1")
    return make_key("app", SourceKind.MOBILE_SDK)


@pytest.fixture
def shop(app):
    return make_key("shop", SourceKind.BACKEND)


def post(client, key, event_type, params):
    body = event_body(event_type, params)
    answer = client.post("/api/v1/event", body, content_type="application/json", headers=bearer(key))
    assert answer.status_code == 200
    drain()
    fate = client.get(f"/api/v1/events/{answer.json()['id']}", headers=bearer(key)).json()
    assert fate["outcome"] == "applied", fate


def revenue(client, key):
    """(revenue, orders, mobile-SDK INITIALIZED revenue, their number) of the day, None where a member is left out."""
    answer = client.get(f"/api/v1/revenue?from={DAY}&to={DAY}", headers=bearer(key)).json()
    names = ("revenue", "orders", "mobileSdkInitializedRevenue", "mobileSdkInitializedOrders")
    return [tuple(period.get(name) for name in names) for period in answer["results"]]


def test_an_initialized_order_of_the_app_stands_beside_the_revenue_and_moves_into_it_when_delivered(client, app, shop):
    post(client, app, "orderCreated", order_params("A1", totalCost="7.50"))
    assert revenue(client, shop) == [("0.00", 0, "7.50", 1)]
    post(client, shop, "orderCreated", order_params("S1", totalCost="100.00"))  # a backend's INITIALIZED order: nowhere
    assert revenue(client, shop) == [("0.00", 0, "7.50", 1)]
    post(client, shop, "orderDelivered", {"externalOrderId": "S1"})
    assert revenue(client, shop) == [("100.00", 1, "7.50", 1)]
    post(client, shop, "orderDelivered", {"externalOrderId": "A1"})
    assert revenue(client, shop) == [("107.50", 2, "0.00", 0)]


def test_an_app_that_updates_a_backends_order_does_not_make_it_its_own(client, app, shop):
    post(client, shop, "orderCreated", order_params("S1"))
    post(client, app, "orderUpdated", {"externalOrderId": "S1", "totalCost": "20.00"})
    assert revenue(client, shop) == []


def test_the_account_can_leave_the_apps_part_out_of_sight(client, app, shop):
    post(client, app, "orderCreated", order_params("A1", totalCost="7.50"))
    Account.objects.update(mobile_sdk_revenue=False)
    forget_account()
    assert revenue(client, shop) == []
    post(client, app, "orderDelivered", {"externalOrderId": "A1"})
    assert revenue(client, shop) == [("7.50", 1, None, None)]


def test_a_dry_run_with_the_apps_key_decides_as_the_app(client, app):
    body = event_body("orderCreated", order_params("A1"))
    answer = client.post("/api/v1/events/validate", body, content_type="application/json", headers=bearer(app))
    assert json.loads(answer.content)["order"]["after"]["fromMobileSdk"] is True
    assert json.loads(answer.content)["source"] == "app"
