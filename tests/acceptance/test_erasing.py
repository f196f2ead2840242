"""A person is erased while the shop goes on and workers are killed: nothing names them, and no figure moves."""

from typing import Any

import httpx

from tests.acceptance.load import CONTACT, Load
from tests.acceptance.stack import Stack, wait_until

ANNA = {
    "externalCustomerId": "AV13760",
    "firstName": "Ганна",
    "lastName": "Ковальчук",
    "channels": [{"type": "email", "value": "anna.koval@example.com"}, {"type": "sms", "value": "380671112233"}],
}
NAMED = """
    SELECT count(*) FROM (
        SELECT body AS text FROM events_event UNION ALL
        SELECT key_value FROM events_event UNION ALL
        SELECT concat(trace, problems, warnings, traceback) FROM events_outcome UNION ALL
        SELECT concat(o) FROM orders_order AS o UNION ALL
        SELECT fields::text FROM orders_orderchange UNION ALL
        SELECT concat(c) FROM contacts_contact AS c UNION ALL
        SELECT concat(i) FROM contacts_identifier AS i UNION ALL
        SELECT values::text FROM contacts_erasure
    ) AS everything
     WHERE text ~* 'anna\\.koval@example\\.com|Ганна|Ковальчук|AV13760|67\\D*111\\D*22\\D*33'
"""
FIGURES = "SELECT count(*), sum(total_cost) FROM orders_order WHERE starts_with(external_order_id, 'anna-')"


def order(number: int) -> dict[str, Any]:
    identifiers = [
        {"externalCustomerId": "AV13760"},
        {"email": "ANNA.Koval@example.com", "lastName": "Ковальчук"},
        {"phone": "067 111-22-33", "comment": "для Ганни, anna.koval@example.com"},
    ]
    params = {
        "externalOrderId": f"anna-{number}",
        "totalCost": f"{number}.10",
        "status": "DELIVERED",
        "date": "2026-05-14T10:11:00",
        **identifiers[number % 3],
    }
    return {"eventTypeKey": "orderCreated", "params": params}


def test_a_person_is_erased_while_the_shop_goes_on_and_workers_are_killed(tmp_path):
    count = 200
    with Stack(tmp_path, redis=True, workers=2) as stack:
        key = stack.create_source("shop")
        with stack.client(key) as client:
            client.post("/api/v1/contact", json=CONTACT).raise_for_status()
            anna = client.post("/api/v1/contact", json=ANNA).raise_for_status().json()["id"]
            events = [order(number) for number in range(count)]
            client.post("/api/v1/events", json={"events": events}).raise_for_status()
            stack.wait_until_nothing_waits()
            figures = stack.query(FIGURES)
            assert figures[0][0] == count
            with Load(stack, key, senders=1) as load:
                # What waits when the request comes is hers, too.
                client.post("/api/v1/events", json={"events": [updated(number) for number in range(count)]})
                answer = client.delete(f"/api/v1/contact/{anna}", params={"erase": "true"})
                assert (answer.status_code, answer.json()["status"]) == (202, "erasing")
                for _ in range(2):  # the oldest, and then the other one: one of them is at it
                    stack.kill("worker")
                stack.wait_until_running("worker", 2)
                told = wait_until(lambda: erased(client, answer.headers["Location"]), 120, "the person is erased")
            stack.wait_until_nothing_waits()
        assert told["orders"] >= count
        assert stack.query(NAMED) == [(0,)]
        assert stack.query(FIGURES) == figures
        assert stack.query("SELECT count(*) FROM contacts_contact") == [(2,)]
        assert load.accepted.ids
        assert stack.verify_ledger() == ""


def updated(number: int) -> dict[str, Any]:
    params = {"externalOrderId": f"anna-{number}", "email": "anna.koval@example.com", "firstName": "Ганна"}
    return {"eventTypeKey": "orderUpdated", "params": params}


def erased(client: httpx.Client, address: str) -> dict[str, Any] | None:
    """The record of the erasure, or None while it is under way."""
    told: dict[str, Any] = client.get(address).raise_for_status().json()
    return told if told["status"] == "erased" else None
