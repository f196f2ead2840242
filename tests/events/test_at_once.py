"""Events applied for an answer that waits: in order, under the lanes' locks, and for a bounded time."""

import json
import threading
from contextlib import contextmanager

import pytest
from django.core.management import call_command
from django.db import connection, connections, transaction

from account.current import current_account
from contract.reasons import Status
from events import at_once, inbox, lanes, processing
from events.add_orders import events_of, known_by_event, read_orders
from events.at_once import apply_at_once
from events.lanes import lane_of
from events.models import Event, Outcome, Waiting
from events.replay import replay_events
from orders.models import Order, OrderChange
from tests.contacts.staging import wait_until_somebody_waits_for_a_lock
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
from tests.factories import make_contact

pytestmark = pytest.mark.django_db(transaction=True)


def add(order_id="1001", **params) -> int:
    """Stores a whole order as Add orders does, and leaves it waiting; the id of its event."""
    body = event_body("orderIN_PROGRESS", order_params(order_id, status="IN_PROGRESS", **params))
    return inbox.store_many([new_event(body)], wakes=False)[0]


@contextmanager
def lane_held_by_another(lane: int):
    """A worker in the middle of a batch; gives what lets it end."""
    holder = connections.create_connection("default")
    try:
        with holder.cursor() as cursor:
            cursor.execute("BEGIN")
            cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [lanes.ADVISORY_SPACE, lane])
        yield holder
    finally:
        holder.close()


def totals() -> list[str]:
    changes = OrderChange.objects.filter(fields__has_key="totalCost").order_by("id")
    return [change.fields["totalCost"]["to"] for change in changes]


def test_what_waits_before_it_of_the_same_order_is_applied_first_and_what_comes_after_behind(django_assert_num_queries):
    make_contact(external_customer_id="C1")
    created("1001", totalCost="1")
    other = created("other")
    event_id = add(totalCost="2")
    post("orderUpdated", {"externalOrderId": "1001", "totalCost": "3"})
    apply_at_once([event_id])
    assert outcome_of(event_id).status == Status.APPLIED
    assert totals() == ["1.00", "2.00", "3.00"]
    assert list(Waiting.objects.values_list("event_id", flat=True)) == [other]


def test_a_replay_that_waits_keeps_its_place(monkeypatch):
    ignored = created("1001", totalCost="1")
    drain()
    assert outcome_of(ignored).status == Status.IGNORED
    make_contact(external_customer_id="C1")
    first = add(totalCost="2")
    replay_events([ignored])
    second = add(totalCost="3")
    apply_at_once([second])
    assert [outcome_of(event_id).reason for event_id in (first, ignored, second)] == ["", "order_exists", ""]
    assert totals() == ["2.00", "3.00"]
    sequence = Outcome.objects.order_by("sequence").values_list("event_id", flat=True)
    assert list(sequence) == [first, ignored, second]


def test_what_others_have_applied_already_is_left_alone(django_assert_num_queries):
    event_id = add()
    drain()
    with django_assert_num_queries(1):
        apply_at_once([event_id])
    assert OrderChange.objects.count() == 1


def test_a_busy_lane_is_waited_for():
    event_id, lane = add("1001"), lane_of("1001")
    with lane_held_by_another(lane) as holder:
        applying = threading.Thread(target=lambda: (apply_at_once([event_id], seconds=30), connection.close()))
        applying.start()
        wait_until_somebody_waits_for_a_lock()
        assert not Outcome.objects.exists()
        holder.rollback()
        applying.join()
    assert outcome_of(event_id).status == Status.APPLIED


def test_who_drains_gets_no_lane_that_somebody_waits_for():
    event_id, lane = add("1001"), lane_of("1001")
    with lane_held_by_another(lane) as holder:
        applying = threading.Thread(target=lambda: (apply_at_once([event_id], seconds=30), connection.close()))
        applying.start()
        wait_until_somebody_waits_for_a_lock()
        with transaction.atomic():
            assert lanes.try_lock_lanes([lane]) == []
        holder.rollback()
        applying.join()
    assert outcome_of(event_id).status == Status.APPLIED


