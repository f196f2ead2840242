"""COPY as the limit: the same finished rows, into the same tables with all their indexes and constraints.

One connection, one transaction, text that was made beforehand: nothing of ours stands between the rows and the disk.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass

from psycopg import sql

from benchmarks.servers import Postgres

CHUNK_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class Rows:
    """The rows of one table as COPY writes them."""

    table: str
    columns: tuple[str, ...]
    text: bytes


def read_rows(postgres: Postgres, database: str, table: str, where: str = "true") -> Rows:
    """What the table holds, in the order of its first column."""
    with postgres.connect(database) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT attname FROM pg_attribute WHERE attrelid = %s::regclass AND attnum > 0", [table])
        columns = tuple(name for (name,) in cursor.fetchall() if not name.startswith("........"))
        query = sql.SQL("COPY (SELECT {} FROM {} WHERE {} ORDER BY 1) TO STDOUT").format(
            _names(columns), sql.Identifier(table), sql.SQL(where)
        )
        with cursor.copy(query) as copy:
            return Rows(table, columns, b"".join(bytes(chunk) for chunk in copy))


def copy_seconds(postgres: Postgres, database: str, tables: Sequence[Rows]) -> float:
    """How long it takes to write all of it in one transaction, until the commit is durable."""
    with postgres.connect(database) as connection:
        connection.autocommit = False
        start = time.perf_counter()
        with connection.cursor() as cursor:
            for rows in tables:
                query = sql.SQL("COPY {} ({}) FROM STDIN").format(sql.Identifier(rows.table), _names(rows.columns))
                with cursor.copy(query) as copy:
                    for first in range(0, len(rows.text), CHUNK_BYTES):
                        copy.write(rows.text[first : first + CHUNK_BYTES])
        connection.commit()
        return time.perf_counter() - start


def _names(columns: Sequence[str]) -> sql.Composed:
    return sql.SQL(", ").join(map(sql.Identifier, columns))
