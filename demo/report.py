"""Prints what the demo found: tables of figures with a tick or a cross, and how to go on from here."""

import json
import shlex
from collections.abc import Sequence

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from demo.expectations import Sum
from demo.figures import NOTHING, Comparison, Line, RevenueLine, totals

TICK = Text("✓", style="bold green")
CROSS = Text("✗", style="bold red")

ARTICLE_EXAMPLE = {
    "eventTypeKey": "orderCreated",
    "keyValue": "380501234567",
    "params": [
        {"name": "phone", "value": "380501234567"},
        {"name": "externalOrderId", "value": "12345679"},
        {"name": "externalCustomerId", "value": "AV13760"},
        {"name": "totalCost", "value": "258.0"},
        {"name": "status", "value": "INITIALIZED"},
        {"name": "date", "value": "2020-05-14T10:11:00"},
        {"name": "currency", "value": "UAH"},
        {
            "name": "items",
            "value": [
                {
                    "externalItemId": "200600",
                    "name": "Super Device",
                    "category": "devices",
                    "quantity": 1,
                    "cost": 990,
                    "url": "http://example.com/item/200600",
                    "imageUrl": "http://example.com/item/200600/image.png",
                    "description": "High quality",
                }
            ],
        },
    ],
}


def print_comparison(console: Console, comparison: Comparison) -> None:
    """The figures of events, orders and revenue, each expected and answered."""
    console.print(_counts("Events", comparison.events))
    console.print(_counts("Orders", comparison.orders))
    console.print(_revenue(comparison))
    if comparison.has_others:
        console.print("Expected includes the DELIVERED orders of this installation that are not the demo's.")
    if comparison.agrees:
        console.print("✓ Every figure is the expected one.", style="green")
    else:
        console.print("✗ Some figures are not the expected ones.", style="red")


def print_way_on(console: Console, url: str, user: str, password: str, key: str) -> None:
    """Where the console is, and one line that posts one more event."""
    console.print()
    way_in = Text("Console  ", style="bold")
    way_in.append(f"{url}/admin/   user {user}   password {password}", style="not bold")
    console.print(way_in)
    console.print(Text("Post one more event, the example of the original's documentation:", style="bold"))
    console.print(curl_line(url, key), soft_wrap=True, markup=False, highlight=False)
    console.print()


def curl_line(url: str, key: str) -> str:
    """A line for a POSIX shell. The contact of the example is among those that the demo imported."""
    body = json.dumps(ARTICLE_EXAMPLE, ensure_ascii=False, separators=(",", ":"))
    return f"curl -u :{key} -H 'Content-Type: application/json' -d {shlex.quote(body)} {url}/api/v1/event"


def _counts(title: str, lines: Sequence[Line]) -> Table:
    table = _table(title, "")
    table.add_column("expected", justify="right")
    table.add_column("answered", justify="right")
    table.add_column("")
    for line in lines:
        table.add_row(line.name, f"{line.expected:,}", f"{line.answered:,}", _mark(line.agrees))
    return table


def _revenue(comparison: Comparison) -> Table:
    """One row a month, a pair of columns a currency; then the sums, and the app's INITIALIZED orders told apart."""
    currencies = [line.currency for line in totals(comparison.revenue)]
    cells = {line.cell: line for line in comparison.revenue if line.cell is not None}
    table = _table(f"Revenue: DELIVERED orders, by month of {comparison.time_zone}", "")
    for currency in currencies:
        table.add_column(f"{currency} expected", justify="right")
        table.add_column(f"{currency} answered", justify="right")
    table.add_column("")
    for month in sorted({cell[0] for cell in cells}):
        _add_row(table, f"{month:%Y-%m}", [cells.get((month, currency)) for currency in currencies])
    table.add_section()
    _add_row(table, "all", totals(comparison.revenue))
    table.add_section()
    initialized = {line.currency: line for line in totals(comparison.sdk_initialized)}
    _add_row(table, "app, INITIALIZED", [initialized.get(currency) for currency in currencies])
    return table


def _add_row(table: Table, name: str, lines: Sequence[RevenueLine | None]) -> None:
    amounts = [f"{amount.amount:,.2f}" for line in lines for amount in _pair(line)]
    table.add_row(name, *amounts, _mark(all(line is None or line.agrees for line in lines)))


def _pair(line: RevenueLine | None) -> tuple[Sum, Sum]:
    return (NOTHING, NOTHING) if line is None else (line.expected, line.answered)


def _table(title: str, first: str) -> Table:
    table = Table(title=title, box=box.SIMPLE_HEAD, title_justify="left", title_style="bold", pad_edge=False)
    table.add_column(first)
    return table


def _mark(agrees: bool) -> Text:
    return TICK if agrees else CROSS
