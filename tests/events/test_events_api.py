"""The endpoints of events, over real HTTP requests and PostgreSQL: docs/api.md, Events."""

import gzip
import json
import threading
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connections
from django.test import Client

from events import inbox, waits
from events.keys import forget_keys
from events.models import Event, EventType, Outcome, SourceKind, Waiting
from orders.models import Order
from tests.callers import basic, bearer, make_key
from tests.events.building import created, drain, event_body, make_source, order_params, post
from tests.factories import make_contact

pytestmark = pytest.mark.django_db

SEEN = '{"eventTypeKey":"seen","keyValue":"k"}'


@pytest.fixture(autouse=True)
def _no_held_keys():
    forget_keys()


@pytest.fixture
def client() -> Client:
    """Of a backend, which may write events and read."""
    return Client(headers=basic(make_key()))


def send(client, path, body="", **headers):
    """Posts JSON text or bytes as they are, or anything else as JSON."""
    content = body if isinstance(body, str | bytes) else json.dumps(body)
    return client.generic("POST", path, content, "application/json", headers=headers)


def listed(client, **query):
    """The ids on the one page of the list."""
    answer = client.get("/api/v1/events", query)
    assert answer.status_code == 200, answer.content
    return [int(event["id"]) for event in answer.json()["results"]]


# One event.


@pytest.mark.parametrize("slash", ["", "/"])
@pytest.mark.parametrize("version", [1, 2, 3])
def test_an_event_is_taken_and_stored_as_it_was_sent(client, version, slash):
    body = '  {"params": {"цена": 1.50, "a":"\\u0416"},\n "eventTypeKey": "seen", "x": [1e400], "keyValue": "k"} '
    answer = send(client, f"/api/v{version}/event{slash}", body.encode())
    event = Event.objects.select_related("event_type", "source").get()
    assert (answer.status_code, answer.json()) == (200, {"id": str(event.pk), "status": "accepted"})
    assert answer.headers["Location"] == f"/api/v1/events/{event.pk}"
    assert (event.body, event.event_type.key, event.key_value, event.order_key) == (body, "seen", "k", "")
    assert (event.api_version, event.source.name, event.occurred_at) == (version, "shop", None)
    assert list(Waiting.objects.values_list("event_id", flat=True)) == [event.pk]


def test_the_articles_own_example_is_taken_in_both_forms(client):
    listed_form = event_body("orderCreated", order_params("12345679"), keyValue="380501234567")
    object_form = json.dumps({"eventTypeKey": "orderCreated", "params": order_params("12345679")})
    for body in (listed_form, object_form):
        assert send(client, "/api/v1/event", body).status_code == 200
    assert list(Event.objects.order_by("pk").values_list("key_value", "order_key")) == [
        ("380501234567", "12345679"),
        ("12345679", "12345679"),
    ]


def test_an_event_may_come_compressed_and_with_a_bearer_key_and_without_a_content_type():
    client = Client(headers=bearer(make_key()))
    answer = client.generic(
        "POST", "/api/v3/event", gzip.compress(SEEN.encode()), "", headers={"Content-Encoding": "gzip"}
    )
    assert answer.status_code == 200
    assert Event.objects.get().body == SEEN


def test_a_byte_order_mark_is_taken_off(client):
    assert send(client, "/api/v1/event", b"\xef\xbb\xbf" + SEEN.encode()).status_code == 200
    assert Event.objects.get().body == SEEN


def test_when_it_occurred_is_read_in_the_accounts_zone(client):
    body = '{"eventTypeKey":"seen","keyValue":"k","occurred":"2020-05-14T10:11:00"}'
    send(client, "/api/v1/event", body)
    assert Event.objects.get().occurred_at == datetime(2020, 5, 14, 7, 11, tzinfo=UTC)


def test_an_event_type_never_seen_before_makes_a_new_one(client):
    for key in ("seen", "Seen", "seen"):
        send(client, "/api/v1/event", {"eventTypeKey": key, "keyValue": "k"})
    assert sorted(EventType.objects.values_list("key", flat=True)) == ["Seen", "seen"]


