"""Applied once, in order, and never silent: a batch from the queue to its outcomes, on PostgreSQL."""

import threading

import pytest
from django.db import connection, connections, transaction

from account import current
from account.current import forget_account
from account.models import Account
from contacts.models import Contact, Identifier
from contract.reasons import Reason, Status
from events import inbox, lanes, processing
from events.models import Basis, Outcome, SourceKind, Waiting
from events.processing import drain_batch, drain_lanes
from orders.models import Order, OrderChange, OrderItem
from tests.events.building import (
    ITEM,
    created,
    drain,
    event_body,
    make_source,
    new_event,
    order_params,
    outcome_of,
    post,
)
from webhooks import outbox

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def contact() -> Contact:
    contact = Contact.objects.create(first_name="Olha")
    Identifier.objects.create(contact=contact, kind_id="externalCustomerId", value="C1", normalized="C1")
    return contact


def test_an_order_created_becomes_an_order_of_its_contact_with_its_items_and_a_history_row(contact):
    event_id = created("1001", items=[ITEM], giftWrap=True)
    assert drain() == 1
    order = Order.objects.get()
    assert (order.external_order_id, order.contact_id, order.status) == ("1001", contact.pk, "INITIALIZED")
    assert (str(order.total_cost), order.currency, order.custom_fields) == ("19.90", "UAH", {"giftWrap": True})
    item = OrderItem.objects.get()
    assert (item.order_id, item.position, item.external_item_id, str(item.cost)) == (order.pk, 0, "200600", "19.90")
    change = OrderChange.objects.get()
    assert (change.order_id, change.event_id) == (order.pk, event_id)
    assert change.fields["status"] == {"from": None, "to": "INITIALIZED"}
    outcome = outcome_of(event_id)
    assert (outcome.status, outcome.reason, outcome.contact_id, outcome.order_id) == (
        Status.APPLIED,
        "",
        contact.pk,
        order.pk,
    )
    assert not Waiting.objects.exists()


def test_events_of_one_order_in_one_batch_are_folded_in_the_order_of_acceptance(contact):
    first = created("1001")
    second = post("orderUpdated", {"externalOrderId": "1001", "totalCost": "25.00"})
    third = post("orderDelivered", {"externalOrderId": "1001"})
    assert drain() == 3
    order = Order.objects.get()
    assert (order.status, str(order.total_cost)) == ("DELIVERED", "25.00")
    assert list(OrderChange.objects.order_by("id").values_list("event_id", flat=True)) == [first, second, third]
    assert list(Outcome.objects.order_by("sequence").values_list("event_id", flat=True)) == [first, second, third]


def test_items_follow_the_date_of_their_order(contact):
    created("1001", items=[ITEM])
    drain()
    post("orderUpdated", {"externalOrderId": "1001", "date": "2026-03-29T03:30:00+03:00"})
    drain()
    order = Order.objects.get()
    assert order.date.isoformat() == "2026-03-29T00:30:00+00:00"
    assert OrderItem.objects.get().order_date == order.date


def test_events_of_one_order_in_separate_batches_give_the_same_order_as_in_one(contact):
    created("1001", items=[ITEM])
    drain()
    post("orderUpdated", {"externalOrderId": "1001", "items": [ITEM, {**ITEM, "externalItemId": "200601"}]})
    drain()
    post("orderCancelled", {"externalOrderId": "1001"})
    drain()
    order = Order.objects.get()
    assert order.status == "CANCELLED"
    assert list(order.items.order_by("position").values_list("external_item_id", flat=True)) == ["200600", "200601"]
    assert order.changes.count() == 3


def test_a_custom_event_is_kept_with_the_contact_it_names_or_without_one(contact):
    linked = post("productViewed", {"externalCustomerId": "C1", "product": "x"})
    unlinked = post("productViewed", {"externalCustomerId": "nobody"})
    drain()
    assert (outcome_of(linked).status, outcome_of(linked).contact_id) == (Status.APPLIED, contact.pk)
    assert (outcome_of(unlinked).status, outcome_of(unlinked).contact_id) == (Status.APPLIED, None)
    assert "belong to no contact" in outcome_of(unlinked).note
    assert not Order.objects.exists()


