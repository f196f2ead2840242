"""Revenue: worked numbers by hand, days cut in the account's zone, and always the plain sum over the orders."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import product
from zoneinfo import ZoneInfo

import msgspec
import pytest
from django.db import connection
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase as HypothesisTestCase

from account.current import forget_account
from account.models import Account
from events.keys import forget_keys
from orders import customer_counts, summaries
from orders.models import DailyRevenue, Order, RevenueMark
from orders.revenue import load_revenue
from tests.callers import bearer, make_key
from tests.factories import make_order

pytestmark = pytest.mark.django_db
KYIV = ZoneInfo("Europe/Kyiv")
NOBODY = {"customers": 0, "newCustomers": 0, "returningCustomers": 0}


@pytest.fixture(autouse=True)
def _built():
    forget_account()
    summaries.rebuild_all()  # the tables are built for the account's zone and follow marks from here on
    customer_counts.rebuild(counts_all=True)
    yield
    forget_account()


@pytest.fixture
def client() -> Client:
    forget_keys()
    return Client(headers=bearer(make_key()))


def sell(moment: str, total: str, currency: str = "UAH", *, status: str = "DELIVERED", **columns) -> Order:
    """An order at a local time of Kyiv, with the mark that its event leaves."""
    at = datetime.fromisoformat(moment).replace(tzinfo=KYIV)
    number = Order.objects.count()
    order = make_order(str(number), total=total, currency=currency, status=status, date=at, **columns)
    summaries.leave_marks([(order.date, order.currency)])
    return order


def answer(client, query: str = "") -> list[dict]:
    response = client.get(f"/api/v1/revenue{query}")
    assert response.status_code == 200, response.content
    assert response.json()["timeZone"] == Account.objects.get().time_zone
    return response.json()["results"]


def figures(client, query: str = "") -> list[tuple[str, str, str, int]]:
    """The headline figures; the shape as a whole has a test of its own."""
    return [(row["period"], row["currency"], row["revenue"], row["orders"]) for row in answer(client, query)]


@pytest.fixture(params=["live", "built"])
def settle(request):
    """Reads the same figures twice: computed from marked days, and from the table once its marks are gone."""

    def rebuild() -> None:
        if request.param == "built":
            summaries.rebuild_marked()
            assert not RevenueMark.objects.exists()

    return rebuild


# --- Worked numbers -------------------------------------------------------------------------------------------------


def test_a_shop_of_five_days_adds_up_by_day_week_and_month(client, settle):
    sell("2026-04-30T23:59:59", "0.10")  # Thursday
    sell("2026-05-01T00:00:00", "0.20")
    sell("2026-05-01T12:00:00", "100.155")
    sell("2026-05-03T23:59:59", "1.00")  # Sunday
    sell("2026-05-04T00:00:00", "1000")  # Monday
    settle()
    assert figures(client) == [
        ("2026-04-30", "UAH", "0.10", 1),
        ("2026-05-01", "UAH", "100.355", 2),
        ("2026-05-03", "UAH", "1.00", 1),
        ("2026-05-04", "UAH", "1000.00", 1),
    ]
    assert figures(client, "?by=week") == [("2026-04-27", "UAH", "101.455", 4), ("2026-05-04", "UAH", "1000.00", 1)]
    assert figures(client, "?by=month") == [("2026-04-01", "UAH", "0.10", 1), ("2026-05-01", "UAH", "1101.355", 4)]


def test_a_tenth_and_two_tenths_are_three_tenths(client, settle):
    sell("2026-05-01T10:00:00", "0.1")
    sell("2026-05-01T10:00:00", "0.2")
    settle()
    assert figures(client) == [("2026-05-01", "UAH", "0.30", 2)]


def test_a_currency_is_never_added_to_another(client, settle):
    sell("2026-05-01T10:00:00", "100", "JPY")
    sell("2026-05-01T10:00:00", "50", "JPY")
    sell("2026-05-01T10:00:00", "1.5", "EUR")
    sell("2026-05-02T10:00:00", "0.125", "BHD")
    settle()
    month = "2026-05-01"
    assert figures(client, "?by=month") == [
        (month, "BHD", "0.125", 1),
        (month, "EUR", "1.50", 1),
        (month, "JPY", "150", 2),
    ]
    assert figures(client, "?currency=JPY") == [(month, "JPY", "150", 2)]
    assert figures(client, "?currency=USD") == []


def test_only_delivered_orders_are_revenue(client, settle):
    for status in ("INITIALIZED", "IN_PROGRESS", "CANCELLED", "ABANDONED_SHOPPING_CART"):
        sell("2026-05-01T10:00:00", "5", status=status)
    settle()
    assert figures(client) == []
    sell("2026-05-01T10:00:00", "7")
    settle()
    assert figures(client) == [("2026-05-01", "UAH", "7.00", 1)]


def test_a_delivered_order_that_cost_nothing_is_an_order(client, settle):
    sell("2026-05-01T10:00:00", "0")
    settle()
    assert figures(client) == [("2026-05-01", "UAH", "0.00", 1)]


def test_both_ends_of_a_span_belong_to_it_and_cut_weeks_and_months(client, settle):
    for day in range(1, 11):
        sell(f"2026-05-{day:02}T10:00:00", str(day))
    settle()
    assert [row[0] for row in figures(client, "?from=2026-05-03&to=2026-05-05")] == [
        "2026-05-03",
        "2026-05-04",
        "2026-05-05",
    ]
    assert figures(client, "?by=week&from=2026-05-03&to=2026-05-05") == [
        ("2026-04-27", "UAH", "3.00", 1),
        ("2026-05-04", "UAH", "9.00", 2),
    ]
    assert figures(client, "?by=month&from=2026-05-03") == [("2026-05-01", "UAH", "52.00", 8)]
    assert figures(client, "?by=month&to=2026-05-02") == [("2026-05-01", "UAH", "3.00", 2)]


def test_a_week_may_begin_in_the_year_before(client, settle):
    sell("2027-01-03T10:00:00", "1")  # the Sunday of week 53 of 2026
    settle()
    assert figures(client, "?by=week") == [("2026-12-28", "UAH", "1.00", 1)]


# --- Mobile SDK -----------------------------------------------------------------------------------------------------


def test_initialized_orders_of_a_mobile_sdk_are_told_apart_from_revenue(client, settle):
    sell("2026-05-01T10:00:00", "5")
    sell("2026-05-01T11:00:00", "7.5", status="INITIALIZED", from_mobile_sdk=True)
    sell("2026-05-01T11:00:00", "100", status="INITIALIZED")  # of a backend
    sell("2026-05-02T11:00:00", "2", status="INITIALIZED", from_mobile_sdk=True)
    sell("2026-05-02T12:00:00", "3", status="CANCELLED", from_mobile_sdk=True)
    settle()
    assert answer(client) == [
        {
            "period": "2026-05-01",
            "currency": "UAH",
            "revenue": "5.00",
            "orders": 1,
            "averageOrder": "5.00",
            **NOBODY,
            "mobileSdkInitializedRevenue": "7.50",
            "mobileSdkInitializedOrders": 1,
        },
        {
            "period": "2026-05-02",
            "currency": "UAH",
            "revenue": "0.00",
            "orders": 0,
            "averageOrder": None,
            **NOBODY,
            "mobileSdkInitializedRevenue": "2.00",
            "mobileSdkInitializedOrders": 1,
        },
    ]


def test_an_account_that_does_not_show_them_leaves_them_out_altogether(client, settle):
    Account.objects.update(mobile_sdk_revenue=False)
    forget_account()
    sell("2026-05-01T10:00:00", "5")
    sell("2026-05-01T11:00:00", "7.5", status="INITIALIZED", from_mobile_sdk=True)
    sell("2026-05-02T11:00:00", "2", status="INITIALIZED", from_mobile_sdk=True)
    settle()
    [row] = answer(client)
    assert row == {
        "period": "2026-05-01",
        "currency": "UAH",
        "revenue": "5.00",
        "orders": 1,
        "averageOrder": "5.00",
        **NOBODY,
    }


# --- Days of the account's zone -------------------------------------------------------------------------------------


def test_a_day_is_cut_at_midnight_of_the_accounts_zone(client, settle):
    sell("2026-05-14T23:59:59.999999", "1")
    sell("2026-05-15T00:00:00", "2")
    settle()
    assert figures(client) == [("2026-05-14", "UAH", "1.00", 1), ("2026-05-15", "UAH", "2.00", 1)]
    assert figures(client, "?from=2026-05-15") == [("2026-05-15", "UAH", "2.00", 1)]


@pytest.mark.parametrize(("day", "hours"), [(date(2026, 3, 29), 23), (date(2026, 10, 25), 25)])
def test_a_day_with_a_clock_change_holds_all_its_hours(client, settle, day, hours):
    start = datetime(day.year, day.month, day.day, tzinfo=KYIV).astimezone(UTC)
    for hour in range(-1, hours + 1):
        order = make_order(str(hour), total="1", status="DELIVERED", date=start + timedelta(hours=hour))
        summaries.leave_marks([(order.date, "UAH")])
    settle()
    assert figures(client) == [
        ((day - timedelta(days=1)).isoformat(), "UAH", "1.00", 1),
        (day.isoformat(), "UAH", f"{hours}.00", hours),
        ((day + timedelta(days=1)).isoformat(), "UAH", "1.00", 1),
    ]


@pytest.mark.parametrize(
    "zone", ["Atlantic/Azores", "America/Havana", "America/Sao_Paulo", "Pacific/Apia", "Asia/Amman"]
)
def test_days_that_begin_twice_or_not_at_midnight_still_hold_all_their_hours(zone):
    Account.objects.update(time_zone=zone)
    summaries.rebuild_marked()
    change = {"Atlantic/Azores": (2024, 10, 27), "America/Havana": (2024, 11, 3), "Asia/Amman": (2021, 10, 29)}
    start = datetime(*change.get(zone, (2018, 11, 4)), tzinfo=UTC) - timedelta(hours=30)
    local: dict[date, int] = {}
    for number in range(120):
        moment = start + timedelta(minutes=30 * number)
        order = make_order(str(number), total="1", status="DELIVERED", date=moment)
        summaries.leave_marks([(order.date, "UAH")])
        day = moment.astimezone(ZoneInfo(zone)).date()
        local[day] = local.get(day, 0) + 1
    for _ in range(2):  # computed, then built
        rows = load_revenue(time_zone=ZoneInfo(zone), by="day")
        assert {row.period: row.sums.orders for row in rows} == local
        summaries.rebuild_marked()


def test_a_changed_time_zone_moves_every_figure_at_once(client):
    sell("2026-05-15T00:30:00", "1")
    summaries.rebuild_marked()
    Account.objects.update(time_zone="America/New_York")
    forget_account()
    assert DailyRevenue.objects.get().day == date(2026, 5, 15)  # not built again yet
    assert figures(client) == [("2026-05-14", "UAH", "1.00", 1)]
    summaries.rebuild_marked()
    assert figures(client) == [("2026-05-14", "UAH", "1.00", 1)]


# --- The table and the orders ---------------------------------------------------------------------------------------


def test_a_figure_is_right_between_the_change_and_the_rebuild(client):
    order = sell("2026-05-01T10:00:00", "5")
    sell("2026-05-02T10:00:00", "9")
    summaries.rebuild_marked()
    Order.objects.filter(pk=order.pk).update(total_cost=Decimal(6))
    summaries.leave_marks([(order.date, order.currency)])
    stale = DailyRevenue.objects.get(day=date(2026, 5, 1))
    assert stale.revenue == 5
    assert figures(client) == [("2026-05-01", "UAH", "6.00", 1), ("2026-05-02", "UAH", "9.00", 1)]


def test_a_day_whose_last_order_went_is_left_out_before_the_rebuild_too(client):
    order = sell("2026-05-01T10:00:00", "5")
    summaries.rebuild_marked()
    Order.objects.filter(pk=order.pk).update(status="CANCELLED")
    summaries.leave_marks([(order.date, order.currency)])
    assert figures(client) == []
    summaries.rebuild_marked()
    assert figures(client) == []


def test_a_mark_of_one_currency_leaves_the_other_in_the_table(client):
    sell("2026-05-01T10:00:00", "5")
    summaries.rebuild_marked()
    sell("2026-05-01T10:00:00", "7", "EUR")
    DailyRevenue.objects.update(revenue=Decimal(555))  # shows which figure is read from the table
    assert figures(client) == [("2026-05-01", "EUR", "7.00", 1), ("2026-05-01", "UAH", "555.00", 1)]


def test_reading_revenue_takes_three_statements(client, django_assert_num_queries):
    sell("2026-05-01T10:00:00", "5")
    summaries.rebuild_marked()
    figures(client)  # the key and the account are held from here on
    with django_assert_num_queries(3):  # revenue, whether customers are counted, customers
        client.get("/api/v1/revenue?by=week")


@pytest.mark.parametrize("by", ["day", "week"])
def test_days_that_are_built_are_not_summed_from_orders_again(by):
    sell("2026-05-01T10:00:00", "5")
    summaries.rebuild_marked()
    plans = []

    def explain(execute, sql, parameters, many, context):
        explained = f"EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF, BUFFERS OFF) {sql}"
        plans.append([line for (line,) in context["connection"].connection.execute(explained, parameters)])
        return execute(sql, parameters, many, context)

    with connection.execute_wrapper(explain):
        assert [figure.sums.revenue for figure in load_revenue(time_zone=ZoneInfo("Europe/Kyiv"), by=by)] == [5]
    [plan] = plans  # one statement tells all
    on_orders = [line for line in plan if "on orders_order" in line]
    assert len(on_orders) == 2  # those of marked days
    assert all("never executed" in line for line in on_orders), plan
    assert not any("Workers" in line for line in plan), plan


PLAIN_SUM = """
    SELECT date_trunc(%(by)s, (date AT TIME ZONE %(zone)s)::date)::date,
           currency,
           coalesce(sum(total_cost) FILTER (WHERE status = 'DELIVERED'), 0),
           count(*) FILTER (WHERE status = 'DELIVERED'),
           coalesce(sum(total_cost) FILTER (WHERE status = 'INITIALIZED'), 0),
           count(*) FILTER (WHERE status = 'INITIALIZED')
      FROM orders_order
     WHERE status = 'DELIVERED' OR (status = 'INITIALIZED' AND from_mobile_sdk)
     GROUP BY 1, 2
     ORDER BY 1, 2
