"""Single events taken per second: one event a request, 16 connections, answered when it is durable.

Two web processes for each app, all up at once and driven in turn. The workers are off for all: what is measured is the
intake, with the naive app's message to Celery and our wake-ups being published.
"""

import itertools
from collections.abc import Iterable, Sequence
from typing import Any

from benchmarks import payloads
from benchmarks.bench import Bench, Costs
from benchmarks.load import Client, Load
from benchmarks.results import Row, compared
from benchmarks.stacks import App, Empty, Web

CONNECTIONS = 16
HIGHEST_RATE = 6_000  # events/s for which numbered requests are built beforehand
WARM_UP = 200
MEASURE = "single events taken, 16 connections"


def measure(bench: Bench) -> Sequence[Row]:
    ours, naive = bench.ours.fresh("single_ours"), bench.naive.fresh("single_naive")
    apps: list[tuple[App, str]] = [(bench.ours, ours), (bench.naive, naive), (bench.empty, ""), (bench.bare, "")]
    rates: dict[str, list[float]] = {app.name: [] for app, _ in apps}
    keyed: list[float] = []
    details: dict[str, Any] = {"milliseconds": {}, "generatorCpuShare": {}, "cpuMicrosecondsPerEvent": {}}
    with (
        bench.ours.web(ours) as ours_web,
        bench.naive.web(naive) as naive_web,
        bench.empty.web("") as empty_web,
        bench.bare.web("") as bare_web,
    ):
        webs = [ours_web, naive_web, empty_web, bare_web]
        for (app, _), web in zip(apps, webs, strict=True):
            _post(bench, app, web, WARM_UP)
        for _ in range(bench.scale.rounds):
            for (app, _), web in zip(apps, webs, strict=True):
                bench.postgres.checkpoint()
                costs = Costs(bench, web=web.process)
                with costs.measured():
                    load = _post(bench, app, web)
                rates[app.name].append(load.rate)
                _keep(details, app.name, load, costs)
            keyed.append(_post_keyed(bench, ours_web).rate)
    bench.ours.empty_broker()
    bench.naive.empty_broker()
    return [
        compared(MEASURE, "/s", rates["ours"], "naive app", rates["naive"], at_least=3.0, details=details),
        compared("", "/s", rates["ours"], "empty Django view", rates["empty"], at_least=0.22),
        compared("", "/s", rates["ours"], "the same without middleware", rates["bare"]),
        compared("   each with an idempotency key", "/s", keyed, "ours without", rates["ours"], at_least=0.75),
    ]


def _post(bench: Bench, app: App, web: Web, count: int | None = None) -> Load:
    with Client(web.port, CONNECTIONS) as client:
        return client.closed_loop(_requests(bench, app, count), bench.scale.single_seconds)


def _post_keyed(bench: Bench, web: Web) -> Load:
    numbers = bench.numbers.take(int(HIGHEST_RATE * bench.scale.single_seconds))
    requests = payloads.keyed_requests(numbers, bench.scale.contacts, bench.ours.authorization)
    bench.postgres.checkpoint()
    with Client(web.port, CONNECTIONS) as client:
        return client.closed_loop(requests, bench.scale.single_seconds)


def _requests(bench: Bench, app: App, count: int | None) -> Iterable[bytes]:
    if isinstance(app, Empty):
        same = payloads.single_requests(bench.numbers.take(1), bench.scale.contacts, app.authorization)
        return itertools.repeat(same[0], count) if count else itertools.cycle(same)
    numbers = bench.numbers.take(count or int(HIGHEST_RATE * bench.scale.single_seconds))
    return payloads.single_requests(numbers, bench.scale.contacts, app.authorization)


def _keep(details: dict[str, Any], name: str, load: Load, costs: Costs) -> None:
    """The last round's particulars: answer times, what the generator took, what each event cost."""
    details["milliseconds"][name] = {
        "p50": round(load.percentile(0.5) * 1_000, 2),
        "p99": round(load.percentile(0.99) * 1_000, 2),
    }
    details["generatorCpuShare"][name] = round(load.cpu_seconds / load.seconds, 3)
    details["cpuMicrosecondsPerEvent"][name] = costs.per_event(load.answers)
