"""Idempotency-Key: a retry answers as the first time and stores nothing, whatever the race."""

import gzip
import json
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connection, connections, transaction
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.utils import timezone

from account import current
from contacts.models import Contact
from contract.http import json_response
from contract.idempotency import idempotently_in_two_steps
from contract.problems import ApiError
from contract.scopes import Caller
from events import idempotency, inbox, keys
from events.event_types import forget_event_types
from events.models import Event, IdempotencyKey, Source, Waiting
from events.tasks import remove_old_idempotency_keys
from tests.callers import basic, make_key

EVENT = {"eventTypeKey": "productViewed", "keyValue": "k1", "params": {"sku": "A-1"}}
ANNA = {"externalCustomerId": "AV1", "firstName": "Anna"}
REUSED = [("", "idempotency_key_reused")]


@pytest.fixture(autouse=True)
def _no_types_held():
    forget_event_types()


def post(client: Client, payload, key: str | None = None, path: str = "/api/v1/event", **headers: str):
    body = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
    if key is not None:
        headers["Idempotency-Key"] = key
    return client.post(path, body, "application/json", headers=headers)


def problems(answer) -> list[tuple[str, str]]:
    assert answer["Content-Type"] == "application/problem+json"
    return [(error["pointer"], error["code"]) for error in answer.json()["errors"]]


def counts() -> tuple[int, int, int]:
    return Event.objects.count(), Waiting.objects.count(), IdempotencyKey.objects.count()


def is_replayed(answer) -> bool:
    return answer.headers.get("Idempotent-Replayed") == "true"


# --- One event ------------------------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_the_same_key_with_the_same_body_answers_as_the_first_time_and_stores_nothing(client):
    first, again = post(client, EVENT, "a"), post(client, EVENT, "a")
    assert (first.status_code, again.status_code) == (200, 200)
    assert first.content == again.content
    assert first["Location"] == again["Location"]
    assert (is_replayed(first), is_replayed(again)) == (False, True)
    assert counts() == (1, 1, 1)
    assert first.json()["id"] == str(Event.objects.get().pk)


@pytest.mark.django_db
def test_an_event_stored_inside_a_transaction_has_its_key_there_too(client):
    first, again = post(client, EVENT, "a"), post(client, EVENT, "a")
    assert (first.json(), is_replayed(again)) == (again.json(), True)
    assert counts() == (1, 1, 1)


@pytest.mark.django_db
def test_the_same_body_is_the_same_packed_and_with_a_slash(client):
    first = post(client, EVENT, "a")
    packed = post(client, gzip.compress(json.dumps(EVENT).encode()), "a", **{"Content-Encoding": "gzip"})
    slashed = post(client, EVENT, "a", path="/api/v1/event/")
    assert first.content == packed.content == slashed.content
    assert counts() == (1, 1, 1)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("payload", "path"),
    [({**EVENT, "keyValue": "k2"}, "/api/v1/event"), (EVENT, "/api/v2/event"), (ANNA, "/api/v1/contact")],
)
def test_a_key_with_another_body_or_address_is_a_422_and_stores_nothing(client, payload, path):
    post(client, EVENT, "a")
    answer = post(client, payload, "a", path=path)
    assert (answer.status_code, problems(answer), is_replayed(answer)) == (422, REUSED, False)
    assert counts() == (1, 1, 1)
    assert not Contact.objects.exists()


@pytest.mark.django_db
def test_a_key_belongs_to_its_source(client):
    other = Client(headers=basic(make_key("another shop")))
    assert post(client, EVENT, "a").json() != post(other, EVENT, "a").json()
    assert counts() == (2, 2, 2)


@pytest.mark.django_db
def test_two_keys_of_one_source_share_its_idempotency_keys(client):
    rotated = Client(headers=basic(make_key("shop")))
    assert post(client, EVENT, "a").json() == post(rotated, EVENT, "a").json()


@pytest.mark.django_db
def test_without_a_key_the_same_event_is_stored_twice_and_no_key_is_kept(client):
    assert post(client, EVENT).json() != post(client, EVENT).json()
    assert counts() == (2, 2, 0)


