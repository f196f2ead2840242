"""The matching rules over HTTP: read, replaced as a whole, or tried first (docs/api.md, Matching rules)."""

import json
import threading

import pytest
from django.contrib.auth.models import Permission, User
from django.db import connections
from django.test import Client

from account.models import AuditEntry
from contacts.matching import load_rules
from contacts.models import MatchingRule
from contacts.rule_list import RuleEntry, VersionConflictError, load_entries, version_of
from contacts.rule_payload import MAX_RULES
from events.fates import load_fate
from events.keys import forget_keys
from events.models import Basis, Outcome
from events.rule_saving import store_rules
from tests.callers import basic, make_key
from tests.events.building import created, drain, post
from tests.factories import make_contact, make_kind, make_rule

pytestmark = pytest.mark.django_db
PATH = "/api/v1/matching-rules"
BY_EMAIL = {"parameter": "Email", "kind": "email"}


@pytest.fixture(autouse=True)
def _no_held_keys():
    forget_keys()


@pytest.fixture
def reader() -> Client:
    return Client(headers=basic(make_key(scopes=["read"])))


@pytest.fixture
def staff() -> Client:
    return Client(headers=basic(make_key(source="console", scopes=["settings:write", "read"])))


def put(client, body, query=""):
    return client.generic("PUT", f"{PATH}{query}", json.dumps(body), "application/json")


def parameters() -> list[str]:
    return [rule.parameter for rule in load_rules().general]


def told(answer) -> list[tuple[str, str]]:
    return [(error["pointer"], error["code"]) for error in answer.json()["errors"]]


# Reading and replacing.


def test_the_rules_are_read_in_their_order_with_those_of_event_types_behind(reader, django_assert_num_queries):
    make_rule("card", "contactKey", event_type_key="vip")
    MatchingRule.objects.filter(parameter="ContactId").update(is_enabled=False, position=99)
    reader.get(PATH)
    with django_assert_num_queries(1):
        answer = reader.get(PATH).json()
    assert len(answer["rules"]) == 14
    assert answer["rules"][0]["parameter"] == "Contact_id"
    assert answer["rules"][12:] == [
        {"parameter": "ContactId", "kind": "contactId", "enabled": False, "eventTypeKey": None},
        {"parameter": "card", "kind": "contactKey", "enabled": True, "eventTypeKey": "vip"},
    ]
    assert reader.get(PATH).json()["version"] == answer["version"]


def test_the_list_is_replaced_as_a_whole_in_the_order_given(staff):
    make_kind("loyaltyCard")
    rules = [
        {"parameter": "card", "kind": "loyaltyCard", "eventTypeKey": "vip"},
        {"parameter": "clientMail", "kind": "email", "enabled": True, "eventTypeKey": None},
        {"parameter": "Email", "kind": "email", "enabled": False, "eventTypeKey": ""},
        {"parameter": "phone", "kind": "phone"},
    ]
    answer = put(staff, {"version": staff.get(PATH).json()["version"], "rules": rules})
    assert answer.status_code == 200
    assert [(rule["parameter"], rule["enabled"], rule["eventTypeKey"]) for rule in answer.json()["rules"]] == [
        ("clientMail", True, None),
        ("Email", False, None),
        ("phone", True, None),
        ("card", True, "vip"),
    ]
    assert answer.json() == staff.get(PATH).json()
    assert parameters() == ["clientMail", "phone"]
    assert load_rules().by_event_type["vip"].kind == "loyaltyCard"


def test_what_was_read_can_be_put_back_and_changes_nothing(staff):
    read = staff.get(PATH).json()
    ids = list(MatchingRule.objects.values_list("pk", flat=True))
    answer = put(staff, read)
    assert (answer.status_code, answer.json()) == (200, read)
    assert list(MatchingRule.objects.values_list("pk", flat=True)) == ids
    assert not AuditEntry.objects.exists()


def test_an_empty_list_takes_all_rules_away(staff):
    assert put(staff, {"rules": []}).json()["rules"] == []
    assert parameters() == []


def test_the_new_rules_hold_for_the_next_event_and_outcomes_keep_naming_the_old_ones(staff):
    contact = make_contact(email="olha@example.com")
    before = created("1001", externalCustomerId=None, clientMail="olha@example.com")
    drain()
    bases = set(Basis.objects.values_list("pk", flat=True))
    put(staff, {"rules": [{"parameter": "clientMail", "kind": "email"}]})
    [new] = set(Basis.objects.values_list("pk", flat=True)) - bases
    after = created("1002", externalCustomerId=None, clientMail="olha@example.com")
    drain()
    assert Outcome.objects.get(event_id=before).basis_id in bases
    assert Outcome.objects.get(event_id=before).reason == "contact_identifier_missing"
    outcome = Outcome.objects.get(event_id=after)
    assert (outcome.basis_id, outcome.contact_id) == (new, contact.pk)
    assert len(load_fate(before)["trace"]) == 13


