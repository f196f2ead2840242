"""POST /api/v1/orders: every order has its answer in its place, and has been applied when the answer comes."""

import gzip
import json
from decimal import Decimal
from functools import partial

import pytest
from django.db import OperationalError, connection, connections
from django.test import Client
from django.test.utils import CaptureQueriesContext

from account import current
from contacts.models import Contact, Identifier
from events import add_orders_api, at_once, processing
from events.lanes import ADVISORY_SPACE, lane_of
from events.models import Event, Outcome, Waiting
from orders.models import Order, OrderChange
from tests.callers import basic, make_key
from tests.events.building import drain
from tests.factories import make_contact, make_identifier

pytestmark = pytest.mark.django_db

PATH = "/api/v1/orders"
ITEM = {"externalItemId": "200600", "quantity": 1}


def order(order_id="B1", **members):
    """A delivered order of the customer C1."""
    return {
        "externalOrderId": order_id,
        "externalCustomerId": "C1",
        "totalCost": "19.90",
        "status": "DELIVERED",
        "date": "2026-05-14T10:11:00",
        **members,
    }


def without(members, *names):
    return {name: value for name, value in members.items() if name not in names}


def send(client, *orders, **options):
    body = json.dumps({"orders": list(orders)})
    return client.post(PATH, body, content_type="application/json", **options)


def add(client, *orders):
    """The entries of the answer, when all were taken."""
    answer = send(client, *orders)
    assert (answer.status_code, answer.json()["failedOrders"]) == (200, []), answer.content
    return answer.json()["orders"]


def errors_of(entry):
    return [(error["pointer"], error["code"]) for error in entry["errors"]]


def warnings_of(entry):
    return [warning["code"] for warning in entry.get("warnings", [])]


def test_an_order_and_its_contact_are_there_when_the_answer_comes(client):
    sent = order(email="olha@shop.example", firstName="Olha", items=[{**ITEM, "cost": "19.90"}], gift=True)
    [entry] = add(client, sent)
    stored, contact, event = Order.objects.get(), Contact.objects.get(), Event.objects.get()
    assert entry == {
        "externalOrderId": "B1",
        "orderId": stored.pk,
        "contactId": contact.pk,
        "outcome": "applied",
        "eventId": str(event.pk),
    }
    assert (stored.external_order_id, stored.contact, stored.status) == ("B1", contact, "DELIVERED")
    assert (str(stored.total_cost), stored.currency, stored.custom_fields) == ("19.90", "UAH", {"gift": True})
    assert [(item.external_item_id, item.name, item.url) for item in stored.items.all()] == [("200600", "", "")]
    assert (contact.first_name, contact.created_by_event_id) == ("Olha", event.pk)
    assert set(Identifier.objects.values_list("kind_id", "value")) == {
        ("externalCustomerId", "C1"),
        ("email", "olha@shop.example"),
    }
    assert not Waiting.objects.exists()


def test_an_order_is_an_event_of_its_status_as_it_was_sent(client):
    text = (
        '{ "externalOrderId": 42, "totalCost":1.50, "status":"IN_PROGRESS", "date":"2026-05-14T10:11", "é":"\\u00e9"}'
    )
    answer = client.post(PATH, f'{{"orders": [{text}]}}', content_type="application/json").json()
    fate = client.get(f"/api/v1/events/{answer['orders'][0]['eventId']}").json()
    assert (fate["eventTypeKey"], fate["keyValue"], fate["externalOrderId"]) == ("orderIN_PROGRESS", "42", "42")
    assert fate["params"] == json.loads(text)
    assert (fate["outcome"], fate["source"], fate["orderId"]) == ("applied", "shop", Order.objects.get().pk)
    assert text in Event.objects.get().body


