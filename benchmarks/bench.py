"""What every measure is given: the scale, the machine, the three apps ready to be started, and fresh order numbers."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from benchmarks import payloads
from benchmarks.load import Client
from benchmarks.results import Row
from benchmarks.scales import Scale
from benchmarks.servers import Machine, Postgres, Process
from benchmarks.stacks import Bare, Empty, Naive, Ours, Web


@dataclass(slots=True)
class Bench:
    scale: Scale
    machine: Machine
    ours: Ours
    naive: Naive
    empty: Empty
    bare: Bare
    has_kept_set: bool = False  # of benchmarks/data_set.py, for what is asked on a large set
    numbers: payloads.Numbers = field(default_factory=payloads.Numbers)

    @property
    def postgres(self) -> Postgres:
        return self.machine.postgres

    def events(self, count: int) -> list[bytes]:
        """Envelopes of orders that nobody has posted yet."""
        return [payloads.order_created(number, self.scale.contacts) for number in self.numbers.take(count)]

    def post_bulk(self, web: Web, count: int, connections: int = 2) -> None:
        """Stores `count` new events through the API, 1,000 a request; no figure is taken."""
        requests = payloads.bulk_requests(self.events(count), self.ours.authorization)
        with Client(web.port, connections) as client:
            client.closed_loop(requests)

    def load_ours(self, database: str, count: int, template: str = "") -> str:
        """A database of ours with `count` events waiting, and nobody connected to it."""
        self.ours.fresh(database, template)
        with self.ours.web(database, workers=1) as web:
            self.post_bulk(web, count)
        self.ours.empty_broker()
        return database


type Measure = Callable[[Bench], Sequence[Row]]


def make_bench(machine: Machine, scale: Scale, *, has_kept_set: bool = False) -> Bench:
    """The apps with their template databases."""
    ours, naive = Ours(machine, scale), Naive(machine, scale)
    ours.prepare()
    naive.prepare()
    return Bench(
        scale=scale,
        machine=machine,
        ours=ours,
        naive=naive,
        empty=Empty(machine, scale),
        bare=Bare(machine, scale),
        has_kept_set=has_kept_set,
    )


class Costs:
    """CPU seconds of each process while something was measured: it says where the time goes."""

    def __init__(self, bench: Bench, **processes: Process) -> None:
        self._sources: dict[str, Callable[[], float]] = {
            name: process.cpu_seconds for name, process in processes.items()
        }
        self._sources["postgresql"] = bench.postgres.cpu_seconds
        self._sources["redis"] = bench.machine.redis.cpu_seconds
        self.seconds: dict[str, float] = {}

    @contextmanager
    def measured(self) -> Iterator[None]:
        before = {name: read() for name, read in self._sources.items()}
        yield
        for name, read in self._sources.items():
            self.seconds[name] = self.seconds.get(name, 0.0) + read() - before[name]

    def per_event(self, events: int) -> dict[str, Any]:
        """Microseconds of CPU for each event, by process."""
        return {name: round(seconds / events * 1e6, 1) for name, seconds in self.seconds.items()}
