"""One line for each request and each batch: what was called, by whom, what came of it, and nothing of what was sent."""

import json
import re

import pytest
from django.test import Client

from contract import ratelimit
from contract.request_facts import MOST_IDS
from events import keys
from events.models import ApiKey, Event
from tests.acceptance.stack import free_port
from tests.callers import basic, make_key
from tests.events.building import drain, event_body

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.http.urls")]
NEW_ID = re.compile(r"[0-9a-f]{16}")


@pytest.fixture(autouse=True)
def _no_keys_held():
    keys.forget_keys()


@pytest.fixture
def shop(capsys) -> Client:
    """A client of the source “shop”, whose lines go to what capsys captures."""
    return Client(raise_request_exception=False, headers=basic(make_key("shop")))


def lines(capsys, event: str = "request") -> list[dict]:
    """The lines of this kind since the last look."""
    written = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    return [line for line in written if line["event"] == event]


def post(client, address, body, **headers):
    content = body if isinstance(body, (str, bytes)) else json.dumps(body)
    return client.generic("POST", address, content, "application/json", headers=headers)


def test_the_line_of_an_event_that_was_taken(shop, capsys):
    answer = post(shop, "/api/v1/event", {"eventTypeKey": "seen", "keyValue": "k"}, **{"X-Request-ID": "abc-1"})
    [line] = lines(capsys)
    assert line.pop("timestamp").endswith("Z")
    assert line.pop("milliseconds") > 0
    assert line == {
        "event": "request",
        "level": "info",
        "logger": "requests",
        "request_id": "abc-1",
        "method": "POST",
        "path": "/api/v1/event",
        "status": 200,
        "source": "shop",
        "key_id": ApiKey.objects.get().pk,
        "events": 1,
        "event_ids": [int(answer.json()["id"])],
    }


def test_a_path_is_told_by_its_template(shop, capsys):
    shop.get("/api/v1/events/123456?wait=0")
    shop.get("/api/v1/contact/987654")
    assert [(line["path"], line["status"]) for line in lines(capsys)] == [
        ("/api/v1/events/<str:event_id>", 404),
        ("/api/v1/contact/<str:contact_id>", 404),
    ]


def test_a_bulk_tells_its_events_all_of_them_when_they_are_few(shop, capsys):
    def send(count):
        events = [{"eventTypeKey": "seen", "keyValue": "k"}] * count
        answer = post(shop, "/api/v1/events", {"events": [*events, {}]})
        [line] = lines(capsys)
        return [int(result["id"]) for result in answer.json()["results"][:-1]], line

    ids, line = send(MOST_IDS)
    assert (line["events"], line["event_ids"]) == (MOST_IDS, ids)
    ids, line = send(MOST_IDS + 1)
    assert (line["events"], line["first_event_id"], line["last_event_id"]) == (MOST_IDS + 1, ids[0], ids[-1])
    assert "event_ids" not in line


def test_a_refusal_tells_the_codes_and_not_what_was_found(shop, capsys):
    post(shop, "/api/v1/event", {"eventTypeKey": "Vera's secret" * 40, "params": [1, 2, {"name": ""}]})
    written = capsys.readouterr().err
    assert '"codes":["too_long","missing","wrong_type","empty"]' in written
    assert "Vera" not in written


def test_a_retry_that_stores_nothing_is_told_apart(shop, capsys):
    for _ in range(2):
        post(shop, "/api/v1/event", {"eventTypeKey": "seen", "keyValue": "k"}, **{"Idempotency-Key": "once"})
    first, second = lines(capsys)
    assert (first["events"], first.get("replayed")) == (1, None)
    assert (second["events"], second["replayed"]) == (0, True)


def test_what_is_nowhere_has_no_path_and_a_method_of_the_senders_own_has_no_name(anonymous, capsys):
    anonymous.get("/api/v1/Vera")
    anonymous.generic("VERA", "/api/v1/event")
    written = capsys.readouterr().err
    assert "vera" not in written.lower()
    assert [(line["path"], line["method"]) for line in map(json.loads, written.splitlines())] == [
        (None, "GET"),
        ("/api/v1/event", "other"),
    ]


