"""Three measures of `make bench` run, on a scale so small that their figures mean nothing.

Two of them start all there is to start: our web processes and worker, the naive app's, and the empty views. The third
asks pages as somebody who is signed in. `make bench` itself runs them all.
"""

import shutil
from collections.abc import Mapping
from typing import Any

import pytest

from benchmarks.__main__ import run
from benchmarks.results import Row, table
from benchmarks.scales import TINY

pytestmark = pytest.mark.skipif(shutil.which("redis-server") is None, reason="there is no redis-server")


@pytest.fixture(scope="module")
def measured() -> tuple[list[Row], Mapping[str, Any]]:
    return run(TINY, ["single", "applied", "insights"])


def test_measures_run_and_say_what_must_be_reached(measured):
    rows, about = measured

    bounds = [
        (row.measure.split(",")[0], row.against, row.at_least, row.at_most) for row in rows if row.at_least is not None
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


def test_insights_are_asked_on_every_page_with_the_bounds_that_they_promise(measured):
    bounds = {row.measure.strip(): row.at_most for row in measured[0] if row.at_most is not None}

    assert bounds["API: revenue of five years by day"] == 100
    assert {bound for name, bound in bounds.items() if "bought an item within a week" in name} == {200}
    assert {bound for name, bound in bounds.items() if name.startswith("RFM of")} == {30}
    pages = ("page: revenue by month", "page: RFM", "page: why a person is in it", "page: funnel", "API: items")
    assert {bounds[name] for name in pages} == {300}
