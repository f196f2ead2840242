"""Replays over HTTP: count, start, watch and cancel (docs/api.md, Replay)."""

import json

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client

from account.models import AuditEntry
from events.keys import forget_keys
from events.models import Attempt, Outcome, Replay, SourceKind, Waiting
from events.replay_jobs import advance_replays
from tests.callers import basic, make_key
from tests.events.building import created, drain, make_source, post
from tests.factories import make_contact

pytestmark = pytest.mark.django_db
MANY = "/api/v1/events/replay"


@pytest.fixture(autouse=True)
def _no_held_keys():
    forget_keys()


@pytest.fixture
def client() -> Client:
    """Of a backend, which may write events and read."""
    return Client(headers=basic(make_key()))


@pytest.fixture
def staff() -> Client:
    """With a key that may change settings, and so replay."""
    return Client(headers=basic(make_key(source="console", scopes=["settings:write", "read"])))


@pytest.fixture
def history():
    """One event of each fate: applied, missing a parameter (with a contact), of nobody, and one that waits."""
    contact = make_contact(external_customer_id="C1")
    ids = {
        "applied": created("1001"),
        "missing": post("orderUpdated", {"externalCustomerId": "C1", "externalOrderId": "1002"}),
        "unknown": created("1003", externalCustomerId="nobody"),
    }
    drain()
    ids["waiting"] = created("1004", externalCustomerId="nobody")
    return ids, contact


def send(client, path, body=None):
    return client.generic("POST", path, "" if body is None else json.dumps(body), "application/json")


# One event.


def test_one_ignored_event_is_replayed_and_only_once(client, staff):
    event_id = created()
    drain()
    make_contact(external_customer_id="C1")
    path = f"/api/v1/events/{event_id}/replay"
    assert send(staff, path).json() == {"id": str(event_id), "replayed": True, "outcome": "waiting"}
    assert send(staff, path).json() == {"id": str(event_id), "replayed": False, "outcome": "waiting"}
    drain()
    assert send(staff, path).json() == {"id": str(event_id), "replayed": False, "outcome": "applied"}
    assert client.get(f"/api/v1/events/{event_id}").json()["attempts"] == 2
    assert list(Attempt.objects.values_list("event_id", "reason", "replay_id")) == [
        (event_id, "contact_not_found", None)
    ]
    assert list(AuditEntry.objects.values_list("action", "what", "count")) == [
        ("events.replayed", f"event {event_id}", 1)
    ]


def test_an_events_fate_tells_what_became_of_it_before_each_replay(client, staff):
    event_id = created("1001", totalCost="much")
    drain()
    path = f"/api/v1/events/{event_id}"
    assert client.get(path).json()["earlierAttempts"] == []
    send(staff, f"{path}/replay")
    drain()
    replay_id = send(staff, MANY, {"reason": "invalid_parameter"}).json()["id"]
    fate = client.get(path).json()
    assert (fate["outcome"], fate["attempts"]) == ("waiting", 2)
    first, second = fate["earlierAttempts"]
    assert [first[name] for name in ("attempt", "outcome", "reason", "replayId")] == [
        1,
        "ignored",
        "invalid_parameter",
        None,
    ]
    assert (second["attempt"], second["replayId"]) == (2, replay_id)
    assert first["message"].startswith("Some parameters have values")
    assert first["problems"][0]["pointer"] == "/params/2/value"
    assert first["trace"] == [
        {
            "parameter": "externalCustomerId",
            "kind": "externalCustomerId",
            "value": "C1",
            "contactId": None,
            "decided": False,
        }
    ]
    assert first["decidedAt"] <= first["replayedAt"] <= second["decidedAt"]


def test_a_replay_needs_the_right_to_change_settings_and_an_event_that_is_there(client, staff):
    assert send(client, f"/api/v1/events/{created()}/replay").status_code == 403
    assert send(client, MANY, {"outcome": "ignored"}).status_code == 403
    assert send(client, "/api/v1/replays/1/cancel").status_code == 403
    assert send(staff, "/api/v1/events/999999/replay").status_code == 404
    assert send(staff, "/api/v1/events/abc/replay").status_code == 404


# All that a filter finds.


def test_what_a_filter_finds_is_counted_first_and_then_replayed(staff, history):
    ids, _ = history
    make_contact(external_customer_id="nobody")
    body = {"reason": "contact_not_found", "source": "shop"}
    assert send(staff, MANY, {**body, "dryRun": True}).json() == {"matched": 1}
    assert (Waiting.objects.count(), Replay.objects.count()) == (1, 0)
    answer = send(staff, MANY, body)
    told = answer.json()
    assert (answer.status_code, answer["Location"]) == (202, f"/api/v1/replays/{told['id']}")
    started_at = told.pop("startedAt")
    assert started_at.endswith(("+02:00", "+03:00"))
    assert told == {
        "id": told["id"],
        "status": "running",
        "filters": body,
        "matched": 1,
        "replayed": 1,
        "waiting": 1,
        "outcomes": {"applied": 0, "ignored": 0, "failed": 0},
        "reasons": {},
        "startedBy": told["startedBy"],
        "cancelledBy": None,
        "cancelledAt": None,
        "endedAt": None,
    }
    assert told["startedBy"].endswith("of source “console”")
    drain()
    assert Outcome.objects.get(event_id=ids["unknown"]).status == "applied"
    again = send(staff, MANY, {**body, "externalOrderId": "1003"}).json()
    assert (again["status"], again["matched"], again["replayed"]) == ("finished", 0, 0)


