"""Promise 5: every revenue figure equals the sum over the orders behind it, at every moment, per currency."""

import random
from collections import defaultdict
from decimal import Decimal

from tests.acceptance.load import created, delivered, prepare, updated
from tests.acceptance.stack import Stack

STATUSES = ["INITIALIZED", "IN_PROGRESS", "DELIVERED", "CANCELLED"]
FIGURES = """
    SELECT (date AT TIME ZONE 'Europe/Kyiv')::date::text, currency, sum(total_cost)
      FROM orders_order WHERE status = 'DELIVERED' GROUP BY 1, 2
"""


def test_revenue_equals_its_orders_while_they_change(tmp_path):
    luck = random.Random(20261124)
    with Stack(tmp_path, redis=True, workers=2) as stack, stack.client(prepare(stack)) as client:
        for round_number in range(8):
            events = []
            for number in luck.sample(range(40), 25):
                order_id = f"o{number}"
                moment = f"2026-0{luck.randint(3, 5)}-{luck.randint(25, 30)}T{luck.randint(0, 23):02}:30:00"
                money = f"{luck.randint(0, 99999)}.{luck.randint(0, 9999):04}"
                currency = luck.choice(["UAH", "EUR", "JPY"])
                events += [
                    created(order_id, total=money),
                    updated(order_id, date=moment, totalCost=money, currency=currency, status=luck.choice(STATUSES)),
                ]
                if luck.random() < 0.3:
                    events.append(delivered(order_id))
            client.post("/api/v1/events", json={"events": events}).raise_for_status()
            stack.wait_until_nothing_waits()
            # Nobody waits for the summaries: what is not rebuilt yet is computed while it is read.
            assert read_revenue(client) == figures_of_orders(stack), f"round {round_number}"
        stack.manage("rebuild_summaries")
        assert read_revenue(client) == figures_of_orders(stack)
        assert stack.verify_ledger() == ""


def read_revenue(client) -> dict[tuple[str, str], Decimal]:
    query = {"from": "2026-01-01", "to": "2026-12-31", "by": "day"}
    answer = client.get("/api/v1/revenue", params=query)
    assert answer.status_code == 200, answer.text
    figures: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for row in answer.json()["results"]:
        assert isinstance(row["revenue"], str)
        figures[row["period"], row["currency"]] += Decimal(row["revenue"])
    return {place: figure for place, figure in figures.items() if figure}


def figures_of_orders(stack: Stack) -> dict[tuple[str, str], Decimal]:
    return {(day, currency): figure for day, currency, figure in stack.query(FIGURES) if figure}