def test_all_that_is_wrong_with_an_event_is_told_and_nothing_is_stored(client):
    answer = send(client, "/api/v1/event", {"eventTypeKey": "", "keyValue": 1, "params": [2]})
    assert (answer.status_code, answer.headers["Content-Type"]) == (400, "application/problem+json")
    problem = answer.json()
    assert [(error["pointer"], error["code"]) for error in problem["errors"]] == [
        ("/eventTypeKey", "empty"),
        ("/keyValue", "wrong_type"),
        ("/params/0", "wrong_type"),
    ]
    assert problem["errors"][2]["found"] == "2"
    assert problem["errors"][2]["expected"] == "an object with name and value"
    assert problem["message"] == problem["detail"]
    assert problem["detail"].startswith("eventTypeKey is empty. (2 more problems")
    assert not Event.objects.exists()
    assert not EventType.objects.exists()


@pytest.mark.parametrize(("path", "body"), [("event", SEEN), ("events", f'{{"events":[{SEEN}]}}')])
def test_a_database_that_is_down_is_told_to_the_sender_to_try_again(client, monkeypatch, path, body):
    def refuse(_events):
        raise inbox.StoreUnavailableError("server closed the connection")

    monkeypatch.setattr(inbox, "store_one", refuse)
    monkeypatch.setattr(inbox, "store_many", refuse)
    answer = send(client, f"/api/v1/{path}", body)
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "2")
    assert answer.json()["errors"][0]["code"] == "unavailable"


@pytest.mark.parametrize("path", ["event", "events", "past_events", "events/validate"])
def test_a_key_that_may_only_read_sends_nothing(path):
    reader = Client(headers=basic(make_key(scopes=["read"])))
    assert send(reader, f"/api/v1/{path}", SEEN).status_code == 403
    assert not Event.objects.exists()


# Many events.

BULK_PATHS = ["/api/v1/events", "/api/v1/past_events", "/api/v2/past_events"]


@pytest.mark.parametrize("slash", ["", "/"])
@pytest.mark.parametrize("path", BULK_PATHS)
def test_many_events_are_stored_in_the_order_given_each_as_it_was_sent(client, path, slash):
    bodies = [
        f'{{ "eventTypeKey":"seen" ,"keyValue":"k{n}",\t"params":{{"a":{n}.50,"Ж":"\\u0416"}}}}' for n in range(30)
    ]
    answer = send(client, path + slash, '{"x":[1],\n"events": [' + " ,\n".join(bodies) + '] , "y":{}}')
    stored = list(Event.objects.order_by("pk"))
    assert [event.body for event in stored] == bodies
    assert answer.status_code == 200
    assert answer.json() == {
        "accepted": 30,
        "rejected": 0,
        "results": [{"index": index, "id": str(event.pk)} for index, event in enumerate(stored)],
    }
    assert {event.api_version for event in stored} == {2 if "v2" in path else 1}
    assert Waiting.objects.count() == 30


def test_past_events_keep_when_they_occurred(client):
    events = [{"eventTypeKey": "seen", "keyValue": "k", "occurred": f"2020-05-{day:02}"} for day in (3, 1, 2)]
    send(client, "/api/v1/past_events", {"events": events})
    occurred = Event.objects.order_by("pk").values_list("occurred_at", flat=True)
    assert [moment + timedelta(hours=3) for moment in occurred] == [
        datetime(2020, 5, day, tzinfo=UTC) for day in (3, 1, 2)
    ]


def test_the_malformed_events_of_a_bulk_hold_back_none_of_the_others(client):
    answer = send(client, "/api/v1/events", f'{{"events":[{SEEN},5,{{"params":[{{"name":""}}]}},{SEEN},"x"]}}')
    first, second = Event.objects.order_by("pk")
    assert answer.status_code == 200
    body = answer.json()
    assert (body["accepted"], body["rejected"]) == (2, 3)
    assert [entry["index"] for entry in body["results"]] == [0, 1, 2, 3, 4]
    assert [entry.get("id") for entry in body["results"]] == [str(first.pk), None, None, str(second.pk), None]
    assert [[(e["pointer"], e["code"]) for e in entry.get("errors", [])] for entry in body["results"]] == [
        [],
        [("", "not_an_object")],
        [("/eventTypeKey", "missing"), ("/keyValue", "missing"), ("/params/0/name", "empty")],
        [],
        [("", "not_an_object")],
    ]


