"""Writes a view of the schema `reporting` to a file, in one snapshot and in constant memory.

CSV comes from PostgreSQL's own COPY, Parquet from a cursor of the server, some thousand rows at a time. The file
appears under its name when it is whole.
"""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from django.db import connection, transaction

from contract.spreadsheets import FORMULA_START
from insights.reporting.views import COUNTED_BY, ORDER_OF_ROWS, VIEWS

FORMATS = ("csv", "parquet")
ROWS_AT_ONCE = 20_000  # some 10 MB of a Parquet file's memory
type Progress = Callable[[int], None]  # is told how many more rows are written

COLUMNS = """
    SELECT attname, atttypid::regtype::text
      FROM pg_attribute
     WHERE attrelid = %(view)s::regclass AND attnum > 0 AND NOT attisdropped
     ORDER BY attnum
"""
ESTIMATE = "SELECT greatest(reltuples, 0)::bigint FROM pg_class WHERE oid = %(table)s::regclass"

# Money has at most 18 digits, 4 of them decimals, a quantity 3 decimals: a product has 7. A sum that is longer is
# refused by pyarrow, never rounded.
EXACT = pa.decimal128(38, 7)
ARROW_TYPES = {
    "bigint": pa.int64(),
    "integer": pa.int64(),
    "smallint": pa.int64(),
    "boolean": pa.bool_(),
    "numeric": EXACT,
    "date": pa.date32(),
    "timestamp with time zone": pa.timestamp("us", tz="UTC"),
    "text": pa.string(),
    "character varying": pa.string(),
    "text[]": pa.list_(pa.string()),
    "character varying[]": pa.list_(pa.string()),
}
TEXTS = ("text", "character varying")


class ExportError(Exception):
    """Why there is no file, in words for who runs the command."""


def estimate_rows(view: str) -> int:
    """About how many rows the view has, by the statistics of its table; 0 while there are none. One statement."""
    with connection.cursor() as cursor:
        cursor.execute(ESTIMATE, {"table": COUNTED_BY[view]})
        return int(cursor.fetchone()[0])


def export_view(
    view: str, form: str, path: Path, *, progress: Progress, for_spreadsheets: bool = False, replaces: bool = False
) -> int:
    """Writes the view to a file; returns the number of its rows. `for_spreadsheets`: a text in a CSV that a spreadsheet
    would take for a formula gets an apostrophe in front.

    Raises ExportError when the file is there already, or cannot be written.
    """
    if view not in VIEWS or form not in FORMATS:
        raise ExportError(f"Choose a view of {', '.join(VIEWS)} and a format of {', '.join(FORMATS)}.")
    if for_spreadsheets and form != "csv":
        raise ExportError("Only CSV is opened by spreadsheets as text: --for-spreadsheets goes with --format csv.")
    if path.exists() and not replaces:
        raise ExportError(f"{path} is there already; name another file, or add --replace.")
    with _finished(path) as unfinished, transaction.atomic():
        columns = _columns(view)
        if form == "csv":
            return _write_csv(view, columns, unfinished, progress, for_spreadsheets)
        return _write_parquet(view, columns, unfinished, progress)


@contextmanager
def _finished(path: Path) -> Iterator[Path]:
    """A name to write under; what was written gets its own name when it is whole, and goes when it is not."""
    unfinished = path.with_name(f"{path.name}.{os.getpid()}.partial")
    try:
        yield unfinished
        unfinished.replace(path)
    except OSError as error:
        raise ExportError(f"{path} cannot be written: {error.strerror}.") from error
    finally:
        unfinished.unlink(missing_ok=True)


def _columns(view: str) -> list[tuple[str, str]]:
    with connection.cursor() as cursor:
        cursor.execute(COLUMNS, {"view": f"reporting.{view}"})
        return list(cursor.fetchall())


def _select(view: str, columns: list[tuple[str, str]], for_spreadsheets: bool = False) -> str:
    """All of the view; its name and columns are our own."""
    shown = [_disarmed(name) if for_spreadsheets and kind in TEXTS else name for name, kind in columns]
    return f"SELECT {', '.join(shown)} FROM reporting.{view} ORDER BY {ORDER_OF_ROWS[view]}"  # noqa: S608


def _disarmed(name: str) -> str:
    """As contract/spreadsheets.py does it."""
    return f"CASE WHEN {name} ~ '^({FORMULA_START})' THEN '''' || {name} ELSE {name} END AS {name}"


def _write_csv(
    view: str, columns: list[tuple[str, str]], path: Path, progress: Progress, for_spreadsheets: bool
) -> int:
    statement = f"COPY ({_select(view, columns, for_spreadsheets)}) TO STDOUT (FORMAT csv, HEADER)"
    rows = -1  # the heading is the first message
    with (
        path.open("wb") as file,
        connection.wrap_database_errors,
        connection.cursor() as cursor,
        cursor.copy(statement) as copy,
    ):
        for line in copy:  # PostgreSQL sends a message for each row
            file.write(line)
            rows += 1
            if rows and rows % ROWS_AT_ONCE == 0:
                progress(ROWS_AT_ONCE)
    progress(rows % ROWS_AT_ONCE)
    return rows


def _write_parquet(view: str, columns: list[tuple[str, str]], path: Path, progress: Progress) -> int:
    schema = pa.schema([(name, ARROW_TYPES[kind]) for name, kind in columns])
    rows = 0
    with pq.ParquetWriter(path, schema, compression="zstd") as writer:
        for batch in _batches(_select(view, columns)):
            values = list(zip(*batch, strict=True))
            arrays = [pa.array(column, type=field.type) for column, field in zip(values, schema, strict=True)]
            writer.write_batch(pa.RecordBatch.from_arrays(arrays, schema=schema))
            rows += len(batch)
            progress(len(batch))
    return rows


def _batches(statement: str) -> Iterator[list[tuple[Any, ...]]]:
    """The rows of a statement in the caller's transaction, through a cursor of the server."""
    with connection.chunked_cursor() as cursor:
        cursor.execute(statement)
        while batch := cursor.fetchmany(ROWS_AT_ONCE):
            yield batch
