"""Promise 4: what was ignored can be replayed once its cause is fixed, and that is idempotent."""

from typing import Any

import httpx

from tests.acceptance.load import CONTACT, created
from tests.acceptance.stack import Stack, wait_until


def test_orders_of_an_unknown_contact_are_there_after_it_was_imported_and_they_were_replayed(tmp_path):
    with Stack(tmp_path, redis=True, workers=2) as stack:
        key = stack.create_source("shop")
        with stack.client(key) as client:
            events = [created(f"{number}", total=number) for number in range(120)]
            client.post("/api/v1/events", json={"events": events}).raise_for_status()
            stack.wait_until_nothing_waits()
            assert stack.query("SELECT reason, count(*) FROM events_outcome GROUP BY 1") == [("contact_not_found", 120)]
            client.post("/api/v1/contact", json=CONTACT).raise_for_status()
        # settings:write is not among a shop's scopes, so support's key is made for it.
        stack.query("UPDATE events_apikey SET scopes = scopes || '{settings:write}'::varchar[]")
        with stack.client(key) as client:
            selection = {"reason": "contact_not_found"}
            planned = wait_until(lambda: plan(client, selection), what="the new scope is known to the web process")
            assert planned == {"matched": 120}
            for _ in range(2):  # the second finds nothing left, or hands over nothing twice
                done = client.post("/api/v1/events/replay", json=selection)
                assert done.status_code in (200, 202), done.text
            stack.wait_until_nothing_waits()
        assert stack.query("SELECT status, reason, attempt, count(*) FROM events_outcome GROUP BY 1, 2, 3") == [
            ("applied", "", 2, 120)
        ]
        assert stack.query("SELECT count(*), sum(total_cost) FROM orders_order") == [(120, sum(range(120)))]
        assert stack.verify_ledger() == ""


def test_a_long_replay_goes_on_whoever_is_killed_and_applies_every_event_once(tmp_path):
    count = 3_000
    with Stack(tmp_path, redis=True, workers=2) as stack:
        key = stack.create_source("shop")
        with stack.client(key) as client:
            events = [created(f"{number}", total=number) for number in range(count)]
            for first in range(0, count, 1_000):
                client.post("/api/v1/events", json={"events": events[first : first + 1_000]}).raise_for_status()
            stack.wait_until_nothing_waits()
            client.post("/api/v1/contact", json=CONTACT).raise_for_status()
            stack.query("UPDATE events_apikey SET scopes = scopes || '{settings:write}'::varchar[]")
            selection = {"reason": "contact_not_found"}
            assert wait_until(lambda: plan(client, selection)) == {"matched": count}
            address = client.post("/api/v1/events/replay", json=selection).headers["Location"]
            for _ in range(3):
                stack.kill("worker")
                stack.wait_until_running("worker", 2)
            told = wait_until(lambda: ended(client, address), what="the replay ends")
        assert (told["status"], told["replayed"], told["waiting"]) == ("finished", count, 0)
        assert told["outcomes"] == {"applied": count, "ignored": 0, "failed": 0}
        assert stack.query("SELECT count(*), count(DISTINCT event_id) FROM events_attempt") == [(count, count)]
        assert stack.query("SELECT count(*), sum(total_cost) FROM orders_order") == [(count, sum(range(count)))]
        assert stack.verify_ledger() == ""


def ended(client: httpx.Client, address: str) -> dict[str, Any] | None:
    """The replay, or None while it is under way."""
    told = client.get(address).raise_for_status().json()
    return told if told["endedAt"] else None


def plan(client: httpx.Client, selection: dict[str, str]) -> dict[str, int] | None:
    """The answer to the dry run, or None while the key has not got its new scope yet."""
    answer = client.post("/api/v1/events/replay", json={**selection, "dryRun": True})
    if answer.status_code == 403:
        return None
    answer.raise_for_status()
    return answer.json()