@pytest.mark.parametrize(
    ("bad", "pointer", "code"),
    [
        ('{"eventTypeKey":"seen","keyValue":"\\ud800"}', "/keyValue", "invalid_text"),
        ('{"eventTypeKey":"seen","keyValue":"\\u0000"}', "/keyValue", "invalid_text"),
        ('{"eventTypeKey":"seen","keyValue":"k","x":{"\\udc00":1}}', "/x", "invalid_text"),
        (f'{{"eventTypeKey":"seen","keyValue":"k","params":{{"a":{"9" * 5000}}}}}', "/params/a", "number_too_long"),
        ('{"eventTypeKey":"a","keyValue":"k","params":' + "[" * 64 + "]" * 64 + "}", "/params" + "/0" * 63, "too_deep"),
        (f'{{"eventTypeKey":"seen","keyValue":"{"k" * 1_048_576}"}}', "", "too_large"),
    ],
)  # fmt: skip
def test_an_event_that_cannot_be_kept_is_refused_alone(client, bad, pointer, code):
    odd = '{"eventTypeKey":"seen", "keyValue":"]}\\"{[", "events":[{"\\"]":[1.50]}]}'
    answer = send(client, "/api/v1/events", f'{{"a":{{"events":[1]}}, "events" : [ {odd} , {bad},{odd}]}}')
    body = answer.json()
    assert (answer.status_code, body["accepted"], body["rejected"]) == (200, 2, 1)
    assert [(e["pointer"], e["code"]) for e in body["results"][1]["errors"]] == [(pointer, code)]
    assert list(Event.objects.values_list("body", flat=True)) == [odd, odd]


def test_a_bulk_of_malformed_events_is_refused_with_pointers_into_the_body(client):
    answer = send(
        client, "/api/v1/events", {"events": [{"eventTypeKey": "seen"}, [], {"eventTypeKey": 1, "keyValue": "k"}]}
    )
    assert answer.status_code == 400
    assert [(error["pointer"], error["code"]) for error in answer.json()["errors"]] == [
        ("/events/0/keyValue", "missing"),
        ("/events/1", "not_an_object"),
        ("/events/2/eventTypeKey", "wrong_type"),
    ]
    assert not Event.objects.exists()


def test_a_thousand_events_are_taken_and_one_more_refused(client):
    assert send(client, "/api/v1/events", f'{{"events":[{",".join([SEEN] * 1000)}]}}').json()["accepted"] == 1000
    answer = send(client, "/api/v1/events", f'{{"events":[{",".join([SEEN] * 1001)}]}}')
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (400, "too_many")
    assert Event.objects.count() == 1000


def test_of_a_member_given_twice_the_last_list_counts(client):
    answer = send(client, "/api/v1/events", f'{{"events":5,"\\u0065vents":[],"events":[{SEEN}]}}')
    assert (answer.status_code, answer.json()["accepted"]) == (200, 1)


# What became of it.


@pytest.mark.django_db(transaction=True)
def test_an_event_waits_and_then_has_an_outcome(client):
    contact = make_contact(external_customer_id="C1")
    location = send(client, "/api/v1/event", event_body("orderCreated", order_params())).headers["Location"]
    waiting = client.get(location).json()
    assert (waiting["outcome"], waiting["reason"], waiting["orderId"], waiting["attempts"]) == (
        "waiting",
        None,
        None,
        0,
    )
    assert waiting["trace"] == []
    drain()
    event = client.get(location + "/").json()
    assert event["id"] == location.rpartition("/")[2]
    assert event["eventTypeKey"] == "orderCreated"
    assert event["params"][0] == {"name": "externalOrderId", "value": "1001"}
    assert (event["outcome"], event["reason"], event["problems"]) == ("applied", None, [])
    assert (event["source"], event["keyValue"], event["externalOrderId"]) == ("shop", "1001", "1001")
    assert (event["contactId"], event["orderId"]) == (contact.pk, Order.objects.get().pk)
    assert [step for step in event["trace"] if step["decided"]] == [
        {
            "parameter": "externalCustomerId",
            "kind": "externalCustomerId",
            "value": "C1",
            "contactId": contact.pk,
            "decided": True,
        }
    ]