def test_an_applied_event_is_not_among_those_that_a_filter_replays(staff, history):
    ids, contact = history
    assert send(staff, MANY, {"outcome": "applied"}).json()["matched"] == 0
    told = send(staff, MANY, {"contactId": contact.pk}).json()
    assert (told["matched"], told["replayed"], told["filters"]) == (1, 1, {"contactId": str(contact.pk)})
    assert set(Waiting.objects.values_list("event_id", flat=True)) == {ids["waiting"], ids["missing"]}
    assert send(staff, MANY, {"outcome": "ignored", "dryRun": True}).json() == {"matched": 1}


@pytest.mark.parametrize(
    ("body", "errors"),
    [
        ({}, [("", "missing")]),
        ({"dryRun": True}, [("", "missing")]),
        ({"dryRun": "yes", "reason": "stale"}, [("/dryRun", "wrong_type")]),
        ({"reason": None}, [("/reason", "wrong_type")]),
        ({"reason": ["stale"]}, [("/reason", "wrong_type")]),
        ({"contactId": True}, [("/contactId", "wrong_type")]),
        ({"contactId": 1.5}, [("/contactId", "wrong_type")]),
        ({"contactId": -1}, [("/contactId", "invalid_parameter")]),
        ({"reason": ""}, [("/reason", "invalid_parameter")]),
        ({"a/b": "x", "outcome": "done"}, [("/a~1b", "unknown_parameter"), ("/outcome", "invalid_parameter")]),
    ],
)
def test_a_replay_of_what_cannot_be_read_is_refused(staff, body, errors):
    answer = send(staff, MANY, body)
    assert answer.status_code == 400
    assert [(error["pointer"], error["code"]) for error in answer.json()["errors"]] == errors
    assert (Replay.objects.count(), AuditEntry.objects.count()) == (0, 0)


def test_a_replay_tells_how_far_it_is_and_what_became_of_its_events(client, staff):
    make_contact(external_customer_id="C1")
    for order_id, customer in (("1", "C1"), ("2", "C2"), ("3", "C2")):
        created(order_id, externalCustomerId=customer)
    post("orderUpdated", {"externalCustomerId": "C1", "externalOrderId": "4"})
    drain()
    make_contact(external_customer_id="C2")
    address = send(staff, MANY, {"outcome": "ignored"})["Location"]
    drain()
    told = client.get(address).json()
    assert (told["status"], told["matched"], told["replayed"], told["waiting"]) == ("running", 3, 3, 0)
    assert told["outcomes"] == {"applied": 2, "ignored": 1, "failed": 0}
    assert told["reasons"] == {"missing_parameter": 1}
    advance_replays()
    ended = client.get(address).json()
    assert (ended["status"], ended["outcomes"]) == ("finished", told["outcomes"])
    assert ended["endedAt"] >= ended["startedAt"]


def test_a_replay_is_cancelled_once(client, staff):
    created()
    drain()
    address = send(staff, MANY, {"reason": "contact_not_found"})["Location"]
    told = send(staff, f"{address}/cancel")
    assert (told.status_code, told.json()["status"], told.json()["waiting"]) == (200, "cancelled", 1)
    assert told.json()["cancelledBy"].endswith("of source “console”")
    assert send(staff, f"{address}/cancel").json() == told.json()
    assert client.get(address).json() == told.json()


@pytest.mark.parametrize("replay_id", ["999999", "abc", "-1", "0", "1" * 18, "1" * 19, "٣"])
def test_a_replay_that_is_not_there_is_not_found(staff, replay_id):
    assert staff.get(f"/api/v1/replays/{replay_id}").status_code == 404
    assert send(staff, f"/api/v1/replays/{replay_id}/cancel").status_code == 404


def test_replays_are_listed_newest_first_in_pages_of_two_statements(client, staff, django_assert_num_queries):
    for number in range(5):
        created(str(number), externalCustomerId="nobody")
    drain()
    ids = [send(staff, MANY, {"externalOrderId": str(number)}).json()["id"] for number in range(5)]
    client.get("/api/v1/replays")
    with django_assert_num_queries(2):
        page = client.get("/api/v1/replays?limit=3").json()
    assert [replay["id"] for replay in page["results"]] == ids[:1:-1]
    assert [replay["waiting"] for replay in page["results"]] == [1, 1, 1]
    rest = client.get(page["next"]).json()
    assert [replay["id"] for replay in rest["results"]] == ids[1::-1]
    assert client.get("/api/v1/replays?status=running").status_code == 400


def test_console_users_read_replays_with_the_permission_and_start_none(client, staff):
    make_source("app", SourceKind.MOBILE_SDK)
    user = User.objects.create(username="anna", is_staff=True)
    console = Client()
    console.force_login(user)
    assert console.get("/api/v1/replays").status_code == 403
    user.user_permissions.add(Permission.objects.get(codename="view_replay"))
    assert console.get("/api/v1/replays").json()["results"] == []
    assert send(console, MANY, {"outcome": "ignored"}).status_code == 401
