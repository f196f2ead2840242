"""The RFM page and the people behind its numbers: every number leads to exactly its rows."""

import csv
import io
import json
from datetime import UTC, datetime
from urllib.parse import parse_qs, urlsplit

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext

from account.current import current_account, forget_account
from account.models import AuditEntry
from contacts.models import Contact
from insights.rfm import refresh
from insights.rfm.models import RfmRequest, RfmScore, RfmThresholds
from tests.console.reading import first_cells, links, markup, page_text, table_rows
from tests.factories import make_contact
from tests.insights.test_rfm import DAY, EXAMPLE, delivered, people  # noqa: F401 - a fixture

pytestmark = pytest.mark.django_db
PAGE, LIST, EXPORT = "/admin/rfm/", "/admin/insights/rfmscore/", "/admin/insights/rfmscore/export/"
SOME_TIME = datetime(2026, 5, 31, 12, tzinfo=UTC)
GOOD = {
    f"{measure}_{place}": str(value)
    for measure, values in {
        "recency": (10, 30, 60, 120),
        "frequency": (1, 2, 3, 4),
        "monetary": (50, 100, 500, 1200),
    }.items()
    for place, value in enumerate(values, start=1)
}


@pytest.fixture(autouse=True)
def _on_the_day(_empty_caches):
    with time_machine.travel(SOME_TIME, tick=False):
        yield


@pytest.fixture
def computed(people):  # noqa: F811
    refresh.compute(DAY)


def test_every_number_of_the_grid_leads_to_exactly_its_people(computed, admin):
    response = admin.get(PAGE)
    grid = table_rows(response)
    assert grid[0][0] == "R5 0 to 1 days"
    assert grid[4][0] == "R1 120 days and more"
    assert grid[0][1] == "New customers 1 10.0 % 100.00 UAH"
    found = set()
    for address in {url for url in links(response, "1") if "recency=" in url}:
        found |= set(first_cells(admin.get(address)))
    assert found == set(EXAMPLE)


def test_segments_tell_who_they_are_and_what_they_are_worth(computed, admin):
    rows = {row[0]: row for row in table_rows(admin.get(PAGE), 1)}
    assert rows["Champions"][1:7] == ["1", "10.0 %", "5", "1,200.00 UAH", "29.9 %", "+1"]
    assert rows["Hibernating / lost"][1:5] == ["2", "20.0 %", "2", "80.00 UAH"]
    assert rows["Need attention"][1:3] == ["0", "0.0 %"]
    assert "recency 5, frequency 4 or 5" in rows["Champions"][7]


def test_movements_lead_to_those_who_moved(computed, admin):
    response = admin.get(PAGE)
    moves = {row[0]: row[1:] for row in table_rows(response, 2)}
    assert sum(int(line[-1]) for line in moves.values()) == 10
    assert moves["Not a customer yet"][-1] == "3"  # Borys, Vira, Hanna
    [address] = [url for url in links(response, "1") if "came_from=loyal" in url and "cannot_lose" in url]
    assert first_cells(admin.get(address)) == ["Zakhar"]


def test_the_list_goes_by_what_people_spent_and_keeps_its_filters_from_page_to_page(computed, admin):
    first = admin.get(LIST, {"currency": "UAH", "limit": "4"})
    assert first_cells(first) == ["Zakhar", "Anna", "Vira", "Dmytro"]
    second = admin.get(links(first, "Next")[0])
    assert first_cells(second) == ["Kateryna", "Borys", "Hanna", "Yeva"]
    assert first_cells(admin.get(LIST, {"segment": "hibernating"})) == ["Ihor", "Lev"]
    assert table_rows(admin.get(LIST, {"segment": "champions"})) == [
        ["Anna", "Champions", "Potential loyalists", "1 day ago", "5", "1,200.00 UAH", "R5 F5 M5"]
    ]


def test_a_monetary_score_is_the_span_of_sums_that_it_stands_for(computed, admin):
    for score in range(1, 6):
        expected = set(RfmScore.objects.filter(monetary_score=score).values_list("contact__first_name", flat=True))
        assert set(first_cells(admin.get(LIST, {"monetary": str(score)}))) == expected


