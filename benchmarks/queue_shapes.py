"""`python -m benchmarks.queue_shapes`: our queue tables beside the usual one, on the database of DATABASE_URL.

Two shapes do the same work on the same connection: 500 events are stored and committed, then claimed lane by lane,
decided as applied and taken out of the queue, and committed.
  ours  event row, never changed; a narrow Waiting row, deleted; an Outcome row, inserted
  wide  one event row with the outcome's columns, updated once; waiting is found by a partial index
Statements of ours are those of the product (events/lanes.py, events/floors.py, contract/postgres.py).
Prints JSON: events/s for each second of the run, and what the run left behind.
"""

# ruff: noqa: E402 - models can be imported only when Django is set up

import argparse
import json
import os
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup()

from django.db import connection, transaction

from benchmarks import payloads
from contract.postgres import as_recordset, copy_rows, take_numbers
from events.floors import Floors
from events.lanes import claim_waiting, remove_waiting
from events.models import LANES, Source
from events.outcomes import OUTCOME_COLUMNS

BATCH = 500
PER_LANE = 16
TRACE = json.dumps(
    [
        {
            "parameter": "externalCustomerId",
            "kind": "externalCustomerId",
            "value": "AV1",
            "contactId": 1,
            "decided": True,
        },
        {"parameter": "email", "kind": "email", "value": "contact@example.com", "contactId": 1, "decided": False},
        {"parameter": "phone", "kind": "phone", "value": "380500000000", "contactId": 1, "decided": False},
    ]
)
EVENT_COLUMNS = (
    *("id", "source_id", "event_type_id", "key_value", "order_key", "lane", "api_version", "body", "received_at"),
)
CREATE_WIDE = """
    CREATE TABLE wide_event (LIKE events_event INCLUDING DEFAULTS INCLUDING CONSTRAINTS);
    ALTER TABLE wide_event
        ADD PRIMARY KEY (id),
        ADD COLUMN status varchar(8) NOT NULL DEFAULT 'waiting',
        ADD COLUMN reason varchar(32) NOT NULL DEFAULT '',
        ADD COLUMN note varchar(255) NOT NULL DEFAULT '',
        ADD COLUMN sequence bigint,
        ADD COLUMN contact_id bigint REFERENCES contacts_contact,
        ADD COLUMN order_id bigint REFERENCES orders_order,
        ADD COLUMN basis_id bigint REFERENCES events_basis,
        ADD COLUMN warnings jsonb NOT NULL DEFAULT '[]',
        ADD COLUMN problems jsonb NOT NULL DEFAULT '[]',
        ADD COLUMN trace jsonb NOT NULL DEFAULT '[]',
        ADD COLUMN traceback text NOT NULL DEFAULT '',
        ADD COLUMN attempt integer NOT NULL DEFAULT 1,
        ADD COLUMN decided_at timestamptz,
        ADD FOREIGN KEY (source_id) REFERENCES events_source,
        ADD FOREIGN KEY (event_type_id) REFERENCES events_eventtype;
    CREATE INDEX wide_waiting ON wide_event (lane, id) WHERE status = 'waiting';
    CREATE INDEX wide_by_order_key ON wide_event (order_key, id) WHERE order_key <> '';
    CREATE INDEX wide_by_contact ON wide_event (contact_id, id DESC) WHERE contact_id IS NOT NULL;
    CREATE INDEX wide_by_order ON wide_event (order_id, sequence) WHERE order_id IS NOT NULL;
    CREATE INDEX wide_by_reason ON wide_event (reason, id DESC) WHERE status IN ('ignored', 'failed');
"""
CLAIM_WIDE = """
    SELECT w.lane, w.id, t.key, w.key_value, w.order_key, w.api_version, w.body, w.occurred_at, w.received_at, s.kind
      FROM unnest(%(lanes)s::int[], %(floors)s::bigint[]) AS l (lane, floor)
     CROSS JOIN LATERAL (
               SELECT * FROM wide_event
                WHERE lane = l.lane AND id >= l.floor AND status = 'waiting' ORDER BY id LIMIT %(limit)s
           ) AS w
      JOIN events_eventtype AS t ON t.id = w.event_type_id
      JOIN events_source AS s ON s.id = w.source_id
     ORDER BY w.lane, w.id
"""
FINISH_WIDE = """
    UPDATE wide_event AS e
       SET status = 'applied', sequence = nextval('events_outcome_sequence'), contact_id = new.contact_id,
           basis_id = new.basis_id, trace = new.trace, decided_at = new.decided_at
      FROM json_to_recordset(%(outcomes)s::json) AS new (
               event_id bigint, contact_id bigint, basis_id bigint, trace jsonb, decided_at timestamptz)
     WHERE e.id = new.event_id
"""


class Shape:
    """Stores events, and applies those that wait; `basis_id` and the others are rows that exist."""

    def __init__(self, source_id: int, event_type_id: int, basis_id: int, contacts: int) -> None:
        self.source_id = source_id
        self.event_type_id = event_type_id
        self.basis_id = basis_id
        self.contacts = contacts
        self.floors = Floors()

    def event_rows(self, first: int) -> list[tuple[Any, ...]]:
        now = datetime.now(UTC)
        ids = take_numbers("events_event_id_seq", BATCH)
        return [
            (
                *(event_id, self.source_id, self.event_type_id, f"K{first + index}", f"B{first + index:010d}"),
                *(event_id % LANES, 1, payloads.order_created(first + index, self.contacts).decode(), now),
            )
            for index, event_id in enumerate(ids)
        ]

    def lane_floors(self) -> dict[int, int]:
        now = time.monotonic()
        return {lane: self.floors.floor(lane, now) for lane in range(LANES)}

    def contact_of(self, event_id: int) -> int:
        return 1 + event_id % self.contacts

    def store(self, first: int) -> None:
        raise NotImplementedError

    def apply(self) -> int:
        raise NotImplementedError