def test_entries_stand_in_the_order_given_and_a_bad_order_holds_back_none(client):
    answer = send(client, order("B1"), without(order("B2"), "totalCost"), order("B3", totalCost="-1"), order("B4"))
    body = answer.json()
    assert answer.status_code == 200
    assert [entry["externalOrderId"] for entry in body["orders"]] == ["B1", "B2", "B3", "B4"]
    assert [entry.get("outcome") for entry in body["orders"]] == ["applied", None, None, "applied"]
    assert errors_of(body["orders"][1]) == [("/orders/1/totalCost", "missing_parameter")]
    assert errors_of(body["orders"][2]) == [("/orders/2/totalCost", "invalid_parameter")]
    assert body["failedOrders"] == body["orders"][1:3]
    assert set(Order.objects.values_list("external_order_id", flat=True)) == {"B1", "B4"}
    assert Event.objects.count() == 2


@pytest.mark.parametrize(
    ("bad", "errors"),
    [
        ({}, [(f"/{name}", "missing_parameter") for name in ("externalOrderId", "totalCost", "status", "date")]),
        (order(externalOrderId=""), [("/externalOrderId", "missing_parameter")]),
        (order(externalOrderId="x" * 256), [("/externalOrderId", "invalid_parameter")]),
        (order(externalOrderId=["B1"]), [("/externalOrderId", "invalid_parameter")]),
        (order(status="delivered"), [("/status", "invalid_parameter")]),
        (order(status=None), [("/status", "missing_parameter")]),
        (order(date="2026-05-14"), [("/date", "invalid_parameter")]),
        (order(currency="hryvnia"), [("/currency", "invalid_parameter")]),
        (order(totalCost="1,50", taxes="no"), [("/totalCost", "invalid_parameter"), ("/taxes", "invalid_parameter")]),
        (order(items={}), [("/items", "invalid_parameter")]),
        (order(items=[ITEM, {"externalItemId": "1", "quantity": 0}]), [("/items/1/quantity", "invalid_parameter")]),
        (order(items=[{"quantity": 1, "externalItemId": ""}]), [("/items/0/externalItemId", "missing_parameter")]),
        (order(items=[1]), [("/items/0", "invalid_parameter")]),
        (order(**{"a/b~c": "\0"}), [("/a~1b~0c", "invalid_text")]),
        (order(**{"": 1}), [("/", "empty")]),
        ([], [("", "not_an_object")]),
        ([{"name": "externalOrderId", "value": "B1"}], [("", "not_an_object")]),
        ("B1", [("", "not_an_object")]),
        (None, [("", "not_an_object")]),
    ],
)  # fmt: skip
def test_what_is_wrong_with_an_order_is_said_with_its_place_in_the_body(client, bad, errors):
    body = send(client, order("B0"), bad).json()
    assert errors_of(body["orders"][1]) == [(f"/orders/1{pointer}", code) for pointer, code in errors]
    assert Event.objects.count() == Order.objects.count() == 1


def test_of_very_many_problems_of_an_order_the_first_twenty_are_listed_and_the_rest_is_counted(client):
    [entry] = send(client, order(items=[{}] * 1000)).json()["failedOrders"]
    assert len(entry["errors"]) == 20
    assert "1,980 more problems" in entry["errors"][-1]["detail"]


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        (b"", ("", "not_json")),
        (b"[]", ("", "not_an_object")),
        (b"{}", ("/orders", "missing")),
        (b'{"orders": null}', ("/orders", "missing")),
        (b'{"orders": {"externalOrderId": "B1"}}', ("/orders", "wrong_type")),
        (json.dumps({"orders": [order()] * 1001}).encode(), ("/orders", "too_many")),
        (b'{"orders": [' + b"[" * 100_000, ("", "too_deep")),
        (b'{"orders": ["\xff"]}', ("", "not_utf8")),
    ],
)
def test_a_body_that_is_no_list_of_orders_is_a_400_and_nothing_is_stored(client, body, problem):
    answer = client.post(PATH, body, content_type="application/json")
    assert (answer.status_code, errors_of(answer.json())) == (400, [problem])
    assert not Event.objects.exists()


def test_an_empty_list_of_orders_is_answered_with_one(client):
    answer = send(client)
    assert (answer.status_code, answer.json()) == (200, {"orders": [], "failedOrders": []})


