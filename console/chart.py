"""Bar charts as plain SVG: where each bar stands is decided here; templates/console/bar_chart.html
and console/chart_svg.py draw it.

Pure. Values are Decimals of one unit (one currency): a chart never adds or compares two.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_CEILING, Decimal

WIDTH, HEIGHT = Decimal(960), Decimal(220)
HALF = Decimal(560)  # for half of a page: drawn at its own size there, so that its words stay readable
LEFT, RIGHT, TOP, BOTTOM = Decimal(64), Decimal(8), Decimal(10), Decimal(24)
TICKS = 4
LABEL_WIDTH = Decimal(80)  # “30 Nov 2026” with room around it
WIDEST_BAR = Decimal(44)
TENTH = Decimal("0.1")


@dataclass(frozen=True, slots=True, kw_only=True)
class Slot:
    """One place on the axis: its label, what the pointer reads there, one value for each series, and where it leads."""

    label: str
    tooltip: str
    values: tuple[Decimal, ...]
    url: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    x: Decimal
    y: Decimal
    width: Decimal
    height: Decimal
    series: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DrawnSlot:
    slot: Slot
    x: Decimal
    width: Decimal
    middle: Decimal
    bars: tuple[Bar, ...]
    has_label: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Tick:
    y: Decimal
    value: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class BarChart:
    width: Decimal
    height: Decimal
    left: Decimal
    right: Decimal
    top: Decimal
    bottom: Decimal
    plot_height: Decimal
    slots: tuple[DrawnSlot, ...]
    ticks: tuple[Tick, ...]


def draw_bars(slots: Sequence[Slot], width: Decimal = WIDTH) -> BarChart | None:
    """The chart of these slots from left to right, or None when there is nothing above zero to draw.

    `width` is that of the drawing: near the width at which it is shown, as its words shrink with it.
    """
    highest = max((value for slot in slots for value in slot.values), default=Decimal(0))
    if highest <= 0:
        return None
    step = _round_step(highest / TICKS)
    top_value = step * (highest / step).to_integral_value(ROUND_CEILING)
    plot = HEIGHT - TOP - BOTTOM
    ticks = [step * index for index in range(int(top_value / step) + 1)]
    return BarChart(
        width=width,
        height=HEIGHT,
        left=LEFT,
        right=width - RIGHT,
        top=TOP,
        bottom=HEIGHT - BOTTOM,
        plot_height=plot,
        slots=tuple(_draw_slot(slot, index, len(slots), plot / top_value, width) for index, slot in enumerate(slots)),
        ticks=tuple(
            Tick(y=(HEIGHT - BOTTOM - value * plot / top_value).quantize(TENTH), value=value) for value in ticks
        ),
    )


def _draw_slot(slot: Slot, index: int, count: int, scale: Decimal, of: Decimal) -> DrawnSlot:
    width = (of - LEFT - RIGHT) / count
    x = LEFT + width * index
    bar_width = min(width * Decimal("0.76") / len(slot.values), WIDEST_BAR)
    start = x + (width - bar_width * len(slot.values)) / 2
    bars = [
        Bar(
            x=(start + bar_width * series).quantize(TENTH),
            y=(HEIGHT - BOTTOM - value * scale).quantize(TENTH),
            width=max(bar_width, TENTH).quantize(TENTH),
            height=(value * scale).quantize(TENTH),
            series=series,
        )
        for series, value in enumerate(slot.values)
        if value > 0
    ]
    return DrawnSlot(
        slot=slot,
        x=x.quantize(TENTH),
        width=width.quantize(TENTH),
        middle=(x + width / 2).quantize(TENTH),
        bars=tuple(bars),
        has_label=index % -(-count // int(of / LABEL_WIDTH)) == 0,
    )


def _round_step(least: Decimal) -> Decimal:
    """The next of 1, 2, 5, 10, 20, … that is not below `least`."""
    power = Decimal(1).scaleb(least.adjusted())
    return next(power * factor for factor in (1, 2, 5, 10) if power * factor >= least)