@pytest.fixture
def anonymous(capsys) -> Client:
    return Client(raise_request_exception=False)


@pytest.mark.parametrize(
    ("address", "status"),
    [
        ("/api/v1/orders", 401),
        ("/api/nothing", 404),
        ("/nothing", 404),
        ("/api/test/raise/bug", 500),
        ("/api/test/raise/operational", 503),
        ("/admin/login/", 200),
        ("/page/denied", 403),
        ("/healthz", 200),
    ],
)
def test_every_answer_carries_the_id_of_its_request(anonymous, address, status):
    answer = anonymous.get(address)
    assert answer.status_code == status
    assert NEW_ID.fullmatch(answer.headers["X-Request-ID"])
    assert anonymous.get(address, headers={"X-Request-ID": "mine"}).headers["X-Request-ID"] == "mine"


@pytest.mark.parametrize(
    "given", ["a", "0191e8b0-7a3f-7000-8000-000000000000", "Root=1-67891233-abc/def+x==", "x" * 128]
)
def test_a_well_formed_id_is_kept(anonymous, capsys, given):
    assert anonymous.get("/api/nothing", headers={"X-Request-ID": given}).headers["X-Request-ID"] == given
    assert lines(capsys)[0]["request_id"] == given


@pytest.mark.parametrize(
    "given",
    ["", " ", "a b", "x" * 129, "a\r\nSet-Cookie: b=c", "a\nb", "a\0", "é", '"a"', "a\x1b[31m", "{}", "<a>", "a,b",
     "olk_0123456789ab_" + "x" * 43],
    ids=repr,
)  # fmt: skip
def test_an_id_that_is_not_well_formed_is_replaced(anonymous, capsys, given):
    answer = anonymous.get("/api/nothing", HTTP_X_REQUEST_ID=given)
    assert NEW_ID.fullmatch(answer.headers["X-Request-ID"])
    assert lines(capsys)[0]["request_id"] == answer.headers["X-Request-ID"]


def test_whatever_else_is_logged_during_a_request_carries_its_id(settings, capsys, caplog):
    settings.RATE_LIMIT_REDIS_URL = f"redis://127.0.0.1:{free_port()}/0"
    ratelimit.forget_counts()
    client = Client(headers=basic(make_key(requests_per_minute=5)))
    client.get("/api/v1/orders", headers={"X-Request-ID": "mine"})
    [line] = [record.msg for record in caplog.records if record.name == "contract.ratelimit"]
    assert (line["event"], line["request_id"]) == ("rate_limit.redis_away", "mine")
    lines(capsys)
    client.get("/api/v1/orders", headers={"X-Request-ID": "another"})
    assert [line["request_id"] for line in lines(capsys)] == ["another"]


def test_what_load_balancers_ask_all_the_time_is_no_line_unless_it_failed(anonymous, capsys, monkeypatch):
    anonymous.get("/healthz")
    anonymous.get("/static/console/console.css")
    assert lines(capsys) == []
    anonymous.get("/static/nothing.css")
    assert [line["status"] for line in lines(capsys)] == [404]


def test_a_batch_tells_its_events_and_how_long_it_took(shop, capsys, caplog):
    for _ in range(3):
        post(shop, "/api/v1/event", event_body("seen", {"email": "vera@example.com"}))
    with caplog.at_level("INFO"):
        drain()
    [line] = [record.msg for record in caplog.records if record.name == "events.processing"]
    assert line["event"] == "batch.applied"
    assert (line["lanes"], line["events"]) == (1, 3)
    assert line["event_ids"] == list(Event.objects.order_by("pk").values_list("pk", flat=True))
    assert line["milliseconds"] > 0
    assert "vera" not in str(line)
