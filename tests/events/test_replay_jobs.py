"""Replays by filter go on piece by piece: nothing is handed over twice, nothing after a cancel, whoever is killed."""

import threading

import pytest
from django.db import IntegrityError, connections, transaction

from account.models import AuditEntry
from contract.problems import ApiError
from events import replay_jobs
from events.models import Attempt, Event, Outcome, Replay, Waiting
from events.replay import replay_events
from events.replay_jobs import advance_replay, advance_replays, cancel_replay, start_replay
from events.replay_progress import load_progress, status_of
from events.tasks import hand_over_replayed
from orders.models import Order
from tests.events.building import created, drain, post
from tests.factories import make_contact

pytestmark = pytest.mark.django_db
UNMATCHED = {"reason": "contact_not_found"}


@pytest.fixture
def small_pieces(monkeypatch):
    """Two events a piece, eight ids a look, and no room for a fifth one that waits."""
    monkeypatch.setattr(replay_jobs, "EVENTS_AT_ONCE", 2)
    monkeypatch.setattr(replay_jobs, "IDS_AT_ONCE", 8)
    monkeypatch.setattr(replay_jobs, "MOST_UNSETTLED", 4)


def ignore_some(count: int) -> list[int]:
    """Events that found no contact."""
    ids = [created(f"R{number}") for number in range(count)]
    drain()
    assert Outcome.objects.filter(event_id__in=ids, reason="contact_not_found").count() == count
    return ids


def progress_of(replay_id: int):
    replay = Replay.objects.get(pk=replay_id)
    found = load_progress([replay])[replay_id]
    return status_of(replay), replay.matched, replay.replayed, found.waiting, dict(found.outcomes)


def test_a_small_replay_is_handed_over_at_once_and_ends_when_all_of_it_has_outcomes():
    ignore_some(3)
    make_contact(external_customer_id="C1")
    replay_id = start_replay(UNMATCHED, "user anna")
    assert progress_of(replay_id) == ("running", 3, 3, 3, {})
    assert list(Attempt.objects.values_list("replay_id", "attempt")) == [(replay_id, 1)] * 3
    drain()
    assert progress_of(replay_id) == ("running", 3, 3, 0, {"applied": 3})
    hand_over_replayed()
    assert progress_of(replay_id) == ("finished", 3, 3, 0, {"applied": 3})
    assert Order.objects.count() == 3


def test_a_replay_of_nothing_has_ended_when_it_begins():
    replay_id = start_replay(UNMATCHED, "user anna")
    assert progress_of(replay_id) == ("finished", 0, 0, 0, {})


def test_a_long_replay_hands_over_only_so_many_at_a_time_and_never_one_twice(small_pieces):
    ids = ignore_some(11)
    make_contact(external_customer_id="C1")
    replay_id = start_replay(UNMATCHED, "user anna")
    assert Waiting.objects.count() == 2
    seen = []
    while Replay.objects.get(pk=replay_id).ended_at is None:
        advance_replays()
        seen.append(Waiting.objects.count())
        drain()
    assert max(seen) == 4
    assert progress_of(replay_id) == ("finished", 11, 11, 0, {"applied": 11})
    assert sorted(Attempt.objects.values_list("event_id", flat=True)) == ids


def test_a_look_that_finds_nothing_goes_on_to_the_next_ids(small_pieces):
    first = ignore_some(1)
    for number in range(30):
        post("seen", {"email": "a@b.example"}, keyValue=str(number))
    last = ignore_some(1)
    replay_id = start_replay(UNMATCHED, "user anna")
    advance_replays(seconds=60)
    assert list(Attempt.objects.order_by("id").values_list("event_id", flat=True)) == first + last
    drain()
    advance_replays()
    assert progress_of(replay_id) == ("finished", 2, 2, 0, {"ignored contact_not_found": 2})


def test_events_that_come_after_it_was_started_are_not_part_of_it(small_pieces):
    ids = ignore_some(3)
    replay_id = start_replay(UNMATCHED, "user anna")
    later = created("later")
    drain()
    assert Outcome.objects.get(event_id=later).reason == "contact_not_found"
    for _ in range(4):
        advance_replays()
        drain()
    assert progress_of(replay_id)[:3] == ("finished", 3, 3)
    assert sorted(Attempt.objects.values_list("event_id", flat=True)) == ids


