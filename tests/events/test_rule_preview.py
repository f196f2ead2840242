"""What a change of the rules would do to the latest events: matched as processing would match them, set by set."""

import json
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from hypothesis import example, given
from hypothesis import strategies as st

from contacts.matching import Rule, RuleList, load_rules
from contacts.models import MatchingRule
from contract.json_values import encode
from events import rule_preview
from events.basis import DecisionBasis, basis_to_try
from events.envelope import parse_envelope
from events.inbox import store_many
from events.models import Event, EventType
from events.processing import candidates_for
from events.replay_jobs import start_replay
from events.rule_preview import Effect, preview_rules
from events.tasks import hand_over_replayed
from tests.events.building import created, drain, make_source, new_event, post
from tests.factories import make_contact
from tests.strategies import json_values

EMAIL = ("email", "email")
CUSTOMER = ("externalCustomerId", "exact")


def rules(*general: tuple[str, str, str], **own: tuple[str, str, str]) -> RuleList:
    return RuleList(tuple(Rule(*rule) for rule in general), {key: Rule(*rule) for key, rule in own.items()})


def effect_of(*general, **own) -> dict[str, int]:
    """How many events each effect has."""
    found = preview_rules(rules(*general, **own), basis_to_try())
    return {kind.value: count for kind, count in found.counts.items() if count}


@pytest.fixture
def standing(db):
    """The account's own rules, as general rules of the preview."""
    return [(rule.parameter, rule.kind, rule.normal_form) for rule in load_rules().general]


def test_the_rules_as_they_stand_change_nothing(standing):
    make_contact(external_customer_id="C1")
    created("1")
    created("2", externalCustomerId="C2")
    drain()
    assert effect_of(*standing) == {"unchanged": 2}


def test_what_a_replay_would_apply_without_any_change_is_told_apart_from_what_is_rescued(standing):
    created("1", externalCustomerId="C1")
    created("2", externalCustomerId=None, clientMail="a@b.example")
    drain()
    make_contact(external_customer_id="C1", email="a@b.example")
    effect = preview_rules(rules(*standing, ("clientMail", *EMAIL)), basis_to_try())
    assert effect.counts == {Effect.RESCUED: 1, Effect.UNCHANGED: 1}
    assert effect.replayable == 1


def test_only_what_was_ignored_for_want_of_a_contact_is_rescued(standing):
    make_contact(email="a@b.example")
    post("seen", {"clientMail": "a@b.example"}, keyValue="k")  # applied, and kept without a contact
    created("1", externalCustomerId=None, clientMail="a@b.example", totalCost="much")  # ignored for its total
    drain()
    created("2", externalCustomerId=None, clientMail="a@b.example")  # waits
    assert effect_of(*standing, ("clientMail", *EMAIL)) == {"newlyMatched": 3}


def test_the_rule_of_an_event_type_is_tried_first_for_that_type_alone(standing):
    make_contact(external_customer_id="C1")
    make_contact(email="a@b.example")
    for event_type in ("seen", "bought"):
        post(event_type, {"externalCustomerId": "C1", "mail": "a@b.example"}, keyValue="k")
    drain()
    assert effect_of(*standing, seen=("mail", *EMAIL)) == {"movedToAnotherContact": 1, "unchanged": 1}


def test_a_deleted_contact_is_not_found(standing):
    make_contact(email="a@b.example", is_deleted=True)
    created("1", externalCustomerId=None, clientMail="a@b.example")
    drain()
    assert effect_of(*standing, ("clientMail", *EMAIL)) == {"unchanged": 1}


def test_it_looks_at_the_latest_events_of_each_type_and_shows_the_latest_of_all(standing, monkeypatch):
    monkeypatch.setattr(rule_preview, "EVENTS_OF_A_TYPE", 3)
    monkeypatch.setattr(rule_preview, "MOST_EXAMPLES", 4)
    make_contact(email="a@b.example")
    ids = [
        post(f"type{place % 2}", {"clientMail": "a@b.example"}, keyValue=str(number))
        for number, place in enumerate([0] * 5 + [1] * 2 + [0])
    ]
    drain()
    effect = preview_rules(rules(*standing, ("clientMail", *EMAIL)), basis_to_try())
    assert {key: counts.total() for key, counts in effect.by_type.items()} == {"type0": 3, "type1": 2}
    assert [example.event_id for example in effect.examples[Effect.NEWLY_MATCHED]] == [ids[7], ids[6], ids[5], ids[4]]


def test_many_types_share_the_events_that_are_looked_at(standing, monkeypatch):
    monkeypatch.setattr(rule_preview, "MOST_EVENTS", 6)
    for number in range(3):
        for key in range(4):
            post(f"type{number}", {"email": "a@b.example"}, keyValue=str(key))
    effect = preview_rules(rules(*standing), basis_to_try())
    assert (effect.events_of_a_type, effect.examined) == (2, 6)
    monkeypatch.setattr(rule_preview, "MOST_TYPES", 2)
    assert preview_rules(rules(*standing), basis_to_try()).by_type.keys() == {"type0", "type1"}


