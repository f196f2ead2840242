"""The comparison agrees only when every figure does, and the report says so with ticks and crosses."""

import io
import json
import shlex
from dataclasses import replace
from datetime import date
from decimal import Decimal

from rich.console import Console

from demo.expectations import Sum, expect
from demo.figures import Figures, compare
from demo.record import Act, Channel, Naming
from demo.report import ARTICLE_EXAMPLE, curl_line, print_comparison, print_way_on

MAY = date(2020, 5, 1)


def order(number: str, **said: object) -> Act:
    note = {
        "names": Naming.KNOWN,
        "status": "DELIVERED",
        "total": Decimal("258.00"),
        "currency": "UAH",
        "placed_on": date(2020, 5, 14),
        "adds_up": False,
    }
    return Act(channel=Channel.APP, event="orderCreated", order=number, **{**note, **said})


EXPECTED = expect([order("1"), order("2", status="INITIALIZED"), order("3", names=Naming.UNKNOWN)])
ANSWERED = Figures(
    fates=[("applied", ""), ("applied", ""), ("ignored", "contact_not_found")],
    conflicts=0,
    orders={"1": ("DELIVERED", Decimal("258.0"), "UAH"), "2": ("INITIALIZED", Decimal("258.00"), "UAH")},
    mismatched_orders=2,
    revenue={(MAY, "UAH"): Sum(amount=Decimal("258.00"), orders=1)},
    sdk_initialized={(MAY, "UAH"): Sum(amount=Decimal("258.0"), orders=1)},
    others={},
    time_zone="Europe/Kyiv",
)


def printed(figures: Figures) -> str:
    console = Console(file=io.StringIO(), width=120)
    print_comparison(console, compare(EXPECTED, figures))
    return console.file.getvalue()


def test_figures_that_agree_get_ticks_only():
    assert compare(EXPECTED, ANSWERED).agrees
    text = printed(ANSWERED)
    assert "✗" not in text
    assert text.count("✓") == 12
    assert "ignored contact_not_found" in text
    assert "waiting" in text


def test_each_figure_that_differs_is_a_disagreement_with_its_own_cross():
    differing = [
        replace(ANSWERED, fates=[("applied", ""), ("waiting", ""), ("ignored", "contact_not_found")]),
        replace(ANSWERED, fates=[("applied", ""), ("ignored", "contact_not_found"), ("applied", "")]),
        replace(ANSWERED, fates=[("applied", ""), ("applied", ""), ("", "")]),
        replace(ANSWERED, conflicts=1),
        replace(ANSWERED, orders={}),
        replace(ANSWERED, orders={**ANSWERED.orders, "1": ("CANCELLED", Decimal("258.00"), "UAH")}),
        replace(ANSWERED, mismatched_orders=1),
        replace(ANSWERED, revenue={}),
        replace(ANSWERED, revenue={(MAY, "UAH"): Sum(amount=Decimal("258.01"), orders=1)}),
        replace(ANSWERED, revenue={(MAY, "UAH"): Sum(amount=Decimal("258.00"), orders=2)}),
        replace(ANSWERED, revenue={**ANSWERED.revenue, (MAY, "EUR"): Sum(amount=Decimal(1), orders=1)}),
        replace(ANSWERED, sdk_initialized={}),
    ]
    for figures in differing:
        assert not compare(EXPECTED, figures).agrees
        assert "✗" in printed(figures)


def test_revenue_of_other_orders_is_expected_on_top_and_named():
    others = {(MAY, "UAH"): Sum(amount=Decimal("2.00"), orders=1)}
    figures = replace(ANSWERED, others=others, revenue={(MAY, "UAH"): Sum(amount=Decimal("260.00"), orders=2)})
    assert compare(EXPECTED, figures).agrees
    assert "not the demo's" in printed(figures)
    assert not compare(EXPECTED, replace(ANSWERED, others=others)).agrees


def test_the_curl_line_is_one_line_that_posts_the_example_with_the_key():
    words = shlex.split(curl_line("http://127.0.0.1:8000", "olk_ab_secret"))
    assert words[:3] == ["curl", "-u", ":olk_ab_secret"]
    assert words[-1] == "http://127.0.0.1:8000/api/v1/event"
    assert json.loads(words[words.index("-d") + 1]) == ARTICLE_EXAMPLE


def test_the_way_on_is_printed_without_breaking_the_line_to_be_copied():
    console = Console(file=io.StringIO(), width=60)
    print_way_on(console, "http://127.0.0.1:8000", "demo", "pass[word]", "olk_ab_secret")
    lines = console.file.getvalue().splitlines()
    assert curl_line("http://127.0.0.1:8000", "olk_ab_secret") in lines
    assert "pass[word]" in console.file.getvalue()
