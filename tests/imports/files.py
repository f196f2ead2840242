"""Files of orders for the tests of the import."""

import csv
from collections.abc import Sequence
from io import StringIO
from pathlib import Path
from typing import Any

from openpyxl import Workbook

HEADER = ("Order number", "Order date", "Status", "Total", "Currency", "Email")


def write_csv(
    path: Path,
    rows: Sequence[Sequence[Any]],
    header: Sequence[str] = HEADER,
    delimiter: str = ",",
    encoding: str = "utf-8",
) -> Path:
    text = StringIO()
    csv.writer(text, delimiter=delimiter).writerows([header, *rows])
    path.write_bytes(text.getvalue().encode(encoding))
    return path


def write_xlsx(
    path: Path, rows: Sequence[Sequence[Any]], header: Sequence[str] = HEADER, sheet: str = "Orders"
) -> Path:
    workbook = Workbook()
    workbook.active.title = sheet
    for row in [header, *rows]:
        workbook.active.append(list(row))
    workbook.create_sheet("Notes").append(["nothing of interest"])
    workbook.save(path)
    return path


def order_row(number: int, status: str = "DELIVERED", total: str = "10.50") -> tuple[str, ...]:
    return (str(number), "2026-05-14T10:11:00", status, total, "UAH", f"c{number}@shop.example")
