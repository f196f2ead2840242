"""Counts what became of the events, however many there are: derived from the outcomes, never added to.

The ids of events are cut into blocks of BLOCK_EVENTS. Who writes or takes away an outcome leaves a mark for its block,
in the statement that changes the queue (events/lanes.py, events/replay.py); one task at a time takes marks away and
counts those blocks again in one transaction. Readers sum the counted blocks inside a span, and count the rest from the
outcomes themselves: blocks that are still marked, and the parts of a block at both ends of the span. One statement, so
one snapshot: every figure equals its rows at every moment (docs/architecture.md, “Derived tables are derived”).

A span of thirty days at twenty million events is some 400 blocks: 5,000 narrow rows instead of 800,000 events.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection, transaction

from contract.advisory_locks import try_lock
from contract.reasons import Reason, Status
from events.intake_models import BLOCK_EVENTS

ADVISORY_SPACE = 0x494E544B  # “INTK”: one who counts at a time
BLOCKS_AT_ONCE = 48  # 100,000 events, some 150 ms
NO_END = 2**63 - 1
REASONS = [reason.value for reason in Reason]

MARK_ALL = f"""
    INSERT INTO events_intakemark (block)
    SELECT generate_series(min(id) / {BLOCK_EVENTS}, max(id) / {BLOCK_EVENTS}) FROM events_event
"""  # noqa: S608 - a constant of our own


def mark_all() -> None:
    """Has every block counted again: after rows were written past the application (a restored table, a benchmark)."""
    with connection.cursor() as cursor:
        cursor.execute(MARK_ALL)


# The newest blocks first: they are what people look at, and of a first count of everything the old ones can wait.
TAKE_MARKS = """
    WITH wanted AS (
        SELECT DISTINCT block FROM events_intakemark ORDER BY block DESC LIMIT %(limit)s -- intake_mark_by_block
    ), taken AS (
        DELETE FROM events_intakemark WHERE block IN (SELECT block FROM wanted)
    )
    SELECT block FROM wanted
"""
DELETE_BLOCKS = "DELETE FROM events_intakecount WHERE block = ANY(%(blocks)s)"
COUNT_BLOCKS = f"""
    INSERT INTO events_intakecount (block, hour, source_id, event_type_id, status, reason, events)
    SELECT wanted.block, counted.*
      FROM unnest(%(blocks)s::bigint[]) AS wanted (block)
     CROSS JOIN LATERAL (
               SELECT date_trunc('hour', e.received_at, 'UTC'), e.source_id, e.event_type_id, o.status, o.reason,
                      count(*)
                 FROM events_event AS e
                 JOIN events_outcome AS o ON o.event_id = e.id
                WHERE e.id >= wanted.block * {BLOCK_EVENTS} AND e.id < (wanted.block + 1) * {BLOCK_EVENTS}
                  AND o.event_id >= wanted.block * {BLOCK_EVENTS} AND o.event_id < (wanted.block + 1) * {BLOCK_EVENTS}
                GROUP BY 1, 2, 3, 4, 5
           ) AS counted
"""  # noqa: S608 - a constant of our own


def count_marked(limit: int = BLOCKS_AT_ONCE) -> int:
    """Counts marked blocks again; returns how many. Does nothing while another process is at it.

    The marks are taken in a statement of their own: what was committed with them is in the next statement's snapshot,
    and a mark that is written meanwhile stays.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        if not try_lock(ADVISORY_SPACE):
            return 0
        cursor.execute(TAKE_MARKS, {"limit": limit})
        blocks = [block for (block,) in cursor.fetchall()]
        if blocks:
            cursor.execute(DELETE_BLOCKS, {"blocks": blocks})
            cursor.execute(COUNT_BLOCKS, {"blocks": blocks})
        return len(blocks)


# Each span is the counted blocks inside it, and pieces that are looked at themselves.
PIECES = f"""
    span (place, low, high, first_block, last_block) AS (      -- last_block is the one behind the last
        SELECT place, low, high, (low + {BLOCK_EVENTS} - 1) / {BLOCK_EVENTS}, high / {BLOCK_EVENTS}
          FROM (
                   SELECT place, low, least(high, (SELECT coalesce(max(id), 0) + 1 FROM events_event)) AS high
                     FROM unnest(%(lows)s::bigint[], %(highs)s::bigint[]) WITH ORDINALITY AS given (low, high, place)
               ) AS clamped
    ), marked AS MATERIALIZED (
        SELECT DISTINCT block
          FROM events_intakemark
         WHERE block >= (SELECT min(first_block) FROM span) AND block < (SELECT max(last_block) FROM span)
    ), piece (place, low, high) AS MATERIALIZED (
        SELECT place, low, high FROM span WHERE first_block >= last_block
         UNION ALL
        SELECT place, low, first_block * {BLOCK_EVENTS} FROM span WHERE first_block < last_block
         UNION ALL
        SELECT place, last_block * {BLOCK_EVENTS}, high FROM span WHERE first_block < last_block
         UNION ALL
        SELECT place, block * {BLOCK_EVENTS}, (block + 1) * {BLOCK_EVENTS}
          FROM span
          JOIN marked ON block >= first_block AND block < last_block
    )
"""  # noqa: S608 - a constant of our own
# The pieces by index-only scans of outcome_by_status and outcome_by_reason.
OUTCOMES = f"""
    WITH {PIECES}
    SELECT place, status, reason, sum(events)::bigint
      FROM (
               SELECT place, status, reason, events
                 FROM span
                 JOIN events_intakecount ON block >= first_block AND block < last_block   -- its primary key
                WHERE first_block < last_block AND block NOT IN (SELECT block FROM marked)
                UNION ALL
               SELECT place, 'applied', '', (
                          SELECT count(*)
                            FROM events_outcome
                           WHERE status = 'applied' AND event_id >= low AND event_id < high
                      )
                 FROM piece
                UNION ALL
               SELECT place, CASE reason WHEN 'internal_error' THEN 'failed' ELSE 'ignored' END, reason, (
                          SELECT count(*)
                            FROM events_outcome
                           WHERE status <> 'applied' AND reason = wanted.reason AND event_id >= low AND event_id < high
                      )
                 FROM piece
                CROSS JOIN unnest(%(reasons)s::text[]) AS wanted (reason)
                UNION ALL
               SELECT place, 'waiting', '', (
                          SELECT count(*) FROM events_waiting WHERE event_id >= low AND event_id < high
                      )
                 FROM span
           ) AS counted
     GROUP BY place, status, reason
    HAVING sum(events) > 0
"""  # noqa: S608 - a constant of our own


