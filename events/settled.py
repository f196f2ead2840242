"""Up to which id the log is complete: for who reads it from the oldest on (docs/api.md, Lists).

An event gets its id before its transaction commits, so one with a lower id may appear after one with a higher id was
read, and a reader who goes on from the higher one would never see it. Who takes numbers of a sequence holds a lock on
it until the transaction ends (PostgreSQL, commands/sequence.c), and lets go of it only when the rows can be seen. So
when nobody holds it, every id that was given out before is there, or never will be.
"""

from datetime import datetime, timedelta

from django.db import connection

from events.received import first_ids_since

# An id that is greater than one of a transaction was given out after that began, and its event was received then, too,
# but for the moment between the beginning of the statement that stores it and its number.
MARGIN = timedelta(seconds=5)

LAST_GIVEN = "SELECT last_value FROM events_event_id_seq"
OLDEST_TAKER = """
    SELECT min(activity.xact_start)
      FROM pg_locks AS held JOIN pg_stat_activity AS activity USING (pid)
     WHERE held.relation = 'events_event_id_seq'::regclass
       AND held.database = (SELECT oid FROM pg_database WHERE datname = current_database())
       AND held.mode = 'RowExclusiveLock'
       AND held.pid <> pg_backend_pid()
"""


def first_unsettled_id() -> int:
    """The id below which no event appears any more: two statements, and one more while somebody stores events.

    The events below it are to be read in a later statement: the order of the three is what makes it true. While a
    transaction that stores events lasts, it is the id that was given out some MARGIN before that began.
    """
    with connection.cursor() as cursor:
        cursor.execute(LAST_GIVEN)
        (last_given,) = cursor.fetchone()
        cursor.execute(OLDEST_TAKER)
        began_at: datetime | None
        (began_at,) = cursor.fetchone()
    unsettled = int(last_given) + 1
    return unsettled if began_at is None else min(unsettled, *first_ids_since([began_at - MARGIN]))