def test_where_people_came_from_is_asked_with_where_they_are(computed, admin):
    assert "Choose the segment that they are in now, too." in page_text(admin.get(LIST, {"came_from": "loyal"}))


def test_the_orders_behind_a_row_are_those_that_it_counts(computed, people, admin):  # noqa: F811
    delivered(people["Lev"], "2026-06-02", "5")
    row = admin.get(LIST, {"segment": "champions"})
    assert len(first_cells(admin.get(links(row, "5")[0]))) == 5


def test_who_was_deleted_since_is_not_listed(computed, admin):
    Contact.objects.filter(first_name="Anna").update(deleted_at=SOME_TIME)
    assert "Anna" not in first_cells(admin.get(LIST))


def test_the_export_has_everybody_of_the_list_and_no_formula(computed, admin, monkeypatch):
    monkeypatch.setattr("insights.rfm.people.EXPORTED_AT_ONCE", 3)
    evil = make_contact(first_name="=HYPERLINK(1)", phone="+380501234567", email="e@example.com")
    delivered(evil, "2026-05-30", "1")
    refresh.compute(DAY)
    response = admin.get(EXPORT, {"currency": "UAH"})
    text = b"".join(response.streaming_content).decode()
    assert text.startswith("\ufeffcontact id,")
    rows = list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"))))
    assert [row["first name"] for row in rows] == [
        *("Zakhar", "Anna", "Vira", "Dmytro", "Kateryna", "Borys", "Hanna", "Yeva", "Ihor", "Lev"),
        "'=HYPERLINK(1)",
    ]
    assert (rows[-1]["phone"], rows[-1]["e-mail"], rows[0]["sum"]) == ("'+380501234567", "e@example.com", "1600")


def test_an_export_takes_the_permission_to_see_contacts(computed, staff):
    client = staff("insights.view_insights")
    assert [client.get(address).status_code for address in (PAGE, LIST, EXPORT)] == [200, 403, 403]


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ({"day": "2026-06-01"}, "Choose a day from 1900 up to today"),
        ({"day": "1800-01-01"}, "Choose a day from 1900 up to today"),
        ({"day": "yesterday"}, "Enter a valid date."),
        ({"currency": "ABC"}, "There is no such currency"),
        ({"currency": "UAHH"}, "at most 3 characters"),
        ({"currency": "a\0"}, "Null characters are not allowed."),
    ],
)
def test_what_cannot_be_shown_is_said(query, words, computed, admin):
    response = admin.get(PAGE, query)
    assert words in page_text(response)
    assert "Champions" not in page_text(response)


@pytest.mark.parametrize(
    "query", [{"recency": "9"}, {"segment": "x"}, {"day": "9999-99-99"}, {"currency": "\0"}, {"cursor": "x"}]
)
def test_odd_addresses_of_the_list_and_the_export_are_no_error_of_ours(query, computed, admin):
    assert admin.get(LIST, query, follow=True).status_code == 200
    assert admin.get(EXPORT, query, follow=True).status_code == 200


def test_a_currency_without_buyers_says_what_to_do_next(computed, admin):
    assert "Nobody has bought in this currency up to this day" in page_text(admin.get(PAGE, {"currency": "EUR"}))


def test_another_day_is_computed_when_it_is_asked_for(computed, admin):
    response = admin.get(PAGE, {"day": "2026-04-30"})
    assert "The figures are being computed." in page_text(response)
    assert "data-refresh" in markup(response)
    assert refresh.refresh_due() == 1
    rows = {row[0]: row for row in table_rows(admin.get(PAGE, {"day": "2026-04-30"}), 1)}
    assert rows["Loyal"][1] == "1"
    response = admin.get(PAGE, {"day": "2026-04-30"})
    [address] = [url for url in links(response, "1") if "segment=loyal&" in f"{url}&" and "came_from" not in url]
    assert first_cells(admin.get(address)) == ["Zakhar"]


def test_before_anything_was_computed_the_page_waits_for_it(admin):
    assert "The figures are being computed." in page_text(admin.get(PAGE))
    refresh.refresh_due()
    assert "Nobody has bought" in page_text(admin.get(PAGE))


# --- Boundaries -----------------------------------------------------------------------------------------------------


