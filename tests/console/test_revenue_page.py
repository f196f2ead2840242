"""The revenue page: DELIVERED only, each currency on its own, and every figure a link to the orders behind it."""

import re
from datetime import UTC, date, datetime

import pytest
import time_machine

from account.current import forget_account
from account.models import Account
from contract.currencies import format_money
from orders import customer_counts
from orders.revenue import load_revenue
from orders.summaries import rebuild_all
from tests.console.reading import first_cells, links, markup, page_text, table_rows
from tests.factories import make_order

ADDRESS = "/admin/revenue/"
NOW = datetime(2026, 5, 20, 9, 0, tzinfo=UTC)
MAY_14 = datetime(2026, 5, 14, 9, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _in_may():
    with time_machine.travel(NOW, tick=False):
        yield


def delivered(number: str, total: str, when: datetime = MAY_14, **columns):
    return make_order(number, total=total, date=when, **{"status": "DELIVERED", **columns})


def test_days_are_summed_for_each_currency_the_accounts_own_first(admin):
    delivered("1", "100.10")
    delivered("2", "0.05")
    delivered("3", "7.00", currency="EUR")
    delivered("4", "50.00", datetime(2026, 5, 15, 9, tzinfo=UTC))
    make_order("5", total="1000", date=MAY_14, status="CANCELLED")
    rebuild_all()
    response = admin.get(ADDRESS, {"date_from": "2026-05-14", "date_to": "2026-05-15"})
    words = page_text(response)
    assert words.index("UAH Delivered 150.15 UAH 3 orders") < words.index("EUR Delivered 7.00 EUR 1 order")
    assert [row[:3] for row in table_rows(response, 0)] == [
        ["Fri, 15 May 2026", "50.00 UAH", "1"],
        ["Thu, 14 May 2026", "100.15 UAH", "2"],
    ]
    assert [row[:3] for row in table_rows(response, 1)] == [["Thu, 14 May 2026", "7.00 EUR", "1"]]


def test_a_day_is_cut_at_the_accounts_midnight_and_its_link_shows_exactly_its_orders(admin):
    delivered("before", "1.00", datetime(2026, 5, 13, 20, 59, 59, tzinfo=UTC))
    delivered("first", "2.00", datetime(2026, 5, 13, 21, 0, tzinfo=UTC))
    delivered("last", "3.00", datetime(2026, 5, 14, 20, 59, 59, tzinfo=UTC))
    delivered("euro", "4.00", currency="EUR")
    make_order("open", date=MAY_14)
    rebuild_all()
    response = admin.get(ADDRESS)
    assert table_rows(response)[0][:2] == ["Thu, 14 May 2026", "5.00 UAH"]
    [address, _] = links(response, "Thu, 14 May 2026")
    assert first_cells(admin.get(address)) == ["last", "first"]


@pytest.mark.parametrize(
    ("by", "rows"),
    [
        ("week", [["week of 11 May 2026", "3.00 UAH"], ["week of 27 Apr 2026", "4.00 UAH"]]),
        ("month", [["May 2026", "3.00 UAH"], ["April 2026", "4.00 UAH"]]),
    ],
)
def test_weeks_and_months_are_named_by_their_first_day(by, rows, admin):
    delivered("1", "1.00")
    delivered("2", "2.00", datetime(2026, 5, 17, 12, tzinfo=UTC))
    delivered("3", "4.00", datetime(2026, 4, 30, 12, tzinfo=UTC))
    rebuild_all()
    response = admin.get(ADDRESS, {"by": by})
    assert [row[:2] for row in table_rows(response)] == rows


def test_a_month_that_is_cut_by_the_span_leads_to_the_days_inside(admin):
    delivered("1", "1.00", datetime(2026, 5, 3, 9, tzinfo=UTC))
    delivered("2", "2.00")
    rebuild_all()
    response = admin.get(ADDRESS, {"by": "month", "date_from": "2026-05-10", "date_to": "2026-05-20"})
    assert [row[:2] for row in table_rows(response)] == [["May 2026", "2.00 UAH"]]
    assert first_cells(admin.get(links(response, "May 2026")[0])) == ["2"]


def test_initialized_orders_of_a_mobile_sdk_stand_beside_and_never_in_the_figure(admin):
    delivered("1", "10.00")
    make_order("2", total="5.00", date=MAY_14, status="INITIALIZED", from_mobile_sdk=True)
    rebuild_all()
    response = admin.get(ADDRESS)
    words = page_text(response)
    assert "Delivered 10.00 UAH 1 order" in words
    assert "Mobile SDK, only INITIALIZED: not part of it 5.00 UAH 1 order" in words
    [row] = table_rows(response)
    assert (row[:3], row[-2:]) == (["Thu, 14 May 2026", "10.00 UAH", "1"], ["5.00 UAH", "1"])
    [address] = links(response, "5.00 UAH")[1:]
    assert first_cells(admin.get(address)) == ["2"]
    assert "5.00 UAH" not in page_text(admin.get(ADDRESS, {"sdk": "hide"}))
    Account.objects.update(mobile_sdk_revenue=False)
    forget_account()
    response = admin.get(ADDRESS)
    assert len(table_rows(response)[0]) == len(row) - 2
    assert "Mobile SDK" not in page_text(response)


def test_figures_are_those_that_the_api_answers_with_before_and_after_they_are_built(admin):
    from account.current import current_account

    delivered("1", "10.00")
    for _ in range(2):
        [figure] = load_revenue(time_zone=current_account().time_zone, by="day", first_day=date(2026, 5, 1))
        assert table_rows(admin.get(ADDRESS))[0][1] == f"{format_money(figure.sums.revenue, 'UAH')} UAH"
        rebuild_all()


def test_the_chart_has_a_place_for_each_day_and_says_what_each_bar_stands_for(admin):
    delivered("1", "10.00")
    delivered("2", "20.00", datetime(2026, 5, 16, 9, tzinfo=UTC))
    rebuild_all()
    body = markup(admin.get(ADDRESS, {"date_from": "2026-05-14", "date_to": "2026-05-17"}))
    assert re.findall("<title>([^<]*delivered)</title>", body) == [
        "Thu, 14 May 2026: 10.00 UAH delivered",
        "Fri, 15 May 2026: 0.00 UAH delivered",
        "Sat, 16 May 2026: 20.00 UAH delivered",
        "Sun, 17 May 2026: 0.00 UAH delivered",
    ]
    assert len(re.findall('<rect class="ol-bar"', body)) == 2


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ({"by": "year"}, "year is not one of the available choices."),
        ({"date_from": "May"}, "Enter a valid date."),
        ({"date_from": "2026-05-15", "date_to": "2026-05-14"}, "The first day must not be after the last one."),
        ({"date_from": "0001-01-01"}, "Choose a day from 1900-01-01 to 9998-12-30."),
        ({"date_to": "9999-12-31"}, "Choose a day from 1900-01-01 to 9998-12-30."),
        ({"into": "EURO"}, "Ensure this value has at most 3 characters"),
        ({"into": "ABC"}, "This is no currency of ISO 4217"),
        ({"split": "brand"}, "brand is not one of the available choices."),
        ({"date_from": "2000-01-01"}, "More than 400 periods cannot be read; choose weeks or months."),
    ],
)
def test_a_span_that_cannot_be_read_is_said(query, words, admin):
    delivered("1", "10.00")
    response = admin.get(ADDRESS, query)
    assert words in page_text(response)
    assert "Average order" not in page_text(response)


def test_days_without_revenue_say_what_to_do_next(admin):
    response = admin.get(ADDRESS)
    assert "No revenue in these days" in page_text(response)
    assert links(response, "Show the last twelve months") == ["?by=month"]


def test_the_page_takes_seven_queries_however_much_was_sold(admin, django_assert_num_queries, monkeypatch):
    for number in range(20):
        delivered(
            str(number),
            "1.00",
            datetime(2026, 5, 1 + number // 2, 9, tzinfo=UTC),
            currency="UAH" if number % 2 else "EUR",
        )
    rebuild_all()
    customer_counts.rebuild()
    monkeypatch.setattr("account.current.MAX_AGE_SECONDS", 3600)  # the account is read once a second, whoever asks
    admin.get(ADDRESS)
    # session, user, revenue, whether customers are counted, customers, reporting currencies, switched-off webhooks
    with django_assert_num_queries(7):
        admin.get(ADDRESS)
