"""DELETE /api/v1/orders: what it takes, what becomes of the orders, and what comes after a deletion."""

import json
from datetime import UTC, datetime

import pytest
from django.core.management import call_command
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext

from account.current import forget_account
from account.models import AuditEntry
from events import order_deletion
from events.basis import forget_basis
from events.event_types import forget_event_types
from events.lanes import ADVISORY_SPACE, lane_of
from events.models import Event, OrderDeletion, Outcome
from events.order_deletion import Wanted, request_deletion, work_off_deletions
from events.tasks import delete_orders
from orders.models import DailyRevenue, Order, OrderChange, OrderItem
from orders.summaries import rebuild_marked
from tests.callers import basic, make_key
from tests.events.building import created, drain, make_source, outcome_of, post
from tests.factories import make_contact
from tests.http.test_add_orders import ITEM, PATH, add, order

pytestmark = pytest.mark.django_db


committed = pytest.mark.django_db(transaction=True)  # verify_ledger reads snapshots of its own


@pytest.fixture(autouse=True)
def _empty_caches():
    """What a process remembers never outlives the tables of a test."""
    forget_account()
    forget_basis()
    forget_event_types()


def delete(client, **query):
    return client.delete(PATH, query_params=query)


def delete_now(client, **query):
    """Asks for it, and does what the workers do."""
    answer = delete(client, **query)
    assert (answer.status_code, answer.json()["status"]) == (202, "accepted")
    drain()
    work_off_deletions()


def ids_left() -> set[str]:
    return set(Order.objects.values_list("external_order_id", flat=True))


def revenue(client) -> list[tuple[str, str, int]]:
    results = client.get("/api/v1/revenue").json()["results"]
    return [(day["period"], day["revenue"], day["orders"]) for day in results]


@committed
def test_a_deletion_that_is_sent_again_with_its_key_leaves_the_order_that_came_in_between(client):
    add(client, order("B1"))
    first = client.delete(PATH, query_params={"externalOrderId": "B1"}, headers={"Idempotency-Key": "d1"})
    drain()
    work_off_deletions()
    add(client, order("B1"))
    again = client.delete(PATH, query_params={"externalOrderId": "B1"}, headers={"Idempotency-Key": "d1"})
    drain()
    work_off_deletions()
    assert ids_left() == {"B1"}
    assert (again.status_code, again.content, again["Idempotent-Replayed"]) == (202, first.content, "true")
    other = client.delete(PATH, query_params={"externalOrderId": "B2"}, headers={"Idempotency-Key": "d1"})
    assert (other.status_code, other.json()["errors"][0]["code"]) == (422, "idempotency_key_reused")


@committed
def test_an_order_is_deleted_with_its_items_and_history_and_its_events_stay(client):
    [entry] = add(client, order("B1", items=[ITEM]))
    add(client, order("B2"))
    delete_now(client, externalOrderId="B1")
    assert ids_left() == {"B2"}
    assert not OrderItem.objects.exists()
    assert OrderChange.objects.count() == 1
    assert client.get(f"{PATH}/{entry['orderId']}").status_code == 404
    fates = client.get("/api/v1/events?externalOrderId=B1").json()["results"]
    assert [(fate["eventTypeKey"], fate["outcome"], fate["orderId"]) for fate in fates] == [
        ("orderDELETED", "applied", None),
        ("orderDELIVERED", "applied", None),
    ]
    assert fates[0]["message"].startswith("The order was deleted")
    assert fates[0]["contactId"] == entry["contactId"]
    call_command("verify_ledger")


def test_the_revenue_follows_before_and_after_the_days_are_computed_again(client):
    add(client, order("B1"), order("B2", totalCost="5"))
    rebuild_marked()
    delete_now(client, externalOrderId="B1")
    assert revenue(client) == [("2026-05-14", "5.00", 1)]
    rebuild_marked()
    assert revenue(client) == [("2026-05-14", "5.00", 1)]
    delete_now(client, externalOrderId="B2")
    rebuild_marked()
    assert revenue(client) == []
    assert not DailyRevenue.objects.exists()


def test_the_audit_log_tells_who_deleted_what_and_how_many(client):
    add(client, order("B1"), order("B2"), order("B3", date="2026-05-15T00:00:00Z"))
    delete_now(client, **{"from": "2026-05-14T00:00:00", "to": "2026-05-14T23:59:59"})
    delete_now(client, externalOrderId="B3")
    span, one = AuditEntry.objects.order_by("id")
    assert span.actor == one.actor
    assert "shop" in span.actor
    assert (span.action, span.what, span.count) == (
        "orders.deleted",
        "from=2026-05-14T00:00:00+00:00&to=2026-05-14T23:59:59+00:00",
        2,
    )
    assert (one.what, one.count) == ("externalOrderId=B3", 1)
    assert not OrderDeletion.objects.exists()


