"""Every figure of the revenue page leads to exactly the orders that it tells of: followed link by link, and summed."""

import csv
import re
from datetime import UTC, datetime
from decimal import Decimal
from io import StringIO

import pytest
import time_machine

from account.current import forget_account
from account.models import Account
from orders import split_summaries, summaries
from orders.models import Order
from orders.revenue_models import ExchangeRate
from tests.console.reading import first_cells, links, markup, page_text, table_rows, text_of
from tests.factories import make_contact, make_order

ADDRESS = "/admin/revenue/"
MAY = {"date_from": "2026-05-10", "date_to": "2026-05-20", "by": "week"}
ROW = re.compile(r"<tr>\s*<th scope=\"row\">.*?</tr>", re.DOTALL)
CELL = re.compile(r'<td[^>]*>\s*(?:<a href="([^"]*)">)?(.*?)</td>', re.DOTALL)


@pytest.fixture(autouse=True)
def _in_may():
    with time_machine.travel(datetime(2026, 5, 20, 9, tzinfo=UTC), tick=False):
        yield


def sell(number: str, total: str, day: int, *, month: int = 5, year: int = 2026, **columns) -> Order:
    when = datetime(year, month, day, 9, tzinfo=UTC)
    return make_order(number, total=total, date=when, **{"status": "DELIVERED", **columns})


def item(category: str | None, cost: str, quantity: str = "1") -> dict:
    fields = {} if category is None else {"category": category}
    return {"cost": Decimal(cost), "quantity": Decimal(quantity), "custom_fields": fields}


@pytest.fixture
def shop():
    anna, bohdan = make_contact(first_name="Anna"), make_contact(first_name="Bohdan")
    sell("old", "5.00", 1, month=3, contact=bohdan)  # so that Bohdan returns in May
    sell("lastyear", "40.00", 14, year=2025)
    sell("1", "10.00", 13, contact=anna, source="web", store_id="kyiv-1", items=[item("shoes", "4.00", "2")])
    sell("2", "20.00", 14, contact=anna, source="web", items=[item("hats", "20.00")])
    sell("3", "30.50", 15, contact=bohdan, source="=cmd", store_id="kyiv-1", items=[item(None, "30.50")])
    sell("4", "1.00", 15)  # a guest
    sell("5", "7.00", 19, contact=anna)
    sell("6", "100", 15, currency="JPY", contact=anna)
    sell("7", "9.00", 15, status="INITIALIZED", from_mobile_sdk=True)
    sell("8", "900.00", 15, status="CANCELLED", source="web")
    summaries.rebuild_all()
    split_summaries.rebuild_all_marked()


def orders_at(admin, address: str) -> list[Order]:
    return list(Order.objects.filter(external_order_id__in=first_cells(admin.get(address.replace("&amp;", "&")))))


def amount(text: str) -> Decimal:
    return Decimal(text.split(" ")[0].replace(",", ""))


def test_every_cell_leads_to_exactly_its_orders(admin, shop):
    body = markup(admin.get(ADDRESS, MAY))
    followed = 0
    for row in ROW.findall(body):
        cells = [(url, text_of(shown)) for url, shown in CELL.findall(row)]
        for place, (url, shown) in enumerate(cells):
            if not url:
                assert shown.startswith("0") or place in (6, 7), (place, shown)
                continue
            orders = orders_at(admin, url)
            followed += 1
            match place:
                case 0 | 6 | 7 | 8:  # delivered, the period before, the year before, the mobile SDK's
                    assert sum(order.total_cost for order in orders) == amount(shown), (place, shown, orders)
                case 1 | 9:
                    assert len(orders) == int(shown)
                case 2:
                    average = sum(order.total_cost for order in orders) / len(orders)
                    assert average.quantize(Decimal("0.01")) == amount(shown)
                case 3 | 4 | 5:  # customers, new, returning
                    assert len({order.contact_id for order in orders} - {None}) == int(shown), (place, orders)
    assert followed == 6 + 9 + 5  # of the weeks of 18 and 11 May, and of the yens


def test_customers_are_new_once_and_return_ever_after(admin, shop):
    rows = table_rows(admin.get(ADDRESS, MAY))
    assert [(row[0], *row[4:7]) for row in rows] == [
        ("week of 18 May 2026", "1", "0", "1"),  # Anna has come back
        ("week of 11 May 2026", "2", "1", "1"),  # Anna is new, Bohdan has bought in March
    ]


