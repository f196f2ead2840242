"""Tables as files that spreadsheets open, CSV and XLSX, written row by row: no more than a row is held, of any number.

A text of a stranger must not be run. Excel, LibreOffice and Google Sheets take a cell of a CSV for a formula when it
begins with =, +, -, @ (or their full-width forms), also behind blanks; a tab or a line break can begin a new cell.
Such a text gets an apostrophe before it (OWASP, “CSV injection”). In XLSX a cell says itself that it is a text, and
keeps it as it is; the mark “quote prefix” keeps it one when somebody edits it.
"""

import csv
import io
import re
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from xml.sax.saxutils import escape

# What begins a formula, as Python and PostgreSQL (insights/reporting/export.py) both read it.
FORMULA_START = r"[\t\r\n]|[\s\u00a0]*[-=+@\uff1d\uff0b\uff0d\uff20]"
BYTE_ORDER_MARK = "\ufeff"  # Excel reads UTF-8 as such by it
XLSX_ROWS = 1_048_575  # below the heading: what the format can hold
XLSX_CELL = 32_767  # characters of one cell
XLSX_DIGITS = 15  # a number of more digits would lose some, and is written as a text
CUT = "… (cut)"
CHUNK_BYTES = 65_536
DATE_FORMAT = "yyyy-mm-dd hh:mm:ss"
FIRST_SHEET_DAY, SHEET_EPOCH = datetime(1900, 3, 1), datetime(1899, 12, 30)  # noqa: DTZ001 - sheets know no zones
SHEET = "xl/worksheets/sheet1.xml"
# What XML cannot hold, a carriage return that it would change, and what reads as the escape of one of them.
TO_ESCAPE = re.compile("[\x00-\x08\x0b-\x1f\ufffe\uffff]|_(?=x[0-9A-Fa-f]{4}_)")

type Cell = str | int | Decimal | datetime | None

_formula_start = re.compile(FORMULA_START)


def begins_a_formula(text: str) -> bool:
    return _formula_start.match(text) is not None


def disarmed(text: str) -> str:
    """The text as a cell of a CSV that no spreadsheet calculates."""
    return f"'{text}" if begins_a_formula(text) else text


class _Line:
    """What csv.writer writes to: hands the line over."""

    def write(self, line: str) -> str:
        return line


def csv_chunks(head: Sequence[str], rows: Iterable[Sequence[Cell]]) -> Iterator[bytes]:
    """The file in UTF-8 with a mark. Decimals with all their digits, moments in ISO 8601 with their offset."""
    writer = csv.writer(_Line())
    lines = [BYTE_ORDER_MARK + writer.writerow([disarmed(name) for name in head])]
    length = 0
    for row in rows:
        line = writer.writerow([_csv_cell(cell) for cell in row])
        lines.append(line)
        length += len(line)
        if length > CHUNK_BYTES:
            yield "".join(lines).encode()
            lines, length = [], 0
    yield "".join(lines).encode()


def _csv_cell(cell: Cell) -> str:
    match cell:
        case None:
            return ""
        case str():
            return disarmed(cell)
        case datetime():
            return cell.isoformat()
        case Decimal():
            return format(cell, "f")
        case _:
            return str(cell)


class _Sink(io.RawIOBase):
    """What zipfile writes to: keeps the bytes until they are taken. It cannot go back, so zipfile never tries."""

    def __init__(self) -> None:
        self.pieces: list[bytes] = []
        self.length = 0

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self.pieces.append(bytes(data))
        self.length += len(data)
        return len(data)

    def take(self) -> bytes:
        taken = b"".join(self.pieces)
        self.pieces, self.length = [], 0
        return taken


def xlsx_chunks(title: str, head: Sequence[str], rows: Iterable[Sequence[Cell]]) -> Iterator[bytes]:
    """The workbook as it is compressed, with one sheet. Moments become local wall-clock dates, as sheets know no zones.

    openpyxl makes everything but the rows: its own writer gives the first byte when the last row is written.
    """
    package, before, after, styles = _make_package(title, head)
    sink = _Sink()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED, compresslevel=4) as archive:
        for name, content in package.items():
            archive.writestr(name, content)
        from openpyxl.utils import get_column_letter  # a third of a second that only exports need

        letters = [get_column_letter(place) for place in range(1, len(head) + 1)]
        with archive.open(SHEET, "w", force_zip64=True) as sheet:
            sheet.write(before)
            for number, row in enumerate(rows, start=2):
                cells = "".join(
                    _xlsx_cell(f"{letter}{number}", cell, styles) for letter, cell in zip(letters, row, strict=True)
                )
                sheet.write(f'<row r="{number}">{cells}</row>'.encode())
                if sink.length > CHUNK_BYTES:
                    yield sink.take()
            sheet.write(after)
    yield sink.take()


type _Styles = tuple[str, str]  # of a date, and of a text that looks like a formula


def _make_package(title: str, head: Sequence[str]) -> tuple[dict[str, bytes], bytes, bytes, _Styles]:
    """The other files of the workbook, the sheet before and after its rows, and the numbers of its styles."""
    from openpyxl import Workbook
    from openpyxl.styles import Font
    from openpyxl.utils import get_column_letter

    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = title
    sheet.freeze_panes = "A2"
    sheet.append(list(head))
    for place, cell in enumerate(sheet[1], start=1):
        cell.font = Font(bold=True)
        sheet.column_dimensions[get_column_letter(place)].width = max(12, min(40, len(str(cell.value)) + 4))
    sheet["A2"].number_format, sheet["A2"].value = DATE_FORMAT, 1
    sheet["B2"].quotePrefix, sheet["B2"].value = True, 1
    made = io.BytesIO()
    book.save(made)
    with zipfile.ZipFile(made) as archive:
        package = {name: archive.read(name) for name in archive.namelist()}
    text = re.sub(r"<dimension [^>]*/>", "", package.pop(SHEET).decode())
    before, sample, after = re.split(r'(<row r="2".*?</row>)', text, maxsplit=1, flags=re.DOTALL)
    date_style, text_style = re.findall(r'<c r="[AB]2" s="(\d+)"', sample)
    return package, before.encode(), after.encode(), (date_style, text_style)


def _xlsx_cell(place: str, cell: Cell, styles: _Styles) -> str:
    match cell:
        case None | "":
            return ""
        case int():
            return _number(place, str(cell)) if abs(cell) < 10**XLSX_DIGITS else _text(place, str(cell), "")
        case Decimal():
            digits = format(cell, "f")
            is_exact = len(digits.replace(".", "").lstrip("-0")) <= XLSX_DIGITS
            return _number(place, digits) if is_exact else _text(place, digits, "")
        case datetime():
            local = cell.replace(tzinfo=None)
            if local < FIRST_SHEET_DAY:
                return _text(place, cell.isoformat(), "")
            days = Decimal((local - SHEET_EPOCH) // timedelta(microseconds=1)) / Decimal(86_400_000_000)
            return f'<c r="{place}" s="{styles[0]}"><v>{days:.11f}</v></c>'
        case str():
            return _text(place, cell, f' s="{styles[1]}"' if begins_a_formula(cell) else "")


def _number(place: str, digits: str) -> str:
    return f'<c r="{place}"><v>{digits}</v></c>'


def _text(place: str, text: str, style: str) -> str:
    shown = text if len(text) <= XLSX_CELL else text[: XLSX_CELL - len(CUT)] + CUT
    safe = escape(TO_ESCAPE.sub(lambda found: f"_x{ord(found[0]):04X}_", shown))
    return f'<c r="{place}"{style} t="inlineStr"><is><t xml:space="preserve">{safe}</t></is></c>'