def test_no_more_bytes_are_read_than_were_set(standing, monkeypatch):
    monkeypatch.setattr(rule_preview, "MOST_CHARACTERS", 25_000)
    for number in range(4):
        post("seen", {"text": "x" * 10_000}, keyValue=str(number))
    assert preview_rules(rules(*standing), basis_to_try()).examined == 2


def test_a_rare_type_is_read_from_its_own_index_and_not_from_all_events(standing):
    types = [EventType.objects.create(key=key).pk for key in ("rare", "seen", "liked", "bought")]
    with connection.cursor() as cursor:
        cursor.execute(MANY_EVENTS, {"source": make_source().pk, "rare": types[0], "common": types[1:]})
        cursor.execute("ANALYZE events_event")
        parameters = {"types": 10, "events": 100, "characters": 10**9}
        cursor.execute(f"EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF) {rule_preview.LATEST_EVENTS}", parameters)
        plan = "\n".join(line for (line,) in cursor.fetchall())
    assert "using event_by_type on events_event" in plan
    assert "Rows Removed by Filter" not in plan


MANY_EVENTS = """
    INSERT INTO events_event (source_id, event_type_id, key_value, order_key, lane, api_version, body)
    SELECT %(source)s, CASE WHEN n <= 5 THEN %(rare)s ELSE (%(common)s::bigint[])[1 + n %% 3] END, n, '', 0, 1, '{}'
      FROM generate_series(1, 20000) AS n
"""


@pytest.mark.parametrize("count", [1, 40])
def test_it_takes_the_same_statements_however_many_events_there_are(count, standing, django_assert_num_queries):
    make_contact(email="a@b.example")
    for number in range(count):
        created(str(number), externalCustomerId=None, clientMail="a@b.example")
    drain()
    basis, new = basis_to_try(), rules(*standing, ("clientMail", *EMAIL))
    with django_assert_num_queries(5):  # savepoint, how many types, the events, their contacts, release
        assert preview_rules(new, basis).counts[Effect.RESCUED] == count


def test_events_are_looked_up_in_pieces_that_are_all_counted(standing, monkeypatch):
    monkeypatch.setattr(rule_preview, "READ_AT_ONCE", 3)
    monkeypatch.setattr(rule_preview, "MOST_SUBJECTS", 1)
    make_contact(email="a@b.example")
    for number in range(7):
        created(str(number), externalCustomerId=None, clientMail="a@b.example")
    drain()
    assert effect_of(*standing, ("clientMail", *EMAIL)) == {"rescued": 7}


def test_what_is_rescued_is_what_a_replay_applies_after_the_change(standing):
    make_contact(email="a@b.example")
    for number in range(4):
        created(str(number), externalCustomerId=None, clientMail="a@b.example" if number % 2 else "c@d.example")
    drain()
    assert effect_of(*standing, ("clientMail", *EMAIL)) == {"rescued": 2, "unchanged": 2}
    MatchingRule.objects.create(position=99, parameter="clientMail", kind_id="email")
    start_replay({"outcome": "ignored"}, "user anna")
    drain()
    hand_over_replayed()
    assert Event.objects.filter(outcome__status="applied").count() == 2


# The short way of reading a body says the same as the envelope does.

NAMES = ["email", "Email", "EMAIL", "x", "externalCustomerId", "Straße", "STRASSE"]
TRIED = rules(("Email", *EMAIL), ("externalCustomerId", *CUSTOMER), ("strasse", *CUSTOMER), seen=("x", *CUSTOMER))
entries = st.lists(st.tuples(st.sampled_from(NAMES), json_values | st.just("")), max_size=5)


@given(entries, st.booleans(), st.sampled_from(["seen", "orderCreated", "orderDELIVERED"]))
@example([("Email", "a@b.example"), ("email", "")], True, "orderDELIVERED")
def test_what_is_looked_up_is_what_processing_looks_up(params, is_list, type_key):
    if is_list:
        sent = "[" + ",".join(encode({"name": name, "value": value}) for name, value in params) + "]"
    else:
        sent = "{" + ",".join(f"{json.dumps(name)}:{encode(value)}" for name, value in params) + "}"
    body = f'{{"eventTypeKey":"{type_key}","keyValue":"k","more":[1],"params":{sent}}}'
    basis = DecisionBasis(
        id=None,
        time_zone=ZoneInfo("Europe/Kyiv"),
        default_currency="UAH",
        phone_region="UA",
        creates_missing_contacts=False,
        rules=TRIED,
    )
    subjects = rule_preview.Subjects(rules(), basis)
    subject = subjects.of(rule_preview.StoredEvent(type_key, 1, body, None, None))
    assert subject.before == candidates_for(parse_envelope(body, basis), basis)


def test_an_event_without_parameters_or_with_none_that_a_rule_knows_is_unchanged(standing):
    for params in ("null", "[]", "{}", '[{"name":"note","value":"x"}]', '[{"name":"Email"}]'):
        body = f'{{"eventTypeKey":"seen","keyValue":"k","params":{params}}}'
        store_many([new_event(body)])
    assert effect_of() == {"unchanged": 5}