@pytest.mark.django_db
@pytest.mark.parametrize("key", ["", "x" * 256, "a\0b"])
@pytest.mark.parametrize(
    ("payload", "path"), [(EVENT, "/api/v1/event"), ({"events": [EVENT]}, "/api/v1/events"), (ANNA, "/api/v1/contact")]
)
def test_a_key_that_cannot_be_kept_is_a_400_and_nothing_is_stored(client, key, payload, path):
    answer = post(client, payload, key, path)
    assert (answer.status_code, problems(answer)) == (400, [("", "invalid_idempotency_key")])
    assert counts() == (0, 0, 0)
    assert not Contact.objects.exists()


@pytest.mark.django_db
def test_a_key_may_be_of_255_characters_of_any_kind(client):
    key = "é" * 255
    assert post(client, EVENT, key).json() == post(client, EVENT, key).json()
    assert post(client, EVENT, "' OR 1=1 --").status_code == 200
    assert counts() == (2, 2, 2)


@pytest.mark.django_db
def test_a_refused_event_leaves_its_key_free(client):
    assert post(client, {"eventTypeKey": ""}, "a").status_code == 400
    assert counts() == (0, 0, 0)
    assert post(client, EVENT, "a").status_code == 200


@pytest.mark.django_db(transaction=True)
def test_while_the_first_is_under_way_the_second_is_a_409_that_says_when_to_retry(client):
    source_id = Source.objects.get().pk
    lock = idempotency.lock_number(inbox.Claim(source_id, "a", ""))
    holder = connections.create_connection("default")  # another web process in the middle of the same request
    try:
        with holder.cursor() as cursor:
            cursor.execute("BEGIN")
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [lock])
        answers = [
            post(client, EVENT, "a"),
            post(client, {"events": [EVENT]}, "a", "/api/v1/events"),
            post(client, ANNA, "a", "/api/v1/contact"),
        ]
    finally:
        holder.close()
    assert [(answer.status_code, answer["Retry-After"]) for answer in answers] == [(409, "1")] * 3
    assert [problems(answer) for answer in answers] == [[("", "idempotency_key_under_way")]] * 3
    assert counts() == (0, 0, 0)
    assert post(client, EVENT, "a").status_code == 200


# --- Races ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def at_once(transactional_db):
    """Posts from threads that begin together."""

    def run(key: str, payloads: list, path: str = "/api/v1/event") -> list:
        headers = basic(make_key("racing"))
        start = threading.Barrier(len(payloads))

        def call(payload):
            caller = Client(headers=headers)
            start.wait()
            try:
                return post(caller, payload, key, path)
            finally:
                connections.close_all()

        with ThreadPoolExecutor(len(payloads)) as threads:
            return list(threads.map(call, payloads))

    return run


def test_twenty_parallel_posts_of_one_key_store_one_event(at_once):
    answers = at_once("a", [EVENT] * 20)
    told = Counter((answer.status_code, is_replayed(answer)) for answer in answers)
    assert told[200, False] == 1
    assert set(told) <= {(200, False), (200, True), (409, False)}
    ids = {answer.json()["id"] for answer in answers if answer.status_code == 200}
    assert ids == {str(Event.objects.get().pk)}
    assert counts() == (1, 1, 1)


def test_of_different_bodies_that_race_for_one_key_one_is_stored(at_once):
    answers = at_once("a", [{**EVENT, "keyValue": f"k{number}"} for number in range(10)])
    told = Counter(answer.status_code for answer in answers)
    assert told[200] == 1
    assert set(told) <= {200, 409, 422}
    assert counts() == (1, 1, 1)


@pytest.mark.parametrize("path", ["/api/v1/events", "/api/v2/past_events"])
def test_parallel_bulks_of_one_key_are_stored_once(at_once, path):
    answers = at_once("a", [{"events": [EVENT, EVENT]}] * 6, path)
    assert Counter(answer.status_code for answer in answers)[200] >= 1
    assert {answer.status_code for answer in answers} <= {200, 409}
    assert counts() == (2, 2, 1)


def test_parallel_bulks_whose_events_carry_the_same_keys_in_any_order_store_each_once(at_once):
    events = [{**EVENT, "keyValue": f"k{number}", "idempotencyKey": f"e{number}"} for number in range(50)]
    answers = at_once(None, [{"events": events}, {"events": events[::-1]}] * 3, "/api/v1/events")
    assert [answer.json()["accepted"] for answer in answers] == [50] * 6
    ids = {json.dumps(sorted(result["id"] for result in answer.json()["results"])) for answer in answers}
    assert len(ids) == 1
    assert counts() == (50, 50, 50)


