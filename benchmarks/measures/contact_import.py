"""Contacts imported per second by one worker: new ones with three identifiers, an address, two fields and a group.

Beside it COPY of the same finished rows (contacts, identifiers, memberships) into the same tables. Imports of 3,000 are
stored before; the clock runs from the wake-up to the last commit. Ours also reads and checks each contact, parses its
phone, looks its identifiers up and keeps what became of it.
"""

import json
import time
from collections.abc import Sequence
from statistics import median

from celery import Celery

from benchmarks import payloads
from benchmarks.bench import Bench, Costs
from benchmarks.copying import copy_seconds, read_rows
from benchmarks.load import Client
from benchmarks.results import Row, compared
from benchmarks.servers import NotStartedError, Process, wait_until
from benchmarks.stacks import REDIS_OF_OURS

PATIENCE_SECONDS = 300
CONTACTS_PER_REQUEST = 3_000
FIRST_PHONE = 380_670_000_000  # of nobody in the template


def measure(bench: Bench) -> Sequence[Row]:
    count = bench.scale.imported_contacts
    loaded = _load(bench, "import_loaded", count)
    first = _number(bench, loaded, "SELECT max(id) FROM contacts_contact")
    ours: list[float] = []
    copied: list[float] = []
    for turn in range(bench.scale.rounds):
        database = bench.ours.fresh("import_ours", loaded)
        with bench.ours.worker(database) as worker:
            costs = Costs(bench, worker=worker)
            bench.postgres.checkpoint()
            with costs.measured():
                ours.append(count / _seconds_to_import(bench, database, worker))
        _check_all_imported(bench, database, count)
        copied.append(count / _copy_same(bench, database, loaded, first))
        bench.postgres.drop(database) if turn + 1 < bench.scale.rounds else None
    details = {"ours": ours, "cpuMicrosecondsPerContact": costs.per_event(count)}
    name = "contacts imported, one worker"
    return [
        Row(measure=name, unit="/s", ours=median(ours), at_least=5_000, details=details),
        compared("", "/s", ours, "COPY of the same rows", copied),
    ]


def _load(bench: Bench, database: str, count: int) -> str:
    """A database of ours with imports of so many contacts waiting, and nobody connected to it."""
    bench.ours.fresh(database)
    with bench.ours.web(database, workers=1) as web, Client(web.port, 2) as client:
        client.closed_loop(_requests(count, bench.ours.authorization))
    bench.ours.empty_broker()
    return database


def _requests(count: int, authorization: str) -> list[bytes]:
    bodies = (
        {"contacts": [_contact(number) for number in range(start, min(start + CONTACTS_PER_REQUEST, count))],
         "dedupeOn": "email", "groupNames": ["Newsletter"]}
        for start in range(0, count, CONTACTS_PER_REQUEST)
    )  # fmt: skip
    return [payloads.request("/api/v1/contacts", json.dumps(body).encode(), authorization) for body in bodies]


def _contact(number: int) -> dict:
    return {
        "firstName": f"First {number}",
        "lastName": f"Last {number}",
        "externalCustomerId": f"I{number:08d}",
        "channels": [
            {"type": "email", "value": f"imported{number:08d}@example.com"},
            {"type": "sms", "value": str(FIRST_PHONE + number)},
        ],
        "address": {"town": "Kyiv", "postcode": "01001"},
        "fields": [{"name": "size", "value": number % 50}, {"name": "colour", "value": "blue"}],
    }


def _seconds_to_import(bench: Bench, database: str, worker: Process) -> float:
    """From the wake-up to the moment at which no import waits."""
    with bench.postgres.connect(database) as connection:
        unfinished = "SELECT EXISTS (SELECT FROM contacts_contactimport WHERE finished_at IS NULL)"
        start = time.perf_counter()
        with Celery(broker=bench.machine.redis_url(REDIS_OF_OURS)) as sender:
            sender.send_task(
                "contacts.work_off_imports", args=[time.time()], queue="orderloom", ignore_result=True
            )  # fmt: skip
        wait_until(
            lambda: worker.check() or connection.execute(unfinished).fetchone() == (False,),
            PATIENCE_SECONDS,
            "the end of the imports",
        )
        return time.perf_counter() - start


def _check_all_imported(bench: Bench, database: str, expected: int) -> None:
    """A rate counts only when every contact was made: raises NotStartedError otherwise."""
    created = _number(bench, database, "SELECT sum(created) FROM contacts_contactimport")
    if created != expected:
        raise NotStartedError(f"{expected} contacts were to be made; {created} were")


def _copy_same(bench: Bench, database: str, loaded: str, first: int) -> float:
    """Seconds for COPY of the rows that were just written, into a database as it was before them."""
    new = f"contact_id > {first}"
    rows = [
        read_rows(bench.postgres, database, "contacts_contact", f"id > {first}"),
        read_rows(bench.postgres, database, "contacts_identifier", new),
        read_rows(bench.postgres, database, "contacts_membership", new),
    ]
    groups = read_rows(bench.postgres, database, "contacts_group")
    target = bench.postgres.create("import_copy", loaded)
    copy_seconds(bench.postgres, target, [groups])
    bench.postgres.checkpoint()
    return copy_seconds(bench.postgres, target, rows)


def _number(bench: Bench, database: str, query: str) -> int:
    with bench.postgres.connect(database) as connection:
        row = connection.execute(query).fetchone()
    assert row is not None
    return int(row[0])