@pytest.mark.parametrize("event_id", ["0", "999999999999999999", "9" * 40, "abc", "-1", "1.0", "1e2", "١", " 1", "1;"])
def test_an_event_that_is_not_there_is_not_found(client, event_id):
    answer = client.get(f"/api/v1/events/{event_id}")
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (404, "not_found")


def test_a_key_that_may_only_write_reads_nothing(client):
    event_id = post("seen", {}, keyValue="k")
    writer = Client(headers=basic(make_key(scopes=["events:write"])))
    assert writer.get(f"/api/v1/events/{event_id}").status_code == 403
    assert writer.get("/api/v1/events").status_code == 403


@pytest.mark.parametrize("wait", ["-1", "31", "30.1", "abc", "", "1e1", "٣", "NaN", "5s", "1,5"])
def test_a_wait_that_is_no_number_of_seconds_is_refused(client, wait):
    event_id = post("seen", {}, keyValue="k")
    answer = client.get(f"/api/v1/events/{event_id}", {"wait": wait})
    [error] = answer.json()["errors"]
    assert (answer.status_code, error["parameter"], error["code"]) == (400, "wait", "invalid_parameter")


def test_an_unknown_query_parameter_is_refused(client):
    answer = client.get(f"/api/v1/events/{post('seen', {}, keyValue='k')}", {"waits": "1"})
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (400, "unknown_parameter")


# Waiting for it.


def held_requests() -> int:
    return len(waits._poller._waits)


def wait_until(condition, seconds=10.0):
    done = threading.Event()
    for _ in range(int(seconds / 0.005)):
        if condition():
            return
        done.wait(0.005)
    raise AssertionError("it did not happen")


class Held:
    """A request on a thread of its own, as a web server would hold it."""

    def __init__(self, client: Client, path: str) -> None:
        self.answer = None
        self._thread = threading.Thread(target=self._get, args=(client, path))
        self._thread.start()

    def _get(self, client: Client, path: str) -> None:
        self.answer = client.get(path)
        connections.close_all()

    def result(self):
        self._thread.join(20)
        assert self.answer is not None
        assert self.answer.status_code == 200
        return self.answer.json()


@pytest.mark.django_db(transaction=True)
def test_a_held_request_is_answered_as_soon_as_there_is_an_outcome(client):
    make_contact(external_customer_id="C1")
    event_id, other_id = created(), created("1002")
    held = [Held(client, f"/api/v1/events/{each}?wait=20") for each in (event_id, other_id, event_id)]
    wait_until(lambda: held_requests() == 3)
    drain()
    assert [(each.result()["id"], each.result()["outcome"]) for each in held] == [
        (str(event_id), "applied"),
        (str(other_id), "applied"),
        (str(event_id), "applied"),
    ]
    assert held_requests() == 0


@pytest.mark.django_db(transaction=True)
def test_a_held_request_holds_no_connection(client):
    event_id = created()
    closed = threading.Event()

    class Watching(Held):
        def _get(self, client, path):
            original = connections["default"].close
            connections["default"].close = lambda: (original(), closed.set())
            super()._get(client, path)

    held = Watching(client, f"/api/v1/events/{event_id}?wait=20")
    wait_until(closed.is_set)
    wait_until(lambda: held_requests() == 1)
    drain()
    assert held.result()["reason"] == "contact_not_found"


@pytest.mark.django_db(transaction=True)
def test_a_held_request_is_answered_when_its_time_is_over(client):
    event_id = created()
    assert client.get(f"/api/v1/events/{event_id}?wait=0.05").json()["outcome"] == "waiting"
    assert held_requests() == 0


@pytest.mark.django_db(transaction=True)
def test_a_request_beyond_those_that_may_be_held_is_answered_at_once(client, settings):
    settings.MAX_WAITING_REQUESTS = 1
    event_id = created()
    held = Held(client, f"/api/v1/events/{event_id}?wait=20")
    wait_until(lambda: held_requests() == 1)
    assert client.get(f"/api/v1/events/{event_id}?wait=20").json()["outcome"] == "waiting"
    assert held_requests() == 1
    drain()
    assert held.result()["outcome"] == "ignored"