def test_who_changed_the_rules_stands_in_the_audit_log(staff):
    version = staff.get(PATH).json()["version"]
    new = put(staff, {"rules": [BY_EMAIL]}).json()["version"]
    entry = AuditEntry.objects.get()
    assert (entry.action, entry.count) == ("matching_rules.changed", 1)
    assert entry.what.startswith(f"version {version} → {new}: removed ContactId → contactId; ")
    assert (len(entry.details["before"]), entry.details["after"]) == (
        13,
        [{**BY_EMAIL, "enabled": True, "eventTypeKey": None}],
    )
    assert entry.actor.endswith("of source “console”")


def test_who_read_an_older_list_is_refused_and_nothing_changes(staff):
    read = staff.get(PATH).json()
    current = put(staff, {"rules": [BY_EMAIL]}).json()
    for query in ("", "?preview=true"):
        answer = put(staff, {**read, "rules": []}, query)
        assert (answer.status_code, told(answer)) == (409, [("/version", "version_conflict")])
        assert current["version"] in answer.json()["errors"][0]["expected"]
    assert parameters() == ["Email"]


@pytest.mark.django_db(transaction=True)
def test_of_two_who_read_the_same_list_one_is_refused():
    results: list[str] = []
    barrier = threading.Barrier(4)
    version = version_of(load_entries())

    def replace(number: int) -> None:
        barrier.wait()
        try:
            store_rules([RuleEntry(parameter=f"p{number}", kind="email")], version, f"user {number}")
            results.append(f"p{number}")
        except VersionConflictError:
            results.append("refused")
        connections.close_all()

    threads = [threading.Thread(target=replace, args=[number]) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(results)[1:] == ["refused"] * 3
    assert parameters() == [sorted(results)[0]]
    assert AuditEntry.objects.count() == 1


# What cannot be taken.


@pytest.mark.parametrize(
    ("body", "errors"),
    [
        ({}, [("/rules", "missing")]),
        ({"rules": None}, [("/rules", "missing")]),
        ({"rules": {}}, [("/rules", "wrong_type")]),
        ({"rules": [BY_EMAIL] * (MAX_RULES + 1)}, [("/rules", "too_many")]),
        ({"rules": [], "version": 5}, [("/version", "wrong_type")]),
        ({"rules": ["Email"]}, [("/rules/0", "not_an_object")]),
        ({"rules": [{}]}, [("/rules/0/parameter", "missing"), ("/rules/0/kind", "missing")]),
        ({"rules": [{**BY_EMAIL, "parameter": " "}]}, [("/rules/0/parameter", "empty")]),
        ({"rules": [{**BY_EMAIL, "parameter": ""}]}, [("/rules/0/parameter", "empty")]),
        ({"rules": [{**BY_EMAIL, "parameter": 5}]}, [("/rules/0/parameter", "wrong_type")]),
        ({"rules": [{**BY_EMAIL, "parameter": "x" * 256}]}, [("/rules/0/parameter", "too_long")]),
        ({"rules": [{**BY_EMAIL, "parameter": "a\0"}]}, [("/rules/0/parameter", "invalid_text")]),
        ({"rules": [{**BY_EMAIL, "kind": "shoeSize"}]}, [("/rules/0/kind", "unknown_kind")]),
        ({"rules": [{**BY_EMAIL, "kind": ["email"]}]}, [("/rules/0/kind", "unknown_kind")]),
        ({"rules": [{**BY_EMAIL, "enabled": "yes"}]}, [("/rules/0/enabled", "wrong_type")]),
        ({"rules": [{**BY_EMAIL, "enabled": None}]}, [("/rules/0/enabled", "wrong_type")]),
        ({"rules": [{**BY_EMAIL, "eventTypeKey": 1}]}, [("/rules/0/eventTypeKey", "wrong_type")]),
        ({"rules": [{**BY_EMAIL, "eventTypeKey": "x" * 256}]}, [("/rules/0/eventTypeKey", "too_long")]),
        ({"rules": [{**BY_EMAIL, "enable/d": True}]}, [("/rules/0/enable~1d", "unknown_member")]),
        ({"rules": [BY_EMAIL, {**BY_EMAIL, "parameter": "EMAIL"}]}, [("/rules/1", "duplicate")]),
        (
            {"rules": [{**BY_EMAIL, "eventTypeKey": "vip"}, {**BY_EMAIL, "parameter": "x", "eventTypeKey": "vip"}]},
            [("/rules/1", "duplicate")],
        ),
        (
            {"rules": [{"parameter": 1}, BY_EMAIL, {"parameter": "", "kind": "x"}]},
            [
                ("/rules/0/parameter", "wrong_type"),
                ("/rules/0/kind", "missing"),
                ("/rules/2/parameter", "empty"),
                ("/rules/2/kind", "unknown_kind"),
            ],
        ),
    ],
)
@pytest.mark.parametrize("query", ["", "?preview=true"])
def test_all_that_is_wrong_with_a_list_is_told_with_its_places_and_nothing_changes(staff, body, errors, query):
    answer = put(staff, body, query)
    assert (answer.status_code, told(answer)) == (400, errors)
    assert MatchingRule.objects.count() == 13


def test_the_same_parameter_may_name_contacts_by_two_kinds_and_an_event_type_may_repeat_a_rule(staff):
    rules = [BY_EMAIL, {**BY_EMAIL, "kind": "externalCustomerId"}, {**BY_EMAIL, "eventTypeKey": "vip"}]
    assert put(staff, {"rules": rules}).status_code == 200


@pytest.mark.parametrize("query", ["?preview=yes", "?preview=", "?preview=true&preview=true", "?previw=true"])
def test_a_query_that_cannot_be_read_is_refused(staff, query):
    assert put(staff, {"rules": []}, query).status_code == 400
    assert MatchingRule.objects.count() == 13


def test_reading_needs_the_right_to_read_and_changing_that_to_change_settings(reader):
    writer = Client(headers=basic(make_key(source="writer", scopes=["events:write"])))
    assert writer.get(PATH).status_code == 403
    for query in ("", "?preview=true"):
        assert put(reader, {"rules": []}, query).status_code == 403
    user = User.objects.create(username="anna", is_staff=True)
    console = Client()
    console.force_login(user)
    assert console.get(PATH).status_code == 403
    user.user_permissions.add(Permission.objects.get(codename="view_matchingrule"))
    assert len(console.get(PATH).json()["rules"]) == 13
    assert put(console, {"rules": []}).status_code == 401
    assert MatchingRule.objects.count() == 13


# Trying first.


def test_a_preview_tells_what_the_change_would_do_and_stores_nothing(staff):
    olha = make_contact(external_customer_id="C1", email="olha@example.com")
    petro = make_contact(phone="+380501234567")
    rescued = created("1001", externalCustomerId=None, clientMail="Olha@example.com")
    moved = created("1002", SMS="050 123 45 67")
    lost = post("seen", {"Email": "olha@example.com"}, keyValue="k")
    drain()
    before = (MatchingRule.objects.count(), Basis.objects.count())
    rules = [
        {"parameter": "SMS", "kind": "phone"},
        {"parameter": "externalCustomerId", "kind": "externalCustomerId"},
        {"parameter": "clientMail", "kind": "email"},
    ]
    answer = put(staff, {"rules": rules}, "?preview=true")
    assert (answer.status_code, (MatchingRule.objects.count(), Basis.objects.count())) == (200, before)
    assert not AuditEntry.objects.exists()
    by_customer_id = {
        "contactId": olha.pk,
        "parameter": "externalCustomerId",
        "kind": "externalCustomerId",
        "value": "C1",
    }
    assert answer.json() == {
        "examined": 3,
        "eventsOfAType": 10_000,
        "rescued": {
            "count": 1,
            "examples": [
                {
                    "eventId": str(rescued),
                    "eventTypeKey": "orderCreated",
                    "before": None,
                    "after": {
                        "contactId": olha.pk,
                        "parameter": "clientMail",
                        "kind": "email",
                        "value": "Olha@example.com",
                    },
                }
            ],
        },
        "newlyMatched": {"count": 0, "examples": []},
        "newlyUnmatched": {
            "count": 1,
            "examples": [
                {
                    "eventId": str(lost),
                    "eventTypeKey": "seen",
                    "before": {
                        "contactId": olha.pk,
                        "parameter": "Email",
                        "kind": "email",
                        "value": "olha@example.com",
                    },
                    "after": None,
                }
            ],
        },
        "movedToAnotherContact": {
            "count": 1,
            "examples": [
                {
                    "eventId": str(moved),
                    "eventTypeKey": "orderCreated",
                    "before": by_customer_id,
                    "after": {"contactId": petro.pk, "parameter": "SMS", "kind": "phone", "value": "050 123 45 67"},
                }
            ],
        },
        "unchanged": 0,
        "replayable": 0,
        "eventTypes": [
            {
                "eventTypeKey": "orderCreated",
                "examined": 2,
                "rescued": 1,
                "newlyMatched": 0,
                "newlyUnmatched": 0,
                "movedToAnotherContact": 1,
                "unchanged": 0,
            },
            {
                "eventTypeKey": "seen",
                "examined": 1,
                "rescued": 0,
                "newlyMatched": 0,
                "newlyUnmatched": 1,
                "movedToAnotherContact": 0,
                "unchanged": 0,
            },
        ],
    }