def test_a_lane_that_stays_busy_leaves_its_events_waiting_and_the_others_applied(monkeypatch):
    woken = []
    monkeypatch.setattr(at_once, "wake_lanes", woken.append)
    stuck, free = add("1001"), add("1002")
    assert lane_of("1001") != lane_of("1002")
    with lane_held_by_another(lane_of("1001")):
        apply_at_once([stuck, free], seconds=0.05)
    assert list(Outcome.objects.values_list("event_id", flat=True)) == [free]
    assert woken == [{lane_of("1001")}]
    drain()
    assert Order.objects.count() == 2


def test_the_rest_of_a_backlog_is_left_to_the_workers_whatever_its_size(django_assert_num_queries):
    make_contact(external_customer_id="C1")
    bodies = [event_body("orderCreated", order_params(f"b{number}")) for number in range(300)]
    inbox.store_many([new_event(body) for body in bodies])
    event_id = add("1001")
    apply_at_once([event_id])
    assert list(Outcome.objects.values_list("event_id", flat=True)) == [event_id]
    assert Waiting.objects.count() == 300


def test_a_backlog_of_one_order_is_applied_in_several_transactions(monkeypatch):
    make_contact(external_customer_id="C1")
    monkeypatch.setattr(at_once, "EVENTS_AT_ONCE", 2)
    created("1001", totalCost="0")
    for step in range(1, 5):
        post("orderUpdated", {"externalOrderId": "1001", "totalCost": str(step)})
    event_id = add(totalCost="9")
    apply_at_once([event_id])
    assert totals() == ["0.00", "1.00", "2.00", "3.00", "4.00", "9.00"]


def test_two_requests_and_a_worker_at_the_same_orders_apply_each_event_once():
    make_contact(external_customer_id="C1")
    ids = [[add(f"o{number}", totalCost=str(step)) for number in range(12)] for step in range(6)]
    threads = [
        threading.Thread(target=lambda some=some: (apply_at_once(some, seconds=60), connection.close())) for some in ids
    ] + [threading.Thread(target=lambda: (drain(), connection.close()))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert Outcome.objects.count() == 72
    for order in Order.objects.all():
        seen = [change.fields["totalCost"]["to"] for change in order.changes.order_by("id")]
        assert seen == [f"{step}.00" for step in range(6)]
    call_command("verify_ledger")


def test_a_batch_that_raises_is_done_event_by_event(monkeypatch):
    real, calls = processing.ledger.store_orders, []

    def broken(writes, history, at):
        calls.append(len(writes))
        if any(write.after.external_order_id == "poison" for write in writes):
            raise RuntimeError("a bug of ours")
        return real(writes, history, at)

    monkeypatch.setattr(processing.ledger, "store_orders", broken)
    good, poison = add("1001", items=[ITEM]), add("poison")
    apply_at_once([good, poison])
    assert [outcome_of(event_id).status for event_id in (good, poison)] == [Status.APPLIED, Status.FAILED]
    assert not Waiting.objects.exists()


def test_an_event_that_stands_in_the_log_otherwise_by_now_is_applied_as_it_stands():
    """Between the door and here a person may have been erased from it."""
    account = current_account()
    whole = {**order_params("1001", totalCost="1"), "status": "IN_PROGRESS"}
    orders = read_orders(json.dumps({"orders": [whole]}).encode(), account)
    [event_id] = inbox.store_many(events_of(orders, make_source().pk), wakes=False)
    body = Event.objects.get().body.replace('"totalCost": "1"', '"totalCost": "2"')
    Event.objects.update(body=body)
    apply_at_once([event_id], known=known_by_event(orders, [event_id]))
    assert str(Order.objects.get().total_cost) == "2"
    call_command("verify_ledger")
