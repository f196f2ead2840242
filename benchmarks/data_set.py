"""`python -m benchmarks.data_set DIR [--orders N] [--contacts N] [--days N]`: a shop of any size, to measure on.

Fills a database in DIR with orders of two years or so many days (benchmarks/read_set.py), or finds the one that a
former call has filled, brings it up to the migrations of today, and serves it until Ctrl-C. Prints what to set:

    DATABASE_URL=… .venv/bin/python -m benchmarks.read_plans
    DATABASE_URL=… make run

While nobody serves it, `python -m benchmarks --kept DIR reads insights` measures on it.
"""

import argparse
import signal
import sys
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from benchmarks.bench import Bench, make_bench
from benchmarks.large_sets import KEPT_DATABASE, has_kept_set
from benchmarks.measures.growth import one_applied_order
from benchmarks.read_set import TWO_YEARS, fill_for_reads
from benchmarks.scales import FULL
from benchmarks.servers import machine
from benchmarks.stacks import Ours


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.data_set", description=__doc__.splitlines()[0])
    parser.add_argument("directory", type=Path, help="where the database is kept")
    parser.add_argument("--orders", type=int, default=10_000_000, help="with two items and three events each")
    parser.add_argument("--contacts", type=int, default=1_000_000)
    parser.add_argument("--days", type=int, default=TWO_YEARS.days, help="that the orders are spread over, until today")
    asked = parser.parse_args(arguments)
    home = asked.directory.resolve()
    home.mkdir(parents=True, exist_ok=True)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))  # so that what was started is stopped, too
    with machine(home) as running:
        ours = Ours(running, replace(FULL, contacts=asked.contacts))
        if not has_kept_set(running.postgres):
            _fill(make_bench(running, ours.scale), asked)
        ours.manage(KEPT_DATABASE, "migrate", "--verbosity", "0", "--skip-checks")
        print(f"DATABASE_URL={running.postgres.url(KEPT_DATABASE)}", flush=True)
        with suppress(KeyboardInterrupt):
            while True:
                signal.pause()


def _fill(bench: Bench, asked: argparse.Namespace) -> None:
    """Fills under another name first, so that an interrupted filling is not taken for a whole one."""
    unfinished = one_applied_order(bench)
    fill_for_reads(bench.postgres, unfinished, asked.orders, asked.contacts, timedelta(days=asked.days))
    bench.ours.manage(unfinished, "rebuild_summaries")
    with bench.postgres.connect() as connection:
        connection.execute(f"ALTER DATABASE {unfinished} RENAME TO {KEPT_DATABASE}")


if __name__ == "__main__":
    main()
