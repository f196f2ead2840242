"""A key's rate limit: counted in one place for all processes, told in headers, and never in the way of the intake."""

import threading
import time
from types import SimpleNamespace

import pytest
from django.test import Client

from contract import ratelimit
from contract.ratelimit import Counters
from events.keys import forget_keys
from events.models import ApiKey
from tests.acceptance.stack import Redis, Stack, free_port
from tests.callers import basic, bearer, make_key

pytestmark = pytest.mark.django_db
ECHO = "/api/test/echo"


@pytest.fixture(autouse=True)
def _nothing_counted(settings):
    settings.RATE_LIMIT_REDIS_URL = ""
    forget_keys()
    ratelimit.forget_counts()


@pytest.fixture(scope="module")
def redis(tmp_path_factory):
    server = Redis(tmp_path_factory.mktemp("redis"))
    server.start()
    yield server
    server.stop()


def caller(limit: int | None, **columns) -> Client:
    key = make_key(requests_per_minute=limit, **columns)
    return Client(raise_request_exception=False, headers=basic(key))


def test_a_key_without_a_limit_is_not_counted_and_has_no_headers(monkeypatch):
    monkeypatch.setattr(ratelimit, "_counters", None)  # would raise if it were asked
    answer = caller(None).get(ECHO)
    assert answer.status_code == 200
    assert not [name for name in answer.headers if name.startswith("RateLimit")]


def test_each_answer_tells_what_is_left_and_the_first_one_too_many_is_a_429(time_machine):
    time_machine.move_to(1_800_000_000, tick=False)
    client = caller(3)
    for left in (2, 1, 0):
        answer = client.get(ECHO)
        assert answer.status_code == 200
        assert answer.headers["RateLimit-Policy"] == '"key";q=3;w=60'
        assert answer.headers["RateLimit"] == f'"key";r={left};t=60'
    time_machine.shift(18.5)
    refused = client.get(ECHO)
    assert (refused.status_code, refused.headers["Retry-After"]) == (429, "42")
    assert refused.headers["RateLimit"] == '"key";r=0;t=42'
    assert refused.headers["Content-Type"] == "application/problem+json"
    assert refused.json() == {
        "type": "about:blank",
        "title": "Too Many Requests",
        "status": 429,
        "detail": "This key may send 3 requests in 60 seconds, and they are used up; "
        "send this one again in 42 seconds.",
        "message": refused.json()["detail"],
        "errors": [{"pointer": "", "code": "rate_limited", "detail": refused.json()["detail"]}],
    }
    time_machine.shift(41.6)
    assert client.get(ECHO).headers["RateLimit"] == '"key";r=2;t=60'


def test_a_request_over_the_limit_stores_nothing():
    from events.models import Event

    client = caller(1)
    event = {"eventTypeKey": "seen", "keyValue": "k"}
    assert client.post("/api/v1/event", event, content_type="application/json").status_code == 200
    assert client.post("/api/v1/event", event, content_type="application/json").status_code == 429
    assert Event.objects.count() == 1


def test_refused_requests_count_and_tell_what_is_left():
    client = caller(10)
    answers = [client.get("/api/v1/orders?nothing=1"), client.post(ECHO, b"{", content_type="application/json")]
    assert [answer.status_code for answer in answers] == [400, 400]
    assert [answer.headers["RateLimit"][:10] for answer in answers] == ['"key";r=9;', '"key";r=8;']
    forbidden = caller(10, scopes=["read"]).post(ECHO, b"{}", content_type="application/json")
    assert (forbidden.status_code, forbidden.headers["RateLimit"][:10]) == (403, '"key";r=9;')


def test_keys_are_counted_each_for_itself_those_of_one_source_too():
    first, second = caller(1), caller(1)
    assert [client.get(ECHO).status_code for client in (first, second)] == [200, 200]
    assert [client.get(ECHO).status_code for client in (first, second)] == [429, 429]


def test_a_wrong_key_and_an_options_request_are_not_counted():
    client = caller(1)
    assert Client().get(ECHO, headers=bearer("wrong")).status_code == 401
    assert client.options(ECHO).status_code == 204
    assert client.get(ECHO).status_code == 200


