"""Whatever happens to connections and to the database, an event is stored once and its id comes back."""

import threading
from uuid import uuid4

import pytest
from orderloom_client import (
    ApiError,
    AuthenticationError,
    Client,
    ConnectionFailedError,
    IdempotencyKeyReusedError,
    RateLimitedError,
    Retries,
    ServerError,
    UnavailableError,
)

from tests.acceptance.stack import wait_until
from tests.clients.conftest import SOON
from tests.clients.faulty import Fault, ScriptedServer

TAKEN = (200, {}, b'{"id": "7", "status": "accepted"}')
BUSY = b'{"status": 429, "detail": "Too many requests.", "errors": []}'


def event(key_value: str) -> dict[str, object]:
    return {"eventTypeKey": "visited", "keyValue": key_value, "params": {"page": "/sale"}}


@pytest.mark.parametrize("fault", list(Fault), ids=lambda fault: fault.name.lower())
def test_an_event_whose_connection_breaks_is_stored_once(shaky, proxy, client, count_events, fault):
    key_value = uuid4().hex
    proxy.faults.append(fault)
    event_id = shaky.post_event(event(key_value))
    assert not proxy.faults
    assert proxy.connections == 2
    assert count_events(key_value) == 1
    assert client.get_event(event_id).raw["keyValue"] == key_value


def test_a_bulk_whose_answer_is_lost_three_times_is_stored_once(shaky, proxy, count_events):
    key_value = uuid4().hex
    proxy.faults.extend([Fault.CUT_ANSWER, Fault.HALF_ANSWER, Fault.CUT_ANSWER])
    results = shaky.post_events([event(key_value) for _ in range(25)])
    assert not proxy.faults
    assert [result.index for result in results] == list(range(25))
    assert len({result.id for result in results}) == 25
    assert count_events(key_value) == 25


def test_a_contact_whose_answer_is_lost_is_saved_once(shaky, proxy, client):
    proxy.faults.append(Fault.CUT_ANSWER)
    contact = {"externalCustomerId": uuid4().hex, "firstName": "Олена"}
    assert shaky.save_contact(contact) == client.save_contact(contact)


def test_after_all_attempts_the_error_names_the_key_with_which_to_go_on(proxy, key, client, count_events):
    key_value = uuid4().hex
    proxy.faults.extend([Fault.CUT_ANSWER] * 2)
    with (
        Client(proxy.url, key, retries=Retries(attempts=2, first_pause_seconds=0)) as giving_up,
        pytest.raises(ConnectionFailedError, match="2 times") as failed,
    ):
        giving_up.post_event(event(key_value))
    assert count_events(key_value) == 1
    event_id = client.post_event(event(key_value), idempotency_key=failed.value.idempotency_key)
    assert client.get_event(event_id).raw["keyValue"] == key_value
    assert count_events(key_value) == 1


def test_the_same_events_with_the_same_key_are_stored_once_and_other_events_are_refused(client, count_events):
    key_value, idempotency_key = uuid4().hex, uuid4().hex
    events = [event(key_value) for _ in range(1_003)]
    first = client.post_events(events, idempotency_key=idempotency_key)
    assert client.post_events(events, idempotency_key=idempotency_key) == first
    assert count_events(key_value) == 1_003
    with pytest.raises(IdempotencyKeyReusedError) as refused:
        client.post_events([*events[:1_000], event("another")], idempotency_key=idempotency_key)
    assert list(refused.value.results) == first[:1_000]


def test_while_the_database_is_away_it_is_tried_again_until_it_is_back(stack, key, count_events):
    key_value = uuid4().hex
    results = []
    client = Client(stack.url, key, retries=Retries(attempts=40, first_pause_seconds=0.05))
    stack.postgres.stop()
    try:
        with pytest.raises(UnavailableError) as away, Client(stack.url, key, retries=Retries(attempts=1)) as once:
            once.post_event(event(key_value))
        poster = threading.Thread(target=lambda: results.append(client.post_event(event(key_value))), daemon=True)
        poster.start()
    finally:
        stack.postgres.start()
    poster.join(60)
    client.close()
    assert (away.value.status, away.value.retry_after, away.value.codes) == (503, 2.0, {"unavailable"})
    assert len(results) == 1
    assert count_events(key_value) == 1
    wait_until(stack.is_healthy, what="the stack is well for the next test")


def test_a_busy_server_is_obeyed_and_gets_the_same_request_again():
    answers = [(429, {"Retry-After": "0"}, BUSY), (503, {}, b"<html>"), TAKEN]
    with ScriptedServer(*answers) as server, Client(server.url, "key", retries=SOON) as client:
        assert client.post_event(event("1")) == "7"
    assert len(server.requests) == 3
    keys = {headers["Idempotency-Key"] for _, _, headers, _ in server.requests}
    assert (len(keys), len({body for *_, body in server.requests})) == (1, 1)


def test_a_first_request_that_is_still_under_way_is_waited_for():
    under_way = b'{"status": 409, "detail": "", "errors": [{"pointer": "", "code": "idempotency_key_under_way"}]}'
    with (
        ScriptedServer((409, {"Retry-After": "0"}, under_way), TAKEN) as server,
        Client(server.url, "key") as client,
    ):
        assert client.post_event(event("1")) == "7"


def test_a_wait_that_is_too_long_is_left_to_the_caller():
    with (
        ScriptedServer((429, {"Retry-After": "3600"}, BUSY)) as server,
        Client(server.url, "key") as client,
        pytest.raises(RateLimitedError) as refused,
    ):
        client.post_event(event("1"))
    assert refused.value.retry_after == 3600
    assert len(server.requests) == 1


@pytest.mark.parametrize("status", [400, 404, 500])
def test_what_stays_wrong_is_not_tried_again(status):
    with (
        ScriptedServer((status, {}, b"{}")) as server,
        Client(server.url, "key", retries=SOON) as client,
        pytest.raises(ApiError, match=str(status)),
    ):
        client.post_event(event("1"))
    assert len(server.requests) == 1


def test_a_redirect_is_not_followed_with_the_key():
    with (
        ScriptedServer() as elsewhere,
        ScriptedServer((307, {"Location": elsewhere.url}, b"")) as server,
        Client(server.url, "key") as client,
        pytest.raises(ServerError, match="307"),
    ):
        client.post_event(event("1"))
    assert elsewhere.requests == []


def test_a_wrong_key_is_told_and_never_shown(stack):
    with Client(stack.url, "not-a-key-9f8e7d") as client:
        with pytest.raises(AuthenticationError) as refused:
            client.post_event(event("1"))
        assert "9f8e7d" not in f"{client!r} {client!s} {vars(client)} {refused.value!r}"


def test_connections_are_kept(shaky, proxy):
    for _ in range(5):
        shaky.post_event(event("kept"))
    assert proxy.connections == 1
