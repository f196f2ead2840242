"""The table of `make bench` compares what was measured, and nothing else."""

import pytest

from benchmarks.load import percentile
from benchmarks.results import Row, compared, table


def test_the_medians_of_the_rounds_are_compared():
    row = compared("rate", "/s", [10.0, 30.0, 20.0], "naive app", [5.0, 1.0, 2.0], at_least=3.0)

    assert (row.ours, row.baseline, row.ratio) == (20.0, 2.0, 10.0)
    assert row.is_reached is True
    assert row.details == {"ours": [10.0, 30.0, 20.0], "naive app": [5.0, 1.0, 2.0]}


@pytest.mark.parametrize(
    ("ours", "bound", "is_reached"),
    [
        (25.0, {"at_most": 25}, True),
        (25.1, {"at_most": 25}, False),
        (2_499.0, {"at_least": 2_500}, False),
        (1.0, {}, None),
    ],
)
def test_a_figure_without_a_baseline_keeps_its_own_bound(ours, bound, is_reached):
    assert Row(measure="rate", unit="/s", ours=ours, **bound).is_reached is is_reached


def test_a_figure_that_falls_short_is_called_short_in_the_table():
    rows = [
        Row(measure="latency", unit="ms", ours=30.04, at_most=25),
        compared("rate", "/s", [2_000.0], "limit", [4_000.0], at_least=0.4),
    ]

    assert table(rows).splitlines() == [
        "measure  ours      baseline or limit            ratio  must reach",
        "------------------------------------------------------------------------",
        "latency  30.0 ms                                       ≤ 25 ms     SHORT",
        "rate     2,000 /s  limit              4,000 /s  0.50   ≥ 0.4       ok",
    ]


def test_a_percentile_is_a_value_that_was_measured():
    assert percentile([4.0, 1.0, 3.0, 2.0], 0.5) == 3.0
    assert percentile([4.0, 1.0], 1.0) == 4.0