def test_a_body_of_more_than_eight_megabytes_is_a_413(client):
    body = b'{"orders": ["' + b"x" * (8 * 1024 * 1024) + b'"]}'
    assert client.post(PATH, body, content_type="application/json").status_code == 413


def test_a_lone_surrogate_in_one_order_holds_back_none_of_the_others(client):
    body = '{"orders": [' + json.dumps(order("B1")) + "," + json.dumps(order("B2", note="\ud800")) + "]}"
    entries = client.post(PATH, body, content_type="application/json").json()["orders"]
    assert entries[0]["outcome"] == "applied"
    assert errors_of(entries[1]) == [("/orders/1/note", "invalid_text")]


def test_a_packed_body_is_taken(client):
    body = gzip.compress(json.dumps({"orders": [order()]}).encode())
    answer = client.post(PATH, body, content_type="application/json", headers={"Content-Encoding": "gzip"})
    assert answer.json()["orders"][0]["outcome"] == "applied"


def test_a_key_without_the_scope_is_a_403_and_stores_nothing():
    caller = Client(headers=basic(make_key("reader", scopes=["read", "events:write"])))
    assert send(caller, order()).status_code == 403
    assert not Event.objects.exists()


# What real shops send.


def test_what_real_shops_send_is_fine(client):
    [entry] = add(
        client,
        order(
            42,
            externalCustomerId=7,
            totalCost=258,
            email="",
            phone=380501234567,
            discount="",
            shipping="0",
            source="our web shop!",
            currency="",
            restoreUrl="",
            additionalInfo=None,
            items=[{"externalItemId": 1, "quantity": "2", "cost": "", "name": "", "url": "", "colour": ""}],
        ),
    )
    stored = Order.objects.get()
    assert entry["externalOrderId"] == stored.external_order_id == "42"
    assert (stored.external_customer_id, stored.email, stored.phone) == ("7", "", "380501234567")
    assert (stored.total_cost, stored.discount, stored.shipping) == (Decimal(258), None, Decimal(0))
    assert (stored.source, stored.currency, stored.custom_fields) == ("our web shop!", "UAH", {})
    [item] = stored.items.all()
    assert (item.external_item_id, item.quantity, item.cost, item.custom_fields) == ("1", Decimal(2), None, {})
    assert warnings_of(entry) == []


def test_items_may_be_a_json_string_of_an_array_in_a_whole_order_too(client):
    add(client, order(items=json.dumps([{**ITEM, "name": ""}])))
    assert Order.objects.get().items.get().external_item_id == "200600"


def test_an_order_whose_items_do_not_add_up_is_taken_with_a_warning(client):
    [entry] = add(client, order(items=[{**ITEM, "cost": "5"}]))
    assert warnings_of(entry) == ["total_mismatch"]


# Orders that exist.


def test_the_fields_that_are_there_replace_those_of_an_existing_order_and_the_rest_stays(client):
    add(client, order(items=[ITEM, ITEM], storeId="S1", email="a@shop.example", gift=1))
    first = Order.objects.get()
    [entry] = add(client, order(totalCost="25", status="CANCELLED", storeId="", items=[ITEM], note="x"))
    again = Order.objects.get()
    assert entry["orderId"] == again.pk == first.pk
    assert (str(again.total_cost), again.status, again.store_id, again.email) == (
        "25",
        "CANCELLED",
        "S1",
        "a@shop.example",
    )
    assert (again.items.count(), again.custom_fields) == (1, {"gift": 1, "note": "x"})
    assert OrderChange.objects.count() == 2


def test_the_same_order_again_changes_nothing(client):
    [first], [second] = add(client, order(items=[ITEM])), add(client, order(items=[ITEM]))
    assert without(first, "eventId") == without(second, "eventId")
    assert OrderChange.objects.count() == 1
    assert Contact.objects.count() == 1


