"""Exchange rates: entered, imported and deleted by staff, each change in the audit log, nothing wrong gets in."""

from datetime import date
from decimal import Decimal

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from account.models import AuditEntry
from orders.rate_import import MOST_PROBLEMS, read_rates
from orders.revenue_models import ExchangeRate
from tests.console.reading import page_text, table_rows

LIST = "/admin/orders/exchangerate/"
HEAD = "day,currency,reporting_currency,rate\n"


def send(admin, text: str | bytes):
    content = text if isinstance(text, bytes) else text.encode()
    return admin.post(f"{LIST}import/", {"file": SimpleUploadedFile("rates.csv", content, "text/csv")})


def audited() -> list[tuple[str, int]]:
    return list(AuditEntry.objects.filter(action="exchange_rates.changed").order_by("id").values_list("what", "count"))


def test_a_rate_is_entered_and_changed_and_both_are_audited(admin):
    rate = {"currency": "UAH", "reporting_currency": "EUR", "day": "2026-05-01", "rate": "0.0213"}
    assert admin.post(f"{LIST}add/", rate).status_code == 302
    stored = ExchangeRate.objects.get()
    assert (stored.day, stored.rate) == (date(2026, 5, 1), Decimal("0.0213"))
    assert "0.0213" in page_text(admin.get(LIST))
    assert admin.post(f"{LIST}{stored.pk}/change/", {**rate, "rate": "0.02"}).status_code == 302
    assert admin.post(f"{LIST}{stored.pk}/delete/", {"post": "yes"}).status_code == 302
    assert audited() == [
        ("1 UAH = 0.0213 EUR from 2026-05-01: added", 1),
        ("1 UAH = 0.02 EUR from 2026-05-01: changed", 1),
        ("1 UAH = 0.02 EUR from 2026-05-01: deleted", 1),
    ]
    assert not ExchangeRate.objects.exists()


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"rate": "0"}, "The rate must be above zero."),
        ({"rate": "-1"}, "The rate must be above zero."),
        ({"rate": "1e400"}, "Ensure that there are no more than"),
        ({"rate": "NaN"}, "Enter a number."),
        ({"rate": "0.0000000000001"}, "Ensure that there are no more than 12 decimal places."),
        ({"currency": "ABC"}, "This must be a currency of ISO 4217"),
        ({"currency": "uah"}, "This must be a currency of ISO 4217"),
        ({"currency": "EUR"}, "The two currencies must differ."),
        ({"day": "0001-01-01"}, "Choose a day from 1900-01-01"),
        ({"day": "May"}, "Enter a valid date."),
    ],
)
def test_a_rate_that_cannot_be_is_said_at_its_place(changed, words, admin):
    rate = {"currency": "UAH", "reporting_currency": "EUR", "day": "2026-05-01", "rate": "0.0213"}
    response = admin.post(f"{LIST}add/", {**rate, **changed})
    assert words in page_text(response)
    assert not ExchangeRate.objects.exists()
    assert audited() == []


def test_a_second_rate_for_a_day_is_refused(admin):
    rate = {"currency": "UAH", "reporting_currency": "EUR", "day": "2026-05-01", "rate": "0.0213"}
    admin.post(f"{LIST}add/", rate)
    response = admin.post(f"{LIST}add/", {**rate, "rate": "1"})
    assert "There is a rate of these currencies from this day on already." in page_text(response)


def test_a_file_is_imported_whole_and_again(admin):
    file = f"\ufeff{HEAD}2026-05-01,UAH,EUR,0.0213\n2026-06-01, uah ,EUR,0.022\n"
    assert send(admin, file).status_code == 302
    assert send(admin, f"{HEAD}2026-05-01,UAH,EUR,0.03\n").status_code == 302
    assert list(ExchangeRate.objects.order_by("day").values_list("day", "rate")) == [
        (date(2026, 5, 1), Decimal("0.03")),
        (date(2026, 6, 1), Decimal("0.022")),
    ]
    assert audited() == [("imported from a file", 2), ("imported from a file", 1)]


def test_every_problem_of_a_file_is_told_with_its_line_and_nothing_is_imported(admin):
    response = send(
        admin, f"{HEAD}2026-05-01,UAH,EUR,0.02\n2026-13-01,UA,EUR,-1\n2026-05-01,UAH,EUR,1\n,,,\n1,2,3,4,5\n"
    )
    assert response.status_code == 422
    response.status_code = 200  # for the readers of pages
    rows = table_rows(response)
    assert [row[:2] for row in rows[:4]] == [["3", "currency"], ["3", "day"], ["3", "rate"], ["4", "day"]]
    assert {row[0] for row in rows[4:]} == {"5", "6"}
    assert not ExchangeRate.objects.exists()
    assert audited() == []


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "The first line must name the columns"),
        (b"day;currency\n", "The first line must name the columns"),
        (HEAD.encode(), "There is no rate in the file."),
        (b"\xff\xfe", "The file must be in UTF-8."),
        (b"day,currency,reporting_currency,rate\n\x00,,,\n", "must be"),
        (HEAD.encode() + b"2026-W20-4,UAH,EUR,0.0213\n", "This must be a day such as 2026-05-14."),
        (HEAD.encode() + b"2026-05-14,UAH,EUR,1_000\n", "This must be a number above zero with a point"),
        (HEAD.encode() + b"2026-05-14,UAH,EUR,0.000\n", "This must be a number above zero with a point"),
        (b'day,currency,reporting_currency,rate\n"' + b"x" * 200_000, "This is no CSV"),
        (b"x" * 2_000_001, "The file has more than 2 MB"),
    ],
)
def test_a_file_that_is_none_is_said(content, words, admin):
    response = send(admin, content)
    response.status_code = 200
    assert words in page_text(response)


def test_problems_are_told_up_to_a_limit():
    rates, problems = read_rates(HEAD + "x,x,x,x\n" * 1000)
    assert (rates, len(problems)) == ([], MOST_PROBLEMS)


def test_who_may_only_look_imports_nothing(client, db):
    from django.contrib.auth.models import Permission, User

    user = User.objects.create_user("looker", is_staff=True)
    user.user_permissions.add(Permission.objects.get(codename="view_exchangerate"))
    client.force_login(user)
    assert client.get(LIST).status_code == 200
    assert send(client, HEAD).status_code == 403
    assert client.post(f"{LIST}add/", {}).status_code == 403
