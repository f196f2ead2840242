"""Any number of events goes out in requests that the API takes, and each result comes back in its place."""

import gzip
import json
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from uuid import uuid4

import pytest
from orderloom_client import Client, OrderloomError, OutcomeTimeoutError
from orderloom_client.chunks import MAX_BYTES, Chunk, TooLarge, cut_into_chunks
from orderloom_client.wire import to_json

from tests.clients.faulty import ScriptedServer

NOBODYS_NOON = datetime(2026, 5, 14, 12)  # noqa: DTZ001 - a moment without a zone is what is tested


def event(key_value: str, **params: object) -> dict[str, object]:
    return {"eventTypeKey": "visited", "keyValue": key_value, "params": params}


def cut(bodies: list[bytes], max_count: int = 1_000, max_bytes: int = MAX_BYTES) -> list[Chunk | TooLarge]:
    return list(cut_into_chunks(bodies, "events", bytes, max_count, max_bytes))


def test_results_come_in_order_for_more_events_than_a_request_takes(client, stack):
    key_value = uuid4().hex
    results = client.post_events(event(key_value, number=number) for number in range(2_005))
    assert [result.index for result in results] == list(range(2_005))
    stored = stack.query(
        "SELECT id, (body::json -> 'params' ->> 'number')::int FROM events_event WHERE key_value = %s ORDER BY id",
        [key_value],
    )
    assert [(int(result.id), result.index) for result in results] == stored


@pytest.mark.parametrize("count, sizes", [(0, []), (1, [1]), (3, [3]), (4, [3, 1]), (7, [3, 3, 1])])
def test_chunks_hold_no_more_than_their_count(count, sizes):
    chunks = cut([b"{}"] * count, max_count=3)
    assert [len(chunk.bodies) for chunk in chunks] == sizes
    assert [chunk.first_index for chunk in chunks] == [sum(sizes[:number]) for number in range(len(sizes))]
    assert [chunk.number for chunk in chunks] == list(range(len(sizes)))


@pytest.mark.parametrize("limit", range(40, 60))
def test_chunks_fill_the_bytes_they_may_have_and_never_one_more(limit):
    chunks = cut([b"[1,2]", b"[3,45]", b"[6,789]"] * 5, max_bytes=limit)
    bodies = [chunk.body("events") for chunk in chunks]
    assert [entry for body in bodies for entry in json.loads(body)["events"]] == [[1, 2], [3, 45], [6, 789]] * 5
    for body, following in zip(bodies, chunks[1:], strict=False):
        assert limit - len(following.bodies[0]) - 1 < len(body) <= limit


def test_an_entry_that_no_request_can_carry_has_its_place_and_is_not_sent():
    found = cut([b"[1]", b'"' + b"x" * 50 + b'"', b"[2]"], max_bytes=40)
    assert found == [
        Chunk(number=0, first_index=0, bodies=(b"[1]",)),
        TooLarge(index=1, size=52),
        Chunk(number=1, first_index=2, bodies=(b"[2]",)),
    ]


def test_the_largest_request_is_one_that_the_api_takes(client, count_events):
    key_value = uuid4().hex
    events = [event(key_value, text="ї" * 260_000) for _ in range(20)]  # of 520 kB each: 16 of them fill a request
    results = client.post_events([*events, event(key_value, text="x" * MAX_BYTES)])
    assert [result.is_accepted for result in results] == [True] * 20 + [False]
    assert [problem.code for problem in results[-1].problems] == ["too_large"]
    assert count_events(key_value) == 20


def test_a_malformed_event_holds_back_no_other_and_all_of_them_keep_their_own_problems(client):
    good, bad = event(uuid4().hex), {"eventTypeKey": "", "params": [{"value": 1}]}
    [first, second] = client.post_events([good, bad])
    [alone] = client.post_events([bad])
    assert (first.is_accepted, second.is_accepted, second.index) == (True, False, 1)
    assert {(problem.pointer, problem.code) for problem in second.problems} >= {("/eventTypeKey", "empty")}
    assert alone.problems == second.problems


def test_large_bodies_are_sent_packed_and_small_ones_plain():
    taken = (200, {}, b'{"results": [{"index": 0, "id": "1"}]}')
    with ScriptedServer(taken, taken) as server, Client(server.url, "key") as client:
        client.post_events([event("1")])
        client.post_events([event("1", text="їжак " * 10_000)])
    (_, _, small, plain), (_, _, large, packed) = server.requests
    assert json.loads(plain)["events"] == [event("1")]
    assert "Content-Encoding" not in small
    assert large["Content-Encoding"] == "gzip"
    assert json.loads(gzip.decompress(packed))["events"] == [event("1", text="їжак " * 10_000)]
    assert len(packed) < 1_000


