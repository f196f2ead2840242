"""Runs a statement for a page for a bounded time: what would make its reader wait ends, and says so."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import DatabaseError, OperationalError, connection, transaction
from psycopg.errors import QueryCanceled

PAGE_MILLISECONDS = 2_000


class TookTooLongError(Exception):
    """The statement was ended, and nothing is known."""


def took_too_long(error: DatabaseError) -> bool:
    """Whether PostgreSQL ended the statement because of its time."""
    return isinstance(error.__cause__, QueryCanceled)


@contextmanager
def bounded(milliseconds: int = PAGE_MILLISECONDS) -> Iterator[Any]:
    """A cursor whose statements may take so long each. Raises TookTooLongError.

    Without compiling, which would take longer than most of these statements.
    """
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(
                "SELECT set_config('statement_timeout', %s, TRUE), set_config('jit', 'off', TRUE)", [str(milliseconds)]
            )
            yield cursor
            cursor.execute("SET LOCAL statement_timeout TO DEFAULT")
    except OperationalError as error:
        if took_too_long(error):
            raise TookTooLongError from error
        raise