def test_an_order_of_an_unknown_contact_is_ignored_with_its_reason_problems_and_trace():
    event_id = created("1001", externalCustomerId="nobody")
    drain()
    outcome = outcome_of(event_id)
    assert (outcome.status, outcome.reason) == (Status.IGNORED, Reason.CONTACT_NOT_FOUND)
    assert outcome.trace == [
        {
            "parameter": "externalCustomerId",
            "kind": "externalCustomerId",
            "value": "nobody",
            "contactId": None,
            "decided": False,
        }
    ]
    assert not Order.objects.exists()


def test_a_poisoned_event_is_set_aside_with_its_traceback_and_holds_up_nobody(contact, monkeypatch):
    real = processing.ledger.store_orders

    def broken(writes, history, at):
        if any(write.after.external_order_id == "poison" for write in writes):
            raise RuntimeError("a bug of ours")
        return real(writes, history, at)

    monkeypatch.setattr(processing.ledger, "store_orders", broken)
    before, poison, after = created("1"), created("poison"), created("2")
    drain()
    assert {outcome_of(event_id).status for event_id in (before, after)} == {Status.APPLIED}
    failed = outcome_of(poison)
    assert (failed.status, failed.reason) == (Status.FAILED, Reason.INTERNAL_ERROR)
    assert "RuntimeError: a bug of ours" in failed.traceback
    assert set(Order.objects.values_list("external_order_id", flat=True)) == {"1", "2"}
    assert not Waiting.objects.exists()


def test_a_batch_of_any_size_takes_the_same_number_of_statements(contact, django_assert_max_num_queries, monkeypatch):
    for held in (outbox, current):  # what is read once a second, however many batches there are
        monkeypatch.setattr(held, "MAX_AGE_SECONDS", 3600.0)
    lane = lanes.lane_of("order-0")
    keys = [key for key in (f"order-{number}" for number in range(6000)) if lanes.lane_of(key) == lane]
    statements = []
    for size in (1, 2, 60):
        batch, keys = keys[:size], keys[size:]
        inbox.store_many([new_event(event_body("orderCreated", order_params(key, items=[ITEM]))) for key in batch])
        with django_assert_max_num_queries(20) as captured:
            assert drain_batch([lane]).size == size
        statements.append([query["sql"][:80] for query in captured])
    # The first batch also stored the basis; from then on: BEGIN, lock, claim, settings, rules, look-up, orders, ids,
    # COPY of orders, items, history and outcomes, DELETE from the queue, COMMIT.
    assert [len(each) for each in statements[1:]] == [14, 14], statements


def test_a_lane_that_somebody_holds_is_left_to_them(contact):
    event_id = created("1001")
    held = threading.Event()
    let_go = threading.Event()

    def hold() -> None:
        with transaction.atomic():
            lanes.try_lock_lanes(range(64))
            held.set()
            let_go.wait(10)
        connections.close_all()

    holder = threading.Thread(target=hold)
    holder.start()
    assert held.wait(10)
    assert drain() == 0
    assert Waiting.objects.filter(event_id=event_id).exists()
    let_go.set()
    holder.join()
    assert drain() == 1


def test_an_event_whose_wake_up_met_the_held_lock_is_found_when_the_lock_is_let_go(contact, monkeypatch):
    """docs/architecture.md, the lost wake-up: staged between the drainer's read and its commit."""
    created("1001")
    late: list[int] = []
    real = processing.apply_events

    def store_another_meanwhile(events, basis):
        if not late:  # the drainer has read what waits, and holds the lane
            thread = threading.Thread(target=late_event_and_its_wake_up)
            thread.start()
            thread.join()
        return real(events, basis)

    def late_event_and_its_wake_up() -> None:
        late.append(post("orderDelivered", {"externalOrderId": "1001"}))
        assert drain_lanes(range(64)) == 0  # its wake-up finds the lane held, and gives up
        connections.close_all()

    monkeypatch.setattr(processing, "apply_events", store_another_meanwhile)
    assert drain() == 2
    assert outcome_of(late[0]).status == Status.APPLIED
    assert Order.objects.get().status == "DELIVERED"


