"""A shop that keeps posting while parts of the stack are killed, and remembers exactly what was accepted.

Each sender owns some orders and posts the next event of an order only after the last one was answered with 2xx, so the
order of acceptance is known. An answer that did not come, or was an error, promises nothing: the event may be stored or
not. Updates carry a rising totalCost, so an order's history shows whether its events were applied once and in order.
"""

import itertools
import threading
import time
from dataclasses import dataclass, field
from decimal import Decimal

import httpx

from tests.acceptance.stack import Stack

LOADS = itertools.count(1)  # their orders are told apart where several tests meet one stack
CONTACT = {"externalCustomerId": "C1", "firstName": "Olha", "channels": [{"type": "sms", "value": "380501234567"}]}


def created(order_id: str, total: object = "0", **params: object) -> dict[str, object]:
    return _event(
        "orderCreated",
        externalOrderId=order_id,
        externalCustomerId="C1",
        totalCost=str(total),
        status="INITIALIZED",
        date="2026-05-14T10:11:00",
        currency="UAH",
        **params,
    )


def updated(order_id: str, **params: object) -> dict[str, object]:
    return _event("orderUpdated", externalOrderId=order_id, **params)


def delivered(order_id: str) -> dict[str, object]:
    return _event("orderDelivered", externalOrderId=order_id)


def _event(event_type: str, **params: object) -> dict[str, object]:
    listed = [{"name": name, "value": value} for name, value in params.items()]
    return {"eventTypeKey": event_type, "params": listed}


@dataclass
class Accepted:
    """What was answered with 2xx: event ids, and for each order the totals in the order of their acceptance."""

    ids: list[int] = field(default_factory=list)
    totals: dict[str, list[int]] = field(default_factory=dict)


class Load:
    """`senders` threads that post until stopped. Use it as a context manager; then read `accepted`."""

    def __init__(self, stack: Stack, key: str, senders: int = 4, orders_each: int = 3) -> None:
        self.stack, self.key = stack, key
        self.accepted = Accepted()
        self._stop = threading.Event()
        self._lock = threading.Lock()
        name = f"load{next(LOADS)}"
        self._threads = [
            threading.Thread(target=self._send, args=(f"{name}-s{sender}", orders_each), daemon=True)
            for sender in range(senders)
        ]

    def __enter__(self) -> "Load":
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join(60)
            assert not thread.is_alive(), "a sender did not stop"

    def wait_for(self, count: int, seconds: float = 60.0) -> None:
        """Until that many more events have been accepted: the fault falls into the midst of the load.

        Fails when none was accepted for `seconds`: how many are accepted in a second is the machine's affair.
        """
        seen = len(self.accepted.ids)
        target = seen + count
        deadline = time.monotonic() + seconds
        while (now := len(self.accepted.ids)) < target:
            if now > seen:
                seen, deadline = now, time.monotonic() + seconds
            assert time.monotonic() < deadline, f"only {now} of {target} events were accepted"
            self._stop.wait(0.02)

    def _send(self, sender: str, orders_each: int) -> None:
        orders = {f"{sender}-{number}": 0 for number in range(orders_each)}
        with self.stack.client(self.key, timeout=5) as client:
            while not self._stop.is_set():
                for order_id, step in orders.items():
                    event = created(order_id) if step == 0 else updated(order_id, totalCost=str(step))
                    if self._post(client, order_id, step, event):
                        orders[order_id] = step + 1

    def _post(self, client: httpx.Client, order_id: str, step: int, event: dict[str, object]) -> bool:
        try:
            answer = client.post("/api/v1/event", json=event)
        except httpx.HTTPError:
            self._stop.wait(0.05)
            return False
        if answer.status_code != 200:
            assert answer.status_code == 503, f"{answer.status_code}: {answer.text}"
            self._stop.wait(0.05)
            return False
        with self._lock:
            self.accepted.ids.append(int(answer.json()["id"]))
            self.accepted.totals.setdefault(order_id, []).append(step)
        return True


def prepare(stack: Stack) -> str:
    """A source and the contact that its orders are of; the API key."""
    key = stack.create_source("shop")
    with stack.client(key) as client:
        client.post("/api/v1/contact", json=CONTACT).raise_for_status()
    return key


def assert_promises_hold(stack: Stack, accepted: Accepted, seconds: float = 30.0) -> None:
    """Nothing waits within `seconds`; each accepted event has one outcome; each order shows its totals in order."""
    stack.wait_until_nothing_waits(seconds)
    assert len(set(accepted.ids)) == len(accepted.ids)
    outcomes = dict(stack.query("SELECT event_id, status FROM events_outcome"))
    assert {event_id: outcomes.get(event_id) for event_id in accepted.ids} == dict.fromkeys(accepted.ids, "applied")
    # Events whose answer was lost may have been stored as well; not one is left without an outcome.
    assert stack.query("SELECT count(*) FROM events_event") == [(len(outcomes),)]
    assert set(outcomes.values()) <= {"applied", "ignored"}
    for order_id, totals in accepted.totals.items():
        history = [
            int(Decimal(to))
            for (to,) in stack.query(
                "SELECT c.fields->'totalCost'->>'to' FROM orders_orderchange c JOIN orders_order o ON o.id = c.order_id"
                " WHERE o.external_order_id = %s AND c.fields ? 'totalCost' ORDER BY c.id",
                [order_id],
            )
        ]
        assert history == list(range(len(history))), f"{order_id} was not changed once for each step, in order"
        assert len(history) in (len(totals), len(totals) + 1)  # the last one's answer may have been lost
    assert stack.verify_ledger() == ""