def test_a_limit_that_is_changed_holds_within_a_second():
    client = caller(1)
    assert [client.get(ECHO).status_code for _ in range(2)] == [200, 429]
    ApiKey.objects.update(requests_per_minute=3)
    forget_keys()
    assert client.get(ECHO).headers["RateLimit"][:10] == '"key";r=0;'
    assert client.get(ECHO).status_code == 429


def test_two_processes_share_one_count_in_redis(redis):
    redis.flush()
    one, other = Counters(redis.url), Counters(redis.url)  # each process has one of its own
    counted = [counters.count("key/1")[0] for counters in (one, other, one, other)]
    assert counted == [1, 2, 3, 4]
    assert one.count("key/2")[0] == 1
    assert 0 < one.count("key/1")[1] <= ratelimit.WINDOW_SECONDS


def test_a_hundred_threads_at_once_are_counted_one_by_one_in_redis(redis):
    redis.flush()
    counters = Counters(redis.url)
    counts: list[int] = []
    threads = [threading.Thread(target=lambda: counts.append(counters.count("key/1")[0])) for _ in range(100)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(counts) == list(range(1, 101))


def told(caplog) -> list[str]:
    return [record.msg["event"] for record in caplog.records if record.name == "contract.ratelimit"]


@pytest.mark.parametrize("how", ["refuses", "hangs"])
def test_a_redis_that_is_away_stops_nobody_is_told_once_and_asked_again_later(redis, how, monkeypatch, caplog):
    redis.flush()
    now = [1000.0]
    monkeypatch.setattr(ratelimit, "time", SimpleNamespace(monotonic=lambda: now[0], time=time.time))
    counters = Counters(redis.url)
    assert counters.count("key/1")[0] == 1
    redis.stop() if how == "refuses" else redis.freeze()
    try:
        assert [counters.count("key/1")[0] for _ in range(50)] == list(range(1, 51))  # in memory, from the beginning
        assert told(caplog) == ["rate_limit.redis_away"]
    finally:
        redis.start() if how == "refuses" else redis.thaw()
    assert counters.count("key/1")[0] == 51  # not asked yet
    now[0] += ratelimit.PAUSE_SECONDS
    assert counters.count("key/1")[0] in {"refuses": [1], "hangs": [2, 3]}[how]  # one that was given up may count late
    assert told(caplog) == ["rate_limit.redis_away", "rate_limit.redis_back"]


def test_a_hung_redis_is_waited_for_once_and_not_by_each_request(redis, monkeypatch):
    """Fifty requests meet a Redis that does not answer: it is asked by one of them."""
    counters = Counters(redis.url)
    counters.count("key/1")
    asked = []
    incr = counters._redis.incr
    monkeypatch.setattr(counters._redis, "incr", lambda *arguments: (asked.append(1), incr(*arguments))[1])
    redis.freeze()
    try:
        for _ in range(50):
            counters.count("key/1")
    finally:
        redis.thaw()
    assert len(asked) == 1


def test_a_redis_that_is_away_from_the_beginning_refuses_no_event(settings):
    settings.RATE_LIMIT_REDIS_URL = f"redis://:pa55word@127.0.0.1:{free_port()}/0"
    client = caller(2)
    event = {"eventTypeKey": "seen", "keyValue": "k"}
    answers = [client.post("/api/v1/event", event, content_type="application/json") for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]


def test_two_web_processes_together_let_no_more_through_than_the_limit(tmp_path):
    with Stack(tmp_path, embedded=True, redis=True, web_workers=2) as stack:
        key = stack.manage("create_source", "shop", "--requests-per-minute", "20").stdout.strip()
        statuses: list[int] = []

        def ask() -> None:
            for _ in range(10):
                with stack.client(key) as shop:  # a new connection each time, for either of the processes
                    statuses.append(shop.get("/api/v1/orders").status_code)

        threads = [threading.Thread(target=ask) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(statuses) == [200] * 20 + [429] * 20