@pytest.mark.django_db(transaction=True)
def test_an_event_of_another_process_with_the_same_key_is_not_stored(client):
    """Two committers do not share a queue: only PostgreSQL stands between them."""
    source_id = Source.objects.get().pk
    claim = inbox.Claim(source_id, "a", "f")
    event = inbox.NewEvent(source_id, "productViewed", "k1", "", json.dumps(EVENT), claim=claim)
    committers = [inbox._Committer() for _ in range(4)]
    start = threading.Barrier(20)

    def store(number: int):
        start.wait()
        try:
            return committers[number % 4].store(event)
        except idempotency.KeyHeldError as error:
            return error

    with ThreadPoolExecutor(20) as threads:
        results = list(threads.map(store, range(20)))
    (event_id,) = [result for result in results if isinstance(result, int)]
    assert event_id == Event.objects.get().pk
    assert IdempotencyKey.objects.get().event_ids == [event_id]


@pytest.mark.django_db(transaction=True)
def test_events_with_and_without_keys_share_a_group_and_keep_their_order(client):
    source_id = Source.objects.get().pk
    events = [
        inbox.NewEvent(
            source_id, "productViewed", f"k{number}", "", json.dumps(EVENT),
            claim=inbox.Claim(source_id, key, key) if (key := keys[number]) else None,
        )
        for keys in [["", "a", "b", "", "a", ""]]
        for number in range(6)
    ]  # fmt: skip
    stored = inbox._store_group_once(events, [event.lane for event in events])
    held = stored.pop(4)
    assert isinstance(held, idempotency.KeyHeldError)
    assert not held.is_under_way
    assert stored == sorted(stored)
    assert list(Event.objects.order_by("pk").values_list("pk", "key_value")) == list(
        zip(stored, ["k0", "k1", "k2", "k3", "k5"], strict=True)
    )
    assert set(Waiting.objects.values_list("event_id", flat=True)) == set(stored)


@pytest.mark.django_db(transaction=True)
def test_a_key_and_its_event_take_one_statement_and_without_a_key_nothing_changes(client, monkeypatch):
    post(client, EVENT)
    statements: list[str] = []

    def watch(execute, sql, params, many, context):
        statements.append(sql)
        return execute(sql, params, many, context)

    committer = inbox._Committer()
    monkeypatch.setattr(inbox, "_committer", committer)
    real = committer._commit

    def commit(group):
        with connection.execute_wrapper(watch):
            real(group)

    monkeypatch.setattr(committer, "_commit", commit)
    post(client, EVENT)
    post(client, EVENT, "a")
    post(client, EVENT, "a")
    assert statements == [inbox.STORE_GROUP, inbox.STORE_GROUP_ONCE, inbox.STORE_GROUP_ONCE]
    assert "idempotencykey" not in inbox.STORE_GROUP


# --- Many events ----------------------------------------------------------------------------------------------------


def keyed(key: object, **members) -> dict:
    return {**EVENT, **members, "idempotencyKey": key}


def bulk(client, *events, key: str | None = None, path: str = "/api/v1/events"):
    return post(client, {"events": list(events)}, key, path)


@pytest.mark.django_db
def test_a_bulk_with_a_key_answers_as_the_first_time_with_its_refusals(client):
    first = bulk(client, EVENT, {"eventTypeKey": ""}, key="a")
    again = bulk(client, EVENT, {"eventTypeKey": ""}, key="a")
    assert first.json()["rejected"] == 1
    assert (first.content, is_replayed(again)) == (again.content, True)
    assert counts() == (1, 1, 1)
    assert bulk(client, EVENT, key="a").status_code == 422


@pytest.mark.django_db
def test_events_of_a_bulk_may_carry_keys_and_are_then_stored_once_in_whatever_bulk_they_come(client):
    first = bulk(client, keyed("a"), EVENT, keyed("b", keyValue="k2")).json()
    again = bulk(client, keyed("b", keyValue="k2"), keyed("c"), keyed("a"), path="/api/v2/past_events").json()
    ids = [result["id"] for result in first["results"]]
    assert ids == sorted(ids, key=int)
    assert again["results"] == [
        {"index": 0, "id": ids[2], "idempotentReplayed": True},
        {"index": 1, "id": again["results"][1]["id"]},
        {"index": 2, "id": ids[0], "idempotentReplayed": True},
    ]
    assert (again["accepted"], again["rejected"]) == (3, 0)
    assert counts() == (4, 4, 3)