"""

START = datetime(2026, 3, 27, tzinfo=UTC)
SALES = st.lists(
    st.tuples(
        st.integers(0, 60 * 24 * 6),  # minutes after START: over the change to summer time
        st.decimals(0, 10**6, places=4, allow_nan=False),
        st.sampled_from(["UAH", "JPY", "EUR"]),
        st.sampled_from(["DELIVERED", "INITIALIZED", "CANCELLED"]),
        st.booleans(),  # from a mobile SDK
        st.sampled_from(["mark", "rebuild"]),  # what follows it
    ),
    max_size=12,
)


class EveryMoment(HypothesisTestCase):
    @settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(sales=SALES, zone=st.sampled_from(["Europe/Kyiv", "Atlantic/Azores", "Pacific/Kiritimati"]))
    def test_revenue_is_the_plain_sum_over_the_orders_at_every_moment(self, sales, zone):
        Account.objects.update(time_zone=zone)
        summaries.rebuild_marked()
        for number, (minute, total, currency, status, from_mobile_sdk, then) in enumerate(sales):
            moment = START + timedelta(minutes=minute)
            make_order(
                str(number),
                total=str(total),
                currency=currency,
                status=status,
                date=moment,
                from_mobile_sdk=from_mobile_sdk,
            )
            summaries.leave_marks([(moment, currency)])
            if then == "rebuild":
                summaries.rebuild_marked()
            for by in ("day", "week", "month"):
                with connection.cursor() as cursor:
                    cursor.execute(PLAIN_SUM, {"by": by, "zone": zone})
                    expected = cursor.fetchall()
                rows = load_revenue(time_zone=ZoneInfo(zone), by=by)
                told = [(row.period, row.currency, *msgspec.structs.astuple(row.sums)) for row in rows]
                assert told == expected


# --- The query string -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("query", "parameter", "code"),
    [
        ("by=year", "by", "invalid_parameter"),
        ("by=Day", "by", "invalid_parameter"),
        ("from=2026-02-30", "from", "invalid_parameter"),
        ("from=2026-05-14T10:00:00", "from", "invalid_parameter"),
        ("from=20260514", "from", "invalid_parameter"),
        ("from=", "from", "invalid_parameter"),
        ("to=-infinity", "to", "invalid_parameter"),
        ("to=tomorrow", "to", "invalid_parameter"),
        ("currency=uah", "currency", "invalid_parameter"),
        ("currency=%00%00%00", "currency", "invalid_parameter"),
        ("currency=UAH&currency=EUR", "currency", "repeated_parameter"),
        ("limit=10", "limit", "unknown_parameter"),
        ("period=day", "period", "unknown_parameter"),
    ],
)
def test_a_parameter_that_cannot_be_read_is_a_400_that_names_it(client, query, parameter, code):
    response = client.get(f"/api/v1/revenue?{query}")
    assert (response.status_code, response.headers["Content-Type"]) == (400, "application/problem+json")
    assert [(error["parameter"], error["code"]) for error in response.json()["errors"]] == [(parameter, code)]


@pytest.mark.parametrize(("day", "by"), list(product(["0001-01-01", "9999-12-31"], ["day", "week", "month"])))
def test_the_first_and_last_day_there_are_can_be_asked_for(client, day, by):
    sell("2026-05-01T10:00:00", "5")
    assert figures(client, f"?from={day}&to={day}&by={by}") == []
