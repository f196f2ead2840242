"""What a change of the matching rules would do to the latest 10,000 events of each of five types: how long it takes.

Two changes: a rule is added that rescues a fifth of the events, and the worst one, the list turned around, by which
every event has to be matched twice. One web process, nothing else to do, events with outcomes.
"""

import json
from collections.abc import Mapping, Sequence
from statistics import median
from typing import Any

from benchmarks import payloads
from benchmarks.bench import Bench
from benchmarks.load import Client
from benchmarks.measures.applied import seconds_to_apply
from benchmarks.results import Row

TYPES = ("orderCreated", "orderUpdated", "orderDelivered", "orderCancelled", "productViewed")
ADDED = {"parameter": "clientMail", "kind": "email"}
IDENTIFIERS = ("phone", "email", "externalCustomerId")
LIMIT_SECONDS = 2.0
EVERY = 5  # each so many-th event is of nobody, until the rule is added


def measure(bench: Bench) -> Sequence[Row]:
    database = bench.ours.fresh("rule_preview")
    events = [event for number in bench.numbers.take(bench.scale.previewed_events) for event in _events(bench, number)]
    key = bench.ours.manage(database, "create_source", "support", "--scope", "settings:write", "--scope", "read")
    authorization = payloads.basic(key.strip().splitlines()[-1])
    with bench.ours.web(database, workers=1) as web:
        with Client(web.port, 1) as client:
            client.closed_loop(payloads.bulk_requests(events, bench.ours.authorization))
        bench.ours.empty_broker()
        with bench.ours.worker(database) as worker:
            seconds_to_apply(bench, database, worker)
        bench.postgres.checkpoint()
        rules = _rules(bench, database)
        requests = bench.scale.rounds + 1  # the first one reads the code and the pages, and is not counted
        with Client(web.port, 1) as client:
            added = client.closed_loop([_request([*rules, ADDED], authorization)] * requests).latencies[1:]
            reversed_ = client.closed_loop([_request(rules[::-1], authorization)] * requests).latencies[1:]
    count = f"{bench.scale.previewed_events:,} events of each of {len(TYPES)} types"
    return [
        _row(f"rule preview over {count}", added),
        _row("   the whole list turned around", reversed_),
    ]


def _rules(bench: Bench, database: str) -> list[dict[str, str]]:
    with bench.postgres.connect(database) as connection:
        rows = connection.execute("SELECT parameter, kind_id FROM contacts_matchingrule ORDER BY position").fetchall()
    return [{"parameter": parameter, "kind": kind} for parameter, kind in rows]


def _row(measure: str, seconds: Sequence[float]) -> Row:
    return Row(
        measure=measure, unit="s", ours=median(seconds), at_most=LIMIT_SECONDS, details={"seconds": list(seconds)}
    )


def _events(bench: Bench, number: int) -> list[bytes]:
    """An event of each type about one order; those of every fifth order name their contact by another parameter."""
    body = json.loads(payloads.order_created(number, bench.scale.contacts))
    if number % EVERY == 0:
        contact = payloads.contact_number(number, bench.scale.contacts)
        known = [parameter for parameter in body["params"] if parameter["name"] not in IDENTIFIERS]
        body["params"] = [*known, {"name": ADDED["parameter"], "value": payloads.email(contact)}]
    return [json.dumps({**body, "eventTypeKey": key}, separators=(",", ":")).encode() for key in TYPES]


def _request(rules: Sequence[Mapping[str, Any]], authorization: str) -> bytes:
    body = json.dumps({"rules": list(rules)}).encode()
    return payloads.request("/api/v1/matching-rules?preview=true", body, authorization).replace(b"POST", b"PUT", 1)
