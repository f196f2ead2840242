"""Which rule decided how many of the latest events: counted from the traces of their outcomes, never kept as a total.

Of the last seven days the newest events are looked at, and no more than a set number of them: twenty million events
cost what these do, and a replay that decides an event anew is counted anew by itself. A number and the list behind it
look at the same events.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from django.db import connection
from django.db.models import QuerySet
from django.utils import timezone

from contacts.rule_list import RuleEntry
from events.filters import events_beyond
from events.models import Event
from events.received import first_ids_since

DAYS = 7
MOST_EVENTS = 5_000  # some 25 ms


@dataclass(frozen=True, slots=True)
class Decided:
    """How many events were decided by what: (event type, parameter, kind) → count. `examined` counts those of nobody.

    `is_partial`: there were more events in these days than are looked at.
    """

    counts: Mapping[tuple[str, str, str], int]
    examined: int
    is_partial: bool

    def of(self, entry: RuleEntry) -> int:
        """The events that this rule decided; two rules that say the same are told apart by the event type alone."""
        return sum(
            count
            for (type_key, parameter, kind), count in self.counts.items()
            if (parameter, kind) == (entry.parameter, entry.kind) and entry.event_type_key in ("", type_key)
        )


# Their types by an array of their ids, which stand side by side: a look-up of each took many times the pages, and
# a join might read all events to find the types of these.
COUNT_DECIDED = """
    WITH latest AS MATERIALIZED (
        SELECT event_id, trace FROM events_outcome              -- index: its primary key
         WHERE event_id >= %(first)s
         ORDER BY event_id DESC LIMIT %(most)s
    )
    SELECT t.key, counted.parameter, counted.kind, counted.events
      FROM (
               SELECT e.event_type_id, step.parameter, step.kind, count(*) AS events
                 FROM latest
                 JOIN (
                          SELECT id, event_type_id FROM events_event
                           WHERE id = ANY(ARRAY(SELECT event_id FROM latest))
                      ) AS e ON e.id = latest.event_id
                 LEFT JOIN LATERAL (
                          SELECT parameter, kind
                            FROM jsonb_to_recordset(latest.trace) AS step (parameter text, kind text, decided boolean)
                           WHERE decided LIMIT 1
                      ) AS step ON true
                GROUP BY 1, 2, 3
           ) AS counted
      JOIN events_eventtype AS t ON t.id = counted.event_type_id
"""


def count_decided() -> Decided:
    """Two statements, whatever the number of rules and events."""
    with connection.cursor() as cursor:
        cursor.execute(COUNT_DECIDED, {"first": _first_of_days(), "most": MOST_EVENTS})
        rows = cursor.fetchall()
    counts: Counter[tuple[str, str, str]] = Counter()
    for type_key, parameter, kind, count in rows:
        if parameter is not None:
            counts[type_key, parameter, kind] += count
    examined = sum(row[-1] for row in rows)
    return Decided(counts, examined, is_partial=examined == MOST_EVENTS)


def _first_of_days() -> int:
    [first] = first_ids_since([timezone.now() - timedelta(days=DAYS)])
    return first


FIRST_OF_SAMPLE = """
    SELECT min(event_id)
      FROM (
               SELECT event_id FROM events_outcome              -- index: its primary key
                WHERE event_id >= %(first)s
                ORDER BY event_id DESC LIMIT %(most)s
           ) AS latest
"""


def first_event_counted() -> int:
    """The least id of the events that count_decided() looks at; 0 when there is none."""
    with connection.cursor() as cursor:
        cursor.execute(FIRST_OF_SAMPLE, {"first": _first_of_days(), "most": MOST_EVENTS})
        return cursor.fetchone()[0] or 0


def decided_by(events: QuerySet[Event], rule: str) -> QuerySet[Event]:
    """Of the events that count_decided() looks at, those that this rule decided: “parameter → kind”."""
    parameter, arrow, kind = rule.rpartition(" → ")
    first = first_event_counted() if arrow else 0
    if not first:
        return events.none()
    step = {"parameter": parameter, "kind": kind, "decided": True}
    return events_beyond(events.filter(outcome__trace__contains=[step]), "gte", first)
