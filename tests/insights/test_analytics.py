"""Event analytics: figures worked out by hand, numbers that lead to exactly their rows, reports that know their age."""

import random
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.db import OperationalError, connection
from django.utils import timezone

from account.current import forget_account
from account.models import Account
from events.models import Event, Outcome
from events.replay import replay_one
from insights.analytics import event_counts, reports
from insights.analytics.carts import CartFate, compute_carts
from insights.analytics.event_counts import count_due, load_counts
from insights.analytics.funnel import compute_funnel
from insights.analytics.items import compute_items
from insights.analytics.models import EventBlock, Report, ReportKind
from insights.analytics.order_pages import duration
from insights.analytics.orders_behind import carts_of, orders_that_reached
from insights.analytics.reports import Asked, compute_requested, obtain
from insights.analytics.spans import DaySpan
from orders.models import Order
from tests.console.reading import first_cells, links, markup, page_text, table_rows
from tests.events.building import created, drain, order_params, post
from tests.factories import make_contact, make_order

pytestmark = pytest.mark.django_db
KYIV = ZoneInfo("Europe/Kyiv")
MAY = DaySpan(first_day=date(2026, 5, 1), last_day=date(2026, 5, 31), zone=KYIV)
DAYS = {"date_from": "2026-05-01", "date_to": "2026-05-31"}
EVENTS, FUNNEL, CARTS = "/admin/analytics/", "/admin/analytics/funnel/", "/admin/analytics/carts/"
ITEMS, BEHIND = "/admin/analytics/items/", "/admin/analytics/orders/"


def said(order_id: str, status: str, occurred: str, **params) -> None:
    """An event of an order that says its status, and when it happened."""
    post("orderUpdated", order_params(order_id, status=status, **params), occurred=occurred)


# --- Events ----------------------------------------------------------------------------------------------------------


def counted() -> dict[tuple[date, str, str], int]:
    return {(count.day, count.event_type, count.outcome): count.events for count in load_counts(date.min, date.max)}


def by_plain_count() -> dict[tuple[date, str, str], int]:
    outcomes = dict(Outcome.objects.values_list("event_id", "status"))
    zone = ZoneInfo(Account.objects.get().time_zone)
    return Counter(
        (event.received_at.astimezone(zone).date(), event.event_type.key, outcomes.get(event.pk, "waiting"))
        for event in Event.objects.select_related("event_type")
    )


def test_counts_equal_the_events_whatever_happens_to_them(monkeypatch):
    monkeypatch.setattr(event_counts, "BLOCK", 3)
    contact = make_contact()
    for number in range(7):
        created(str(number))
    count_due()
    assert counted() == by_plain_count()
    drain()  # nobody is found: ignored
    post("seen", {}, keyValue="k")
    count_due()
    assert counted() == by_plain_count()
    Event.objects.filter(key_value="3").update(received_at=datetime(2026, 5, 1, 21, 30, tzinfo=UTC))
    EventBlock.objects.update(is_settled=False)
    count_due()
    assert (date(2026, 5, 2), "orderCreated", "ignored") in counted()
    assert counted() == by_plain_count()
    contact.identifiers.create(kind_id="externalCustomerId", value="C1", normalized="C1")
    replay_one(Event.objects.order_by("pk").first().pk, "user olha")
    drain()
    count_due()
    assert counted() == by_plain_count()
    assert {outcome for _, _, outcome in counted()} == {"applied", "ignored"}
    Account.objects.update(time_zone="America/New_York")
    forget_account()
    count_due()
    assert (date(2026, 5, 1), "orderCreated", "ignored") in counted()
    assert counted() == by_plain_count()
    forget_account()


