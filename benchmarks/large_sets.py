"""The large set that reads and insights are asked on: filled for the measure, or kept by benchmarks/data_set.py."""

import random
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta

from benchmarks import payloads
from benchmarks.bench import Bench
from benchmarks.measures.growth import one_applied_order
from benchmarks.read_set import TWO_YEARS, fill_for_reads
from benchmarks.reads import CONTENT, Filled
from benchmarks.servers import Postgres
from benchmarks.stacks import add_contacts

KEPT_DATABASE = "data_set"
EXISTS = "SELECT 1 FROM pg_database WHERE datname = %s"


@dataclass(frozen=True, slots=True)
class LargeSet:
    """A database, what it is filled with, and the `Authorization` header of somebody who may read it."""

    database: str
    filled: Filled
    authorization: str


@contextmanager
def large_set(bench: Bench, orders: int, contacts: int, span: timedelta = TWO_YEARS) -> Iterator[LargeSet]:
    """The kept set where the bench has one, whatever is asked for; else one of this size, dropped afterwards."""
    if bench.has_kept_set:
        key = bench.ours.manage(KEPT_DATABASE, "create_source", f"benchmark {time.time_ns()}", "--kind", "backend")
        content = _content(bench.postgres, KEPT_DATABASE)
        yield LargeSet(KEPT_DATABASE, content, payloads.basic(key.strip().splitlines()[-1]))
        return
    database = one_applied_order(bench)
    add_contacts(bench.postgres, database, bench.scale.contacts, contacts)
    fill_for_reads(bench.postgres, database, orders, contacts, span)
    bench.ours.manage(database, "rebuild_summaries")
    yield LargeSet(database, _content(bench.postgres, database), bench.ours.authorization)
    bench.postgres.drop(database)


def has_kept_set(postgres: Postgres) -> bool:
    with postgres.connect() as connection:
        return connection.execute(EXISTS, [KEPT_DATABASE]).fetchone() is not None


def _content(postgres: Postgres, database: str) -> Filled:
    with postgres.connect(database) as connection:
        row = connection.execute(CONTENT).fetchone()
    assert row is not None
    orders, contacts, beginning = row
    return Filled(orders=orders, contacts=contacts, beginning=beginning, numbers=random.Random(1))
