"""Variables of an event and texts made of them, over HTTP: docs/api.md, Variables."""

import json

import pytest
from django.test import Client

from contacts.models import Contact, Identifier
from events import messages_api, variables
from events.keys import forget_keys
from events.models import Event
from tests.callers import basic, make_key
from tests.events.building import ITEM, created, drain, post
from tests.factories import make_contact, make_identifier

pytestmark = pytest.mark.django_db


@pytest.fixture
def client() -> Client:
    forget_keys()
    return Client(headers=basic(make_key()))


def variables_at(client, event_id) -> dict[str, str]:
    return client.get(f"/api/v1/events/{event_id}").json()["variables"]


def rendered(client, event_id, body):
    content = body if isinstance(body, str) else json.dumps(body)
    return client.generic("POST", f"/api/v1/events/{event_id}/render", content, "application/json")


def test_an_event_tells_its_variables_and_those_of_the_contact_and_order_that_it_found(client):
    contact = make_contact(external_customer_id="C1", email="First@Example.com", phone="050 123 45 67")
    make_identifier(contact, "email", "second@example.com")
    event_id = created("1001", items=[ITEM], totalCost=258.5, note=None)
    drain()
    order_id = client.get(f"/api/v1/events/{event_id}").json()["orderId"]
    found = variables_at(client, event_id)
    assert {name: found[name] for name in ("eventKey", "orderId", "order.orderId", "contactId")} == {
        "eventKey": "1001",
        "orderId": str(event_id),
        "order.orderId": str(order_id),
        "contactId": str(contact.pk),
    }
    assert (found["EmailAddress"], found["SMS"]) == ("First@Example.com", "050 123 45 67")
    assert (found["externalOrderId"], found["totalCost"], found["items[0].name"]) == ("1001", "258.5", "Super Device")
    assert "note" not in found


def test_the_event_key_of_an_order_is_its_external_order_id_whatever_key_value_was_sent(client):
    """The article's own example: its keyValue is a phone number."""
    for event_type, key in (("orderCreated", "12345679"), ("seen", "380501234567")):
        event_id = post(event_type, {"externalOrderId": "12345679"}, keyValue="380501234567")
        assert variables_at(client, event_id)["eventKey"] == key


def test_a_dry_run_has_the_variables_that_the_event_would_have_but_for_its_own_id(client):
    contact = make_contact(external_customer_id="C1", email="First@Example.com")
    params = {"externalOrderId": "1001", "externalCustomerId": "C1", "items": [ITEM]}
    body = {"eventTypeKey": "orderUpdated", "params": params}
    answer = client.post("/api/v1/events/validate", json.dumps(body), "application/json").json()
    assert answer["receivedAt"] is None
    found = answer["variables"]
    assert (found["eventKey"], found["contactId"], found["EmailAddress"]) == (
        "1001",
        str(contact.pk),
        "First@Example.com",
    )
    assert found["items[0].name"] == "Super Device"
    assert not {"orderId", "order.orderId"} & found.keys()


def test_a_waiting_event_has_the_variables_that_were_sent(client):
    make_contact(external_customer_id="C1", email="a@b.example")
    found = variables_at(client, created("1001"))
    assert {"order.orderId", "contactId", "EmailAddress", "SMS"} & found.keys() == set()
    assert found["externalCustomerId"] == "C1"


def test_a_deleted_contact_is_written_to_no_more(client):
    make_contact(external_customer_id="C1", email="a@b.example")
    event_id = created("1001")
    drain()
    Contact.objects.update(deleted_at="2026-01-01T00:00Z")
    assert "EmailAddress" not in variables_at(client, event_id)
    Identifier.objects.all().delete()
    assert "contactId" in variables_at(client, event_id)


def test_a_template_becomes_a_text_and_the_names_that_were_not_found_are_told(client):
    event_id = created("1001", items=json.dumps([ITEM]))
    body = {"template": "Order ${externalOrderId}: ${items[0].name} for ${firstName}"}
    answer = rendered(client, event_id, body)
    assert (answer.status_code, answer.json()) == (
        200,
        {"text": "Order 1001: Super Device for ${firstName}", "missing": ["firstName"]},
    )


def test_digits_and_any_text_come_through_as_they_were_sent(client):
    [event_id] = [post("seen", {"n": 1, "text": "${n} \U0001f600 <b>"}, keyValue="k")]
    Event.objects.update(body='{"eventTypeKey":"seen","keyValue":"k","params":{"n":258.00,"big":1e400,"n2":0.10}}')
    answer = rendered(client, event_id, {"template": "${n} ${big} ${n2}"})
    assert answer.json()["text"] == "258.00 1e400 0.10"


@pytest.mark.parametrize(
    ("body", "pointer", "code"),
    [
        ({}, "/template", "missing"),
        ({"template": None}, "/template", "missing"),
        ({"template": 5}, "/template", "wrong_type"),
        ({"template": ["a"]}, "/template", "wrong_type"),
        ({"template": "a\0"}, "/template", "invalid_text"),
        ('{"template": "\\ud800"}', "/template", "invalid_text"),
        ("[]", "", "not_an_object"),
        ("{", "", "not_json"),
    ],
)
def test_what_is_no_template_is_refused_with_its_place(client, body, pointer, code):
    answer = rendered(client, created(), body)
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (400, pointer)
    assert answer.json()["errors"][0]["code"] == code


def test_a_template_that_is_too_long_or_makes_too_long_a_text_is_refused(client, monkeypatch):
    event_id = created(note="x" * 10_000)
    longest = "a" * variables.MAX_TEMPLATE_LENGTH
    assert rendered(client, event_id, {"template": longest}).json()["text"] == longest
    answer = rendered(client, event_id, {"template": longest + "a"})
    assert answer.json()["errors"][0] == {
        "pointer": "/template",
        "code": "too_long",
        "detail": "template is too long.",
        "found": "200,001 characters",
        "expected": "a text of at most 200,000 characters",
    }
    answer = rendered(client, event_id, {"template": "${note}" * 1_000})
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (400, messages_api.TEXT_TOO_LONG.code)


def test_rendering_needs_the_right_to_read_and_an_event_that_is_there(client):
    writer = Client(headers=basic(make_key(source="writer", scopes=["events:write"])))
    assert rendered(writer, created(), {"template": ""}).status_code == 403
    for unknown in ("999999", "abc", "1" * 19):
        assert rendered(client, unknown, {"template": ""}).status_code == 404


def test_reading_an_event_takes_the_same_few_statements_whatever_it_holds(client, django_assert_num_queries):
    make_contact(external_customer_id="C1", email="a@b.example")
    event_id = created("1001", items=[ITEM] * 100)
    drain()
    client.get("/api/v1/events/1")  # the key is held from now on
    with django_assert_num_queries(3):  # the fate, its basis, the addresses of its contact
        client.get(f"/api/v1/events/{event_id}")