class Ours(Shape):
    tables = ("events_event", "events_waiting", "events_outcome")

    def store(self, first: int) -> None:
        rows = self.event_rows(first)
        with transaction.atomic():
            copy_rows("events_event", EVENT_COLUMNS, rows)
            copy_rows(
                "events_waiting", ("lane", "position", "event_id", "attempt"), [(r[5], r[0], r[0], 1) for r in rows]
            )

    def apply(self) -> int:
        with transaction.atomic():
            events = claim_waiting(range(LANES), PER_LANE, self.lane_floors())
            now, seen = datetime.now(UTC), set()
            for event in events:
                if event.lane not in seen:
                    seen.add(event.lane)
                    self.floors.saw_first(event.lane, event.position, time.monotonic())
            copy_rows("events_outcome", OUTCOME_COLUMNS, [self._outcome(event.event_id, now) for event in events])
            remove_waiting(events)
        return len(events)

    def _outcome(self, event_id: int, now: datetime) -> tuple[Any, ...]:
        values = {
            "event_id": event_id,
            "status": "applied",
            "reason": "",
            "note": "",
            "contact_id": self.contact_of(event_id),
            "order_id": None,
            "basis_id": self.basis_id,
            "warnings": "[]",
            "problems": "[]",
            "trace": TRACE,
            "traceback": "",
            "attempt": 1,
            "decided_at": now,
        }
        return tuple(values[column] for column in OUTCOME_COLUMNS)


class Wide(Shape):
    tables = ("wide_event",)

    def store(self, first: int) -> None:
        with transaction.atomic():
            copy_rows("wide_event", EVENT_COLUMNS, self.event_rows(first))

    def apply(self) -> int:
        floors = self.lane_floors()
        with transaction.atomic(), connection.cursor() as cursor:
            lanes = list(range(LANES))
            cursor.execute(CLAIM_WIDE, {"lanes": lanes, "floors": [floors[lane] for lane in lanes], "limit": PER_LANE})
            events = cursor.fetchall()
            now, seen = datetime.now(UTC), set()
            for lane, event_id, *_ in events:
                if lane not in seen:
                    seen.add(lane)
                    self.floors.saw_first(lane, event_id, time.monotonic())
            outcomes = [
                {
                    "event_id": event_id,
                    "contact_id": self.contact_of(event_id),
                    "basis_id": self.basis_id,
                    "trace": json.loads(TRACE),
                    "decided_at": now,
                }
                for _, event_id, *_ in events
            ]
            cursor.execute(FINISH_WIDE, {"outcomes": as_recordset(outcomes)})
        return len(events)


def prepare(contacts: int) -> dict[str, int]:
    """The rows that events and outcomes refer to."""
    with connection.cursor() as cursor:
        cursor.execute(CREATE_WIDE)
        cursor.execute("INSERT INTO events_eventtype (key) VALUES ('queueShape') RETURNING id")
        event_type_id = cursor.fetchone()[0]
        cursor.execute("INSERT INTO events_basis (digest, settings) VALUES ('queue-shape', '{}') RETURNING id")
        basis_id = cursor.fetchone()[0]
    source_id = Source.objects.values_list("id", flat=True).first()
    return {"source_id": source_id, "event_type_id": event_type_id, "basis_id": basis_id, "contacts": contacts}


def run(shape: Shape, seconds: float) -> dict[str, Any]:
    """Stores and applies until the time is over."""
    connection.cursor().execute("CHECKPOINT")
    wal, start, first = _wal_bytes(), time.perf_counter(), 1
    per_second: list[int] = [0] * (int(seconds) + 1)
    while (passed := time.perf_counter() - start) < seconds:
        shape.store(first)
        first += BATCH
        per_second[int(passed)] += shape.apply()
    passed = time.perf_counter() - start
    events = sum(per_second)
    return {
        "rate": events / passed,
        "perSecond": per_second[: max(1, int(seconds))],
        "walBytesPerEvent": round((_wal_bytes() - wal) / events),
        "bytes": {table: _size(table) for table in shape.tables},  # type: ignore[attr-defined]
    }


def _wal_bytes() -> int:
    return int(_value("SELECT pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')::bigint"))


def _size(table: str) -> int:
    return int(_value("SELECT pg_total_relation_size(%s)", table))


def _value(query: str, *parameters: str) -> Any:
    with connection.cursor() as cursor:
        cursor.execute(query, parameters)
        return cursor.fetchone()[0]


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("shape", choices=["prepare", "ours", "wide"])
    parser.add_argument("seconds", type=float)
    parser.add_argument("--contacts", type=int, required=True)
    parser.add_argument("--rows", type=json.loads, default={})
    options = parser.parse_args(arguments)
    if options.shape == "prepare":
        print(json.dumps(prepare(options.contacts)))
        return
    shape = {"ours": Ours, "wide": Wide}[options.shape](**options.rows)
    print(json.dumps(run(shape, options.seconds)))


if __name__ == "__main__":
    main()
