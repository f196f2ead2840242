"""`make bench`, or `python -m benchmarks [measure …]`: one run, one table, and all figures in JSON beside it.

SCALE=full adds the large sets (docs/benchmarks.md).
"""

import argparse
import os
import sys
import time
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path

from benchmarks.bench import Bench, Measure, make_bench
from benchmarks.large_sets import has_kept_set
from benchmarks.measures import (
    add_orders,
    applied,
    bulk,
    contact_import,
    growth,
    insights,
    latency,
    queue,
    reads,
    rule_preview,
    single,
    sustained,
)
from benchmarks.results import Row, describe_machine, table, write_json
from benchmarks.scales import SCALES, Scale
from benchmarks.servers import machine

MEASURES: Mapping[str, Measure] = {
    "single": single.measure,
    "bulk": bulk.measure,
    "applied": applied.measure,
    "add_orders": add_orders.measure,
    "contact_import": contact_import.measure,
    "sustained": sustained.measure,
    "latency": latency.measure,
    "growth": growth.measure,
    "queue": queue.measure,
    "rule_preview": rule_preview.measure,
    "reads": reads.measure,
    "insights": insights.measure,
}


def run(scale: Scale, names: Sequence[str], kept: Path | None = None) -> tuple[list[Row], dict[str, object]]:
    """The rows of the measures that are named, and what they were measured on. `kept` is where a large set lies."""
    start = time.monotonic()
    with machine(kept) as running:
        about: dict[str, object] = {"scale": scale.name, **describe_machine(running.postgres.version())}
        if kept and not has_kept_set(running.postgres):
            raise SystemExit(f"There is no set in {kept}: `python -m benchmarks.data_set {kept}` fills one.")
        bench = make_bench(running, scale, has_kept_set=kept is not None)
        rows = [row for name in names for row in _measured(name, bench)]
        about["seconds"] = round(time.monotonic() - start)
        return rows, about


def _measured(name: str, bench: Bench) -> Sequence[Row]:
    start = time.monotonic()
    rows = MEASURES[name](bench)
    sys.stderr.write(f"{name}: {time.monotonic() - start:.0f} s\n")
    return rows


def main(arguments: Sequence[str]) -> int:
    """0 when everything that must be reached is reached, 1 otherwise."""
    warnings.filterwarnings("ignore", module="platformdirs")
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("measures", nargs="*", metavar="measure", help=f"of {', '.join(MEASURES)}; all when none")
    parser.add_argument(
        "--kept",
        type=Path,
        metavar="DIR",
        help="ask reads and insights on the set that benchmarks.data_set keeps there",
    )
    options = parser.parse_args(arguments)
    scale_name = os.environ.get("SCALE", "default")
    if scale_name not in SCALES:
        parser.error(f"SCALE={scale_name} is not allowed: it is one of {', '.join(SCALES)}.")
    if unknown := set(options.measures) - MEASURES.keys():
        parser.error(f"there is no measure {', '.join(sorted(unknown))}; there are {', '.join(MEASURES)}.")
    if options.kept and not options.kept.is_dir():
        parser.error(f"there is no directory {options.kept}: `python -m benchmarks.data_set {options.kept}` fills it.")
    rows, about = run(SCALES[scale_name], options.measures or list(MEASURES), options.kept)
    path = write_json(rows, about)
    print(f"\n{table(rows)}\n\n{about['seconds']} s in all; every round is in {os.path.relpath(path)}.")
    return 0 if all(row.is_reached is not False for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