def test_an_order_twice_in_one_request_is_applied_twice_in_the_order_given(client):
    entries = add(client, order(totalCost="1"), order(totalCost="2"), order(totalCost="3"))
    assert {entry["orderId"] for entry in entries} == {Order.objects.get().pk}
    assert str(Order.objects.get().total_cost) == "3"
    totals = [change.fields["totalCost"]["to"] for change in OrderChange.objects.order_by("id")]
    assert totals == ["1.00", "2.00", "3.00"]


# Contacts.


def test_a_found_contact_is_filled_where_it_is_empty_and_nothing_is_overwritten(client):
    contact = make_contact(external_customer_id="C1", first_name="Olha")
    make_identifier(contact, "email", "old@shop.example")
    sent = order(email="new@shop.example", phone="0501234567", firstName="Olena", lastName="Petrenko")
    [entry] = add(client, sent)
    contact.refresh_from_db()
    assert entry["contactId"] == contact.pk
    assert (contact.first_name, contact.last_name) == ("Olha", "Petrenko")
    assert set(contact.identifiers.values_list("kind_id", "value")) == {
        ("externalCustomerId", "C1"),
        ("email", "old@shop.example"),
        ("phone", "0501234567"),
    }


def test_an_identifier_of_another_contact_is_never_moved_and_warns(client):
    first, second = make_contact(external_customer_id="C1"), make_contact(email="b@shop.example")
    [entry] = add(client, order(email="b@shop.example"))
    assert (entry["contactId"], warnings_of(entry)) == (first.pk, ["identifier_conflict"])
    assert list(second.identifiers.values_list("value", flat=True)) == ["b@shop.example"]
    assert first.identifiers.count() == 1


def test_orders_that_name_one_person_in_one_request_create_one_contact(client):
    entries = add(
        client,
        without(order("B1", email="a@shop.example"), "externalCustomerId"),
        order("B2", email="A@shop.example", phone="0501234567", firstName="Olha"),
        without(order("B3", phone="+380501234567"), "externalCustomerId"),
    )
    contact = Contact.objects.get()
    assert {entry["contactId"] for entry in entries} == {contact.pk}
    assert contact.first_name == "Olha"
    assert contact.identifiers.count() == 3


def test_a_deleted_contact_is_not_found_and_keeps_its_identifiers_from_a_new_one(client):
    gone = make_contact(external_customer_id="C1", is_deleted=True)
    [entry] = add(client, order(email="a@shop.example"))
    contact = Contact.objects.get(deleted_at=None)
    assert entry["contactId"] == contact.pk != gone.pk
    assert list(contact.identifiers.values_list("kind_id", flat=True)) == ["email"]


@pytest.mark.parametrize(
    "names", [{}, {"email": "none"}, {"email": "", "phone": "-"}, {"contactId": 999_999}, {"firstName": "Olha"}]
)
def test_a_guests_order_is_kept_without_a_contact_and_warns(client, names):
    [entry] = add(client, without(order(**names), "externalCustomerId"))
    assert (entry["outcome"], entry["contactId"], warnings_of(entry)) == (
        "applied",
        None,
        ["contact_identifier_missing"],
    )
    assert not Contact.objects.exists()
    found = client.get(f"{PATH}?warning=contact_identifier_missing").json()["results"]
    assert [each["orderId"] for each in found] == [entry["orderId"]]
    [day] = client.get("/api/v1/revenue").json()["results"]
    assert (day["period"], day["revenue"], day["orders"]) == ("2026-05-14", "19.90", 1)


def test_a_guests_order_joins_the_contact_that_a_later_order_names(client):
    [guest] = add(client, without(order(), "externalCustomerId"))
    [entry] = add(client, order())
    assert (entry["orderId"], entry["contactId"]) == (guest["orderId"], Contact.objects.get().pk)
    assert warnings_of(entry) == []
    stored = Order.objects.get()
    assert (stored.contact, stored.warnings) == (Contact.objects.get(), [])


# The machinery.


