"""Single values for people: exact where it matters, short where it helps, and harmless always."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.template import Context, Template
from django.utils import timezone, translation
from django.utils.timesince import timesince
from hypothesis import given
from hypothesis import strategies as st

from console import display
from console.chart import Slot, draw_bars
from tests.console.reading import text_of


@pytest.mark.parametrize(
    ("amount", "currency", "words"),
    [
        ("258.0", "UAH", "258.00 UAH"),
        ("1234567.8", "UAH", "1,234,567.80 UAH"),
        ("0.1234", "UAH", "0.1234 UAH"),
        ("99999999999999.9999", "EUR", "99,999,999,999,999.9999 EUR"),
        ("500", "JPY", "500 JPY"),
        ("500.5", "JPY", "500.5 JPY"),
        ("1", "KWD", "1.000 KWD"),
        ("1E+3", "UAH", "1,000.00 UAH"),
        ("0", "XYZ", "0.00 XYZ"),
    ],
)
def test_money_keeps_every_decimal_and_has_at_least_its_currencys(amount, currency, words):
    assert text_of(display.money(Decimal(amount), currency)) == words


@pytest.mark.parametrize(
    "text", ["", "short", "exactly10!", "longer than ten", "<b>&</b>", "<b>and longer</b>", "Ольга Коваль-Іваненко"]
)
def test_a_text_is_cut_as_django_cuts_it(text):
    shown = Template("{% load console %}{{ text|truncatechars:10 }}").render(Context({"text": text}))
    assert shown == Template("{{ text|truncatechars:10 }}").render(Context({"text": text}))


def test_what_is_not_there_is_a_dash():
    assert text_of(display.money(None, "UAH")) == text_of(display.moment(None)) == display.number(None) == "—"


@pytest.mark.parametrize(
    ("zone", "words", "exact"),
    [
        ("Europe/Kyiv", "25 Oct 2026, 03:30", "2026-10-25 03:30:15.000001+02:00 Europe/Kyiv"),
        ("America/New_York", "24 Oct 2026, 21:30", "2026-10-24 21:30:15.000001-04:00 America/New_York"),
    ],
)
def test_a_moment_is_told_in_the_zone_with_the_exact_one_in_the_tooltip(zone, words, exact):
    with timezone.override(ZoneInfo(zone)), time_machine.travel("2026-10-27T01:30:15Z"):
        shown = display.moment(datetime(2026, 10, 25, 1, 30, 15, 1, tzinfo=UTC))
    assert text_of(shown) == words
    assert f'title="{exact}, 1\xa0day ago"' in shown


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0, "just now"), (59, "just now"), (-59, "just now"), (7_300, "2\xa0hours ago"), (-259_300, "in 3\xa0days")],
)
def test_how_long_ago_is_told_in_words(seconds, words):
    now = datetime(2026, 10, 25, 1, 30, tzinfo=UTC)
    with time_machine.travel(now, tick=False):
        assert display.how_long_ago(now - timedelta(seconds=seconds)) == words


@given(distance=st.integers(60, 400 * 86_400), is_past=st.booleans(), language=st.sampled_from(["en", "uk", "ru"]))
def test_how_long_ago_is_what_django_counts(distance, is_past, language):
    now = datetime(2026, 3, 1, 1, 30, tzinfo=UTC)
    value = now - timedelta(seconds=distance if is_past else -distance)
    with time_machine.travel(now, tick=False), translation.override(language):
        counted = timesince(min(now, value), max(now, value), depth=1)
        assert counted in display.how_long_ago(value)


def test_numbers_moments_and_money_are_told_in_the_readers_language():
    moment = datetime(2026, 10, 25, 1, 30, tzinfo=UTC)
    with translation.override("uk"), timezone.override(ZoneInfo("Europe/Kyiv")):
        assert text_of(display.moment(moment)) == "25.10.2026, 03:30"
        assert text_of(display.money(Decimal("1234567.8"), "UAH")) == "1 234 567,80 UAH"
        assert display.short_number(Decimal("2500000")).startswith("2,5")


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(-1, "0 s"), (0, "0 s"), (59.9, "59 s"), (60, "1 min"), (3599, "59 min"), (7200, "2 h"), (200_000, "2 d")],
)
def test_an_age_is_told_in_its_largest_whole_unit(seconds, words):
    assert display.age(seconds) == words


@pytest.mark.parametrize(
    "text",
    [
        "javascript:alert(1)",
        "JaVaScRiPt:alert(1)",
        "java\tscript:alert(1)",
        "data:text/html,<script>",
        "//shop.example",
        "http:shop.example",
        "https://",
        "https:// shop.example",
        "https:///path",
        " https://shop.example",
        "https://shop.example/a b",
        "https://shop.example\n",
        "mailto:a@b.c",
        "shop.example",
        "",
    ],
)
def test_what_is_no_web_address_stays_text(text):
    assert display.web_link(text) == text
    assert not hasattr(display.web_link(text), "__html__")


@pytest.mark.parametrize("text", ["http://shop.example", "HTTPS://shop.example/?q=<b>&x=\"'", "https://магазин.укр/я"])
def test_a_web_address_becomes_a_link_that_tells_nothing_about_us(text):
    link = display.web_link(text)
    assert text_of(link) == text
    assert 'rel="noopener noreferrer"' in link
    assert "<b>" not in link


def test_json_keeps_its_digits_its_order_and_its_repeated_names():
    assert display.pretty_json('{"b":1.50,"a":1e400,"b":[]}') == '{\n  "b": 1.50,\n  "a": 1e400,\n  "b": []\n}'
    assert display.json_text({"b": Decimal("1.50"), "a": [None, True]}) == (
        '{\n  "b": 1.50,\n  "a": [\n    null,\n    true\n  ]\n}'
    )
    assert display.json_text("<b>") == "<b>"


@pytest.mark.parametrize(
    ("value", "words"), [("0", "0"), ("500", "500"), ("1000", "1k"), ("2500000", "2.5M"), ("0.2", "0.2")]
)
def test_axis_numbers_are_short(value, words):
    assert display.short_number(Decimal(value)) == words


# --- Charts --------------------------------------------------------------------------------------------------------


def slots(*values: str) -> list[Slot]:
    return [Slot(label=str(place), tooltip="", values=(Decimal(value),)) for place, value in enumerate(values)]


def test_bars_are_as_high_as_their_values_and_the_axis_ends_on_a_round_number():
    chart = draw_bars(slots("0", "150", "300"))
    assert [tick.value for tick in chart.ticks] == [0, 100, 200, 300]
    heights = [[bar.height for bar in drawn.bars] for drawn in chart.slots]
    assert heights == [[], [chart.plot_height / 2], [chart.plot_height]]


@pytest.mark.parametrize("values", [[], ["0", "0"]])
def test_nothing_above_zero_is_no_chart(values):
    assert draw_bars(slots(*values)) is None


def test_many_places_carry_few_labels():
    chart = draw_bars(slots(*["1"] * 400))
    assert sum(drawn.has_label for drawn in chart.slots) <= 12


@given(st.lists(st.decimals(min_value=0, max_value=Decimal(10) ** 14, places=4), min_size=1, max_size=40))
def test_every_bar_stands_inside_the_chart(values):
    chart = draw_bars(slots(*map(str, values)))
    if not any(values):
        assert chart is None
        return
    for drawn in chart.slots:
        for bar in drawn.bars:
            assert chart.left <= bar.x <= bar.x + bar.width <= chart.right + 1
            assert chart.top - 1 <= bar.y <= chart.bottom
            assert bar.height >= 0
    assert 1 <= len(chart.ticks) <= 9
