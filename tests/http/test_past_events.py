"""Events and orders of the past: when they occurred, and the day of the account's zone in which they land."""

import json

import pytest
from django.core.management import call_command

from account.current import forget_account
from account.models import Account
from events.basis import forget_basis
from events.event_types import forget_event_types
from events.models import Event, Outcome
from orders.models import Order
from orders.summaries import rebuild_marked
from tests.events.building import drain, order_params
from tests.factories import make_contact
from tests.http.test_add_orders import add, order

pytestmark = pytest.mark.django_db(transaction=True)
BULKS = ["/api/v1/past_events", "/api/v2/past_events", "/api/v1/events"]


@pytest.fixture(autouse=True)
def _empty_caches():
    """What a process remembers never outlives the tables of a test."""
    forget_account()
    forget_basis()
    forget_event_types()
    yield
    forget_account()


def past(event_type: str, occurred: str | None, **params):
    return {"eventTypeKey": event_type, "params": params, **({"occurred": occurred} if occurred else {})}


def send(client, *events, path="/api/v1/past_events"):
    answer = client.post(path, json.dumps({"events": events}), content_type="application/json")
    assert answer.status_code == 200, answer.content
    drain()
    return answer.json()["results"]


def reasons() -> list[str]:
    return list(Outcome.objects.order_by("event_id").values_list("reason", flat=True))


@pytest.mark.parametrize("path", BULKS)
def test_every_event_of_a_bulk_keeps_when_it_occurred(client, path):
    moments = ["2019-10-27T03:30:00+02:00", "2019-10-27T00:30:00Z", "2019-10-27", None]
    results = send(client, *(past("seen", moment, email="a@shop.example") for moment in moments), path=path)
    told = [client.get(f"/api/v1/events/{each['id']}").json()["occurred"] for each in results]
    # Both half past three of the night in which clocks go back, and the start of a day.
    assert told == ["2019-10-27T03:30:00+02:00", "2019-10-27T03:30:00+03:00", "2019-10-27T00:00:00+03:00", None]


def test_a_moment_that_cannot_be_read_rejects_its_event_alone(client):
    results = send(client, past("seen", "last year", email="a@shop.example"), past("seen", "2019-01-01", email="a@b.c"))
    assert [(error["pointer"], error["code"]) for error in results[0]["errors"]] == [("/occurred", "invalid_date")]
    assert Event.objects.count() == 1


@pytest.mark.parametrize("path", BULKS)
def test_the_past_of_an_order_sent_out_of_order_never_overrules_what_is_newer(client, path):
    make_contact(external_customer_id="C1")
    send(
        client,
        past("orderCreated", "2019-05-01", **order_params("1001", totalCost="1")),
        past("orderUpdated", "2019-05-03", externalOrderId="1001", totalCost="3"),
        past("orderUpdated", "2019-05-02", externalOrderId="1001", totalCost="2"),
        past("orderDelivered", "2019-05-03", externalOrderId="1001"),
        past("orderUpdated", None, externalOrderId="1001", totalCost="4"),
        past("orderCancelled", "2019-05-02T23:59:59", externalOrderId="1001"),
        path=path,
    )
    assert reasons() == ["", "", "stale", "", "", "stale"]
    stored = Order.objects.get()
    assert (str(stored.total_cost), stored.status) == ("4", "DELIVERED")
    call_command("verify_ledger")


def test_of_the_hour_that_comes_twice_an_offset_says_which_is_meant(client):
    make_contact(external_customer_id="C1")
    send(
        client,
        past("orderCreated", "2019-10-27T03:10:00+02:00", **order_params("1001")),  # the second time
        past("orderUpdated", "2019-10-27T03:50:00", externalOrderId="1001", totalCost="2"),  # the first: earlier
        past("orderUpdated", "2019-10-27T03:50:00+02:00", externalOrderId="1001", totalCost="3"),
    )
    assert reasons() == ["", "stale", ""]


def test_an_added_order_has_no_moment_of_its_own_and_is_applied_as_it_comes(client):
    make_contact(external_customer_id="C1")
    send(client, past("orderCreated", "2019-05-03", **order_params("B1")))
    [entry] = add(client, order("B1", totalCost="7", occurred="2019-05-01"))
    assert (entry["outcome"], str(Order.objects.get().total_cost)) == ("applied", "7")
    send(client, past("orderUpdated", "2019-05-02", externalOrderId="B1", totalCost="2"))
    assert reasons() == ["", "", "stale"]
    call_command("verify_ledger")


DAYS = [
    ("Europe/Kyiv", "2014-12-31T23:59:59.999999", "2014-12-31"),
    ("Europe/Kyiv", "2015-01-01T00:00:00", "2015-01-01"),
    ("Europe/Kyiv", "2014-12-31T22:00:00Z", "2015-01-01"),
    ("Europe/Kyiv", "2020-03-29T03:30:00", "2020-03-29"),  # skipped
    ("Europe/Kyiv", "2020-10-25T03:30:00", "2020-10-25"),  # comes twice
    ("Europe/Kyiv", "1905-06-01T00:00:30", "1905-06-01"),  # local mean time, 2:02:04 before UTC
    ("America/Sao_Paulo", "2018-11-04T00:30:00", "2018-11-04"),  # midnight itself is skipped
    ("America/Sao_Paulo", "2018-02-17T23:30:00", "2018-02-17"),  # the last hour of the day comes twice
    ("America/Sao_Paulo", "2018-02-17T23:30:00-03:00", "2018-02-17"),
    ("America/Havana", "2019-11-03T00:30:00", "2019-11-03"),  # the first hour of the day comes twice
    ("America/Havana", "2019-11-03T00:30:00-05:00", "2019-11-03"),
    ("Pacific/Apia", "2011-12-29T23:59:00", "2011-12-29"),
    ("Pacific/Apia", "2011-12-30T12:00:00", "2011-12-31"),  # a day that never was
]


@pytest.mark.parametrize(("zone", "date", "day"), DAYS, ids=[f"{zone} {date}" for zone, date, _ in DAYS])
def test_an_order_of_years_ago_lands_in_its_day_of_the_accounts_zone(client, zone, date, day):
    Account.objects.update(time_zone=zone)
    forget_account()
    make_contact(external_customer_id="C1")
    send(client, past("orderCreated", date[:10], **order_params("1001", status="DELIVERED", date=date)))
    add(client, order("B1", date=date))
    for rebuild in (lambda: None, rebuild_marked):  # while it is computed live, and from the table
        rebuild()
        figures = client.get("/api/v1/revenue").json()["results"]
        assert [(each["period"], each["revenue"], each["orders"]) for each in figures] == [(day, "39.80", 2)]
        within = client.get("/api/v1/revenue", {"from": day, "to": day}).json()["results"]
        assert within == figures
    found = client.get("/api/v1/orders", {"dateFrom": day, "dateTo": day}).json()["results"]
    assert {each["externalOrderId"] for each in found} == {"1001", "B1"}


def test_a_date_of_local_mean_time_is_shown_in_utc_because_its_offset_has_seconds(client):
    add(client, order("B1", date="1905-06-01T00:00:30"))
    [found] = client.get("/api/v1/orders").json()["results"]
    assert found["date"] == "1905-05-31T21:58:26+00:00"
