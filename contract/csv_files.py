"""Lists as CSV files to download. How a cell is written is decided in contract/spreadsheets.py."""

from collections.abc import Iterable, Sequence
from typing import Any

from django.http import StreamingHttpResponse

from contract.spreadsheets import csv_chunks


def csv_response(name: str, head: Sequence[str], rows: Iterable[Sequence[Any]]) -> StreamingHttpResponse:
    """A file of any length; `name` is ASCII without quotes. Rows are read while it is sent."""
    response = StreamingHttpResponse(csv_chunks(head, rows), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    return response