def test_boundaries_are_set_used_audited_and_taken_back(computed, admin):
    address = f"{PAGE}?currency=UAH"
    assert admin.post(address, {**GOOD, "what": "set"}).status_code == 302
    assert RfmRequest.objects.get().day == DAY
    assert refresh.refresh_due() == 1
    words = page_text(admin.get(address))
    assert "Staff set the boundaries for UAH" in words
    assert table_rows(admin.get(address))[0][0] == "R5 0 to 10 days"
    assert RfmScore.objects.get(contact__first_name="Vira").frequency_score == 2
    assert (
        AuditEntry.objects.get().what
        == "UAH: recency 10, 30, 60, 120; frequency 1, 2, 3, 4; monetary 50, 100, 500, 1200"
    )
    admin.post(address, {"what": "quintiles"})
    assert refresh.refresh_due() == 1
    assert "are the quintiles" in page_text(admin.get(address))
    assert AuditEntry.objects.count() == 2


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("recency_2", "10", "It must be above the boundary before it, 10."),
        ("recency_4", "5", "It must be above the boundary before it, 60."),
        ("frequency_1", "0", "greater than or equal to 1"),
        ("recency_1", "-1", "greater than or equal to 0"),
        ("recency_4", "9" * 30, "less than or equal to 36500"),
        ("monetary_3", "100", "It must be above the boundary before it, 100."),
        ("monetary_1", "1e999", "digits"),
        ("monetary_1", "NaN", "Enter a number."),
        ("monetary_1", "", "This field is required."),
    ],
)
def test_a_boundary_that_cannot_be_is_said_at_its_place(field, value, words, computed, admin):
    response = admin.post(f"{PAGE}?currency=UAH", {**GOOD, field: value, "what": "set"})
    at_its_place = response.content.decode().split(f'name="{field}"', 1)[1].split("</div>", 1)[0]
    assert words in at_its_place
    assert not RfmThresholds.objects.exists()


def test_setting_boundaries_takes_its_own_permission(computed, staff):
    client = staff("insights.view_insights")
    assert "Set boundaries" not in page_text(client.get(PAGE))
    assert client.post(f"{PAGE}?currency=UAH", {**GOOD, "what": "set"}).status_code == 403
    assert client.post(PAGE, {"what": "compute"}).status_code == 302
    assert RfmRequest.objects.exists()
    assert not RfmThresholds.objects.exists()


def test_the_pages_take_as_many_queries_for_many_people_as_for_few(computed, admin):
    def queries() -> list[int]:
        counts = []
        for address in (PAGE, LIST):
            forget_account()
            current_account()  # read now, so that no query of it is counted
            with CaptureQueriesContext(
                connection,
            ) as captured:
                assert admin.get(address).status_code == 200
            counts.append(len(captured))
        return counts

    queries()  # a process remembers some things from its first requests on
    before = queries()
    for number in range(30):
        delivered(make_contact(first_name=f"n{number}"), "2026-05-20", "10")
    refresh.compute(DAY)
    assert queries() == before
    assert max(before) <= 7


def test_a_contacts_page_tells_its_segment(computed, people, admin):  # noqa: F811
    words = page_text(admin.get(f"/admin/contacts/contact/{people['Zakhar'].pk}/change/"))
    assert "UAH Cannot lose them , R2 F5 M5 last order 91 days ago" in words
    nobody = make_contact(first_name="Nobody")
    assert "RFM" not in page_text(admin.get(f"/admin/contacts/contact/{nobody.pk}/change/"))


def test_people_are_saved_as_a_segment_with_the_condition_filled_in(computed, admin, staff):
    [address] = [url for url in links(admin.get(PAGE), "Save as a segment") if "cannot_lose" in url]
    query = parse_qs(urlsplit(address).query)
    assert query["name"] == ["Cannot lose them, UAH"]
    assert json.loads(query["conditions"][0]) == {"rfm": {"currency": "UAH", "segment": "cannot_lose_them"}}
    builder = markup(admin.get(address))
    assert 'value="Cannot lose them, UAH"' in builder
    assert "cannot_lose_them" in builder
    assert links(staff("insights.view_insights").get(PAGE), "Save as a segment") == []
