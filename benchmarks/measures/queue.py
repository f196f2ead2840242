"""The shape of the queue (docs/architecture.md, “The queue part stays small and clean”): ours beside the usual one.

Each shape on a database of its own, undisturbed, and then with another session holding a snapshot open all the while,
as a long report or a forgotten transaction does: no dead row can be taken away until it ends.
"""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from typing import Any

from benchmarks.bench import Bench
from benchmarks.results import Row
from benchmarks.servers import PYTHON
from benchmarks.stacks import run_command

SHAPES = ("ours", "wide")


def measure(bench: Bench) -> Sequence[Row]:
    scale = bench.scale
    undisturbed = {shape: _run(bench, shape, scale.queue_seconds, is_snapshot_held=False) for shape in SHAPES}
    held = {shape: _run(bench, shape, scale.snapshot_seconds, is_snapshot_held=True) for shape in SHAPES}
    details = {"undisturbed": undisturbed, "snapshotHeld": held}
    against = "one wide row, updated once"
    return [
        Row(
            measure="queue: stored and finished",
            unit="/s",
            ours=undisturbed["ours"]["rate"],
            against=against,
            baseline=undisturbed["wide"]["rate"],
            details=details,
        ),
        Row(
            measure=f"   the last fifth of {scale.snapshot_seconds:g} s with a snapshot held",
            unit="/s",
            ours=_last_fifth(held["ours"]),
            against=against,
            baseline=_last_fifth(held["wide"]),
        ),
        Row(
            measure="   WAL written",
            unit="bytes",
            ours=undisturbed["ours"]["walBytesPerEvent"],
            against=against,
            baseline=undisturbed["wide"]["walBytesPerEvent"],
        ),
    ]


def _last_fifth(result: dict[str, Any]) -> float:
    rates = result["perSecond"]
    last = rates[-max(1, len(rates) // 5) :]
    return sum(last) / len(last)


def _run(bench: Bench, shape: str, seconds: float, *, is_snapshot_held: bool) -> dict[str, Any]:
    database = bench.ours.fresh("queue")
    contacts = ["--contacts", str(bench.scale.contacts)]
    rows = _shapes(bench, database, "prepare", "0", *contacts)
    with _snapshot(bench, database) if is_snapshot_held else nullcontext():
        result: dict[str, Any] = json.loads(_shapes(bench, database, shape, str(seconds), *contacts, "--rows", rows))
        return result


def _shapes(bench: Bench, database: str, *arguments: str) -> str:
    return run_command([PYTHON, "-m", "benchmarks.queue_shapes", *arguments], bench.ours.environment(database)).strip()


@contextmanager
def _snapshot(bench: Bench, database: str) -> Iterator[None]:
    with bench.postgres.connect(database) as connection:
        connection.execute("BEGIN ISOLATION LEVEL REPEATABLE READ")
        connection.execute("SELECT count(*) FROM events_event")  # the snapshot is taken by the first query
        yield
        connection.execute("ROLLBACK")