def test_after_a_cancel_nothing_more_is_handed_over_and_what_was_ends(small_pieces):
    ignore_some(6)
    make_contact(external_customer_id="C1")
    replay_id = start_replay(UNMATCHED, "user anna")
    assert cancel_replay(replay_id, "user boris")
    assert progress_of(replay_id) == ("cancelled", 6, 2, 2, {})
    advance_replays()
    assert Waiting.objects.count() == 2
    drain()
    advance_replays()
    assert progress_of(replay_id) == ("cancelled", 6, 2, 0, {"applied": 2})
    replay = Replay.objects.get()
    assert (replay.cancelled_by, replay.ended_at is None) == ("user boris", False)
    assert Outcome.objects.filter(reason="contact_not_found").count() == 4


def test_a_cancelled_or_ended_replay_stays_as_it_is():
    ignored = start_replay(UNMATCHED, "user anna")
    assert cancel_replay(ignored, "user boris")
    assert Replay.objects.get(pk=ignored).cancelled_at is None
    ignore_some(1)
    replay_id = start_replay(UNMATCHED, "user anna")
    cancel_replay(replay_id, "user boris")
    cancel_replay(replay_id, "user clara")
    assert Replay.objects.get(pk=replay_id).cancelled_by == "user boris"
    assert not cancel_replay(999_999, "user boris")


def test_a_worker_that_is_killed_in_a_piece_takes_nothing_with_it(small_pieces, monkeypatch):
    ignore_some(5)
    replay_id = start_replay(UNMATCHED, "user anna")

    class KilledError(BaseException):
        pass

    def die_after(ids, replay_id):
        replay_events(ids, replay_id)
        raise KilledError

    with monkeypatch.context() as patch:
        patch.setattr(replay_jobs, "replay_events", die_after)
        with pytest.raises(KilledError):
            advance_replays()
    assert progress_of(replay_id) == ("running", 5, 2, 2, {})
    for _ in range(4):
        advance_replays()
        drain()
    assert progress_of(replay_id) == ("finished", 5, 5, 0, {"ignored contact_not_found": 5})
    assert Attempt.objects.count() == 5


def test_what_was_replayed_again_meanwhile_counts_by_what_it_became_first(small_pieces):
    ids = ignore_some(2)
    replay_id = start_replay(UNMATCHED, "user anna")
    drain()
    make_contact(external_customer_id="C1")
    assert replay_events(ids) == 2
    assert progress_of(replay_id) == ("running", 2, 2, 0, {"ignored contact_not_found": 2})
    drain()
    assert progress_of(replay_id) == ("running", 2, 2, 0, {"ignored contact_not_found": 2})
    assert list(Outcome.objects.values_list("status", "attempt")) == [("applied", 3)] * 2


def test_an_event_that_was_applied_or_replayed_meanwhile_is_passed_over(small_pieces):
    ids = ignore_some(5)
    replay_id = start_replay(UNMATCHED, "user anna")
    make_contact(external_customer_id="C1")
    replay_events(ids[2:4])
    drain()
    advance_replays()
    drain()
    advance_replays()
    advance_replays()
    assert progress_of(replay_id) == ("finished", 5, 3, 0, {"applied": 3})
    assert Attempt.objects.count() == 5


def test_events_of_one_order_keep_their_order_over_the_pieces(small_pieces):
    created("1001", totalCost="1")
    for total in range(2, 8):
        post("orderUpdated", {"externalOrderId": "1001", "totalCost": str(total)})
    drain()
    assert set(Outcome.objects.values_list("status", flat=True)) == {"ignored"}
    make_contact(external_customer_id="C1")
    start_replay({"outcome": "ignored"}, "user anna")
    for _ in range(6):
        drain()
        advance_replays()
    assert str(Order.objects.get().total_cost) == "7"
    applied = Outcome.objects.filter(status="applied").order_by("sequence").values_list("event_id", flat=True)
    assert list(applied) == list(Event.objects.order_by("pk").values_list("pk", flat=True))


