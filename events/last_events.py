"""When each source, or each event type, last sent an event: without counting anything in the log."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from django.db import connection


@dataclass(frozen=True, slots=True, kw_only=True)
class LastEvent:
    event_id: int
    received_at: datetime


# One look-up for each, however many events it has. Said as “the last one up to this”, so that no plan but the index's
# is possible: with an equality PostgreSQL walks the newest events of all, and for long when one is rare.
LAST_OF = """
    SELECT wanted.id, last.id, last.received_at
      FROM unnest(%(ids)s::bigint[]) AS wanted (id)
     CROSS JOIN LATERAL (
               SELECT {column}, id, received_at
                 FROM events_event                      -- index: event_by_source, event_by_type
                WHERE {column} <= wanted.id
                ORDER BY {column} DESC, id DESC
                LIMIT 1
           ) AS last
     WHERE last.{column} = wanted.id
"""


def load_last_by(column: Literal["source_id", "event_type_id"], ids: Sequence[int]) -> dict[int, LastEvent]:
    """The newest event of each of these sources or types that has any: one statement."""
    with connection.cursor() as cursor:
        cursor.execute(LAST_OF.format(column=column), {"ids": list(ids)})
        return {
            owner_id: LastEvent(event_id=event_id, received_at=received_at)
            for owner_id, event_id, received_at in cursor.fetchall()
        }
