"""From the moment at which a post was due to the moment at which its outcome can be read, at 100 events/s.

One web process, one worker and beat. Another connection looks for new outcomes every two milliseconds, so the figures
are up to that much too high, and hold for a client that asks and not only for the worker's clock.
"""

import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import msgspec

from benchmarks import payloads
from benchmarks.bench import Bench
from benchmarks.load import Client, percentile
from benchmarks.results import Row
from benchmarks.servers import wait_until
from benchmarks.stacks import App

PER_SECOND = 100
CONNECTIONS = 16
LOOK_SECONDS = 0.002
PATIENCE_SECONDS = 60
WARM_UP_SECONDS = 1
OUTCOMES = "SELECT event_id FROM events_outcome WHERE event_id > %s"
NAIVE_OUTCOMES = "SELECT id FROM naive_event WHERE id > %s AND status <> 'waiting'"


def measure(bench: Bench) -> Sequence[Row]:
    ours = _milliseconds(bench, bench.ours, OUTCOMES, bench.scale.latency_seconds)
    naive = _milliseconds(bench, bench.naive, NAIVE_OUTCOMES, bench.scale.latency_seconds / 2)
    p50, p95 = percentile(ours, 0.5), percentile(ours, 0.95)
    details = {"events": len(ours), "p99": percentile(ours, 0.99), "highest": max(ours)}
    beside = f"(naive app: p50 {percentile(naive, 0.5):.0f} ms, p95 {percentile(naive, 0.95):.0f} ms)"
    return [
        Row(
            measure="post to applied at 100 events/s, p50",
            unit="ms",
            ours=p50,
            against=beside,
            at_most=25,
            details=details,
        ),
        Row(measure="post to applied at 100 events/s, p95", unit="ms", ours=p95, at_most=100),
    ]


def _milliseconds(bench: Bench, app: App, outcomes: str, seconds: float) -> list[float]:
    """For each event the milliseconds from when it was due until its outcome was seen."""
    database = app.fresh(f"latency_{app.name}")
    posted: dict[int, float] = {}

    def note(due_at: float, body: bytes) -> None:
        posted[int(msgspec.json.decode(body)["id"])] = due_at

    with (
        app.web(database, workers=1) as web,
        app.worker(database),
        _background(bench, app, database),
        Client(web.port, CONNECTIONS) as client,
    ):
        client.open_loop(_requests(bench, app, WARM_UP_SECONDS), PER_SECOND)
        requests = _requests(bench, app, seconds)
        with _outcomes_seen(bench, database, outcomes) as seen:
            client.open_loop(requests, PER_SECOND, note)
            wait_until(lambda: posted.keys() <= seen.keys(), PATIENCE_SECONDS, "the last outcome")
    return [(seen[event_id] - due_at) * 1_000 for event_id, due_at in posted.items()]


def _requests(bench: Bench, app: App, seconds: float) -> list[bytes]:
    numbers = bench.numbers.take(int(seconds * PER_SECOND))
    return payloads.single_requests(numbers, bench.scale.contacts, app.authorization)


@contextmanager
def _background(bench: Bench, app: App, database: str) -> Iterator[None]:
    """Ours has beat beside its worker; the naive app needs none."""
    if app is bench.ours:
        with bench.ours.beat(database):
            yield
    else:
        yield


@contextmanager
def _outcomes_seen(bench: Bench, database: str, query: str) -> Iterator[dict[int, float]]:
    """The moment at which each event's outcome was first seen, by its id, kept up to date by a thread."""
    seen: dict[int, float] = {}
    done = threading.Event()

    def look() -> None:
        lowest = 0  # all up to here are seen; those above it are few
        with bench.postgres.connect(database) as connection:
            while not done.wait(LOOK_SECONDS):
                rows = connection.execute(query, [lowest]).fetchall()
                now = time.perf_counter()
                for (event_id,) in rows:
                    seen.setdefault(event_id, now)
                while lowest + 1 in seen:
                    lowest += 1

    thread = threading.Thread(target=look)
    thread.start()
    try:
        yield seen
    finally:
        done.set()
        thread.join()