def test_any_number_of_orders_is_the_same_number_of_statements(client, monkeypatch):
    monkeypatch.setattr(current, "MAX_AGE_SECONDS", 1_000)  # the settings are not read again in between

    def counted(size):
        """Orders of new people, of one who is filled, and of one who needs nothing."""
        people = [order(f"{size}-{n}", externalCustomerId=f"{size}-{n}", items=[ITEM, ITEM]) for n in range(size)]
        others = [order(f"{size}-filled", email=f"{size}@shop.example"), order(f"{size}-full", externalCustomerId="C2")]
        make_contact(external_customer_id=f"{size}")
        others[0]["externalCustomerId"] = f"{size}"
        with CaptureQueriesContext(connection) as statements:
            add(client, *people, *others)
        return len([each for each in statements if "events_apikey" not in each["sql"]])  # read again now and then

    make_contact(external_customer_id="C2")
    add(client, order("warm"))
    assert counted(2) == counted(60) <= 40


def test_an_order_that_our_own_code_cannot_process_fails_alone_and_can_be_replayed(client, monkeypatch):
    real = processing.ledger.store_orders

    def broken(writes, history, at):
        if any(write.after.external_order_id == "poison" for write in writes):
            raise RuntimeError("a bug of ours")
        return real(writes, history, at)

    monkeypatch.setattr(processing.ledger, "store_orders", broken)
    body = send(client, order("B1"), order("poison"), order("B2")).json()
    assert [entry["outcome"] for entry in body["orders"]] == ["applied", "failed", "applied"]
    [failed] = body["failedOrders"]
    assert (failed["reason"], errors_of(failed)) == ("internal_error", [("/orders/1", "internal_error")])
    assert Outcome.objects.get(event_id=failed["eventId"]).traceback


def test_the_same_idempotency_key_adds_its_orders_once(client):
    body = json.dumps({"orders": [order(), without(order("B2"), "date")]})
    first, again = (
        client.post(PATH, body, content_type="application/json", headers={"Idempotency-Key": "a"}) for _ in range(2)
    )
    assert (first.status_code, again.status_code) == (200, 200)
    assert (first.content, again.headers.get("Idempotent-Replayed")) == (again.content, "true")
    assert Event.objects.count() == 1


def test_what_still_waits_because_its_lane_is_busy_is_a_202_with_its_event_id(client, monkeypatch):
    monkeypatch.setattr(add_orders_api, "apply_at_once", partial(at_once.apply_at_once, seconds=0.05))
    holder = connections.create_connection("default")  # a worker in the middle of a batch
    try:
        with holder.cursor() as cursor:
            cursor.execute("BEGIN")
            cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [ADVISORY_SPACE, lane_of("B1")])
        assert lane_of("B1") != lane_of("B2")
        answer = send(client, order("B1"), order("B2"), without(order("B3"), "date"))
    finally:
        holder.close()
    entries = answer.json()["orders"]
    waiting = Event.objects.get(order_key="B1")
    assert answer.status_code == 202
    assert entries[0] == {"externalOrderId": "B1", "eventId": str(waiting.pk), "outcome": "waiting"}
    assert (entries[1]["outcome"], answer.json()["failedOrders"]) == ("applied", [entries[2]])
    drain()
    assert client.get(f"/api/v1/events/{waiting.pk}").json()["outcome"] == "applied"


def test_a_retry_with_its_key_finishes_what_was_stored_and_not_answered(client, monkeypatch):
    def away(*args, **options):
        raise OperationalError("server closed the connection")

    body = json.dumps({"orders": [order(), without(order("B2"), "date")]})
    keyed = {"content_type": "application/json", "headers": {"Idempotency-Key": "a"}}
    with monkeypatch.context() as patch:
        patch.setattr(add_orders_api, "apply_at_once", away)
        assert client.post(PATH, body, **keyed).status_code == 503
    assert (Event.objects.count(), Order.objects.count()) == (1, 0)
    answer = client.post(PATH, body, **keyed)
    assert answer.status_code == 200
    assert [entry.get("outcome") for entry in answer.json()["orders"]] == ["applied", None]
    assert (Event.objects.count(), Order.objects.count()) == (1, 1)
