"""`manage.py import_orders`: what a file says is what is stored, each order once, and everything else is told."""

import csv
from decimal import Decimal
from pathlib import Path

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from contacts.models import Contact
from events.models import Event, Source
from events.order_files import chunks
from orders.models import Order, OrderItem
from tests.imports.files import HEADER, order_row, write_csv, write_xlsx

WITH_ITEMS = (*HEADER, "SKU", "Item name", "Qty", "Item price")


@pytest.fixture
def path(tmp_path) -> Path:
    return tmp_path / "orders.csv"


def refusals(path: Path) -> list[dict[str, str]]:
    with path.with_name(path.name + ".refused.csv").open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def stored_orders() -> list[tuple]:
    return list(Order.objects.order_by("id").values_list("external_order_id", "status", "total_cost", "email"))


def counts_of_tables() -> list[int]:
    return [model.objects.count() for model in (Event, Order, OrderItem, Contact, Source)]


def test_an_export_becomes_orders_contacts_and_a_summary(run, path):
    done = run(write_csv(path, [order_row(number) for number in range(1, 2_004)]))
    assert (done.error, done.status) == ("", 0)
    assert done.counts() == {"created": 2_003, "updated": 0, "unchanged": 0, "refused": 0}
    assert "CSV of" in done.output
    assert "in UTF-8, columns separated by commas." in done.output
    assert "Order number                   externalOrderId" in done.output
    assert counts_of_tables() == [2_003, 2_003, 0, 2_003, 1]
    order = Order.objects.get(external_order_id="2003")
    assert (order.total_cost, order.currency, order.date.isoformat()) == (
        Decimal("10.5"),
        "UAH",
        "2026-05-14T07:11:00+00:00",
    )
    assert order.contact_id is not None
    assert Source.objects.get().kind == "import"
    assert not path.with_name("orders.csv.refused.csv").exists()


def test_items_come_from_rows_of_their_own(run, path):
    rows = [
        (*order_row(1, total="30"), "a", "Їжак", "1", "10"),
        (*order_row(1, total="30"), "b", "Лис", "2", "10"),
        (*order_row(2, total="5"), "", "", "", ""),
    ]
    assert run(write_csv(path, rows, WITH_ITEMS)).counts()["created"] == 2
    items = OrderItem.objects.order_by("order_id", "position").values_list(
        "order__external_order_id", "external_item_id", "name", "quantity", "cost"
    )
    assert list(items) == [("1", "a", "Їжак", 1, 10), ("1", "b", "Лис", 2, 10)]
    assert not Order.objects.filter(warnings__icontains="total_mismatch").exists()


def test_a_spreadsheet_and_lines_of_json_become_the_same_orders(run, tmp_path):
    rows = [order_row(1), order_row(2, "CANCELLED", "7")]
    lines = [
        '{"externalOrderId":1,"date":"2026-05-14T10:11:00","status":"DELIVERED","totalCost":10.50,"currency":"UAH","email":"c1@shop.example"}',
        '{"externalOrderId":"2","date":"2026-05-14T10:11:00","status":"CANCELLED","totalCost":7,"currency":"UAH","email":"c2@shop.example"}',
    ]
    (tmp_path / "orders.jsonl").write_text("\n".join(lines))
    expected = {"created": 0, "updated": 0, "unchanged": 2, "refused": 0}
    assert run(write_csv(tmp_path / "orders.csv", rows)).counts()["created"] == 2
    assert run(write_xlsx(tmp_path / "orders.xlsx", rows)).counts() == expected
    assert run(tmp_path / "orders.jsonl").counts() == expected
    assert Event.objects.count() == 6


def test_an_order_that_is_there_is_updated_or_left_as_it_is(run, path):
    run(write_csv(path, [order_row(1, "INITIALIZED"), order_row(2)]))
    done = run(write_csv(path, [order_row(1), order_row(2), order_row(3)]), "--restart")
    assert done.counts() == {"created": 1, "updated": 1, "unchanged": 1, "refused": 0}