@pytest.mark.django_db
def test_a_key_given_twice_in_a_bulk_is_stored_once(client):
    results = bulk(client, keyed("a"), keyed("a"), keyed("a", keyValue="other")).json()["results"]
    assert results[1] == {"index": 1, "id": results[0]["id"], "idempotentReplayed": True}
    assert [(error["pointer"], error["code"]) for error in results[2]["errors"]] == [
        ("/idempotencyKey", "idempotency_key_reused")
    ]
    assert counts() == (1, 1, 1)


@pytest.mark.django_db
@pytest.mark.parametrize("key", ["", "x" * 256, 7, True, ["a"], {"a": 1}])
def test_an_event_whose_key_cannot_be_kept_is_refused_and_the_others_are_stored(client, key):
    answer = bulk(client, keyed(key), EVENT).json()
    assert [(error["pointer"], error["code"]) for error in answer["results"][0]["errors"]] == [
        ("/idempotencyKey", "invalid_idempotency_key")
    ]
    assert (answer["accepted"], answer["rejected"]) == (1, 1)
    assert counts() == (1, 1, 0)


@pytest.mark.django_db
@pytest.mark.parametrize(
    "spelling", [b'"idempotencyKey": "a"', b'"idempotenc\\u0079Key": "a"', b'"idempotencyKey": "\\u0061"']
)
def test_a_key_is_found_however_json_spells_it(client, spelling):
    body = b'{"events": [{"eventTypeKey": "x", "keyValue": "k", ' + spelling + b"}]}"
    post(client, body, path="/api/v1/events")
    assert post(client, body, path="/api/v1/events").json()["results"][0]["idempotentReplayed"]
    assert IdempotencyKey.objects.get().key == "a"


@pytest.mark.django_db
def test_a_parameter_of_that_name_and_null_are_no_keys(client):
    params = {"idempotencyKey": "a"}
    for _ in range(2):
        assert bulk(client, {**EVENT, "params": params}, keyed(None)).json()["accepted"] == 2
    assert counts() == (4, 4, 0)


@pytest.mark.django_db(transaction=True)
def test_a_bulk_with_keys_takes_the_same_number_of_statements_whatever_its_length(
    client, django_assert_num_queries, monkeypatch
):
    monkeypatch.setattr(current, "MAX_AGE_SECONDS", 3600.0)  # what is read once a second, however slow the machine
    monkeypatch.setattr(keys, "CACHE_SECONDS", 3600.0)
    bulk(client, keyed("first"))
    with django_assert_num_queries(6):  # BEGIN, ids, keys, COPY events, COPY queue, COMMIT
        bulk(client, *(keyed(f"e{number}") for number in range(100)))
    with django_assert_num_queries(7):  # and what is held
        bulk(client, *(keyed(f"e{number}") for number in range(50, 150)))


# --- Contacts, and whoever else writes ------------------------------------------------------------------------------


@pytest.mark.django_db
def test_a_contact_is_written_once_for_its_key(client):
    first = post(client, ANNA, "a", "/api/v1/contact")
    post(client, {**ANNA, "firstName": "Hanna"}, "b", "/api/v1/contact")
    again = post(client, ANNA, "a", "/api/v1/contact")
    assert (first.content, first["Location"], True) == (again.content, again["Location"], is_replayed(again))
    assert Contact.objects.get().first_name == "Hanna"


@pytest.mark.django_db
def test_a_refused_contact_leaves_its_key_free_and_nothing_behind(client):
    assert post(client, {"firstName": "Anna"}, "a", "/api/v1/contact").status_code == 400
    assert not IdempotencyKey.objects.exists()
    assert post(client, ANNA, "a", "/api/v1/contact").status_code == 200


def test_parallel_posts_of_one_contact_and_key_make_one_contact(at_once):
    answers = at_once("a", [ANNA] * 8, "/api/v1/contact")
    assert {answer.status_code for answer in answers} <= {200, 409}
    assert {answer.json()["id"] for answer in answers if answer.status_code == 200} == {Contact.objects.get().pk}


