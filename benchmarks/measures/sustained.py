"""Events taken in bulk and applied, one web process and one worker on two cores, for a minute on end.

First the rate is found that can be kept up: requests follow each other as long as little waits. Then nine tenths of
that rate (the promised one at least) is offered, whatever the answers do, and the backlog is watched.
"""

import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from statistics import linear_regression

import psycopg

from benchmarks import payloads
from benchmarks.bench import Bench, Costs
from benchmarks.load import Client
from benchmarks.measures.applied import PATIENCE_SECONDS
from benchmarks.results import Row
from benchmarks.servers import wait_until
from benchmarks.stacks import Web

PROMISED = 2_500  # events/s
SHARE_OF_CAPACITY = 0.9
LITTLE = 3_000  # events waiting
EVENTS = payloads.EVENTS_PER_REQUEST
SAMPLE_SECONDS = 0.5
MAY_GROW = 0.01  # of the offered rate: below it the samples' scatter cannot be told from growth


def measure(bench: Bench) -> Sequence[Row]:
    scale, database = bench.scale, bench.ours.fresh("sustained")
    with ExitStack() as stack:
        web = stack.enter_context(bench.ours.web(database, workers=1))
        worker = stack.enter_context(bench.ours.worker(database))
        beat = stack.enter_context(bench.ours.beat(database))
        connection = stack.enter_context(bench.postgres.connect(database))
        capacity = _capacity(bench, web, connection)
        offered = max(PROMISED, SHARE_OF_CAPACITY * capacity)
        requests = payloads.bulk_requests(
            bench.events(int(offered * scale.sustained_seconds) // EVENTS * EVENTS), bench.ours.authorization
        )
        costs = Costs(bench, web=web.process, worker=worker, beat=beat)
        first, start = _applied(connection), time.perf_counter()
        with Client(web.port, 2) as client, costs.measured(), _watched(bench, database) as samples:
            load = client.open_loop(requests, offered / EVENTS)
        applied = (_applied(connection) - first) / (time.perf_counter() - start)
        drained = time.perf_counter()
        wait_until(lambda: _waiting(connection) == 0, PATIENCE_SECONDS, "the end of the backlog")
        drained = time.perf_counter() - drained
    settled = [sample for sample in samples if sample[0] > scale.sustained_seconds / 6] or samples
    growth = linear_regression(*zip(*settled, strict=True)).slope if len(settled) > 1 else 0.0
    details = {
        "capacity": round(capacity),
        "offered": round(offered),
        "secondsToDrainAfterwards": round(drained, 2),
        "backlog": [round(waiting) for _, waiting in samples],
        "answerMilliseconds": {"p50": load.percentile(0.5) * 1_000, "p99": load.percentile(0.99) * 1_000},
        "generatorCpuShare": round(load.cpu_seconds / load.seconds, 3),
        "cpuMicrosecondsPerEvent": costs.per_event(len(requests) * EVENTS),
    }
    seconds = f"{scale.sustained_seconds:g} s"
    return [
        Row(
            measure=f"sustained for {seconds}, bulk post to applied",
            unit="/s",
            ours=applied,
            at_least=PROMISED,
            details=details,
        ),
        Row(
            measure=f"   its backlog ({_mean(samples):,.0f} on average) grows by",
            unit="/s",
            ours=growth,
            at_most=round(offered * MAY_GROW),
        ),
        Row(measure="   most that could be kept up", unit="/s", ours=capacity),
    ]


def _mean(samples: Sequence[tuple[float, float]]) -> float:
    return sum(waiting for _, waiting in samples) / max(len(samples), 1)


def _number(connection: psycopg.Connection, query: str) -> int:
    row = connection.execute(query).fetchone()
    assert row is not None
    return int(row[0])


def _waiting(connection: psycopg.Connection) -> int:
    return _number(connection, "SELECT count(*) FROM events_waiting")


def _applied(connection: psycopg.Connection) -> int:
    return _number(connection, "SELECT count(*) FROM events_outcome WHERE status = 'applied'")


def _capacity(bench: Bench, web: Web, connection: psycopg.Connection) -> float:
    """Events/s when the next thousand is posted as soon as fewer than LITTLE wait."""
    seconds = bench.scale.capacity_seconds
    with Client(web.port, 1) as client:
        _post_while_little_waits(bench, client, connection, seconds / 4)
        first, start = _applied(connection), time.perf_counter()
        _post_while_little_waits(bench, client, connection, seconds)
        return (_applied(connection) - first) / (time.perf_counter() - start)


def _post_while_little_waits(bench: Bench, client: Client, connection: psycopg.Connection, seconds: float) -> None:
    stop = time.perf_counter() + seconds
    while time.perf_counter() < stop:
        request = payloads.bulk_requests(bench.events(EVENTS), bench.ours.authorization)
        wait_until(lambda: _waiting(connection) < LITTLE, PATIENCE_SECONDS, "a smaller backlog", pause=0.005)
        client.closed_loop(request)


@contextmanager
def _watched(bench: Bench, database: str) -> Iterator[list[tuple[float, float]]]:
    """Samples of (seconds, events waiting), taken beside the load until the block ends."""
    samples: list[tuple[float, float]] = []
    done = threading.Event()

    def watch() -> None:
        with bench.postgres.connect(database) as connection:
            start = time.perf_counter()
            while not done.wait(SAMPLE_SECONDS):
                samples.append((time.perf_counter() - start, float(_waiting(connection))))

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield samples
    finally:
        done.set()
        thread.join()
