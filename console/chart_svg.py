"""The slots of a bar chart as SVG. A page has hundreds, and a template takes four times as long to draw each."""

from django.utils.html import format_html
from django.utils.safestring import SafeString

from console.chart import Bar, BarChart, DrawnSlot


def svg_slots(chart: BarChart) -> SafeString:
    """All slots, from left to right. Numbers are Decimals of console/chart.py; words and addresses are escaped."""
    return SafeString("".join(_slot(drawn, chart) for drawn in chart.slots))


def _slot(drawn: DrawnSlot, chart: BarChart) -> SafeString:
    shapes = [
        f'<rect class="ol-hit" x="{drawn.x}" y="{chart.top}" width="{drawn.width}" height="{chart.plot_height}" />',
        *map(_bar, drawn.bars),
    ]
    label = ""
    if drawn.has_label:
        place = SafeString(f'x="{drawn.middle}" y="{chart.bottom}" dy="16" text-anchor="middle"')
        label = format_html("<text {}>{}</text>", place, drawn.slot.label)
    content = format_html("<title>{}</title>{}{}", drawn.slot.tooltip, SafeString("".join(shapes)), label)
    if drawn.slot.url:
        content = format_html('<a href="{}" tabindex="-1">{}</a>', drawn.slot.url, content)
    return format_html('<g class="ol-slot">{}</g>', content)


def _bar(bar: Bar) -> str:
    kind = "ol-bar-second" if bar.series else "ol-bar"
    return f'<rect class="{kind}" x="{bar.x}" y="{bar.y}" width="{bar.width}" height="{bar.height}" rx="1.5" />'
