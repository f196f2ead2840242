"""Revenue, RFM, segments and analytics on a set of five years: their pages and API through web and PostgreSQL, and how
long the RFM of everybody takes in the background.

One web process, one connection; nothing else is asked meanwhile. What the background worker keeps is computed before.
Each page is asked in so many rounds; a figure is the median of the rounds' p95.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from statistics import median
from typing import Any
from urllib.parse import urlencode

from benchmarks import payloads
from benchmarks.bench import Bench
from benchmarks.large_sets import large_set
from benchmarks.load import Client, percentile
from benchmarks.reads import Filled
from benchmarks.results import Row
from benchmarks.servers import PYTHON
from benchmarks.stacks import run_command

FIVE_YEARS = timedelta(days=5 * 365 + 2)
REVENUE_MILLISECONDS = 100
SEGMENT_MILLISECONDS = 200
PAGE_MILLISECONDS = 300
REFRESH_SECONDS = 30  # of a million contacts
MILLION = 1_000_000
WARM_UP = 3  # requests of each kind, whose times do not count
CSRF = "0" * 32  # a token of one's own: what the form holds must be what the cookie holds


@dataclass(frozen=True, slots=True)
class Question:
    """A page or a read of the API; `ask` makes the whole request, with values drawn anew."""

    name: str
    ask: Callable[[], bytes]
    at_most: int = PAGE_MILLISECONDS


def measure(bench: Bench) -> Sequence[Row]:
    scale = bench.scale
    with large_set(bench, scale.insights_orders, scale.insights_contacts, FIVE_YEARS) as large:
        command = [PYTHON, "-m", "benchmarks.insights_setup", str(scale.rounds)]
        found = json.loads(run_command(command, bench.ours.environment(large.database)).splitlines()[-1])
        asked = questions(large.authorization, large.filled, found)
        with bench.ours.web(large.database, workers=1) as web, Client(web.port, 1) as client:
            rows = [_row(bench, client, question) for question in asked]
    slowest = max(rows, key=lambda row: row.ours)
    title = f"insights with {large.filled.orders:,} orders of five years: the slowest of {len(rows)}, p95"
    return [
        Row(measure=title, unit="ms", ours=slowest.ours, against=slowest.measure.strip()),
        *rows,
        _refresh_row(large.filled.contacts, found),
    ]


def questions(authorization: str, filled: Filled, found: Mapping[str, Any]) -> list[Question]:
    """Everything that is asked. `found` is what benchmarks/insights_setup.py has printed."""
    cookie = f"Cookie: sessionid={found['session']}; csrftoken={CSRF}\r\n"
    today = datetime.now(UTC).date()
    first = (today - FIVE_YEARS + timedelta(days=1)).isoformat()
    segment = f"/admin/insights/segment/{found['segment']}/"

    def page(name: str, address: str) -> Question:
        return Question(name, lambda: _get(address, cookie))

    def read(name: str, path: str, **query: str) -> Question:
        return Question(name, lambda: payloads.read_request(f"/api/v1/{path}?{urlencode(query)}", authorization))

    def count(name: str, conditions: Callable[[], Any], at_most: int = SEGMENT_MILLISECONDS) -> Question:
        return Question(name, lambda: _post_count(conditions(), cookie), at_most)

    years = {"from": first, "to": today.isoformat()}
    by_day = read("API: revenue of five years by day", "revenue", **years)
    return [
        Question(by_day.name, by_day.ask, REVENUE_MILLISECONDS),
        read("API: the same compared with the period and the year before", "revenue", **years, compare="true"),
        read("API: revenue of five years by month", "revenue", **years, by="month"),
        read("API: revenue of a year by month and store", "revenue", **_a_year(today), by="month", split="store"),
        page("page: revenue by day", "/admin/revenue/"),
        page("page: revenue by week", "/admin/revenue/?by=week"),
        page("page: revenue by month", "/admin/revenue/?by=month"),
        page("page: revenue by month and store", "/admin/revenue/?by=month&split=store"),
        count("page: count and sample of who bought an item within a week", lambda: _bought(filled.product())),
        count("page: the same, an item in most carts", lambda: _bought(filled.product(0.001))),
        count(
            "page: the same, and not delivered since",
            lambda: {"all": [_bought(filled.product()), {"not": {"orders": {"status": "DELIVERED", "lastDays": 7}}}]},
        ),
        count("page: count of who never bought", lambda: {"not": {"orders": {}}}, PAGE_MILLISECONDS),
        count("page: count of who spent 30,000 UAH ever", lambda: SPENT, PAGE_MILLISECONDS),
        count(
            "page: count of who looked at an item within a week",
            lambda: _looked_at(filled.product()),
            PAGE_MILLISECONDS,
        ),
        count("page: count of who was there within a week", lambda: LOOKED, PAGE_MILLISECONDS),
        count("page: count of the champions", lambda: CHAMPIONS, PAGE_MILLISECONDS),
        page("page: segments", "/admin/insights/segment/"),
        page("page: a segment", f"{segment}change/"),
        page("page: why a person is in it", f"{segment}why/{found['member']}/"),
        read("API: segments", "segments"),
        read("API: contacts of a segment", f"segments/{found['segment']}/contacts"),
        page("page: RFM", "/admin/rfm/"),
        page("page: people by RFM", "/admin/insights/rfmscore/?currency=UAH&recency=5&frequency=5"),
        read("API: RFM", "rfm"),
        page("page: events by type", "/admin/analytics/"),
        page("page: funnel", "/admin/analytics/funnel/"),
        page("page: abandoned carts", "/admin/analytics/carts/"),
        page("page: items", "/admin/analytics/items/"),
        read("API: funnel", "analytics/funnel"),
        read("API: abandoned carts", "analytics/carts"),
        read("API: items", "analytics/items"),
    ]


def _a_year(today: date) -> dict[str, str]:
    return {"from": (today - timedelta(days=365)).isoformat(), "to": today.isoformat()}


def _bought(item: str) -> dict[str, Any]:
    return {"orders": {"item": item, "lastDays": 7}}


SPENT = {"orders": {"status": "DELIVERED", "currency": "UAH", "sum": {"atLeast": 30_000}}}
CHAMPIONS = {"rfm": {"currency": "UAH", "segment": "champions"}}
LOOKED = {"events": {"type": "viewedProduct", "lastDays": 7}}


def _looked_at(item: str) -> dict[str, Any]:
    return {"events": {**LOOKED["events"], "where": [{"parameter": "productId", "equals": item}]}}


def _get(address: str, cookie: str) -> bytes:
    return f"GET {address} HTTP/1.1\r\nHost: localhost\r\n{cookie}\r\n".encode()


def _post_count(conditions: Any, cookie: str) -> bytes:
    """What the builder asks after each change."""
    body = urlencode({"csrfmiddlewaretoken": CSRF, "conditions": json.dumps(conditions)}).encode()
    head = (
        f"POST /admin/insights/segment/count/ HTTP/1.1\r\nHost: localhost\r\n{cookie}"
        f"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def _row(bench: Bench, client: Client, question: Question) -> Row:
    """The median of the rounds' p95."""
    asked = max(bench.scale.reads // bench.scale.rounds, 1)
    client.closed_loop([question.ask() for _ in range(WARM_UP)])
    rounds = [
        [seconds * 1_000 for seconds in client.closed_loop([question.ask() for _ in range(asked)]).latencies]
        for _ in range(bench.scale.rounds)
    ]
    p95 = [percentile(each, 0.95) for each in rounds]
    p50 = median(percentile(each, 0.5) for each in rounds)
    return Row(
        measure=f"   {question.name}",
        unit="ms",
        ours=median(p95),
        against=f"(p50 {p50:.1f} ms)",
        at_most=question.at_most,
        details={"p95": p95, "p50": p50, "requests": asked * bench.scale.rounds, "highest": max(map(max, rounds))},
    )


def _refresh_row(contacts: int, found: Mapping[str, Any]) -> Row:
    seconds = median(found["rfmSeconds"])
    return Row(
        measure=f"RFM of {contacts:,} contacts refreshed, seconds for each million",
        unit="s",
        ours=seconds * MILLION / contacts,
        against=f"(it took {seconds:.1f} s)",
        at_most=REFRESH_SECONDS,
        details={name: found[name] for name in ("rfmSeconds", "eventCountSeconds", "segmentSeconds")},
    )