def test_a_wake_up_leads_to_its_own_lane_and_a_few_others_that_wait(contact):
    """A worker that falls behind catches up, and leaves lanes for other workers."""
    for number in range(400):
        created(str(number))
    waiting = set(Waiting.objects.values_list("lane", flat=True))
    assert len(waiting) > 2 * processing.LANES_AT_ONCE
    named = max(waiting)
    processing.drain_woken([named])
    drained = waiting - set(Waiting.objects.values_list("lane", flat=True))
    assert named in drained
    assert len(drained) == processing.LANES_AT_ONCE


def test_four_drainers_on_few_orders_apply_every_event_once_and_in_order(contact):
    keys = ["a", "b", "c"]
    for key in keys:
        created(key, totalCost="0")
    for step in range(1, 41):
        for key in keys:
            post("orderUpdated", {"externalOrderId": key, "totalCost": str(step)})
    barrier = threading.Barrier(4)

    def work() -> None:
        barrier.wait()
        while Waiting.objects.exists():
            drain()
        connections.close_all()

    workers = [threading.Thread(target=work) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert Outcome.objects.filter(status=Status.APPLIED).count() == 3 * 41
    for order in Order.objects.all():
        history = [change.fields["totalCost"]["to"] for change in order.changes.order_by("id")]
        assert [float(value) for value in history] == [float(step) for step in range(41)]


def test_the_basis_of_an_outcome_is_the_rules_and_settings_it_was_decided_with(contact):
    created("1001")
    drain()
    Account.objects.update(default_currency="EUR")
    forget_account()
    created("1002", currency=None)
    drain()
    first, second = (outcome.basis for outcome in Outcome.objects.order_by("sequence").select_related("basis"))
    assert (first.settings["defaultCurrency"], second.settings["defaultCurrency"]) == ("UAH", "EUR")
    assert Order.objects.get(external_order_id="1002").currency == "EUR"
    assert Basis.objects.count() == 2


def test_an_order_made_by_a_mobile_sdk_is_known_as_one(contact):
    source = make_source("app", SourceKind.MOBILE_SDK)
    post("orderCreated", order_params("1001"), source)
    drain()
    post("orderUpdated", {"externalOrderId": "1001", "totalCost": "5"})
    drain()
    assert Order.objects.get().from_mobile_sdk


def test_v3_events_create_the_contact_they_did_not_find_only_when_the_account_says_so():
    body = event_body("orderCreated", order_params("1001", email="New@Shop.example"))
    inbox.store_many([new_event(body, api_version=3)])
    drain()
    assert not Contact.objects.exists()
    Account.objects.update(creates_missing_contacts=True)
    forget_account()
    body = event_body("orderCreated", order_params("1002", email="New@Shop.example"))
    [v1] = inbox.store_many([new_event(body, api_version=1)])
    drain()
    assert outcome_of(v1).reason == Reason.CONTACT_NOT_FOUND
    [v3] = inbox.store_many([new_event(body, api_version=3)])
    drain()
    contact = Contact.objects.get()
    assert (outcome_of(v3).status, outcome_of(v3).contact_id) == (Status.APPLIED, contact.pk)
    assert contact.created_by_event_id == v3
    assert set(contact.identifiers.values_list("kind_id", "normalized")) == {
        ("externalCustomerId", "C1"),
        ("email", "new@shop.example"),
    }


def test_nothing_is_half_written_when_the_database_ends_the_batch(contact, monkeypatch):
    event_id = created("1001", items=[ITEM])
    real = processing.outcomes.store_outcomes

    def cut_off(*args):
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(pg_backend_pid())")
        return real(*args)

    monkeypatch.setattr(processing.outcomes, "store_outcomes", cut_off)
    with pytest.raises(Exception, match="terminat"):
        drain_batch(range(64))
    connection.close()
    monkeypatch.undo()
    assert not Order.objects.exists()
    assert not Outcome.objects.exists()
    assert Waiting.objects.filter(event_id=event_id).exists()
    assert drain() == 1