@pytest.mark.parametrize(
    ("split", "rows"),
    [
        ("source", [("=cmd", "30.50", ["3"]), ("web", "30.00", ["2", "1"]), ("not named", "8.00", ["5", "4"])]),
        ("store", [("kyiv-1", "40.50", ["3", "1"]), ("not named", "28.00", ["5", "4", "2"])]),
        ("category", [("not named", "30.50", ["3"]), ("hats", "20.00", ["2"]), ("shoes", "8.00", ["1"])]),
    ],
)
def test_each_part_leads_to_exactly_its_orders(split, rows, admin, shop):
    response = admin.get(ADDRESS, {**MAY, "split": split})
    shown = [row for row in table_rows(response) if not row[0].startswith("in no item")]
    assert [(row[0], row[1].split(" ")[0]) for row in shown] == [(value, figure) for value, figure, _ in rows]
    for value, _, orders in rows:
        assert first_cells(admin.get(links(response, value)[0])) == orders
    total = sum(amount(row[1]) for row in table_rows(response))
    assert total == Decimal("68.50")  # what no item holds included
    assert "68.50 UAH" in page_text(response)


def test_the_file_says_what_the_table_says_and_holds_no_formula(admin, shop):
    response = admin.get(ADDRESS, {**MAY, "export": "csv"})
    assert response["Content-Type"] == "text/csv; charset=utf-8"
    rows = list(csv.DictReader(StringIO(b"".join(response.streaming_content).decode().removeprefix("\ufeff"))))
    assert [(row["period"], row["currency"], row["revenue"], row["orders"], row["new_customers"]) for row in rows] == [
        ("2026-05-11", "UAH", "61.50", "4", "1"),
        ("2026-05-18", "UAH", "7.00", "1", "0"),
        ("2026-05-11", "JPY", "100", "1", "0"),
    ]
    response = admin.get(ADDRESS, {**MAY, "split": "source", "export": "csv"})
    parts = list(csv.reader(StringIO(b"".join(response.streaming_content).decode().removeprefix("\ufeff"))))
    assert ["UAH", "'=cmd", "30.50", "1"] in parts


def test_a_reporting_currency_stands_beside_the_true_one_and_a_missing_rate_is_said(admin, shop):
    ExchangeRate.objects.create(
        currency="UAH", reporting_currency="EUR", day=datetime(2026, 5, 15, tzinfo=UTC).date(), rate=Decimal("0.02")
    )
    rows = table_rows(admin.get(ADDRESS, {**MAY, "into": "eur"}))
    assert [(row[1], row[9]) for row in rows] == [
        ("7.00 UAH", "0.14 EUR"),
        ("61.50 UAH", "rate missing on 2 days"),
    ]


def test_the_span_is_compared_with_the_days_before_and_a_year_ago(admin, shop):
    words = page_text(admin.get(ADDRESS, {"by": "month", "date_from": "2026-05-01", "date_to": "2026-05-31"}))
    assert "a year ago, 1 May 2025 – 31 May 2025 : 40.00 UAH (+71.3 %)" in words
    [row, *_] = table_rows(admin.get(ADDRESS, {"by": "month", "date_from": "2026-05-01", "date_to": "2026-05-31"}))
    assert row[8] == "40.00 UAH +71.3 %"


def test_weeks_begin_as_the_accounts_region_has_it(admin, shop):
    Account.objects.update(phone_region="US")
    forget_account()
    response = admin.get(ADDRESS, MAY)
    assert [row[0] for row in table_rows(response)] == ["week of 17 May 2026", "week of 10 May 2026"]
    assert "weeks begin on Sunday" in page_text(response)
    forget_account()


def test_a_split_that_is_being_computed_again_is_said_and_not_guessed(admin, shop, monkeypatch):
    monkeypatch.setattr("orders.revenue_splits.MOST_LIVE_DAYS", 0)
    summaries.rebuild_all()  # marks every day
    words = page_text(admin.get(ADDRESS, {**MAY, "split": "store"}))
    assert "are being computed again" in words
    assert "kyiv-1" not in words