def test_asking_again_deletes_nothing_more_and_says_so(client):
    add(client, order("B1"))
    for _ in range(2):
        delete_now(client, externalOrderId="B1")
    delete_now(client, externalOrderId="never there")
    assert list(AuditEntry.objects.order_by("id").values_list("count", flat=True)) == [1, 0, 0]
    assert set(Outcome.objects.filter(event__event_type__key="orderDELETED").values_list("status", flat=True)) == {
        "applied"  # so no replay can delete an order that comes later
    }


@committed
def test_both_ends_of_a_span_belong_to_it_and_are_in_utc_unless_they_say_otherwise(client):
    dates = {
        "before": "2026-05-14T09:59:59.999999Z",
        "first": "2026-05-14T13:00:00+03:00",
        "last": "2026-05-15T10:00:00Z",
        "after": "2026-05-15T10:00:00.000001Z",
    }
    add(client, *(order(name, date=date) for name, date in dates.items()))
    delete_now(client, **{"from": "2026-05-14T10:00:00", "to": "2026-05-15T13:00:00+03:00"})
    assert ids_left() == {"before", "after"}
    call_command("verify_ledger")


@pytest.mark.parametrize(
    ("query", "parameters"),
    [
        ({}, ["externalOrderId"]),
        ({"externalOrderId": ""}, ["externalOrderId"]),
        ({"externalOrderId": "x" * 256}, ["externalOrderId"]),
        ({"externalOrderId": "a\0b"}, ["externalOrderId"]),
        ({"externalOrderId": ["B1", "B2"]}, ["externalOrderId"]),
        ({"externalOrderId": "B1", "from": "2026-05-14T00:00:00"}, ["from"]),
        ({"from": "2026-05-14T00:00:00"}, ["to"]),
        ({"to": "2026-05-14T00:00:00"}, ["from"]),
        ({"from": "2026-05-14", "to": "yesterday"}, ["from", "to"]),
        ({"from": "2026-05-14T00:00:00", "to": "2026-05-15T00:00:00.000001"}, ["to"]),
        ({"from": "2026-05-14T00:00:01", "to": "2026-05-14T00:00:00"}, ["to"]),
        ({"status": "DELIVERED"}, ["status"]),
        ({"externalOrderID": "B1"}, ["externalOrderID"]),
    ],
)
def test_a_query_that_does_not_say_exactly_what_to_delete_is_a_400_and_deletes_nothing(client, query, parameters):
    add(client, order("B1"))
    answer = delete(client, **query)
    assert answer.status_code == 400
    assert [error["parameter"] for error in answer.json()["errors"]] == parameters
    assert Event.objects.count() == 1
    assert not OrderDeletion.objects.exists()


def test_exactly_24_hours_are_taken(client):
    assert delete(client, **{"from": "2026-05-14T00:00:00", "to": "2026-05-15T00:00:00"}).status_code == 202


def test_a_key_without_the_scope_deletes_nothing(client):
    add(client, order("B1"))
    caller = Client(headers=basic(make_key("reader", scopes=["read", "events:write"])))
    assert delete(caller, externalOrderId="B1").status_code == 403
    assert not OrderDeletion.objects.exists()


# Its place among the events of the order.


@committed
def test_what_was_accepted_before_is_applied_before_and_what_comes_after_makes_the_order_anew(client):
    make_contact(external_customer_id="C1")
    first = created("1001", totalCost="1")
    delete(client, externalOrderId="1001")
    second = created("1001", totalCost="2")
    third = post("orderDelivered", {"externalOrderId": "1001"})
    drain()
    stored = Order.objects.get()
    assert (str(stored.total_cost), stored.status) == ("2", "DELIVERED")
    assert [outcome_of(event_id).status for event_id in (first, second, third)] == ["applied"] * 3
    assert [outcome_of(event_id).order_id for event_id in (first, second, third)] == [None, stored.pk, stored.pk]
    assert list(stored.changes.order_by("id").values_list("event_id", flat=True)) == [second, third]
    call_command("verify_ledger")


@committed
@pytest.mark.parametrize("drains_between", [True, False])
def test_a_deleted_order_is_as_one_that_never_was(client, drains_between):
    """In one batch with the deletion or in the next, later events find no order."""
    [entry] = add(client, order("1001", items=[ITEM], note="old", email="a@shop.example"))
    delete(client, externalOrderId="1001")
    if drains_between:
        drain()
    delivered = post("orderDelivered", {"externalOrderId": "1001"})
    updated = post("orderUpdated", {"externalOrderId": "1001", "totalCost": "3"})
    drain()
    assert [outcome_of(event_id).reason for event_id in (delivered, updated)] == [
        "order_not_found",
        "missing_parameter",
    ]
    assert not Order.objects.exists()
    [anew] = add(client, order("1001"))
    stored = Order.objects.get()
    assert anew["orderId"] == stored.pk != entry["orderId"]
    assert (stored.custom_fields, stored.email, stored.items.count()) == ({}, "", 0)
    assert stored.changes.count() == 1
    call_command("verify_ledger")


