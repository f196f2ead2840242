"""The first page: what came in, what became of it and what waits, each number a link to exactly the rows it counts."""

import html
import itertools
import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
import time_machine
from django.db import connection
from django.utils import timezone

from account.current import current_account
from contract.reasons import SENTENCES, Reason
from events import processing
from events.admin.overview_revenue import difference
from events.intake import count_marked
from events.models import Event, Outcome
from events.overview import load_queue, load_spans
from events.received import first_ids_since
from events.replay import replay_events
from orders.summaries import rebuild_all
from tests.console.reading import first_cells, links, markup, page_text, table_rows, text_of
from tests.events.building import created, drain, make_source, post
from tests.factories import make_contact, make_order

NOW = datetime(2026, 5, 20, 9, 0, tzinfo=UTC)
TODAY = datetime(2026, 5, 19, 21, 0, tzinfo=UTC)  # 00:00 of 20 May in Kyiv


@pytest.fixture(autouse=True)
def _in_may():
    with time_machine.travel(NOW, tick=False):
        yield


def received(event_id: int, at: datetime) -> int:
    Event.objects.filter(pk=event_id).update(received_at=at)
    return event_id


@pytest.fixture
def history(monkeypatch) -> None:
    """Two events of April, four of last week, and five of today: one failed, one that waits."""
    make_contact(external_customer_id="C1")
    numbers = itertools.count(1001)
    for _ in range(2):
        received(created(str(next(numbers))), NOW - timedelta(days=25))
    for _ in range(3):
        received(created(str(next(numbers))), NOW - timedelta(days=3))
    received(created("1001"), NOW - timedelta(days=3))
    received(created("1001"), TODAY)
    received(created("2001", externalCustomerId="C9"), TODAY + timedelta(hours=1))
    received(created("2002"), NOW)
    drain()
    received(post("orderDelivered", {"externalOrderId": "1001"}), NOW)
    with monkeypatch.context() as patch:
        patch.setattr(processing, "apply_events", lambda events, basis: 1 // 0)
        drain()
    received(created("2003"), NOW)


def test_spans_count_what_was_taken_and_what_became_of_it(history):
    starts = [NOW - timedelta(days=30), NOW - timedelta(days=7), TODAY]
    month, week, today = load_spans(starts)
    assert [span.since for span in (month, week, today)] == starts
    assert (month.taken, month.applied, month.ignored, month.failed, month.waiting) == (11, 6, 3, 1, 1)
    assert (week.taken, week.applied, week.ignored, week.failed, week.waiting) == (9, 4, 3, 1, 1)
    assert (today.taken, today.applied, today.ignored, today.failed, today.waiting) == (5, 1, 2, 1, 1)
    assert {reason: count for reason, count in today.by_reason.items() if count} == {
        "order_exists": 1,
        "contact_not_found": 1,
        "internal_error": 1,
    }


def test_a_replayed_event_counts_as_waiting_until_it_is_decided_again(history):
    ignored = Outcome.objects.get(reason="contact_not_found").pk
    replay_events([ignored])
    [today] = load_spans([TODAY])
    assert (today.taken, today.applied, today.ignored, today.failed, today.waiting) == (5, 1, 1, 1, 2)


def test_nothing_taken_counts_as_nothing():
    spans = load_spans([NOW - timedelta(days=30), TODAY])
    assert [(span.taken, span.applied, span.ignored, span.failed, span.waiting) for span in spans] == [
        (0, 0, 0, 0, 0)
    ] * 2


def test_the_queue_tells_how_many_wait_and_since_when():
    assert (load_queue().waiting, load_queue().oldest_since) == (0, None)
    first = received(created("1"), NOW - timedelta(minutes=5))
    received(created("2"), NOW - timedelta(minutes=2))
    queue = load_queue()
    assert (queue.waiting, queue.oldest_event_id, queue.oldest_since) == (2, first, NOW - timedelta(minutes=5))


def test_a_replayed_event_waits_since_its_replay_and_not_since_it_came():
    event_id = received(created("1"), NOW - timedelta(days=5))
    drain()
    replay_events([event_id])
    queue = load_queue()
    assert queue.oldest_event_id == event_id
    assert queue.oldest_since > NOW - timedelta(days=1)


@pytest.mark.parametrize("gap", [1, 7])
def test_moments_become_ids_whatever_ids_are_missing(gap):
    ids = []
    for minute in range(40):
        with connection.cursor() as cursor:
            cursor.execute("SELECT setval('events_event_id_seq', nextval('events_event_id_seq') + %s)", [gap])
        ids.append(received(created(str(minute)), NOW + timedelta(minutes=minute)))
    for place, event_id in enumerate(ids):
        [exact, after] = first_ids_since([NOW + timedelta(minutes=place), NOW + timedelta(minutes=place, seconds=1)])
        assert list(Event.objects.filter(pk__gte=exact).order_by("pk").values_list("pk", flat=True)) == ids[place:]
        assert list(Event.objects.filter(pk__gte=after).order_by("pk").values_list("pk", flat=True)) == ids[place + 1 :]
        assert exact <= event_id


def test_moments_before_all_events_and_after_them_include_all_and_none():
    ids = [created("1"), created("2")]
    [early, late] = first_ids_since([NOW - timedelta(days=10_000), timezone.now() + timedelta(days=10_000)])
    assert early <= ids[0]
    assert late > ids[1]


# --- The page ------------------------------------------------------------------------------------------------------


def test_the_page_tells_each_outcome_and_reason_by_span(admin, history):
    response = admin.get("/admin/")
    words = page_text(response)
    assert "Waiting now 1" in words
    assert "Events taken, today 5" in words
    assert "Events taken, last 7 days 9" in words
    assert "Events taken, last 30 days 11" in words
    assert table_rows(response) == [
        ["applied", "1", "4", "6"],
        ["ignored", "2", "3", "3"],
        [f"order_exists {SENTENCES[Reason.ORDER_EXISTS]}", "1", "2", "2"],
        [f"contact_not_found {SENTENCES[Reason.CONTACT_NOT_FOUND]}", "1", "1", "1"],
        ["failed", "1", "1", "1"],
        [f"internal_error {SENTENCES[Reason.INTERNAL_ERROR]}", "1", "1", "1"],
        ["waiting", "1", "1", "1"],
    ]


def test_every_number_leads_to_exactly_the_rows_it_counts(admin, history):
    response = admin.get("/admin/")
    body = markup(response).split("What became of them", 1)[1].split("</table>", 1)[0]
    numbers = re.findall(r'<a href="([^"]+)">(\d+)</a>', body)
    assert len(numbers) == 21
    for address, number in numbers:
        assert len(first_cells(admin.get(address.replace("&amp;", "&")))) == int(number), address


@pytest.fixture
def sold() -> None:
    make_order("1", status="DELIVERED", total="10.00", date=NOW)
    make_order("2", status="DELIVERED", total="5.50", date=NOW - timedelta(days=6))
    make_order("3", status="DELIVERED", total="31.00", date=NOW - timedelta(days=7))
    make_order("4", status="DELIVERED", total="100.00", date=NOW - timedelta(days=14))
    make_order("5", status="DELIVERED", total="7.00", date=NOW, currency="EUR")
    make_order("6", status="CANCELLED", total="9.00", date=NOW)
    rebuild_all()


def test_revenue_stands_beside_the_period_before_and_leads_to_its_orders(admin, sold):
    response = admin.get("/admin/?period=7")
    assert table_rows(response)[:2] == [
        ["UAH", "15.50 UAH 2 orders", "31.00 UAH 1 order", "50.0 % less"],
        ["EUR", "7.00 EUR 1 order", "0.00 EUR 0 orders", "nothing before"],
    ]
    assert first_cells(admin.get(links(response, "15.50 UAH")[0])) == ["1", "2"]
    assert first_cells(admin.get(links(response, "31.00 UAH")[0])) == ["3"]


@pytest.mark.parametrize(
    ("period", "expected"),
    [
        ("today", ["UAH", "10.00 UAH 1 order", "0.00 UAH 0 orders", "nothing before"]),
        ("30", ["UAH", "146.50 UAH 4 orders", "0.00 UAH 0 orders", "nothing before"]),
        ("%00' OR 1=1", ["UAH", "15.50 UAH 2 orders", "31.00 UAH 1 order", "50.0 % less"]),
    ],
)
def test_the_period_stands_in_the_address_and_an_unknown_one_is_the_usual_one(period, expected, admin, sold):
    response = admin.get("/admin/", {"period": period})
    assert table_rows(response)[0] == expected
    assert markup(response).count('aria-current="page"') >= 1


@pytest.mark.parametrize(
    ("now", "before", "words"),
    [
        ("0", "0", "as much as before"),
        ("10", "10.00", "as much as before"),
        ("10", "0", "nothing before"),
        ("15", "10", "50.0 % more"),
        ("0", "10", "100.0 % less"),
        ("12345", "10", "123,350.0 % more"),
    ],
)
def test_a_difference_is_told_in_words(now, before, words):
    assert difference(Decimal(now), Decimal(before))["words"] == words


def test_orders_are_counted_by_status_and_lead_to_themselves(admin, sold):
    body = markup(admin.get("/admin/?period=7")).split("Orders by status", 1)[1].split("</dl>", 1)[0]
    found = re.findall(r'<dt>(.*?)</dt><dd>(?:<a href="([^"]+)">)?(?:<[^>]+>)?([0-9]+)', body, re.DOTALL)
    counts = {text_of(name): int(count) for name, _, count in found}
    assert counts == {
        "INITIALIZED": 0,
        "IN_PROGRESS": 0,
        "DELIVERED": 3,
        "CANCELLED": 1,
        "ABANDONED_SHOPPING_CART": 0,
    }
    for _, address, count in found:
        if address:
            assert len(first_cells(admin.get(html.unescape(address)))) == int(count)


def test_each_day_of_the_chart_leads_to_its_events(admin, history):
    body = markup(admin.get("/admin/?period=30")).split("Events by day", 1)[1].split("</svg>", 1)[0]
    days = re.findall(r'<a href="([^"]+)" tabindex="-1">\s*<title>(.*?): (\d+) taken, (\d+) ignored', body)
    assert len(days) == 30
    taken = {day: int(count) for _, day, count, _ in days if count != "0"}
    assert taken == {"Sat, 25 Apr 2026": 2, "Sun, 17 May 2026": 4, "Wed, 20 May 2026": 5}
    for address, _, count, _ in days:
        if count != "0":
            assert len(first_cells(admin.get(html.unescape(address)))) == int(count)


def test_what_is_counted_in_the_background_changes_no_number(admin, history):
    before = table_rows(admin.get("/admin/"))
    assert count_marked() > 0
    assert table_rows(admin.get("/admin/")) == before


def test_the_oldest_waiting_event_is_told_and_late_ones_stand_out(admin):
    received(created("1"), NOW - timedelta(seconds=20))
    assert "the oldest for 20 s" in page_text(admin.get("/admin/"))
    assert 'class="ol-figure ol-bad"' not in markup(admin.get("/admin/"))
    received(created("2"), NOW - timedelta(hours=3))
    Event.objects.update(received_at=NOW - timedelta(hours=3))
    response = admin.get("/admin/")
    assert "the oldest for 3 h" in page_text(response)
    assert 'class="ol-figure ol-bad"' in markup(response)


def test_the_latest_orders_and_the_latest_refusals_lead_to_their_pages(admin, history):
    response = admin.get("/admin/")
    refused = [row[0] for row in table_rows(response, 1)]
    expected = Outcome.objects.exclude(status="applied").order_by("-pk").values_list("pk", flat=True)
    assert refused == [str(event_id) for event_id in expected]
    assert table_rows(response, 2)[0][1] == "INITIALIZED"


def test_a_new_installation_says_how_its_first_event_comes(admin):
    response = admin.get("/admin/")
    words = page_text(response)
    for expected in (
        "No events in the last 30 days",
        "a curl line that posts a first event",
        "No orders yet",
        "Nothing was refused",
    ):
        assert expected in words
    assert links(response, "Sources") == ["/admin/events/source/"]


def test_the_page_takes_a_fixed_number_of_queries(admin, history, django_assert_num_queries):
    # The session, its user, the queue, ids of the days, counts, refused ids and events, revenue, orders by status,
    # webhooks that are off, latest orders; of the warnings the hours, ids of the days and what became of them.
    make_source("another")
    rebuild_all()  # while the days are not built, revenue takes one more
    admin.get("/admin/")
    for period in ("today", "7", "30"):
        current_account()  # read now, so that the page need not
        with django_assert_num_queries(14):
            admin.get("/admin/", {"period": period})
