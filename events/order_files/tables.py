"""Gives a file as rows, one at a time, numbered as a spreadsheet numbers them: a CSV's first record is row 1.

Memory does not grow with the file: a CSV and JSON lines are read as they come, a spreadsheet by openpyxl's reader of
rows (which holds the sheet's shared texts). A row that cannot be read is a row with a fault; it stops nothing.
"""

import csv
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, time
from decimal import Decimal
from pathlib import Path
from typing import Any

from openpyxl import load_workbook
from openpyxl.utils.exceptions import InvalidFileException

from contract.json_values import NotJsonError, decode
from events.order_files.forms import Form
from events.order_files.trouble import OrderFileError

MOST_CHARACTERS = 8_000_000  # of one cell or line; no request of the API could carry more
SAMPLED_LINES = 100  # of JSON lines, whose members are shown as the columns


@dataclass(frozen=True, slots=True)
class Row:
    """`cells` by the name of their column, empty ones left out. With a `fault` there are none."""

    number: int
    cells: Mapping[str, Any] = field(default_factory=dict)
    fault: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """`rows` can be read once."""

    columns: tuple[str, ...]
    rows: Iterator[Row]


@contextmanager
def open_table(path: Path, form: Form) -> Iterator[Table]:
    """The file as a table. Raises OrderFileError, also from reading its rows, when it cannot be read further."""
    if form.kind == "xlsx":
        with _open_workbook(path) as workbook:
            yield _table_of(_records_of_sheet(workbook, form.sheet))
        return
    with path.open(encoding=form.encoding, newline="") as file:
        if form.kind == "csv":
            with _long_cells():
                yield _table_of(_records_of_csv(file, form))
        else:
            yield Table(_sampled_columns(path, form), _rows_of_json(file, form))


@contextmanager
def _long_cells() -> Iterator[None]:
    """Cells of MOST_CHARACTERS; the limit is one of the whole process, so it is set back."""
    limit = csv.field_size_limit(MOST_CHARACTERS)
    try:
        yield
    finally:
        csv.field_size_limit(limit)


# Files with a header: every record is a list of cells.

type Record = tuple[int, list[Any]]


def _table_of(records: Iterator[Record]) -> Table:
    for _, header in records:
        if any(_is_there(cell) for cell in header):
            columns = _columns_of(header)
            return Table(columns, _rows_of(records, columns))
    raise OrderFileError("The file has no header: its first row must name the columns.")


def _columns_of(header: list[Any]) -> tuple[str, ...]:
    names = [str(_plain(cell) if _is_there(cell) else "").strip() for cell in header]
    while names and not names[-1]:
        names.pop()
    twice = sorted({name for name in names if name and names.count(name) > 1})
    if twice:
        raise OrderFileError(f"Two columns are called “{twice[0]}”: give each column a name of its own.")
    return tuple(names)


def _rows_of(records: Iterator[Record], columns: tuple[str, ...]) -> Iterator[Row]:
    for number, record in records:
        cells = [_plain(cell) for cell in record]
        if not any(_is_there(cell) for cell in cells):
            continue
        if any(_is_there(cell) for cell in cells[len(columns) :]):
            detail = f"The row has {len(cells)} cells, and the header {len(columns)}."
            yield Row(number, fault=f"{detail} Is a delimiter within a text without quotes?")
            continue
        yield Row(number, {name: cell for name, cell in zip(columns, cells, strict=False) if name and _is_there(cell)})


def _is_there(cell: Any) -> bool:
    return cell is not None and cell != ""


def _plain(cell: Any) -> Any:
    """A cell as the API takes it: text without the space around it, numbers with their digits, moments in ISO 8601."""
    match cell:
        case str():
            return cell.strip()
        case bool():
            return "true" if cell else "false"
        case float():
            # A spreadsheet holds binary floats and shows 15 digits of them: these are what its author saw.
            return format(Decimal(format(cell, ".15g")), "f")
        case int():
            return str(cell)
        case datetime():
            return cell.replace(microsecond=0).isoformat()
        case date() | time():
            return cell.isoformat()
    return cell if cell is None else str(cell)


def _records_of_csv(file: Iterable[str], form: Form) -> Iterator[Record]:
    # Strict: a quote that is never closed would else swallow the rest of the file into one cell.
    reader = csv.reader(file, delimiter=form.delimiter, strict=True)
    number = 0
    try:
        for number, record in enumerate(reader, start=1):
            yield number, record
    except csv.Error as error:
        raise OrderFileError(
            f"Row {number + 1} (line {reader.line_num}) is no CSV: {error}. Nothing after it can be read."
        ) from error
    except UnicodeDecodeError as error:
        raise OrderFileError(f"After row {number} the text is not {form.encoding}: give its --encoding.") from error


@contextmanager
def _open_workbook(path: Path) -> Iterator[Any]:
    try:
        workbook = load_workbook(path, read_only=True, data_only=True)
    except (InvalidFileException, zipfile.BadZipFile, KeyError, ValueError) as error:
        raise OrderFileError(f"{path.name} is no spreadsheet that can be read: {error}.") from error
    try:
        yield workbook
    finally:
        workbook.close()


def _records_of_sheet(workbook: Any, name: str) -> Iterator[Record]:
    if name and name not in workbook.sheetnames:
        raise OrderFileError(f"There is no sheet “{name}”; there are: {', '.join(workbook.sheetnames)}.")
    sheet = workbook[name or workbook.sheetnames[0]]
    if not hasattr(sheet, "reset_dimensions"):
        raise OrderFileError(f"“{sheet.title}” is a chart and no table; name another sheet with --sheet.")
    sheet.reset_dimensions()  # what the file says of its size may be wrong, and rows beyond it would be lost
    for number, record in enumerate(sheet.iter_rows(values_only=True), start=1):
        yield number, list(record)


# JSON lines: every line is an order.


def _rows_of_json(file: Iterable[str], form: Form) -> Iterator[Row]:
    number = 0
    try:
        for number, line in enumerate(file, start=1):
            if line.strip("\ufeff\x1e \t\r\n"):
                yield _row_of_json(number, line)
    except UnicodeDecodeError as error:
        raise OrderFileError(f"After line {number} the text is not {form.encoding}: give its --encoding.") from error


def _row_of_json(number: int, line: str) -> Row:
    if len(line) > MOST_CHARACTERS:
        return Row(number, fault=f"The line has more than {MOST_CHARACTERS:,} characters.")
    try:
        value = decode(line)
    except NotJsonError as error:
        return Row(number, fault=error.detail)
    if not isinstance(value, dict):
        return Row(number, fault="The line is no JSON object.")
    return Row(number, {name: cell for name, cell in value.items() if _is_there(cell)})


def _sampled_columns(path: Path, form: Form) -> tuple[str, ...]:
    columns: dict[str, None] = {}
    with path.open(encoding=form.encoding, newline="") as file:
        for sampled, row in enumerate(_rows_of_json(file, form)):
            if sampled == SAMPLED_LINES:
                break
            columns.update(dict.fromkeys(row.cells))
    return tuple(columns)