def test_a_run_in_the_zone_before_leaves_nothing_behind_in_the_counts_of_the_new_one(monkeypatch):
    created("1001")
    Event.objects.update(received_at=datetime(2026, 5, 14, 17, tzinfo=UTC))  # the 14th in Kyiv, the 15th in Tokyo
    find_blocks = event_counts._due_blocks

    def find_while_another_process_counts_in_the_new_zone() -> list[int]:
        found = find_blocks()
        monkeypatch.setattr(event_counts, "_due_blocks", find_blocks)
        Account.objects.update(time_zone="Asia/Tokyo")
        count_due()
        return found

    monkeypatch.setattr(event_counts, "_due_blocks", find_while_another_process_counts_in_the_new_zone)
    count_due()
    assert counted() == by_plain_count() == {(date(2026, 5, 15), "orderCreated", "waiting"): 1}
    forget_account()


def test_a_settled_block_is_counted_once_until_a_replay_reaches_into_it(monkeypatch):
    monkeypatch.setattr(event_counts, "BLOCK", 2)
    ids = [created(str(number)) for number in range(6)]
    drain()
    Event.objects.update(received_at=timezone.now() - timedelta(hours=1))
    assert count_due() >= 3
    settled = set(EventBlock.objects.filter(is_settled=True).values_list("number", flat=True))
    assert ids[0] // 2 in settled
    assert ids[-1] // 2 not in settled  # events may still come
    assert count_due() == 1
    replay_one(ids[0], "user olha")
    assert count_due() == 2
    assert counted() == by_plain_count()


def test_the_events_page_leads_to_exactly_the_events(admin):
    make_contact(external_customer_id="C1")
    with time_machine.travel(datetime(2026, 5, 14, 9, tzinfo=UTC), tick=False):
        today = timezone.localdate()
        for number in range(3):
            created(str(number))
        created("0")
        post("seen", {}, keyValue="k")
        drain()
        Event.objects.update(received_at=timezone.now())
        count_due()
        response = admin.get(EVENTS)
        assert table_rows(response, 0) == [
            ["orderCreated", "4", "3", "1", "0", "0"],
            ["seen", "1", "1", "0", "0", "0"],
        ]
        assert table_rows(response, 1) == [["Thu, 14 May 2026", "5", "4", "1", "0", "0"]]
        [ignored] = {url for url in links(response, "1") if "ignored" in url and "type" in url}
        assert len(first_cells(admin.get(ignored))) == 1
        [applied] = [url for url in links(response, "3") if "outcome=applied" in url]
        assert len(first_cells(admin.get(applied))) == 3
        assert "4 applied, 1 not" in markup(response)
        one_type = admin.get(EVENTS, {"type": "seen", "date_to": today.isoformat()})
        assert table_rows(one_type, 0) == [["Thu, 14 May 2026", "1", "1", "0", "0", "0"]]


def test_before_the_first_count_the_page_says_so_and_then_what_to_do(admin):
    assert "still being counted for the first time" in page_text(admin.get(EVENTS))
    count_due()
    assert "No events in these days" in page_text(admin.get(EVENTS))


# --- Funnel ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def orders() -> None:
    """Five orders of May, and one of June: the example of docs/insights.md."""
    make_contact(external_customer_id="C1")
    for order_id, steps in {
        "1": ["INITIALIZED 10T10:00", "IN_PROGRESS 10T12:00", "DELIVERED 12T12:00"],
        "2": ["INITIALIZED 10T10:00", "IN_PROGRESS 10T11:00", "DELIVERED 13T11:00", "CANCELLED 20T10:00"],
        "3": ["INITIALIZED 10T10:00", "DELIVERED 11T10:00"],
        "4": ["INITIALIZED 10T10:00", "CANCELLED 10T10:30"],
        "5": ["ABANDONED_SHOPPING_CART 10T10:00"],
    }.items():
        for step in steps:
            status, moment = step.split()
            said(order_id, status, f"2026-05-{moment}:00+03:00", date="2026-05-10T10:00:00+03:00")
    said("6", "DELIVERED", "2026-06-01T10:00:00+03:00", date="2026-06-01T10:00:00+03:00")
    drain()
    assert Order.objects.count() == 6


def step(began: str, reached: str, orders: int, median: str, p90: str) -> dict:
    return {"from": began, "to": reached, "orders": orders, "medianSeconds": median, "p90Seconds": p90}