def test_what_is_refused_is_told_with_row_column_and_reason_and_holds_back_nothing(run, path):
    rows = [
        (*order_row(1), "a", "x", "1", "10.50"),
        (*order_row(2, status="Shipped"), "a", "x", "1", "10.50"),
        (*order_row(3, total="10,50"), "a", "x", "1", "10.50"),
        (*order_row(4), "a", "x", "1", "10.50"),
        (*order_row(4), "b", "x", "0", "10.50"),
        ("", *order_row(5)[1:], "a", "x", "1", "1"),
    ]
    done = run(write_csv(path, rows, WITH_ITEMS))
    assert done.status == 2
    assert "4 orders were refused; " in done.error
    assert done.counts()["created"] == 1
    assert [(row["row"], row["order"], row["column"], row["code"], row["found"]) for row in refusals(path)] == [
        ("3", "2", "Status", "invalid_parameter", '"Shipped"'),
        ("4", "3", "Total", "invalid_parameter", '"10,50"'),
        ("6", "4", "Qty", "invalid_parameter", '"0"'),
        ("7", "", "Order number", "missing_parameter", ""),
    ]
    assert [order[0] for order in stored_orders()] == ["1"]


def test_no_cell_of_the_file_of_refusals_is_a_formula(run, path):
    run(write_csv(path, [order_row("=HYPERLINK(1)", status="=1+1"), order_row("@x", status="-1", total="+1")]))
    cells = [cell for row in refusals(path) for cell in row.values()]
    assert "'=HYPERLINK(1)" in cells
    assert not [cell for cell in cells if cell.startswith(("=", "+", "-", "@"))]


def test_a_mapping_file_and_options_say_what_the_shop_means(run, path, tmp_path):
    header = ("Nr", "Wann", "Zustand", "Summe", "Kunde", "Farbe", "Intern")
    write_csv(path, [("A1", "14.05.2026 23:30", "Fertig", "1.234,50", "AV1", "rot", "x")], header, ";", "cp1252")
    mapping = tmp_path / "shop.toml"
    mapping.write_text(
        '[columns]\nNr = "externalOrderId"\nWann = "date"\nZustand = "status"\nSumme = "totalCost"\n'
        'Kunde = "externalCustomerId"\nFarbe = "colour"\n[statuses]\nFertig = "DELIVERED"\n'
        '[constants]\ncurrency = "EUR"\n[format]\ndate = "%d.%m.%Y %H:%M"\ndecimal = "comma"\n'
    )
    done = run(path, "--mapping", str(mapping), "--set", "source=old shop", "--source", "Archive")
    assert done.error == ""
    assert "Intern                         — not imported" in done.output
    assert "Farbe                          a custom field: colour" in done.output
    order = Order.objects.get()
    assert (order.external_order_id, order.status, order.total_cost, order.currency, order.source) == (
        "A1", "DELIVERED", Decimal("1234.50"), "EUR", "old shop",
    )  # fmt: skip
    assert order.date.isoformat() == "2026-05-14T20:30:00+00:00"
    assert order.custom_fields == {"colour": "rot"}
    assert Source.objects.get().name == "Archive"


def test_a_dry_run_lists_what_would_happen_and_stores_nothing(run, path):
    run(write_csv(path, [order_row(2, "INITIALIZED")]), "--journal", str(path) + ".first")
    Path(str(path) + ".first").unlink()
    before = counts_of_tables()
    rows = [order_row(1), order_row(2), order_row(3, "Shipped"), order_row(1), order_row(1, "CANCELLED")]
    done = run(write_csv(path, rows), "--dry-run")
    assert done.status == 2
    listed = [line for line in done.output.splitlines() if line.startswith("row ") or "row 4," in line]
    assert listed == [
        "row 2          created    1",
        "row 3          updated    2",
        "row 4          refused    3",
        listed[3],
        "row 5          unchanged  1",
        "row 6          updated    1",
    ]
    assert listed[3].strip().startswith("row 4, column “Status”: ")
    assert done.counts() == {
        "Would be created": 1,
        "Would be updated": 2,
        "Would be unchanged": 1,
        "Would be refused": 1,
    }
    assert counts_of_tables() == before
    assert sorted(one.name for one in path.parent.iterdir()) == ["orders.csv"]
    assert run(path).counts() == {"created": 1, "updated": 2, "unchanged": 1, "refused": 1}