@dataclass(frozen=True, slots=True)
class Counts:
    """What became of the events of a span of ids: by status, and those ignored or failed by reason too."""

    by_status: dict[str, int]
    by_reason: dict[str, int]

    @property
    def taken(self) -> int:
        """Every event that was taken is applied, ignored, failed or waiting."""
        return sum(self.by_status.values())

    def __getitem__(self, status: Status) -> int:
        return self.by_status.get(status.value, 0)


def sum_counts(counts: Sequence[Counts]) -> Counts:
    """All of them as one."""
    by_status: dict[str, int] = {}
    by_reason: dict[str, int] = {}
    for each in counts:
        _add(by_status, each.by_status)
        _add(by_reason, each.by_reason)
    return Counts(by_status, by_reason)


def _add(total: dict[str, int], more: dict[str, int]) -> None:
    for name, count in more.items():
        total[name] = total.get(name, 0) + count


def load_counts(bounds: Sequence[int]) -> list[Counts]:
    """What became of the events between each of these ids and the next one, and from the last one on: one statement.

    `bounds` rise; events/received.py turns moments into them.
    """
    parameters: dict[str, Any] = {"lows": list(bounds), "highs": [*bounds[1:], NO_END], "reasons": REASONS}
    found = [Counts({}, {}) for _ in bounds]
    with connection.cursor() as cursor:
        cursor.execute(OUTCOMES, parameters)
        for place, status, reason, count in cursor.fetchall():
            counts = found[place - 1]
            counts.by_status[status] = counts.by_status.get(status, 0) + count
            if reason:
                counts.by_reason[reason] = count
    return found


# The pieces by their primary keys: a few thousand rows for each bound, whatever the length of the spans. No piece has
# more ids than its LIMIT; it tells PostgreSQL so, which would else take a piece for a share of the whole log.
BREAKDOWN = f"""
    WITH {PIECES}
    SELECT place, source_id, event_type_id, status, reason, sum(events)::bigint
      FROM (
               SELECT place, source_id, event_type_id, status, reason, events
                 FROM span
                 JOIN events_intakecount ON block >= first_block AND block < last_block
                WHERE first_block < last_block
                  AND block NOT IN (SELECT block FROM marked)
                  AND (%(sources)s::bigint[] IS NULL OR source_id = ANY(%(sources)s::bigint[]))   -- intake_by_source
                  AND (%(types)s::bigint[] IS NULL OR event_type_id = ANY(%(types)s::bigint[]))   -- intake_by_type
                UNION ALL
               SELECT place, of_piece.*, 1
                 FROM piece
                CROSS JOIN LATERAL (
                          SELECT e.source_id, e.event_type_id, o.status, o.reason
                            FROM (
                                     SELECT id, source_id, event_type_id
                                       FROM events_event
                                      WHERE id >= low AND id < high
                                      ORDER BY id
                                      LIMIT 2 * {BLOCK_EVENTS}
                                 ) AS e
                            JOIN (
                                     SELECT event_id, status, reason
                                       FROM events_outcome
                                      WHERE event_id >= low AND event_id < high
                                      ORDER BY event_id
                                      LIMIT 2 * {BLOCK_EVENTS}
                                 ) AS o ON o.event_id = e.id
                      ) AS of_piece
                WHERE (%(sources)s::bigint[] IS NULL OR of_piece.source_id = ANY(%(sources)s::bigint[]))
                  AND (%(types)s::bigint[] IS NULL OR of_piece.event_type_id = ANY(%(types)s::bigint[]))
           ) AS counted
     GROUP BY 1, 2, 3, 4, 5
"""  # noqa: S608 - a constant of our own


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """How many events of one source and type have one outcome; `place` is the span's, from 0."""

    place: int
    source_id: int
    event_type_id: int
    status: str
    reason: str
    events: int


def load_breakdown(
    bounds: Sequence[int], *, source_ids: Collection[int] | None = None, type_ids: Collection[int] | None = None
) -> list[Part]:
    """What became of the decided events between each id and the next, by source and type: one statement.

    Events that wait are not among them. None stands for all sources, or all types.
    """
    parameters = {
        "lows": list(bounds),
        "highs": [*bounds[1:], NO_END],
        "sources": None if source_ids is None else list(source_ids),
        "types": None if type_ids is None else list(type_ids),
    }
    with connection.cursor() as cursor:
        cursor.execute(BREAKDOWN, parameters)
        return [
            Part(
                place=place - 1,
                source_id=source_id,
                event_type_id=event_type_id,
                status=status,
                reason=reason,
                events=events,
            )
            for place, source_id, event_type_id, status, reason, events in cursor.fetchall()
        ]