def test_the_funnel_of_the_documentation(orders):
    assert compute_funnel(MAY) == {
        "orders": 5,
        "reached": {"INITIALIZED": 4, "IN_PROGRESS": 3, "DELIVERED": 3},
        "now": {"DELIVERED": 2, "CANCELLED": 2, "ABANDONED_SHOPPING_CART": 1},
        "cancelledAfterDelivery": 1,
        "steps": [
            step("INITIALIZED", "IN_PROGRESS", 2, "3600.000000", "7200.000000"),
            step("IN_PROGRESS", "DELIVERED", 2, "172800.000000", "259200.000000"),
            step("INITIALIZED", "DELIVERED", 3, "180000.000000", "262800.000000"),
        ],
    }


def test_every_number_of_the_funnel_leads_to_its_orders(orders, admin):
    response = admin.get(FUNNEL, DAYS)
    assert table_rows(response, 0) == [
        ["INITIALIZED", "4", "100.0 %", "100.0 %"],
        ["IN_PROGRESS", "3", "75.0 %", "75.0 %"],
        ["DELIVERED", "3", "75.0 %", "100.0 %"],
    ]
    assert table_rows(response, 2)[1] == ["IN_PROGRESS → DELIVERED", "2", "2 d", "3 d"]
    [reached] = links(response, "4")
    assert set(first_cells(admin.get(reached))) == {"1", "2", "3", "4"}
    [delivered] = [url for url in links(response, "3") if "reached=DELIVERED" in url]
    assert set(first_cells(admin.get(delivered))) == {"1", "2", "3"}
    [returned] = [url for url in links(response, "1") if "returned" in url]
    assert first_cells(admin.get(returned)) == ["2"]
    [cancelled] = [url for url in links(response, "2") if "status=CANCELLED" in url]
    assert set(first_cells(admin.get(cancelled))) == {"2", "4"}


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0, "0 s"), (59, "59 s"), (60, "1 min"), (3_725, "1 h 2 min"), (86_400, "1 d"), (273_600, "3 d 4 h")],
)
def test_a_duration_has_its_two_greatest_units(seconds, words):
    assert duration(Decimal(seconds)) == words


# --- Carts -----------------------------------------------------------------------------------------------------------


def cart(
    order_id: str, contact, day: int, status: str = "ABANDONED_SHOPPING_CART", total: str = "10", **columns
) -> Order:
    moment = datetime(2026, 5, day, 12, tzinfo=KYIV)
    return make_order(order_id, contact=contact, date=moment, status=status, total=total, **columns)


def test_what_came_of_carts():
    first, second, third = make_contact(), make_contact(), make_contact()
    went_on = cart("went on", third, 2, "DELIVERED", "50")
    went_on.changes.create(
        event_id=1, at=went_on.date, fields={"status": {"from": None, "to": "ABANDONED_SHOPPING_CART"}}
    )
    cart("lost", first, 2, total="20")
    cart("too late", first, 10, "DELIVERED", "500")  # eight days after it
    cart("bought else", second, 2, total="30")
    cart("the other", second, 5, "DELIVERED", "70")
    cart("nobody's", None, 2, total="40")
    cart("in euro", first, 9, total="60", currency="EUR")  # the other one is in another currency
    assert compute_carts(MAY, 7) == {
        "EUR": {"bought_else": {"carts": 1, "value": Decimal(60), "revenue": Decimal(0)}},
        "UAH": {
            "bought": {"carts": 1, "value": Decimal(50), "revenue": Decimal(50)},
            "bought_else": {"carts": 1, "value": Decimal(30), "revenue": Decimal(70)},
            "lost": {"carts": 1, "value": Decimal(20), "revenue": Decimal(0)},
            "unknown": {"carts": 1, "value": Decimal(40), "revenue": Decimal(0)},
        },
    }
    assert compute_carts(MAY, 8)["UAH"]["bought_else"]["carts"] == 2