def test_an_order_of_several_chunks_is_foreseen_as_it_will_be(run, path, monkeypatch):
    monkeypatch.setattr(chunks, "MAX_ORDERS", 2)
    rows = [order_row(1), order_row(2), order_row(1, "CANCELLED"), order_row(3), order_row(1, "CANCELLED")]
    foreseen = run(write_csv(path, rows), "--dry-run").counts()
    assert foreseen == {"Would be created": 3, "Would be updated": 1, "Would be unchanged": 1, "Would be refused": 0}
    assert run(path).counts() == {"created": 3, "updated": 1, "unchanged": 1, "refused": 0}


def test_warnings_are_counted(run, path):
    rows = [(*order_row(1, total="99"), "a", "x", "1", "10"), (*order_row(2)[:5], "", "a", "x", "1", "10.50")]
    foreseen = run(write_csv(path, rows, WITH_ITEMS), "--dry-run").counts()
    done = run(path).counts()
    assert (foreseen["warning: total_mismatch"], foreseen["warning: contact_identifier_missing"]) == (1, 1)
    assert (done["warning: total_mismatch"], done["warning: contact_identifier_missing"]) == (1, 1)


def test_revenue_equals_the_sum_of_the_file(run, path):
    run(write_csv(path, [order_row(number, total=f"{number}.{number % 100:02}") for number in range(1, 301)]))
    total = sum(Decimal(f"{number}.{number % 100:02}") for number in range(1, 301))
    assert sum(order[2] for order in stored_orders()) == total


def test_a_file_that_was_imported_is_not_imported_again_by_mistake(run, path):
    run(write_csv(path, [order_row(1)]))
    again = run(path)
    assert again.status == 1
    assert again.error.startswith("This file was imported on ")
    assert Event.objects.count() == 1
    assert run(path, "--restart").counts()["unchanged"] == 1
    assert Event.objects.count() == 2


@pytest.mark.parametrize(
    "content, options, message",
    [
        ("Order,Total\n1,2\n", [], r"No column is known to hold status, date, and no order is taken without"),
        ("Nr,Total\n1,2\n", [], "No column is known to hold the order's id"),
        ("Order,Total\n1,2\n", ["--map", "Oder=externalOrderId"], "There is no column “Oder”"),
        ("Order,Total\n1,2\n", ["--mapping", "nowhere.toml"], "cannot be read"),
        ("Order,Total\n1,2\n", ["--set", "status"], "--set takes two texts"),
        ("Order,Total\n1,2\n", ["--delimiter", "ab"], "The delimiter is one character"),
        ("Order,Total\n1,2\n", ["--resume", "--restart"], "use one of them"),
    ],
)
def test_what_cannot_be_imported_is_told_before_anything_is_stored(run, path, content, options, message):
    path.write_text(content)
    with CaptureQueriesContext(connection) as queries:
        done = run(path, *options)
    assert done.status == 1
    assert message in done.error
    assert queries.captured_queries == []


def test_a_quote_that_is_never_closed_is_met_before_anything_is_stored(run, path):
    write_csv(path, [order_row(number) for number in range(1_500)])
    path.write_text(path.read_text() + '1501,"open\n')
    assert "Row 1502" in run(path).error
    assert counts_of_tables() == [0, 0, 0, 0, 0]


def test_the_statements_are_as_many_for_a_thousand_orders_as_for_ten(run, tmp_path):
    def statements(count: int, *options: str) -> int:
        rows = [(*order_row(f"{count}-{number}"), "a", "x", "1", "10.50") for number in range(count)]
        path = write_csv(tmp_path / f"{count}.csv", rows, WITH_ITEMS)
        with CaptureQueriesContext(connection) as queries:
            assert run(path, *options).error == ""
        return len(queries)

    statements(1)
    assert abs(statements(1_000, "--dry-run") - statements(10, "--dry-run")) <= 1
    # One more where the account's settings, which a process remembers for a second, are read again.
    assert abs(statements(1_000) - statements(10)) <= 1


def test_progress_is_told_in_lines_where_there_is_no_terminal(run, path, monkeypatch):
    monkeypatch.setattr(chunks, "MAX_ORDERS", 10)
    done = run(write_csv(path, [order_row(number) for number in range(100)]))
    assert done.progress.splitlines() == [f"{tenth}0 of 100 orders, row {tenth}1" for tenth in range(1, 10)] + [
        "100 of 100 orders, row 101"
    ]
