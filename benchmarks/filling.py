"""Fills the tables with millions of orders in minutes: one order that ours has really applied, multiplied in SQL.

So the rows have every column that the code writes, whatever it writes by then. Ids and order ids are numbered, contacts
and dates spread; the two wide JSON texts that no query looks into (bodies and changes) are left short, for the disk.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import psycopg

from benchmarks.servers import Postgres

FILLED_PREFIX = "A"  # numbered below the posted ones (payloads.py), as older orders are
FIRST_ID = 1_000_000_000  # of filled rows: never those of the sequences

_DATE = "timestamptz '2024-06-01 00:00Z' + (n * 104729 %% 47304000) * interval '1 second'"

# For each table the columns whose values are made from the number n (and, for items, from the item that is copied).
FILLED: Mapping[str, Mapping[str, str]] = {
    "events_event": {
        "id": "%(first)s + n",
        "order_key": "'A' || to_char(n, 'FM0000000000')",
        "key_value": "'A' || to_char(n, 'FM0000000000')",
        "lane": "n %% 64",
        "body": "'{}'",
    },
    "orders_order": {
        "id": "%(first)s + n",
        "external_order_id": "'A' || to_char(n, 'FM0000000000')",
        "contact_id": "1 + n * 7919 %% %(contacts)s",
        "status": "(ARRAY['INITIALIZED', 'IN_PROGRESS', 'DELIVERED', 'CANCELLED'])[1 + n %% 4]",
        "date": _DATE,
    },
    "orders_orderitem": {
        "id": "%(first)s + 1000 * n + seed.position",
        "order_id": "%(first)s + n",
        "order_date": _DATE,
    },
    "orders_orderchange": {
        "id": "%(first)s + n",
        "order_id": "%(first)s + n",
        "event_id": "%(first)s + n",
        "fields": "'{}'",
    },
    "events_outcome": {
        "event_id": "%(first)s + n",
        "order_id": "%(first)s + n",
        "contact_id": "1 + n * 7919 %% %(contacts)s",
        "sequence": "%(first)s + n",
    },
}
SECONDARY_INDEXES = """
    SELECT indexrelid::regclass::text, pg_get_indexdef(indexrelid)
      FROM pg_index
     WHERE indrelid = %s::regclass AND NOT indisunique
"""


def filled_order_id(number: int) -> str:
    """The external order id of the filled order with this number, counted from 1."""
    return f"{FILLED_PREFIX}{number:010d}"


def fill(postgres: Postgres, database: str, orders: int, contacts: int) -> None:
    """Multiplies the one applied order of the database; secondary indexes are built when the rows are there."""
    with postgres.connect(database) as connection:
        # No foreign key is checked for each row: they hold by the way the numbers are made.
        connection.execute("SET session_replication_role = replica")
        connection.execute("SET maintenance_work_mem = '512MB'")
        for table, made in FILLED.items():
            numbers = {"first": FIRST_ID, "rows": orders, "contacts": contacts}
            with secondary_indexes_built_last(connection, table):
                multiply(connection, table, made, numbers)
        connection.execute("VACUUM ANALYZE")
        connection.execute("CHECKPOINT")


@contextmanager
def few_checkpoints(connection: psycopg.Connection) -> Iterator[None]:
    """Lets PostgreSQL write 8 GB between checkpoints while tables are filled: after each one it writes every page whole
    to the WAL. What is measured afterwards has the settings as they ship.
    """
    connection.execute("ALTER SYSTEM SET max_wal_size = '8GB'")
    connection.execute("SELECT pg_reload_conf()")
    try:
        yield
    finally:
        connection.execute("ALTER SYSTEM RESET max_wal_size")
        connection.execute("SELECT pg_reload_conf()")


@contextmanager
def secondary_indexes_built_last(connection: psycopg.Connection, table: str) -> Iterator[None]:
    """Takes the indexes that no constraint needs from the table, and builds them again at the end."""
    indexes = connection.execute(SECONDARY_INDEXES, [table]).fetchall()
    for name, _ in indexes:
        connection.execute(f"DROP INDEX {name}")
    yield
    for _, definition in indexes:
        connection.execute(definition)


def multiply(connection: psycopg.Connection, table: str, made: Mapping[str, str], numbers: Mapping[str, Any]) -> None:
    """Appends the rows of the table once for each n from 1 to `rows`, with the columns in `made` made from n."""
    found = connection.execute(
        "SELECT attname FROM pg_attribute WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped", [table]
    ).fetchall()
    columns = [name for (name,) in found]
    values = [made.get(name, f"seed.{name}") for name in columns]
    connection.execute(
        f"""
        INSERT INTO {table} ({", ".join(columns)})
        SELECT {", ".join(values)}
          FROM generate_series(1, %(rows)s::bigint) AS n CROSS JOIN (SELECT * FROM {table}) AS seed
        """,  # noqa: S608 - tables and columns of our own
        numbers,
    )