def test_every_number_of_the_carts_leads_to_its_orders(admin):
    person = make_contact()
    cart("lost", person, 9)
    cart("bought else", person, 2)
    cart("the other", person, 3, "DELIVERED", "70")
    cart("nobody's", None, 2)
    response = admin.get(CARTS, DAYS)
    rows = {row[0]: row for row in table_rows(response)}
    assert rows["All carts"][1:5] == ["3", "100 %", "30.00 UAH", "70.00 UAH"]
    assert rows["Bought something else"][1:5] == ["1", "33.3 %", "10.00 UAH", "70.00 UAH"]
    found = {}
    for url in links(response, "1"):
        found[url.split("cart=")[1].split("&")[0]] = first_cells(admin.get(url))
    assert found == {"bought_else": ["bought else"], "lost": ["lost"], "unknown": ["nobody's"]}
    assert set(first_cells(admin.get(links(response, "3")[0]))) == {"lost", "bought else", "nobody's"}


def test_the_lists_behind_the_figures_are_as_long_as_the_figures_for_any_history():
    draw = random.Random(4)
    people = [make_contact() for _ in range(12)]
    statuses = ["INITIALIZED", "IN_PROGRESS", "DELIVERED", "CANCELLED", "ABANDONED_SHOPPING_CART"]
    for number in range(150):
        order = cart(str(number), draw.choice([*people, None]), draw.randrange(1, 32), draw.choice(statuses))
        for place in range(draw.randrange(3)):
            told = {"status": {"from": None, "to": draw.choice(statuses)}}
            order.changes.create(event_id=number * 10 + place, at=order.date, fields=told)
    figures, funnel = compute_carts(MAY, 1)["UAH"], compute_funnel(MAY)
    assert set(figures) == {fate.value for fate in CartFate}
    assert {fate: carts_of(MAY, 1, CartFate(fate)).count() for fate in figures} == {
        fate: told["carts"] for fate, told in figures.items()
    }
    assert carts_of(MAY, 1).count() == sum(told["carts"] for told in figures.values())
    assert funnel["reached"] == {stage: orders_that_reached(MAY, stage).count() for stage in funnel["reached"]}


# --- Items -----------------------------------------------------------------------------------------------------------


def test_items_by_revenue_and_by_quantity_each_currency_on_its_own(admin):
    when = {"status": "DELIVERED", "date": datetime(2026, 5, 10, 12, tzinfo=KYIV)}

    def line(item_id: str, quantity: str, cost: str | None, name: str = "") -> dict:
        price = None if cost is None else Decimal(cost)
        return {"external_item_id": item_id, "quantity": Decimal(quantity), "cost": price, "name": name}

    make_order("1", items=[line("A", "2", "10.50", "Old name"), line("B", "5", "1")], **when)
    make_order(
        "2",
        items=[line("A", "1", "9", "New name"), line("A", "1", None)],
        **{**when, "date": when["date"] + timedelta(days=1)},
    )
    make_order("3", items=[line("A", "7", "100")], **{**when, "status": "CANCELLED"})
    make_order("4", items=[line("C", "1", "5")], currency="EUR", **when)
    figures = compute_items(MAY)
    assert figures["UAH"]["items"] == 2
    assert figures["UAH"]["byRevenue"][0] == {
        "externalItemId": "A",
        "name": "New name",
        "orders": 2,
        "quantity": Decimal(4),
        "revenue": Decimal("30.00"),
        "withoutCost": 1,
    }
    assert [item["externalItemId"] for item in figures["UAH"]["byQuantity"]] == ["B", "A"]
    assert [item["externalItemId"] for item in figures["EUR"]["byRevenue"]] == ["C"]
    response = admin.get(ITEMS, DAYS)
    assert table_rows(response, 0)[0][:4] == ["New name", "A", "2", "4"]
    assert set(first_cells(admin.get(links(response, "2")[0]))) == {"1", "2"}


# --- Reports ---------------------------------------------------------------------------------------------------------

