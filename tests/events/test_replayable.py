"""Which ignored events find their contact by now, and the replay of exactly these."""

import pytest

from contacts.models import MatchingRule
from events import replay_jobs, replayable
from events.basis import basis_to_try
from events.models import Replay
from events.replay_jobs import advance_replay, advance_replays, start_replay_of
from events.replayable import find_replayable
from tests.events.building import created, drain, outcome_of, post
from tests.factories import make_contact

pytestmark = pytest.mark.django_db


def ignored(number: int, mail: str = "olha@example.com") -> int:
    return created(f"100{number}", externalCustomerId=None, clientMail=mail)


def find() -> list[int]:
    drain()
    return find_replayable(basis_to_try())


def test_those_are_found_whose_contact_the_rules_find_now_and_no_others():
    make_contact(email="olha@example.com")
    wanted = [ignored(1), ignored(2)]
    ignored(3, mail="nobody@example.com")
    post("seen", {"clientMail": "olha@example.com"}, keyValue="k")  # applied, without a contact
    assert find() == []
    MatchingRule.objects.create(position=99, parameter="clientMail", kind_id="email")
    assert find() == wanted


def test_those_are_found_whose_contact_came_later():
    event_id = created("1001")
    assert find() == []
    make_contact(external_customer_id="C1")
    assert find() == [event_id]


def test_no_more_than_a_set_number_of_the_latest_is_looked_at(monkeypatch):
    monkeypatch.setattr(replayable, "EVENTS", 2)
    MatchingRule.objects.create(position=99, parameter="clientMail", kind_id="email")
    ids = [ignored(number) for number in range(3)]
    drain()
    make_contact(email="olha@example.com")
    assert find() == ids[1:]


@pytest.mark.parametrize("count", [1, 30])
def test_it_takes_the_same_statements_however_many_there_are(count, django_assert_num_queries):
    for number in range(count):
        created(str(number))
    drain()
    make_contact(external_customer_id="C1")
    basis = basis_to_try()
    with django_assert_num_queries(5):  # savepoint, the events of each reason, their contacts, release
        assert len(find_replayable(basis)) == count


def test_a_replay_of_chosen_events_hands_over_those_alone_piece_by_piece(monkeypatch):
    monkeypatch.setattr(replay_jobs, "EVENTS_AT_ONCE", 2)
    ids = [created(str(number)) for number in range(6)]
    drain()
    make_contact(external_customer_id="C1")
    chosen = [ids[5], ids[0], ids[2], ids[3], ids[3]]
    replay_id = start_replay_of(chosen, {"outcome": "ignored"}, "user anna")
    assert Replay.objects.get(pk=replay_id).matched == 4
    while advance_replay(replay_id):
        pass
    drain()
    advance_replays()
    replay = Replay.objects.get(pk=replay_id)
    assert (replay.replayed, replay.event_ids, replay.settled) == (4, [], {"applied": 4})
    assert replay.ended_at is not None
    assert [outcome_of(each).status for each in ids] == [
        "applied",
        "ignored",
        "applied",
        "applied",
        "ignored",
        "applied",
    ]


def test_a_replay_of_nothing_ends_at_once():
    replay_id = start_replay_of([], {"outcome": "ignored"}, "user anna")
    assert Replay.objects.get(pk=replay_id).ended_at is not None
