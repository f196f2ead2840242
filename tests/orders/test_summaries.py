"""Daily revenue follows its orders: marks, rebuilds, and days cut in the account's zone."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from account.models import Account
from orders import ledger, summaries
from orders.ledger import OrderWrite
from orders.models import DailyRevenue, RevenueMark
from tests.orders.test_ledger import make_state

pytestmark = pytest.mark.django_db


def store(before, after) -> None:
    """Writes one change of one order and leaves its marks, as a batch does."""
    known = ledger.load_orders([after.external_order_id])
    order_id = known[after.external_order_id].id if known else None
    ledger.store_orders([OrderWrite(order_id, before, after)], [], datetime(2026, 5, 14, tzinfo=UTC))
    summaries.leave_marks(summaries.moments_touched(before, after))


def days() -> list[tuple[date, str, str, int]]:
    rows = DailyRevenue.objects.order_by("day", "currency")
    return [(row.day, row.currency, str(row.revenue.normalize()), row.orders) for row in rows]


def delivered(order_id: str = "1", **fields):
    return make_state(order_id, **{"status": "DELIVERED", **fields})


@pytest.fixture(autouse=True)
def _built():
    summaries.rebuild_marked()  # the first call builds for the account's zone; from then on it follows marks


def test_a_delivered_order_counts_on_its_day_of_the_accounts_zone():
    store(None, delivered(date=datetime(2026, 5, 14, 21, 30, tzinfo=UTC)))  # half past midnight in Kyiv
    assert summaries.rebuild_marked() == 1
    assert days() == [(date(2026, 5, 15), "UAH", "258", 1)]
    assert not RevenueMark.objects.exists()


def test_an_order_that_does_not_count_leaves_no_mark():
    store(None, make_state("1"))
    assert not RevenueMark.objects.exists()


def test_a_change_that_moves_no_figure_leaves_no_mark():
    order = delivered()
    store(None, order)
    summaries.rebuild_marked()
    store(order, replace(order, delivery_method="post"))
    assert not RevenueMark.objects.exists()


def test_a_changed_date_moves_the_revenue_from_one_day_to_the_other():
    order = delivered()
    store(None, order)
    summaries.rebuild_marked()
    store(order, replace(order, date=order.date + timedelta(days=40)))
    assert summaries.rebuild_marked() == 2
    assert days() == [(date(2026, 6, 23), "UAH", "258", 1)]


def test_a_cancelled_order_takes_its_revenue_away():
    order = delivered()
    store(None, order)
    summaries.rebuild_marked()
    store(order, replace(order, status="CANCELLED"))
    summaries.rebuild_marked()
    assert days() == []


def test_currencies_stand_beside_each_other():
    store(None, delivered("1", total_cost=Decimal("0.10")))
    store(None, delivered("2", total_cost=Decimal("0.20")))
    store(None, delivered("3", total_cost=Decimal("0.30"), currency="EUR"))
    summaries.rebuild_marked()
    day = date(2026, 5, 14)
    assert days() == [(day, "EUR", "0.3", 1), (day, "UAH", "0.3", 2)]


def test_initialized_orders_of_a_mobile_sdk_are_a_part_of_their_own():
    store(None, make_state("1", from_mobile_sdk=True))
    store(None, delivered("2", total_cost=Decimal(5)))
    summaries.rebuild_marked()
    row = DailyRevenue.objects.get()
    assert (str(row.revenue), row.orders) == ("5", 1)
    assert (str(row.mobile_sdk_initialized_revenue), row.mobile_sdk_initialized_orders) == ("258.00", 1)


def test_a_day_with_a_clock_change_is_cut_at_its_midnights():
    for number, moment in enumerate(
        [
            datetime(2026, 3, 28, 21, 59, tzinfo=UTC),  # 23:59 in winter time
            datetime(2026, 3, 28, 22, 0, tzinfo=UTC),  # midnight
            datetime(2026, 3, 29, 20, 59, tzinfo=UTC),  # 23:59 in summer time: a day of 23 hours
            datetime(2026, 3, 29, 21, 0, tzinfo=UTC),  # the next midnight
        ]
    ):
        store(None, delivered(str(number), date=moment, total_cost=Decimal(1)))
    summaries.rebuild_marked()
    assert [(day, orders) for day, _, _, orders in days()] == [
        (date(2026, 3, 28), 1),
        (date(2026, 3, 29), 2),
        (date(2026, 3, 30), 1),
    ]


def test_a_day_whose_midnight_comes_twice_begins_at_the_first():
    """On the Azores 1:00 of 27 October 2024 was 0:00 once more; PostgreSQL's midnight of that day is the second."""
    Account.objects.update(time_zone="Atlantic/Azores")
    summaries.rebuild_marked()
    for number, hour in enumerate((23, 0, 1)):  # 23:00 of the 26th, the first 0:00, the second 0:00
        day = 27 if hour < 23 else 26
        moment = datetime(2024, 10, day, hour, tzinfo=UTC)
        store(None, delivered(str(number), date=moment, total_cost=Decimal(1)))
    summaries.rebuild_marked()
    assert [(day, orders) for day, _, _, orders in days()] == [(date(2024, 10, 26), 1), (date(2024, 10, 27), 2)]


def test_an_order_of_local_mean_time_is_found_on_its_day():
    """Kyiv was 2:02:04 ahead of Greenwich in 1900: no quarter of an hour."""
    before = datetime(1900, 6, 1, 21, 57, 55, tzinfo=UTC)  # one second before midnight
    store(None, delivered("1", date=before))
    store(None, delivered("2", date=before + timedelta(seconds=1)))
    summaries.rebuild_marked()
    assert [(day, orders) for day, _, _, orders in days()] == [(date(1900, 6, 1), 1), (date(1900, 6, 2), 1)]


def test_a_changed_time_zone_builds_every_day_again():
    store(None, delivered(date=datetime(2026, 5, 14, 21, 30, tzinfo=UTC)))
    summaries.rebuild_marked()
    Account.objects.update(time_zone="America/New_York")
    summaries.rebuild_marked()
    assert [day for day, *_ in days()] == [date(2026, 5, 14)]


def test_rebuilding_everything_gives_the_same_days_as_following_the_marks():
    for number in range(30):
        moment = datetime(2026, 5, 1, tzinfo=UTC) + timedelta(hours=7 * number)
        store(None, delivered(str(number), date=moment, currency=("UAH", "EUR", "JPY")[number % 3]))
    summaries.rebuild_marked()
    followed = days()
    summaries.rebuild_all()
    assert days() == followed
    assert not RevenueMark.objects.exists()
