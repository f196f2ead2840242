"""Turns moments into event ids, because events are found by their ids: time needs no index of its own.

Ids are given in the order of acceptance, so the moments of acceptance rise with them. Two events taken at the same time
may stand in the other order, by milliseconds; what counts and what lists events both cut at the same id.
"""

from collections.abc import Sequence
from datetime import datetime

from django.db import connection

# A binary search: some 25 look-ups in the primary key for each moment, at twenty million events as well.
FIRST_IDS = """
    SELECT found.id
      FROM unnest(%(moments)s::timestamptz[]) WITH ORDINALITY AS wanted (moment, place)
     CROSS JOIN LATERAL (
               WITH RECURSIVE search (low, high) AS (
                   SELECT coalesce(min(id), 1), coalesce(max(id), 0) + 1 FROM events_event
                   UNION ALL
                   SELECT CASE WHEN hit.received_at < wanted.moment THEN hit.id + 1 ELSE low END,
                          CASE WHEN hit.received_at < wanted.moment THEN high ELSE middle.id END
                     FROM search
                    CROSS JOIN LATERAL (SELECT (low + high) / 2 AS id) AS middle
                    CROSS JOIN LATERAL (
                              SELECT id, received_at FROM events_event
                               WHERE id >= middle.id ORDER BY id LIMIT 1
                          ) AS hit
                    WHERE low < high
               )
               SELECT low AS id FROM search ORDER BY high - low LIMIT 1
           ) AS found
     ORDER BY wanted.place
"""


def first_ids_since(moments: Sequence[datetime]) -> list[int]:
    """For each moment the least id from which on events were received at it or later: one statement.

    Where there is none yet, it is an id that no event has so far and that the next ones are not below.
    """
    with connection.cursor() as cursor:
        cursor.execute(FIRST_IDS, {"moments": list(moments)})
        return [row[0] for row in cursor.fetchall()]
