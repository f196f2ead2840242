"""Work that one at a time does, over all processes: an advisory lock of PostgreSQL that ends with the transaction.

Each kind of work has a number of its own, its `space`. Lanes, erasures, idempotency keys and segments have locks of
other forms (events/lanes.py, events/erasure.py, events/idempotency.py, insights/segments/refreshing.py). Taken in a
statement of its own: the next one sees all that the last holder has committed.
"""

from django.db import connection

TRY_LOCK = "SELECT pg_try_advisory_xact_lock(%(space)s, 0)"
LOCK = "SELECT pg_advisory_xact_lock(%(space)s, 0)"


def try_lock(space: int) -> bool:
    """Whether the caller's transaction has the lock now, until it ends. Never waits: whoever has it does the work."""
    with connection.cursor() as cursor:
        cursor.execute(TRY_LOCK, {"space": space})
        return bool(cursor.fetchone()[0])


def wait_for_lock(space: int) -> None:
    """Returns when the caller's transaction has the lock."""
    with connection.cursor() as cursor:
        cursor.execute(LOCK, {"space": space})
