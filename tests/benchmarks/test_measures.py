"""Two measures of `make bench` run, on a scale so small that their figures mean nothing.

They are the two that start all there is to start: our web processes and worker, the naive app's, and the empty views.
`make bench` itself runs them all.
"""

import shutil

import pytest

from benchmarks.__main__ import run
from benchmarks.results import table
from benchmarks.scales import TINY

pytestmark = pytest.mark.skipif(shutil.which("redis-server") is None, reason="there is no redis-server")


def test_measures_run_and_say_what_must_be_reached():
    rows, about = run(TINY, ["single", "applied"])

    bounds = [
        (row.measure.split(",")[0], row.against, row.at_least, row.at_most)
        for row in rows
        if row.is_reached is not None
    ]
    assert about["scale"] == "tiny"
    assert bounds == [
        ("single events taken", "naive app", 3.0, None),
        ("", "empty Django view", 0.22, None),
        ("   each with an idempotency key", "ours without", 0.75, None),
        ("orders applied", "naive app", 10, None),
        ("", "COPY of the same rows", 0.25, None),
    ]
    assert all(row.ours > 0 for row in rows)
    assert "single events taken" in table(rows)