def test_text_digits_and_moments_arrive_as_they_were_given(client):
    kyiv = timezone(timedelta(hours=3))
    params = {
        "name": "Ґанок “Їжак” 🦔",
        "total": Decimal("258.10"),
        "huge": Decimal("1E+3"),
        "at": datetime(2026, 5, 14, 10, 11, tzinfo=kyiv),
        "day": date(2026, 5, 14),
        "list": (1, True, None),
    }
    fate = client.get_event(client.post_event(event(uuid4().hex, **params)))
    assert fate.raw["params"] == {
        "name": "Ґанок “Їжак” 🦔",
        "total": "258.10",
        "huge": "1000",
        "at": "2026-05-14T10:11:00+03:00",
        "day": "2026-05-14",
        "list": [1, True, None],
    }


@pytest.mark.parametrize(
    "value, error, message",
    [
        (19.9, TypeError, "/params/x is a float"),
        (NOBODYS_NOON, ValueError, "/params/x is a datetime without a time zone"),
        (Decimal("NaN"), ValueError, "/params/x is NaN"),
        (object(), TypeError, "/params/x is a object"),
        ({1: 2}, TypeError, "/params/x has the name 1"),
        ("\ud800", ValueError, "surrogate"),
    ],
)
def test_what_cannot_be_written_exactly_is_refused_with_its_place(value, error, message):
    with pytest.raises(error, match=message):
        to_json(event("1", x=value))


def test_an_event_that_cannot_be_written_does_not_take_down_those_before_it(client, count_events):
    key_value = uuid4().hex
    stream = client.stream_events([event(key_value), event(key_value), event(key_value, x=1.5)])
    assert [next(stream).index, next(stream).index] == [0, 1]
    with pytest.raises(TypeError) as failed:
        next(stream)
    assert failed.value.__notes__ == ["This was number 2 (from 0) of what was to be sent."]
    assert count_events(key_value) == 2


def test_bytes_are_sent_as_they_are_and_must_be_json(client):
    event_id = client.post_event(b'{"eventTypeKey": "visited", "keyValue": "b", "params": {"x": 258.0}}')
    assert client.get_event(event_id).raw["params"] == {"x": Decimal("258.0")}
    with pytest.raises(ValueError, match="not one JSON document"):
        client.post_events([b"{}, {}"])


def test_what_was_answered_before_an_error_is_in_the_error():
    answer = b'{"results": [%s]}' % b",".join(b'{"index": %d, "id": "%d"}' % (n, n) for n in range(1_000))
    with (
        ScriptedServer((200, {}, answer), (500, {}, b"{}")) as server,
        Client(server.url, "key") as client,
        pytest.raises(OrderloomError) as failed,
    ):
        client.post_events(event("1") for _ in range(1_001))
    assert [result.id for result in failed.value.results] == [str(number) for number in range(1_000)]


def test_a_waited_for_event_has_its_outcome(client):
    fate = client.wait_for_outcome(client.post_event(event(uuid4().hex)))
    assert (fate.is_decided, fate.outcome) == (True, "applied")


def test_a_wait_that_is_over_says_so_and_has_the_event():
    waiting = b'{"id": "5", "outcome": "waiting"}'
    with (
        ScriptedServer(*[(200, {}, waiting)] * 3) as server,
        Client(server.url, "key") as client,
        pytest.raises(OutcomeTimeoutError) as over,
    ):
        client.wait_for_outcome(5, timeout=0.3)
    assert over.value.fate.id == "5"
    assert 2 <= len(server.requests) <= 3


@pytest.mark.parametrize(
    "base_url, key",
    [("ftp://x", "k"), ("localhost:8000", "k"), ("http://:secret@x", "k"), ("http://x", ""), ("http://x", "a b")],
)
def test_an_address_or_key_that_cannot_be_right_is_refused_at_once_without_showing_it(base_url, key):
    with pytest.raises(ValueError) as refused:
        Client(base_url, key)
    assert "secret" not in str(refused.value)


def test_lists_are_read_over_all_their_pages(client):
    key_value = uuid4().hex
    sent = client.post_events([event(key_value)] * 7)
    found = list(
        client.pages("/api/v1/events", keyValue=key_value, limit=3, receivedFrom=datetime(2020, 1, 1, tzinfo=UTC))
    )
    assert [row["id"] for row in found] == [result.id for result in reversed(sent)]