def test_a_decided_event_is_never_held(client, settings):
    event_id = created()
    drain()
    assert client.get(f"/api/v1/events/{event_id}?wait=30").json()["reason"] == "contact_not_found"


@pytest.mark.django_db(transaction=True)
def test_held_requests_outlive_a_database_that_is_away_for_a_moment(client, monkeypatch):
    from django.db import OperationalError

    failures = [OperationalError("server closed the connection")]
    load = waits.load_decided
    monkeypatch.setattr(waits, "ERROR_PAUSE_SECONDS", 0.01)

    def load_or_fail(event_ids):
        if failures:
            raise failures.pop()
        return load(event_ids)

    monkeypatch.setattr(waits, "load_decided", load_or_fail)
    held = Held(client, f"/api/v1/events/{created()}?wait=20")
    wait_until(lambda: not failures)
    drain()
    assert held.result()["outcome"] == "ignored"


# The list.


@pytest.fixture
def history():
    """Six events: applied, ignored for two reasons, of a custom type, of another source, and one that waits."""
    contact = make_contact(external_customer_id="C1")
    ids = {
        "applied": created("1"),
        "unknown": created("2", externalCustomerId="nobody"),
        "missing": created("3", status=None),
        "custom": post("seen", {"externalCustomerId": "C1"}, keyValue="page"),
        "sdk": post("orderDelivered", {"externalOrderId": "1"}, make_source("app", SourceKind.MOBILE_SDK)),
    }
    drain()
    ids["waiting"] = created("1")
    return ids, contact


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ({}, ["waiting", "sdk", "custom", "missing", "unknown", "applied"]),
        ({"outcome": "waiting"}, ["waiting"]),
        ({"outcome": "applied"}, ["sdk", "custom", "applied"]),
        ({"outcome": "ignored"}, ["missing", "unknown"]),
        ({"outcome": "failed"}, []),
        ({"reason": "contact_not_found"}, ["unknown"]),
        ({"reason": "missing_parameter"}, ["missing"]),
        ({"reason": "stale"}, []),
        ({"eventTypeKey": "seen"}, ["custom"]),
        ({"eventTypeKey": "Seen"}, []),
        ({"externalOrderId": "1"}, ["waiting", "sdk", "applied"]),
        ({"externalOrderId": "1", "outcome": "waiting"}, ["waiting"]),
        ({"keyValue": "page"}, ["custom"]),
        ({"source": "app"}, ["sdk"]),
        ({"source": "nobody"}, []),
        ({"receivedTo": "2020-01-01"}, []),
        ({"receivedFrom": "9998-12-31"}, []),
        ({"receivedFrom": "2020-01-01", "receivedTo": "9998-12-31", "eventTypeKey": "seen"}, ["custom"]),
    ],
)
def test_events_are_found_by_their_filters_newest_first(client, history, query, names):
    ids, _ = history
    assert listed(client, **query) == [ids[name] for name in names]


def test_events_are_found_by_their_contact_and_their_warnings(client, history):
    ids, contact = history
    assert listed(client, contactId=contact.pk) == [ids["sdk"], ids["custom"], ids["missing"], ids["applied"]]
    assert listed(client, contactId=contact.pk + 1) == []
    assert listed(client, warning="total_mismatch") == []
    doubled = post("seen", {}, keyValue="k")
    Event.objects.filter(pk=doubled).update(
        body='{"eventTypeKey":"seen","keyValue":"k","params":[{"name":"a"},{"name":"a"}]}'
    )
    drain()
    assert listed(client, warning="duplicate_parameter") == [doubled]
    assert listed(client, warning="duplicate_parameter", outcome="ignored") == []


def test_both_ends_of_a_span_of_acceptance_belong_to_it(client):
    ids = [post("seen", {}, keyValue=f"k{n}") for n in range(3)]
    first = datetime(2026, 5, 14, 10, tzinfo=UTC)
    for hours, event_id in enumerate(ids):
        Event.objects.filter(pk=event_id).update(received_at=first + timedelta(hours=hours))
    assert listed(client, receivedFrom="2026-05-14T14:00:00+03:00") == [ids[2], ids[1]]
    assert listed(client, receivedTo="2026-05-14T14:00:00+03:00") == [ids[1], ids[0]]
    assert listed(client, receivedFrom="2026-05-14T11:00:00Z", receivedTo="2026-05-14T11:00:00Z") == [ids[1]]
    assert listed(client, receivedFrom="2026-05-14", receivedTo="2026-05-14") == ids[::-1]
    assert listed(client, receivedFrom="2026-05-15") == []


