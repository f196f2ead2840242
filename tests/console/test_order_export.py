"""An export holds exactly what the list shows, in its order, and runs nothing in the spreadsheet that opens it."""

import csv
import io
import tracemalloc
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import openpyxl
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from account.models import AuditEntry
from contract import spreadsheets
from orders import exports
from orders.exports import COLUMNS
from orders.models import OrderExport
from tests.console.reading import first_cells, page_text
from tests.factories import make_contact, make_order

LIST, ADDRESS = "/admin/orders/order/", "/admin/orders/order/export/"
HOSTILE = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "  =1", "\uff1d1", "\uff0b1", "\uff0d1", "\uff201"]


def begin(client, query: str = "", file_format: str = "csv") -> str:
    """The address of the progress of a new export."""
    response = client.post(f"{ADDRESS}?{query}", {"format": file_format})
    assert response.status_code == 302
    return str(response["Location"])


def download(client, query: str = "", file_format: str = "csv") -> bytes:
    response = client.get(begin(client, query, file_format).replace("/?", "/file/?"))
    assert response.status_code == 200, response.status_code
    return b"".join(response.streaming_content)


def rows_of(content: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"))))


def test_the_file_has_exactly_the_rows_of_the_list_in_its_order(admin):
    start = datetime(2026, 5, 14, 7, 0, tzinfo=UTC)
    for number in range(1, 60):
        status = "DELIVERED" if number % 2 else "CANCELLED"
        make_order(str(number), status=status, date=start + timedelta(minutes=number), total=str(number))
    for query in ("status=DELIVERED", "status=DELIVERED&ordering=totalCost", "total_from=10&total_to=20", "q=7"):
        listed = first_cells(admin.get(f"{LIST}?{query}&limit=500"))
        assert listed
        assert [row["externalOrderId"] for row in rows_of(download(admin, query))] == listed, query


def test_a_row_tells_money_exactly_and_moments_in_the_accounts_zone(admin):
    contact = make_contact()
    make_order(
        "1001",
        total="1234567890123456.7",
        contact=contact,
        shipping=Decimal("5"),
        items=[{"quantity": Decimal("2.5"), "cost": Decimal("9.9500")}, {"external_item_id": "B2", "name": ""}],
        custom_fields={"giftWrap": True, "note": "a,b"},
        warnings=[{"code": "total_mismatch", "detail": ""}],
    )
    [row] = rows_of(download(admin))
    assert list(row) == [column.name for column in COLUMNS]
    assert (row["totalCost"], row["currency"], row["shipping"]) == ("1234567890123456.70", "UAH", "5.00")
    assert row["date"] == "2026-05-14T10:11:00+03:00"
    assert row["contactId"] == str(contact.pk)
    assert row["items"] == "Super Device (200600) × 2.5 @ 9.9500; B2 (B2) × 1"
    assert row["customFields"] == '{"note":"a,b","giftWrap":true}'
    assert row["warnings"] == "total_mismatch"
    [_, cells] = openpyxl.load_workbook(io.BytesIO(download(admin, file_format="xlsx"))).active.values
    told = dict(zip([column.name for column in COLUMNS], cells, strict=True))
    assert told["totalCost"] == "1234567890123456.70"  # a number of so many digits would lose some
    assert told["shipping"] == 5
    assert told["date"] == datetime(2026, 5, 14, 10, 11)  # noqa: DTZ001 - a sheet knows no zones


@pytest.mark.parametrize("text", HOSTILE)
def test_no_text_becomes_a_formula(text, admin):
    make_order("1001", first_name=text, additional_info="<b>\x01&_x0041_", custom_fields={"long": "x" * 100_000})
    [row] = rows_of(download(admin))
    assert row["firstName"] == f"'{text}"
    sheet = openpyxl.load_workbook(io.BytesIO(download(admin, file_format="xlsx"))).active
    cell = sheet.cell(2, 1 + [column.name for column in COLUMNS].index("firstName"))
    assert (cell.data_type, cell.quotePrefix) == ("s", True)
    assert str(cell.value).replace("_x000D_", "\r") == text


def test_progress_is_told_until_the_file_is_complete(admin):
    for number in range(3):
        make_order(str(number))
    address = begin(admin)
    page = admin.get(address)
    assert "Looking for the orders; the download begins by itself." in page_text(page)
    assert "data-refresh" in page.content.decode()
    b"".join(admin.get(address.replace("/?", "/file/?")).streaming_content)
    page = admin.get(address)
    assert "3 of 3 orders written. The file is complete." in page_text(page)
    assert "data-refresh" not in page.content.decode()


def test_a_download_that_is_broken_off_says_so(admin, monkeypatch):
    monkeypatch.setattr(exports, "ORDERS_AT_ONCE", 1)
    monkeypatch.setattr(spreadsheets, "CHUNK_BYTES", 1)
    for number in range(3):
        make_order(str(number))
    address = begin(admin)
    response = admin.get(address.replace("/?", "/file/?"))
    next(response.streaming_content)
    assert "It stopped" not in page_text(admin.get(address))
    for close in response._resource_closers:  # as the server does when the browser is gone
        close()
    assert "It stopped before its end: what was downloaded is not complete." in page_text(admin.get(address))


def test_an_export_stands_in_the_audit_log_without_whom_it_looked_for(admin):
    begin(admin, "q=olha@example.com&status=DELIVERED")
    export = OrderExport.objects.get()
    entry = AuditEntry.objects.get()
    assert (entry.action, entry.what) == (
        "orders.exported",
        f"export {export.pk}, csv, orders with q=…, status=DELIVERED",
    )


def test_it_takes_a_permission_of_its_own_and_a_file_is_its_users_own(admin, staff):
    make_order("1001")
    address = begin(admin)
    reader = staff("orders.view_order")
    assert "Export these orders" not in page_text(reader.get(LIST))
    for path in (ADDRESS, address, address.replace("/?", "/file/?")):
        assert reader.get(path).status_code == 403
    assert reader.post(ADDRESS, {"format": "csv"}).status_code == 403


def test_somebody_elses_export_and_one_that_is_over_lead_back(staff, admin):
    address = begin(admin)
    other = staff("orders.view_order", "orders.export_order")
    response = other.get(address.replace("/?", "/file/?"), follow=True)
    assert "This export is over. Begin it again." in response.content.decode()
    assert other.get(f"{ADDRESS}{10**30}/", follow=True).status_code == 200


def test_a_filter_that_cannot_be_read_exports_nothing(admin):
    make_order("1001")
    response = admin.post(f"{ADDRESS}?status=NEARLY", {"format": "csv"}, follow=True)
    assert "A filter cannot be read" in response.content.decode()
    assert not OrderExport.objects.exists()
    assert admin.post(ADDRESS, {"format": "pdf"}).status_code == 200


def test_a_sheet_that_cannot_hold_them_is_not_begun(admin, monkeypatch):
    monkeypatch.setattr(exports, "XLSX_ROWS", 1)
    make_order("1001")
    make_order("1002")
    response = admin.get(begin(admin, file_format="xlsx").replace("/?", "/file/?"), follow=True)
    assert "A spreadsheet has room for 1,048,575 orders." in response.content.decode()


def test_only_some_exports_are_under_way_at_a_time(admin):
    now = timezone.now()
    for _ in range(exports.MOST_UNDER_WAY):
        OrderExport.objects.create(user_id=1, format="csv", started_at=now, seen_at=now, orders=5)
    assert "Several exports are under way" in admin.post(ADDRESS, {"format": "csv"}).content.decode()


MANY_ORDERS = """
    INSERT INTO orders_order (external_order_id, status, total_cost, currency, date, created_at, updated_at,
           external_customer_id, email, phone, first_name, last_name, restore_url, status_description, store_id, source,
           delivery_method, delivery_address, payment_method, additional_info, custom_fields, warnings, from_mobile_sdk)
    SELECT 'A' || n, 'DELIVERED', n, 'UAH', now() - n * interval '1 minute', now(), now(),
           '', 'person' || n || '@example.com', '', 'Olha', 'Koval', '', '', '', 'web', '', '', '', '', '{}', '[]',
           false
      FROM generate_series(%s::int, %s::int) AS n
"""


@pytest.mark.parametrize("file_format", ["csv", "xlsx"])
def test_neither_memory_nor_statements_at_a_time_grow_with_the_file(file_format, admin):
    peaks = {}
    for count in (600, 2_400):
        with connection.cursor() as cursor:
            cursor.execute(MANY_ORDERS, [1 + max(peaks, default=0), count])
        address = begin(admin, file_format=file_format).replace("/?", "/file/?")
        response = admin.get(address)
        tracemalloc.start()
        length = 0
        with CaptureQueriesContext(connection) as queries:
            for chunk in response.streaming_content:
                length += len(chunk)
        peaks[count] = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        reads = [query for query in queries if query["sql"].startswith("SELECT")]
        assert len(reads) == 2 * -(-count // exports.ORDERS_AT_ONCE)  # the orders and their items
        assert OrderExport.objects.latest("pk").written == count
        assert length > count * 20
    assert peaks[2_400] < peaks[600] * 1.3
