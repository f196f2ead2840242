"""Whole orders that come in as events, and what becomes of them by dry run and replay: docs/rules.md, section 6."""

import json

import pytest
from django.test import Client

from contacts.models import Contact
from events import processing
from events.models import Event
from orders.models import Order
from orders.rules import DELETION_TYPE
from tests.callers import basic, make_key
from tests.events.building import drain
from tests.factories import make_contact
from tests.http.test_add_orders import errors_of, order, send, warnings_of, without

pytestmark = pytest.mark.django_db


def post(client, path, payload):
    return client.post(path, json.dumps(payload), content_type="application/json")


def event(sent, event_type="orderDELIVERED"):
    return {"eventTypeKey": event_type, "params": sent}


@pytest.fixture
def events_only(db) -> Client:
    return Client(headers=basic(make_key("sdk", scopes=["events:write"])))


def test_a_whole_order_sent_as_an_event_does_what_add_orders_does(client):
    post(client, "/api/v1/event", event(order(email="")))
    drain()
    assert Order.objects.get().contact == Contact.objects.get()


def test_a_whole_order_needs_the_scope_of_orders_wherever_it_comes_in(events_only):
    one = post(events_only, "/api/v1/event", event(order()))
    assert (one.status_code, errors_of(one.json())) == (403, [("/eventTypeKey", "permission_denied")])
    bulk = post(events_only, "/api/v1/events", {"events": [event(order()), event(order(), "orderCreated")]}).json()
    assert errors_of(bulk["results"][0]) == [("/eventTypeKey", "permission_denied")]
    assert bulk["accepted"] == Event.objects.count() == 1


@pytest.mark.parametrize("path", ["/api/v1/event", "/api/v3/event", "/api/v1/events/validate"])
def test_nobody_sends_a_deletion_as_an_event(client, path):
    answer = post(client, path, event({"externalOrderId": "B1"}, DELETION_TYPE))
    assert (answer.status_code, errors_of(answer.json())) == (400, [("/eventTypeKey", "reserved_event_type")])
    assert not Event.objects.exists()


def test_a_dry_run_tells_what_a_whole_order_would_do_and_stores_nothing(client):
    told = post(client, "/api/v1/events/validate", event(order(email="a@shop.example", firstName="Olha"))).json()
    assert (told["outcome"], told["contactId"], told["orderId"], warnings_of(told)) == ("applied", None, None, [])
    assert told["message"] == "The order would be changed, and its contact would be created."
    assert (told["order"]["before"], told["order"]["after"]["status"]) == (None, "DELIVERED")
    assert told["order"]["after"]["contactId"] is None
    assert all(step["contactId"] is None for step in told["trace"])
    assert not Contact.objects.exists()


def test_a_dry_run_finds_the_contact_that_is_there_and_fills_nothing(client):
    contact = make_contact(external_customer_id="C1")
    told = post(client, "/api/v1/events/validate", event(order(firstName="Olha", email="a@shop.example"))).json()
    assert (told["contactId"], told["order"]["after"]["contactId"]) == (contact.pk, contact.pk)
    contact.refresh_from_db()
    assert (contact.first_name, contact.identifiers.count()) == ("", 1)


def test_a_dry_run_of_a_guests_order_warns(client):
    told = post(client, "/api/v1/events/validate", event(without(order(), "externalCustomerId"))).json()
    assert (told["outcome"], warnings_of(told)) == ("applied", ["contact_identifier_missing"])


def test_an_added_order_that_failed_is_applied_by_a_replay(client, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(processing.ledger, "store_orders", None)
        [failed] = send(client, order()).json()["failedOrders"]
    staff = Client(headers=basic(make_key("staff", scopes=["settings:write", "read"])))
    replayed = post(staff, f"/api/v1/events/{failed['eventId']}/replay", {}).json()
    assert replayed["replayed"]
    drain()
    fate = staff.get(f"/api/v1/events/{failed['eventId']}").json()
    assert (fate["outcome"], fate["attempts"], fate["orderId"]) == ("applied", 2, Order.objects.get().pk)
