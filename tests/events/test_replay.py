"""Replayable: what was ignored or failed is handed to the workers again, once, and an applied event never."""

import threading
from collections.abc import Callable

import pytest
from django.db import connections

from contacts.models import Contact, Identifier
from contract.reasons import Reason, Status
from events.models import Attempt, Outcome, Waiting
from events.replay import replay_events
from orders.models import Order, OrderChange
from tests.events.building import created, drain, outcome_of, post

pytestmark = pytest.mark.django_db(transaction=True)


def import_contact() -> Contact:
    contact = Contact.objects.create()
    Identifier.objects.create(contact=contact, kind_id="externalCustomerId", value="C1", normalized="C1")
    return contact


def test_an_event_ignored_for_an_unknown_contact_applies_after_the_contact_was_imported():
    event_id = created("1001")
    drain()
    assert outcome_of(event_id).reason == Reason.CONTACT_NOT_FOUND
    contact = import_contact()
    assert replay_events([event_id]) == 1
    drain()
    outcome = outcome_of(event_id)
    assert (outcome.status, outcome.attempt, outcome.contact_id) == (Status.APPLIED, 2, contact.pk)
    assert Order.objects.get().contact_id == contact.pk
    attempt = Attempt.objects.get()
    assert (attempt.event_id, attempt.attempt, attempt.status, attempt.reason) == (
        event_id,
        1,
        Status.IGNORED,
        Reason.CONTACT_NOT_FOUND,
    )


def test_an_applied_event_is_never_replayed():
    import_contact()
    event_id = created("1001")
    drain()
    assert replay_events([event_id]) == 0
    assert not Waiting.objects.exists()
    assert Order.objects.get().changes.count() == 1


def test_replaying_twice_equals_replaying_once():
    event_id = created("1001")
    drain()
    assert replay_events([event_id]) == 1
    assert replay_events([event_id]) == 0
    assert Waiting.objects.count() == 1
    drain()
    assert Outcome.objects.count() == 1


def test_replays_at_the_same_time_hand_an_event_over_once():
    event_ids = [created(str(number)) for number in range(20)]
    drain()
    counts: list[int] = []
    barrier = threading.Barrier(4)

    def replay() -> None:
        barrier.wait()
        counts.append(replay_events(event_ids))
        connections.close_all()

    threads = [threading.Thread(target=replay) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(counts) == 20
    assert Waiting.objects.count() == 20


def test_replays_that_race_with_workers_never_take_back_an_applied_event():
    event_ids = [created(str(number)) for number in range(30)]
    drain()
    import_contact()
    barrier = threading.Barrier(4)

    def run(step: Callable[[], object]) -> None:
        barrier.wait()
        for _ in range(15):
            step()
        connections.close_all()

    steps = [drain, drain, lambda: replay_events(event_ids), lambda: replay_events(event_ids[::-1])]
    threads = [threading.Thread(target=run, args=[step]) for step in steps]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    drain()
    assert list(Outcome.objects.values_list("status", "attempt").distinct()) == [(Status.APPLIED, 2)]
    assert list(Attempt.objects.values_list("status").distinct()) == [(Status.IGNORED,)]
    assert (Outcome.objects.count(), Attempt.objects.count(), OrderChange.objects.count()) == (30, 30, 30)


def test_replayed_events_keep_the_order_in_which_they_were_accepted():
    first = created("1001", totalCost="1")
    second = post("orderUpdated", {"externalOrderId": "1001", "totalCost": "2"})
    drain()
    import_contact()
    replay_events([second, first])
    drain()
    assert str(Order.objects.get().total_cost) == "2"
    assert list(Outcome.objects.order_by("sequence").values_list("event_id", flat=True)) == [first, second]


def test_an_unknown_event_is_not_replayed():
    assert replay_events([123456789]) == 0