@pytest.mark.django_db
def test_a_body_over_the_limit_is_a_413_with_a_key_too(client):
    large = json.dumps({**EVENT, "x": "x" * 1_100_000}).encode()
    for path in ("/api/v1/event", "/api/v1/contact"):
        assert post(client, large, "a", path).status_code == 413
    assert counts() == (0, 0, 0)


class TwoSteps:
    """A handler like that of Add orders: events are stored in one transaction and applied in the next ones."""

    def __init__(self) -> None:
        self.source = Source.objects.create(name="two steps")
        self.fails = False

    def __call__(self, key: str | None = "a", body: bytes = b"{}") -> HttpResponse:
        request = HttpRequest()
        request.method, request.path_info = "POST", "/api/test/two-steps"
        request.META = {"CONTENT_LENGTH": str(len(body)), "HTTP_IDEMPOTENCY_KEY": key}
        if key is None:
            del request.META["HTTP_IDEMPOTENCY_KEY"]
        request.held_body = body
        request.auth = Caller(
            key_id=1, source_id=self.source.pk, source_name="", source_kind="backend", scopes=frozenset()
        )
        return idempotently_in_two_steps(request, self._store, self._finish)

    def _store(self) -> list[int]:
        return inbox.store_many([inbox.NewEvent(self.source.pk, "x", "k", "", "{}") for _ in range(2)])

    def _finish(self, event_ids: list[int]) -> HttpResponse:
        with transaction.atomic(durable=True):
            assert Event.objects.filter(pk__in=event_ids).count() == 2
        if self.fails:
            raise ApiError(503, "", "Away.")
        return json_response({"ids": event_ids})


@pytest.mark.django_db(transaction=True)
def test_work_of_two_steps_is_done_once():
    handler = TwoSteps()
    first, again = handler(), handler()
    assert (first.content, is_replayed(first), is_replayed(again)) == (again.content, False, True)
    assert counts() == (2, 2, 1)
    with pytest.raises(ApiError) as refusal:
        handler(body=b"[]")
    assert refusal.value.status == 422
    handler(key=None)
    assert counts() == (4, 4, 1)


@pytest.mark.django_db(transaction=True)
def test_a_retry_finishes_what_was_stored_and_not_answered():
    handler = TwoSteps()
    handler.fails = True
    with pytest.raises(ApiError):
        handler()
    assert counts() == (2, 2, 1)
    handler.fails = False
    finished, again = handler(), handler()
    assert json.loads(finished.content)["ids"] == list(Event.objects.order_by("pk").values_list("pk", flat=True))
    assert (finished.content, is_replayed(again)) == (again.content, True)
    assert counts() == (2, 2, 1)


@pytest.mark.django_db(transaction=True)
def test_a_retry_is_told_to_wait_while_the_first_is_in_its_second_step():
    handler = TwoSteps()
    handler()
    IdempotencyKey.objects.update(status=None, under_way_until=timezone.now() + timedelta(seconds=60))
    with pytest.raises(ApiError) as refusal:
        handler()
    assert (refusal.value.status, refusal.value.errors[0].code) == (409, "idempotency_key_under_way")
    IdempotencyKey.objects.update(under_way_until=timezone.now())  # as after a crash, a minute later
    assert handler().status_code == 200
    assert counts() == (2, 2, 1)


# --- How long -------------------------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_keys_are_kept_for_a_day_and_then_removed_with_their_events_staying(client, monkeypatch):
    monkeypatch.setattr(idempotency, "REMOVED_AT_ONCE", 2)
    for number in range(6):
        post(client, EVENT, f"k{number}")
    for number in range(5):
        age = timezone.now() - timedelta(hours=idempotency.KEPT_HOURS, minutes=1)
        IdempotencyKey.objects.filter(key=f"k{number}").update(created_at=age)
    IdempotencyKey.objects.filter(key="k5").update(created_at=timezone.now() - timedelta(hours=24, minutes=1))
    remove_old_idempotency_keys()
    assert list(IdempotencyKey.objects.values_list("key", flat=True)) == ["k5"]
    assert Event.objects.count() == 6
    assert not is_replayed(post(client, EVENT, "k0"))


def test_beat_removes_old_keys(settings):
    tasks = {entry["task"] for entry in settings.CELERY_BEAT_SCHEDULE.values()}
    assert remove_old_idempotency_keys.name in tasks
