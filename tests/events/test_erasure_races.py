"""Erasures beside workers, replays and other erasures: staged, so that each meets the other in mid-transaction."""

import threading

import pytest
from django.db import connection, transaction

from contacts.erasure import request_erasure
from contacts.models import Contact, Erasure
from events import erasure, processing
from events.erasure import advance_erasures
from events.models import Event, Outcome
from events.replay import replay_events
from orders.models import Order
from tests.contacts.staging import in_thread, wait_until_somebody_waits_for_a_lock
from tests.events.building import created, drain, outcome_of, post
from tests.factories import make_contact

pytestmark = pytest.mark.django_db(transaction=True)
EMAIL = "anna@example.com"


def anna() -> Contact:
    return make_contact(external_customer_id="C1", email=EMAIL, first_name="Anna")


def names_anna() -> bool:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT EXISTS (SELECT FROM events_event WHERE body ILIKE %(like)s)"
            " OR EXISTS (SELECT FROM orders_order WHERE email ILIKE %(like)s)"
            " OR EXISTS (SELECT FROM orders_orderchange WHERE fields::text ILIKE %(like)s)"
            " OR EXISTS (SELECT FROM events_attempt WHERE concat(trace, problems) ILIKE %(like)s)"
            " OR EXISTS (SELECT FROM events_outcome WHERE concat(trace, problems, warnings) ILIKE %(like)s)",
            {"like": f"%{EMAIL}%"},
        )
        return bool(cursor.fetchone()[0])


def test_a_batch_that_found_the_person_before_the_request_is_waited_for_and_erased(monkeypatch):
    """The worker has looked the contact up, and commits its order only after the erasure has begun."""
    contact = anna()
    created("1", email=EMAIL)
    has_looked, may_go_on = threading.Event(), threading.Event()
    load = processing.ledger.load_orders

    def load_when_told(keys):
        has_looked.set()
        assert may_go_on.wait(30)
        return load(keys)

    with monkeypatch.context() as staged:
        staged.setattr(processing.ledger, "load_orders", load_when_told)
        worker = threading.Thread(target=lambda: in_thread(drain))
        worker.start()
        assert has_looked.wait(30)
        request_erasure(contact.pk, "user olha")
        eraser = threading.Thread(target=lambda: in_thread(advance_erasures))
        eraser.start()
        wait_until_somebody_waits_for_a_lock()
        assert not Order.objects.exists()
        staged.setattr(processing.ledger, "load_orders", load)
        may_go_on.set()
        worker.join()
        eraser.join()
    advance_erasures()
    assert Erasure.objects.get().stage == "done"
    assert Order.objects.get().contact_id == contact.pk
    assert not names_anna()


def test_a_replay_in_mid_transaction_is_waited_for_and_its_attempt_is_erased():
    contact = anna()
    event_id = post("orderDelivered", {"externalOrderId": "none", "email": EMAIL})
    drain()
    assert outcome_of(event_id).reason == "order_not_found"
    request_erasure(contact.pk, "user olha")
    eraser = threading.Thread(target=lambda: in_thread(advance_erasures))
    with transaction.atomic():
        replay_events([event_id])
        eraser.start()
        wait_until_somebody_waits_for_a_lock()
    eraser.join()
    advance_erasures()
    assert Erasure.objects.get().stage == "done"
    assert not Outcome.objects.exists()  # it waits to be processed again
    assert not names_anna()
    drain()
    assert outcome_of(event_id).attempt == 2
    assert not names_anna()


def test_of_two_processes_one_erases_and_the_other_does_nothing():
    contact = anna()
    created("1", email=EMAIL)
    drain()
    request_erasure(contact.pk, "user olha")
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s, 0)", [erasure.ADVISORY_SPACE])
        in_thread(advance_erasures)
        assert (Erasure.objects.get().stage, Erasure.objects.get().last_event_id) == ("orders", None)
        cursor.execute("SELECT pg_advisory_unlock(%s, 0)", [erasure.ADVISORY_SPACE])
    in_thread(advance_erasures)
    assert Erasure.objects.get().stage == "done"


def test_a_lane_that_stays_busy_ends_the_step_and_a_later_one_goes_on(monkeypatch):
    contact = anna()
    event_id = created("1", email=EMAIL)
    drain()
    request_erasure(contact.pk, "user olha")
    monkeypatch.setattr(erasure, "LANE_SECONDS", 0.05)
    lane = Event.objects.get(pk=event_id).lane
    with transaction.atomic():
        processing.lanes.try_lock_lanes([lane])
        in_thread(advance_erasures)
        assert Erasure.objects.get().stage == "orders"
    in_thread(advance_erasures)
    assert Erasure.objects.get().stage == "done"
    assert not names_anna()


def test_an_erasure_whose_step_raises_holds_up_none_of_the_others():
    """What was noted of the first person cannot be read, which no step of theirs outlives."""
    first = anna()
    others = [make_contact(external_customer_id=f"D{n}", email=f"d{n}@example.com").pk for n in range(2)]
    for contact_id in (first.pk, *others):
        request_erasure(contact_id, "user olha")
    noted = Erasure.objects.get(pk=first.pk).values
    Erasure.objects.filter(pk=first.pk).update(values={})
    advance_erasures()
    done = Erasure.objects.filter(stage="done").values_list("pk", flat=True)
    assert set(done) == set(others)
    Erasure.objects.filter(pk=first.pk).update(values=noted)
    advance_erasures()
    assert Erasure.objects.get(pk=first.pk).stage == "done"
    assert not names_anna()
