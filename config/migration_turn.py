"""Lets one machine migrate at a time: two that start at once migrate one after the other."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection

MIGRATION_LOCK = 6_731_846_002  # of pg_advisory_lock
LOOK_SECONDS = 0.2


@contextmanager
def turn_to_migrate() -> Iterator[None]:
    """Holds the lock of migrations on this thread's connection; waits for who has it.

    It asks again and again, and never waits inside a statement: a statement that waits keeps a snapshot, and CREATE
    INDEX CONCURRENTLY waits for all older snapshots, so the one that migrates and the one in line would block each
    other until PostgreSQL ends one of them.
    """
    with connection.cursor() as cursor:
        while not _try_lock(cursor):
            time.sleep(LOOK_SECONDS)
        try:
            yield
        finally:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [MIGRATION_LOCK])


def _try_lock(cursor: Any) -> bool:
    cursor.execute("SELECT pg_try_advisory_lock(%s)", [MIGRATION_LOCK])
    return bool(cursor.fetchone()[0])