ASKED = Asked(kind=ReportKind.FUNNEL, first_day=MAY.first_day, last_day=MAY.last_day)


def test_a_report_is_computed_at_once_and_anew_a_minute_later():
    with time_machine.travel(datetime(2026, 5, 14, 9, tzinfo=UTC), tick=False) as clock:
        assert obtain(ASKED).figures["orders"] == 0
        cart("1", None, 2)
        assert obtain(ASKED).figures["orders"] == 0
        clock.shift(timedelta(minutes=2))
        assert obtain(ASKED).figures["orders"] == 1


def test_a_report_that_takes_long_is_left_to_a_worker(admin, monkeypatch):
    def slowly(span, within_days):
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_sleep(1)")
        raise AssertionError("the statement was not stopped")

    cart("1", None, 2)
    with monkeypatch.context() as patched:
        patched.setitem(reports.COMPUTE, ReportKind.FUNNEL, slowly)
        response = admin.get(FUNNEL, DAYS)
    assert "The figures are being computed." in page_text(response)
    assert "data-refresh" in markup(response)
    assert compute_requested() == 1
    assert compute_requested() == 0
    assert "Where they are now" in page_text(admin.get(FUNNEL, DAYS))
    # Known to take long: the older figures are shown, and newer ones are asked for.
    Report.objects.update(seconds=Decimal(9), computed_at=timezone.now() - timedelta(hours=1))
    cart("2", None, 2)
    response = admin.get(FUNNEL, DAYS)
    assert "From the orders as they stood" in page_text(response)
    assert "1 order" in page_text(response)
    assert compute_requested() == 1
    assert "2 orders" in page_text(admin.get(FUNNEL, DAYS))


def test_another_failure_of_the_database_is_no_slow_report(monkeypatch):
    def broken(span, within_days):
        raise OperationalError("gone")

    monkeypatch.setitem(reports.COMPUTE, ReportKind.FUNNEL, broken)
    with pytest.raises(OperationalError, match="gone"):
        obtain(ASKED)


def test_a_report_of_another_time_zone_is_not_shown():
    make_order("1", date=datetime(2026, 4, 30, 21, 30, tzinfo=UTC))  # in May in Kyiv only
    assert obtain(ASKED).figures["orders"] == 1
    Account.objects.update(time_zone="America/New_York")
    forget_account()
    assert obtain(ASKED).figures["orders"] == 0
    forget_account()


def test_reports_that_nobody_asks_for_are_forgotten():
    obtain(ASKED)
    Report.objects.update(last_asked_at=timezone.now() - timedelta(days=3))
    compute_requested()
    assert not Report.objects.exists()


@pytest.mark.parametrize("address", [EVENTS, FUNNEL, CARTS, ITEMS])
@pytest.mark.parametrize(
    ("query", "words"),
    [
        ({"date_from": "2026-05-02", "date_to": "2026-05-01"}, "The first day must not be after the last one"),
        ({"date_from": "1990-01-01", "date_to": "2026-05-01"}, "Ten years are the most"),
        ({"date_to": "0001-01-01"}, "Choose a later day than"),
        ({"date_from": "soon"}, "Enter a valid date."),
    ],
)
def test_days_that_cannot_be_looked_at_are_said(address, query, words, admin):
    assert words in page_text(admin.get(address, query))


@pytest.mark.parametrize(
    "query",
    [
        *({"within": "0"}, {"within": "9" * 30}, {"cart": "x"}, {"reached": "\0"}, {"cursor": "x", "cart": "any"}),
        {"cart": "any", "currency": "\0"},
    ],
)
def test_odd_addresses_are_no_error_of_ours(query, admin):
    for address in (BEHIND, CARTS):
        assert admin.get(address, query, follow=True).status_code == 200


def test_the_orders_behind_take_the_permission_to_see_orders(staff):
    client = staff("insights.view_insights")
    assert [client.get(address).status_code for address in (EVENTS, FUNNEL, BEHIND)] == [200, 200, 403]