@committed
def test_what_occurred_before_a_deletion_is_not_stale_after_it(client):
    make_contact(external_customer_id="C1")
    post("orderCreated", {**order("1001"), "currency": "UAH"}, occurred="2026-05-20T00:00:00Z")
    drain()
    delete_now(client, externalOrderId="1001")
    older = post("orderCreated", {**order("1001"), "currency": "UAH"}, occurred="2026-05-10T00:00:00Z")
    drain()
    assert outcome_of(older).status == "applied"
    call_command("verify_ledger")


def test_orders_that_are_made_while_a_span_is_deleted_stay(client, monkeypatch):
    monkeypatch.setattr(order_deletion, "ORDERS_AT_ONCE", 1)
    add(client, order("B1"), order("B2"))
    delete(client, **{"from": "2026-05-14T00:00:00Z", "to": "2026-05-14T23:00:00Z"})
    deletion = OrderDeletion.objects.get()
    assert order_deletion._advance(deletion.pk)
    [gone] = {"B1", "B2"} - ids_left()
    add(client, order(gone), order("B3"))
    work_off_deletions()
    assert ids_left() == {gone, "B3"}
    assert AuditEntry.objects.get().count == 2


# The machinery.


def test_a_span_is_deleted_in_pieces_of_a_fixed_number_of_statements(client, monkeypatch):
    monkeypatch.setattr(order_deletion, "ORDERS_AT_ONCE", 40)
    delete_now(client, externalOrderId="warm")
    add(client, *(order(f"B{number}", items=[ITEM], date="2026-05-14T10:00:00Z") for number in range(40)))
    counts = []
    for span in ("2026-05-14T10:00:00Z", "2026-05-15T10:00:00Z"):
        delete(client, **{"from": span, "to": span})
        with CaptureQueriesContext(connection) as statements:
            work_off_deletions()
        counts.append(len(statements))
        add(client, order("last", date="2026-05-15T10:00:00Z"))
    assert counts[0] == counts[1] <= 60
    assert list(AuditEntry.objects.order_by("id").values_list("count", flat=True)) == [0, 40, 1]


@committed
def test_a_worker_that_ends_in_mid_piece_leaves_it_to_the_next_one_and_nothing_is_counted_twice(client, monkeypatch):
    add(client, *(order(f"B{number}") for number in range(3)))
    delete(client, **{"from": "2026-05-14T00:00:00Z", "to": "2026-05-14T23:00:00Z"})
    deletion = OrderDeletion.objects.get()
    order_deletion._begin_piece(deletion.pk)  # and the worker is killed
    assert len(ids_left()) == 3
    drain()  # another one applies what it stored
    assert ids_left() == set()
    delete_orders()
    assert [(entry.what[:5], entry.count) for entry in AuditEntry.objects.all()] == [("from=", 3)]


@committed
def test_a_deletion_whose_lane_is_busy_goes_on_later(client, monkeypatch):
    add(client, order("B1"))
    monkeypatch.setattr(order_deletion, "apply_at_once", lambda ids: None)  # as after its time is over
    delete(client, externalOrderId="B1")
    work_off_deletions()
    assert (ids_left(), OrderDeletion.objects.count()) == ({"B1"}, 1)
    monkeypatch.undo()
    work_off_deletions()
    assert (ids_left(), OrderDeletion.objects.count(), AuditEntry.objects.get().count) == (set(), 0, 1)


def test_a_request_of_a_python_caller_is_the_same():
    request_deletion(Wanted(external_order_id="B1"), make_source().pk, "manage.py")
    moment = datetime(2026, 5, 14, tzinfo=UTC)
    assert str(Wanted(first=moment, last=moment)).startswith("from=2026-05-14T00:00:00+00:00&to=")
    assert json.loads(Event.objects.get().body)["params"] == {"externalOrderId": "B1"}
    assert (Event.objects.get().lane, ADVISORY_SPACE) == (lane_of("B1"), 0x4C4F4F4D)


@pytest.mark.parametrize(
    "columns",
    [
        {},
        {"first_date": datetime(2026, 5, 14, tzinfo=UTC)},
        {"external_order_id": "B1", "last_date": datetime(2026, 5, 14, tzinfo=UTC)},
    ],
)
def test_a_deletion_is_of_one_order_or_of_a_span(columns):
    with pytest.raises(IntegrityError, match="order_deletion_of_one_or_of_a_span"), transaction.atomic():
        OrderDeletion.objects.create(source=make_source(), requested_by="x", **columns)
