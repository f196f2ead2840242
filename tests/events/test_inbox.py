"""Accepted means kept: events are durable, in order and in one piece before anybody is answered."""

import threading

import pytest
from django.db import IntegrityError, connection, connections

from events import inbox
from events.inbox import NewEvent
from events.models import Event, EventType, Waiting
from tests.events.building import make_source

pytestmark = pytest.mark.django_db(transaction=True)


def make_event(number: int, source_id: int, event_type: str = "productViewed") -> NewEvent:
    return NewEvent(
        source_id=source_id,
        event_type_key=event_type,
        key_value=f"k{number}",
        order_key="",
        body=f'{{"eventTypeKey": "{event_type}", "keyValue": "k{number}"}}',
    )


def test_one_event_is_stored_as_it_was_sent_and_waits_in_its_lane():
    event = make_event(1, make_source().pk)
    event_id = inbox.store_one(event)
    stored = Event.objects.get()
    assert (stored.pk, stored.body, stored.key_value, stored.lane) == (event_id, event.body, "k1", event.lane)
    waiting = Waiting.objects.get()
    assert (waiting.lane, waiting.position, waiting.event_id, waiting.attempt) == (event.lane, event_id, event_id, 1)


def test_a_list_of_events_is_stored_in_the_order_given():
    source = make_source()
    events = [make_event(number, source.pk) for number in range(50)]
    ids = inbox.store_many(events)
    assert ids == sorted(ids)
    assert list(Event.objects.order_by("id").values_list("id", "key_value")) == [
        (event_id, event.key_value) for event_id, event in zip(ids, events, strict=True)
    ]
    assert Waiting.objects.count() == 50


def test_a_list_with_an_event_that_cannot_be_stored_is_stored_not_at_all():
    source = make_source()
    with pytest.raises(Exception, match="foreign key"):
        inbox.store_many([make_event(1, source.pk), make_event(2, source_id=987654)])
    assert not Event.objects.exists()
    assert not Waiting.objects.exists()


def test_events_of_many_threads_are_each_stored_once_and_answered_with_their_own_id():
    source = make_source()
    answers: dict[int, int] = {}

    def post(start: int) -> None:
        for number in range(start, start + 20):
            answers[number] = inbox.store_one(make_event(number, source.pk))
        connections.close_all()

    threads = [threading.Thread(target=post, args=(start,)) for start in range(0, 160, 20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert dict(Event.objects.values_list("key_value", "id")) == {f"k{n}": event_id for n, event_id in answers.items()}
    assert Waiting.objects.count() == 160


def test_a_request_pays_nothing_for_its_neighbours_impossible_event():
    source = make_source()
    results: dict[str, object] = {}

    def post(name: str, event: NewEvent) -> None:
        try:
            results[name] = inbox.store_one(event)
        except IntegrityError as error:
            results[name] = error
        connections.close_all()

    threads = [
        threading.Thread(target=post, args=(f"{place}", make_event(place, source.pk if place % 5 else 987654)))
        for place in range(20)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    failed = {name for name, result in results.items() if isinstance(result, Exception)}
    assert failed == {"0", "5", "10", "15"}
    assert Event.objects.count() == 16


def test_an_event_type_never_seen_before_makes_one_new_type():
    source = make_source()
    inbox.store_many([make_event(number, source.pk, "cartUpdated") for number in range(3)])
    inbox.store_one(make_event(4, source.pk, "cartUpdated"))
    assert list(EventType.objects.values_list("key", flat=True)) == ["cartUpdated"]


def test_a_list_of_any_length_takes_the_same_number_of_statements(django_assert_num_queries):
    source = make_source()
    inbox.store_many([make_event(0, source.pk)])  # the type is known from now on
    with django_assert_num_queries(5):  # BEGIN, ids, COPY events, COPY queue, COMMIT
        inbox.store_many([make_event(number, source.pk) for number in range(1, 300)])


def test_a_lost_database_is_said_and_the_next_event_is_stored():
    source = make_source()
    inbox.store_one(make_event(1, source.pk))
    with connection.cursor() as cursor:  # ends the committer's connection, as a restarted server does
        cursor.execute(
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
    try:
        inbox.store_one(make_event(2, source.pk))
    except inbox.StoreUnavailableError:
        assert not Event.objects.filter(key_value="k2").exists()
    inbox.store_one(make_event(3, source.pk))
    assert Event.objects.filter(key_value="k3").exists()
