"""Promises 1 to 3 while Add orders and single events come for the same orders from several clients at once."""

import threading
from collections import defaultdict
from decimal import Decimal

from tests.acceptance.load import created, delivered, prepare, updated
from tests.acceptance.stack import Stack, wait_until
from tests.acceptance.test_money_is_exact import figures_of_orders, read_revenue

ORDERS = [f"o{number}" for number in range(6)]
ROUNDS = 12


def whole(order_id: str, total: str, status: str) -> dict[str, object]:
    """An order as Add orders takes it, of a person whom only these orders know."""
    return {
        "externalOrderId": order_id,
        "externalCustomerId": f"new-{order_id}",
        "email": f"{order_id}@shop.example",
        "totalCost": total,
        "status": status,
        "date": "2026-05-14T10:11:00",
        "items": [{"externalItemId": "200600", "quantity": 2}],
    }


class Clients:
    """What each client had accepted: event ids by order, in the order in which it was answered."""

    def __init__(self, stack: Stack, key: str) -> None:
        self.stack, self.key = stack, key
        self.accepted: dict[tuple[str, str], list[int]] = defaultdict(list)
        self.errors: list[BaseException] = []

    def run(self, name: str, send) -> threading.Thread:
        def work() -> None:
            try:
                with self.stack.client(self.key) as client:
                    for step in range(ROUNDS):
                        for order_id, event_id in send(client, step):
                            self.accepted[name, order_id].append(event_id)
            except BaseException as error:
                self.errors.append(error)
                raise

        thread = threading.Thread(target=work, daemon=True)
        thread.start()
        return thread


def add_all(client, step: int):
    """All orders in one request; each is applied when the answer comes, or waits with its id."""
    orders = [whole(order_id, f"{step}.50", "DELIVERED" if step % 2 else "IN_PROGRESS") for order_id in ORDERS]
    answer = client.post("/api/v1/orders", json={"orders": orders})
    assert answer.status_code in (200, 202), answer.text
    entries = answer.json()["orders"]
    assert {entry["outcome"] for entry in entries} <= {"applied", "waiting"}, answer.text
    return [(entry["externalOrderId"], int(entry["eventId"])) for entry in entries]


def send_each(client, step: int):
    for order_id in ORDERS:
        event = created(order_id) if step == 0 else updated(order_id, totalCost=str(step), note=step)
        event = delivered(order_id) if step % 5 == 4 else event
        answer = client.post("/api/v1/event", json=event)
        assert answer.status_code == 200, answer.text
        yield order_id, int(answer.json()["id"])


def test_orders_that_are_added_and_sent_as_events_at_once_lose_nothing_and_keep_their_order(tmp_path):
    with Stack(tmp_path, redis=True, workers=2, web_workers=2) as stack:
        clients = Clients(stack, prepare(stack))
        threads = [clients.run(f"adding {number}", add_all) for number in range(2)]
        threads += [clients.run(f"sending {number}", send_each) for number in range(2)]
        for thread in threads:
            thread.join(120)
        assert clients.errors == []
        stack.wait_until_nothing_waits()

        # None lost, each with one outcome, and each client's events of an order in the order of its requests.
        decided = dict(stack.query("SELECT event_id, sequence FROM events_outcome"))
        ids = [event_id for some in clients.accepted.values() for event_id in some]
        assert len(ids) == len(set(ids)) == 4 * ROUNDS * len(ORDERS)
        assert set(ids) == set(decided)
        for (client, order_id), some in clients.accepted.items():
            sequence = [decided[event_id] for event_id in some]
            assert sequence == sorted(sequence), f"{client} was overtaken by itself at {order_id}"

        # Every change once, from what the one before left; one contact for each person.
        assert stack.query("SELECT count(*), count(DISTINCT event_id) FROM orders_orderchange")[0][0] > len(ORDERS)
        for order_id in ORDERS:
            totals = stack.query(
                "SELECT c.fields->'totalCost'->>'from', c.fields->'totalCost'->>'to' FROM orders_orderchange c"
                " JOIN orders_order o ON o.id = c.order_id"
                " WHERE o.external_order_id = %s AND c.fields ? 'totalCost' ORDER BY c.id",
                [order_id],
            )
            assert [before for before, _ in totals[1:]] == [after for _, after in totals[:-1]]
        assert stack.query("SELECT count(*) FROM orders_order") == [(len(ORDERS),)]
        assert stack.query("SELECT kind, value FROM contacts_identifier GROUP BY 1, 2 HAVING count(*) > 1") == []
        assert stack.verify_ledger() == ""

        # The revenue is that of the orders, also when some are deleted.
        with stack.client(clients.key) as client:
            assert read_revenue(client) == figures_of_orders(stack)
            client.delete("/api/v1/orders", params={"externalOrderId": "o0"}).raise_for_status()
            span = {"from": "2026-05-14T07:11:00", "to": "2026-05-14T07:11:00"}
            client.delete("/api/v1/orders", params=span).raise_for_status()
            deletions = "SELECT count(*), sum(count) FROM account_auditentry WHERE action = 'orders.deleted'"
            wait_until(lambda: stack.query(deletions)[0][0] == 2, what="both are done")
            assert stack.query(deletions) == [(2, Decimal(len(ORDERS)))]
            assert read_revenue(client) == figures_of_orders(stack) == {}
        assert stack.verify_ledger() == ""