def test_only_so_many_replays_are_under_way_at_a_time(monkeypatch):
    monkeypatch.setattr(replay_jobs, "MOST_UNDER_WAY", 1)
    ids = ignore_some(2)
    running = start_replay({"externalOrderId": "R0"}, "user anna")
    with pytest.raises(ApiError, match="1 replays are under way") as refusal:
        start_replay({"externalOrderId": "R1"}, "user anna")
    assert refusal.value.status == 409
    assert (Replay.objects.count(), AuditEntry.objects.count()) == (1, 1)
    drain()
    advance_replay(running)
    start_replay({"externalOrderId": "R1"}, "user anna")
    assert sorted(Attempt.objects.values_list("event_id", flat=True)) == ids


def test_who_started_it_stands_in_the_audit_log_with_its_filters_and_no_persons_key():
    post("orderDelivered", {"externalOrderId": "nowhere"}, keyValue="olha@example.com")
    drain()
    filters = {"reason": "order_not_found", "keyValue": "olha@example.com"}
    replay_id = start_replay(filters, "user anna")
    entry = AuditEntry.objects.get()
    assert (entry.actor, entry.action, entry.count) == ("user anna", "events.replayed", 1)
    assert entry.what == f'replay {replay_id}, events {{"reason":"order_not_found","keyValue":"…"}}'
    assert Replay.objects.get().filters == filters
    drain()
    advance_replays()
    assert Replay.objects.get().filters == {"reason": "order_not_found", "keyValue": "…"}


@pytest.mark.parametrize("count", [1, 60])
def test_a_piece_takes_the_same_statements_however_many_events_it_hands_over(count, django_assert_num_queries):
    ignore_some(count)
    replay = Replay.objects.create(
        filters=UNMATCHED, matched=count, next_event_id=1, last_event_id=10**6, started_by="user anna"
    )
    # Savepoint and release of the piece and of the hand-over, the row, its progress, the events, hand over, save.
    with django_assert_num_queries(9):
        assert advance_replay(replay.pk)
    assert Waiting.objects.count() == count


@pytest.mark.parametrize(
    ("columns", "constraint"),
    [
        ({"started_by": ""}, "replay_names_who_started_it"),
        ({"cancelled_by": "user anna"}, "replay_names_who_cancelled_it"),
        ({"cancelled_at": "2026-01-01T00:00Z"}, "replay_names_who_cancelled_it"),
    ],
)
def test_a_replay_names_who_started_and_who_cancelled_it(columns, constraint):
    row = {"filters": {}, "matched": 0, "next_event_id": 0, "last_event_id": 0, "started_by": "user anna", **columns}
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        Replay.objects.create(**row)


@pytest.mark.django_db(transaction=True)
def test_workers_at_the_same_replays_hand_every_event_over_once(small_pieces, monkeypatch):
    monkeypatch.setattr(replay_jobs, "MOST_UNSETTLED", 1_000)
    ids = ignore_some(40)
    replay_ids = [start_replay(UNMATCHED, f"user {number}") for number in range(3)]
    barrier = threading.Barrier(4)

    def work() -> None:
        barrier.wait()
        for _ in range(30):
            advance_replays()
        connections.close_all()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(Attempt.objects.values_list("event_id", flat=True)) == ids
    assert sorted(Waiting.objects.values_list("event_id", flat=True)) == ids
    assert sum(Replay.objects.get(pk=replay_id).replayed for replay_id in replay_ids) == 40


@pytest.mark.django_db(transaction=True)
def test_a_cancel_waits_for_the_piece_under_way_and_is_the_last_word(small_pieces, monkeypatch):
    ignore_some(6)
    replay_id = start_replay(UNMATCHED, "user anna")
    in_piece, go_on = threading.Event(), threading.Event()

    def stop_in_the_middle(ids, job_id):
        handed_over = replay_events(ids, job_id)
        in_piece.set()
        assert go_on.wait(20)
        return handed_over

    monkeypatch.setattr(replay_jobs, "replay_events", stop_in_the_middle)

    def in_thread(function) -> threading.Thread:
        def run() -> None:
            function()
            connections.close_all()

        thread = threading.Thread(target=run)
        thread.start()
        return thread

    piece = in_thread(lambda: advance_replay(replay_id))
    assert in_piece.wait(20)
    cancel = in_thread(lambda: cancel_replay(replay_id, "user boris"))
    assert not advance_replay(replay_id)  # another worker does not wait
    go_on.set()
    piece.join()
    cancel.join()
    assert progress_of(replay_id) == ("cancelled", 6, 4, 4, {})
    advance_replays()
    assert Waiting.objects.count() == 4
