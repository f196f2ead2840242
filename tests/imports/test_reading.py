"""What a file says is read exactly, whatever program wrote it; what cannot be read is told with its row."""

import csv
from datetime import date, datetime
from pathlib import Path

import pytest

from events.order_files.forms import recognise
from events.order_files.tables import Row, open_table
from events.order_files.trouble import OrderFileError
from tests.imports.files import HEADER, order_row, write_csv, write_xlsx


def read(path: Path, **told: str) -> tuple[tuple[str, ...], list[Row]]:
    with open_table(path, recognise(path, **told)) as table:
        return table.columns, list(table.rows)


def cells(path: Path, **told: str) -> list[dict[str, object]]:
    return [dict(row.cells) for row in read(path, **told)[1]]


UKRAINIAN = [("1", "Ґудзики для сорочки вишиваної"), ("2", "Їжак лісовий, колючий"), ("3", "Щедрівка під ялинку")] * 5


@pytest.mark.parametrize(
    "encoding, said",
    [("utf-8", "UTF-8"), ("utf-8-sig", "UTF-8"), ("utf-16", "UTF-16"), ("cp1251", "CP1251")],
)
def test_the_encoding_is_found_and_told(tmp_path, encoding, said):
    path = write_csv(tmp_path / "orders.csv", UKRAINIAN, ("Order", "Коментар"), encoding=encoding)
    assert said in recognise(path).sentence.upper()
    assert cells(path) == [{"Order": number, "Коментар": text} for number, text in UKRAINIAN]


def test_an_encoding_that_is_told_is_not_guessed(tmp_path):
    path = write_csv(tmp_path / "orders.csv", [("1", "Größe")], ("Order", "Note"), encoding="cp850")
    assert cells(path, encoding="cp850") == [{"Order": "1", "Note": "Größe"}]
    with pytest.raises(OrderFileError, match="After row 0 the text is not utf-8"):
        read(path, encoding="utf-8")
    with pytest.raises(OrderFileError, match="There is no encoding “klingon”"):
        recognise(path, encoding="klingon")


@pytest.mark.parametrize("delimiter, said", [(",", "commas"), (";", "semicolons"), ("\t", "tabs"), ("|", "bars")])
def test_the_delimiter_is_found_and_told(tmp_path, delimiter, said):
    rows = [("1", "a, b; c|d\te", "10,50"), ("2", 'quoted "text"\nof two lines', "7;5")]
    path = write_csv(tmp_path / "orders.csv", rows, ("Order", "Note", "Total"), delimiter=delimiter)
    assert said in recognise(path).sentence
    assert [tuple(row.values()) for row in cells(path)] == rows


def test_rows_are_numbered_as_a_spreadsheet_numbers_them(tmp_path):
    path = tmp_path / "orders.csv"
    path.write_text('Order,Note\n1,"two\nlines"\n\n , \n2,x\n')
    assert [row.number for row in read(path)[1]] == [2, 5]


def test_a_row_with_more_cells_than_the_header_is_told_and_stops_nothing(tmp_path):
    path = tmp_path / "orders.csv"
    path.write_text("Order,Total\n1,10,50\n2,10.50\n3\n4,1,,\n")
    rows = read(path)[1]
    assert [(row.number, bool(row.fault)) for row in rows] == [(2, True), (3, False), (4, False), (5, False)]
    assert rows[0].fault.startswith("The row has 3 cells, and the header 2.")
    assert rows[2].cells == {"Order": "3"}


def test_a_quote_that_is_never_closed_ends_the_reading_with_its_row(tmp_path):
    path = tmp_path / "orders.csv"
    path.write_text('Order,Note\n1,a\n2,"b\n3,c\n')
    with pytest.raises(OrderFileError, match=r"Row 3 .* is no CSV"):
        read(path)


def test_a_long_cell_is_read_and_other_files_keep_the_limit_of_the_process(tmp_path):
    limit = csv.field_size_limit()
    path = write_csv(tmp_path / "orders.csv", [("1", "x" * (limit + 1))], ("Order", "Note"))
    assert [len(row["Note"]) for row in cells(path)] == [limit + 1]
    assert csv.field_size_limit() == limit


def test_a_spreadsheet_is_read_as_its_author_sees_it(tmp_path):
    rows = [(1001, datetime(2026, 5, 14, 10, 11), "DELIVERED", 0.1 + 0.2, "UAH", True), (None,) * 6]  # noqa: DTZ001
    rows += [("0042", date(2026, 5, 15), " IN_PROGRESS ", 19.9, None, 12345678901234)]
    path = write_xlsx(tmp_path / "orders.xlsx", rows)
    assert read(path) == (
        HEADER,
        [
            Row(2, dict(zip(HEADER, ("1001", "2026-05-14T10:11:00", "DELIVERED", "0.3", "UAH", "true"), strict=True))),
            Row(4, {"Order number": "0042", "Order date": "2026-05-15T00:00:00", "Status": "IN_PROGRESS",
                    "Total": "19.9", "Email": "12345678901234"}),
        ],
    )  # fmt: skip


def test_another_sheet_is_read_when_it_is_named(tmp_path):
    path = write_xlsx(tmp_path / "orders.xlsx", [order_row(1)])
    assert read(path, sheet="Notes") == (("nothing of interest",), [])
    with pytest.raises(OrderFileError, match="There is no sheet “Order”; there are: Orders, Notes"):
        read(path, sheet="Order")


def test_lines_of_json_are_orders_with_their_digits(tmp_path):
    path = tmp_path / "orders.jsonl"
    path.write_text('{"externalOrderId": 1, "totalCost": 10.50, "items": [{"cost": 1}], "x": null}\n\n[1]\n{"a": \n')
    columns, rows = read(path)
    assert columns == ("externalOrderId", "totalCost", "items")
    assert [(row.number, row.fault[:12]) for row in rows] == [(1, ""), (3, "The line is "), (4, "This is not ")]
    assert (rows[0].cells["externalOrderId"], rows[0].cells["totalCost"].text) == (1, "10.50")


@pytest.mark.parametrize(
    "name, content, message",
    [
        ("orders.pdf", b"x", "save it as .csv, .jsonl or .xlsx"),
        ("orders.csv", b"", "is empty"),
        ("orders.csv", b"\n\n", "no header"),
        ("orders.csv", b"a,b,a\n1,2,3\n", "Two columns are called “a”"),
        ("orders.xlsx", b"not a zip", "no spreadsheet that can be read"),
    ],
)
def test_a_file_that_cannot_be_read_is_told_in_one_sentence(tmp_path, name, content, message):
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(OrderFileError, match=message):
        read(path)


def test_a_file_that_is_not_there_is_told(tmp_path):
    with pytest.raises(OrderFileError, match="cannot be read: No such file"):
        recognise(tmp_path / "orders.csv")
