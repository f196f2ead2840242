"""Does the cost of an order grow with the tables? The apply rate on few orders and on many, in turn.

The same worker, the same kind of events: new orders with two items. A second row has orderDelivered for orders drawn
from all over the table, which is harder: their pages are cold, and each is written whole to the WAL when it is first
touched after a checkpoint. The tables are events, outcomes, orders, items and changes, all with their indexes.
"""

import random
from collections.abc import Sequence
from dataclasses import replace

from benchmarks import payloads
from benchmarks.bench import Bench
from benchmarks.filling import fill, filled_order_id
from benchmarks.load import Client
from benchmarks.measures.applied import seconds_to_apply
from benchmarks.results import Row, compared


def measure(bench: Bench) -> Sequence[Row]:
    scale = bench.scale
    seed = one_applied_order(bench)
    sizes = {"growth_small": scale.small_orders, "growth_large": scale.large_orders}
    for database, orders in sizes.items():
        bench.ours.fresh(database, seed)
        fill(bench.postgres, database, orders, scale.contacts)
    created: dict[str, list[float]] = {database: [] for database in sizes}
    delivered: dict[str, list[float]] = {database: [] for database in sizes}
    for turn in range(scale.rounds):
        for database, orders in sizes.items():
            created[database].append(_rate(bench, database, bench.events(scale.growth_events)))
            numbers = random.Random(turn).sample(range(1, orders + 1), min(scale.growth_events, orders))
            events = [payloads.order_delivered(filled_order_id(number)) for number in numbers]
            delivered[database].append(_rate(bench, database, events))
    bench.postgres.drop("growth_large")
    sizes_text = f"{scale.large_orders:,} orders in the table"
    against = f"with {scale.small_orders:,}"
    rows = [
        compared(
            f"orders applied, {sizes_text}",
            "/s",
            created["growth_large"],
            against,
            created["growth_small"],
            at_least=0.8,
        ),
        compared(
            "   orders drawn from all of them delivered",
            "/s",
            delivered["growth_large"],
            against,
            delivered["growth_small"],
        ),
    ]
    return [replace(row, details={**row.details, "orders": list(sizes.values())}) for row in rows]


def one_applied_order(bench: Bench) -> str:
    """A database in which one order has been applied by the worker, and nobody is connected."""
    database = bench.load_ours("growth_seed", 1)
    with bench.ours.worker(database) as worker:
        seconds_to_apply(bench, database, worker)
    return database


def _rate(bench: Bench, database: str, events: list[bytes]) -> float:
    """Stores the events with the worker off, then applies them: events/s from wake-up to the last commit."""
    with bench.ours.web(database, workers=1) as web, Client(web.port, 2) as client:
        client.closed_loop(payloads.bulk_requests(events, bench.ours.authorization))
    bench.ours.empty_broker()
    bench.postgres.checkpoint()
    with bench.ours.worker(database) as worker:
        return len(events) / seconds_to_apply(bench, database, worker)
