"""Lists as CSV files that spreadsheets open: in UTF-8 with a mark, and no text that a spreadsheet would calculate.

What begins with =, +, -, @, a tab or a line break is a formula to Excel, LibreOffice and Google Sheets, whoever typed
it. Such a text gets an apostrophe in front, as OWASP advises; numbers of ours stay numbers.
"""

import csv
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from typing import Any

from django.http import StreamingHttpResponse

BEGINS_A_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
BYTE_ORDER_MARK = "\ufeff"  # Excel reads UTF-8 as such by it


class _Line:
    """What csv.writer writes to: hands the line over."""

    def write(self, line: str) -> str:
        return line


def safe_cell(value: Any) -> str:
    """The value as a cell: numbers with all their digits, None as nothing, texts that would be formulas disarmed."""
    if value is None:
        return ""
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, int):
        return str(value)
    text = str(value)
    return f"'{text}" if text.startswith(BEGINS_A_FORMULA) else text


def csv_lines(head: Sequence[Any], rows: Iterable[Sequence[Any]]) -> Iterator[str]:
    """The file line by line, its heading first."""
    writer = csv.writer(_Line())
    yield BYTE_ORDER_MARK + writer.writerow([safe_cell(cell) for cell in head])
    for row in rows:
        yield writer.writerow([safe_cell(cell) for cell in row])


def csv_response(name: str, head: Sequence[Any], rows: Iterable[Sequence[Any]]) -> StreamingHttpResponse:
    """A file of any length to download; `name` is ASCII without quotes. Rows are read while it is sent."""
    response = StreamingHttpResponse(csv_lines(head, rows), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    return response
