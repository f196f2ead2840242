"""Empties all tables between tests that commit, and puts back the rows that migrations made.

Django truncates every table and saves row by row; some hundred tests do that. Deleting from tables that are small is a
matter of milliseconds, and so is COPY.
"""

from typing import Any

from django.db import connection, transaction

from account.models import Account

LARGE_BYTES = 262_144  # a table that grew is truncated, so that its dead rows do not slow down later tests
LARGE = "SELECT oid::regclass::text FROM pg_class WHERE relname = ANY(%s) AND pg_relation_size(oid) > %s"


def emptying_statements(_style: Any, tables: list[str], **_: Any) -> list[str]:
    """What `flush` executes in one transaction; our foreign keys are checked at its end. Sequences go on."""
    if not tables:
        return []
    with connection.cursor() as cursor:
        cursor.execute(LARGE, [list(tables), LARGE_BYTES])
        large = [name for (name,) in cursor.fetchall()]
    truncating = [f"TRUNCATE {', '.join(large)} CASCADE"] if large else []
    quote = connection.ops.quote_name
    return [*truncating, *(f"DELETE FROM {quote(table)}" for table in tables)]  # noqa: S608


class MigratedRows:
    """The rows of a database that was just migrated."""

    def __init__(self) -> None:
        tables = connection.introspection.django_table_names(only_existing=True, include_views=False)
        self._rows = {table: rows for table in tables if (rows := _copy_out(table))}

    def restore(self) -> None:
        """Puts them back where they are gone: the account is one of them."""
        if Account.objects.exists():
            return
        with transaction.atomic(), connection.cursor() as cursor:
            for table, rows in self._rows.items():
                with cursor.copy(f"COPY {connection.ops.quote_name(table)} FROM STDIN") as copy:
                    copy.write(rows)


def _copy_out(table: str) -> bytes:
    statement = f"COPY (SELECT * FROM {connection.ops.quote_name(table)}) TO STDOUT"  # noqa: S608
    with connection.cursor() as cursor, cursor.copy(statement) as copy:
        return b"".join(bytes(part) for part in copy)