def test_the_list_is_read_page_by_page(client):
    ids = [post("seen", {}, keyValue=f"k{n}") for n in range(5)]
    page = client.get("/api/v1/events", {"limit": 2, "eventTypeKey": "seen"}).json()
    seen = [int(event["id"]) for event in page["results"]]
    assert page["previous"] is None
    while page["next"]:
        page = client.get(page["next"]).json()
        seen += [int(event["id"]) for event in page["results"]]
    assert seen == ids[::-1]
    assert [int(event["id"]) for event in client.get(page["previous"]).json()["results"]] == [ids[2], ids[1]]


def test_a_page_costs_the_same_number_of_statements_whatever_is_on_it(client, history, django_assert_num_queries):
    client.get("/api/v1/events")  # the key and the account are held from here on
    for limit in (2, 50):
        with django_assert_num_queries(3):
            client.get("/api/v1/events", {"limit": limit})


@pytest.mark.parametrize(
    ("query", "parameter", "code"),
    [
        ({"outcome": "done"}, "outcome", "invalid_parameter"),
        ({"reason": "because"}, "reason", "invalid_parameter"),
        ({"warning": "red"}, "warning", "invalid_parameter"),
        ({"contactId": "abc"}, "contactId", "invalid_parameter"),
        ({"contactId": ""}, "contactId", "invalid_parameter"),
        ({"receivedFrom": "yesterday"}, "receivedFrom", "invalid_parameter"),
        ({"limit": "0"}, "limit", "invalid_parameter"),
        ({"limit": "501"}, "limit", "invalid_parameter"),
        ({"cursor": "x"}, "cursor", "invalid_parameter"),
        ({"ordering": "id"}, "ordering", "invalid_parameter"),
        ({"colour": "red"}, "colour", "unknown_parameter"),
        ({"eventTypeKey": ["a", "b"]}, "eventTypeKey", "repeated_parameter"),
        ({"keyValue": "\0"}, "keyValue", "invalid_parameter"),
    ],
)
def test_a_filter_that_cannot_be_read_is_refused(client, query, parameter, code):
    answer = client.get("/api/v1/events", query)
    assert answer.status_code == 400
    assert [(error["parameter"], error["code"]) for error in answer.json()["errors"]] == [(parameter, code)]


# The dry run.


def test_a_dry_run_says_what_would_become_of_an_event_and_stores_nothing(client):
    contact = make_contact(external_customer_id="C1")
    body = event_body("orderCreated", order_params())
    before = [model.objects.count() for model in (Event, Waiting, Outcome, EventType, Order)]
    answer = send(client, "/api/v1/events/validate", body)
    assert answer.status_code == 200
    effect = answer.json()
    assert "id" not in effect
    assert (effect["outcome"], effect["reason"], effect["contactId"], effect["source"]) == (
        "applied",
        None,
        contact.pk,
        "shop",
    )
    assert (effect["order"]["before"], effect["order"]["after"]["totalCost"]) == (None, "19.90")
    assert [model.objects.count() for model in (Event, Waiting, Outcome, EventType, Order)] == before


def test_a_dry_run_tells_every_problem_of_an_event_that_would_be_ignored(client):
    effect = send(
        client, "/api/v1/events/validate", event_body("orderCreated", order_params(status=None, date="x"))
    ).json()
    assert (effect["outcome"], effect["reason"], effect["order"]) == (
        "ignored",
        "missing_parameter",
        {"before": None, "after": None},
    )
    assert {problem["code"] for problem in effect["problems"]} >= {"missing_parameter", "invalid_parameter"}


def test_a_dry_run_of_what_is_no_envelope_is_refused_as_the_event_would_be(client):
    answer = send(client, "/api/v1/events/validate", {"eventTypeKey": "seen"})
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (400, "/keyValue")
