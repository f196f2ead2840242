"""What the notes add up to, on cases small enough to be counted by hand."""

from datetime import UTC, date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from demo.expectations import Sum, expect
from demo.record import Act, Channel, Flaw, Naming

KYIV = ZoneInfo("Europe/Kyiv")
APPLIED = ("applied", "")


def created(order: str = "1", **said: object) -> Act:
    note = {
        "channel": Channel.WEBSITE,
        "event": "orderCreated",
        "names": Naming.KNOWN,
        "status": "INITIALIZED",
        "total": Decimal("258.00"),
        "currency": "UAH",
        "placed_on": date(2020, 5, 14),
        "adds_up": True,
    }
    return Act(order=order, **{**note, **said})


def told(event: str, order: str = "1", **said: object) -> Act:
    return Act(channel=Channel.WEBSITE, event=event, order=order, **said)


def test_nothing_sent_is_nothing_expected():
    expected = expect([])
    assert (expected.fates, expected.orders, expected.revenue, expected.sdk_initialized) == ([], {}, {}, {})


def test_only_delivered_orders_are_revenue_by_their_month_and_currency():
    expected = expect(
        [
            created("1", status="DELIVERED"),
            created("2", status="DELIVERED", total=Decimal("1.50")),
            created("3", status="DELIVERED", total=Decimal("9.99"), currency="EUR"),
            created("4", status="DELIVERED", placed_on=date(2020, 6, 1)),
            created("5", status="CANCELLED"),
            created("6", status="IN_PROGRESS"),
        ]
    )
    assert expected.revenue == {
        (date(2020, 5, 1), "UAH"): Sum(amount=Decimal("259.50"), orders=2),
        (date(2020, 5, 1), "EUR"): Sum(amount=Decimal("9.99"), orders=1),
        (date(2020, 6, 1), "UAH"): Sum(amount=Decimal("258.00"), orders=1),
    }


def test_an_order_that_is_delivered_and_sent_back_is_no_revenue():
    expected = expect([created(), told("orderDelivered"), told("orderCancelled")])
    assert expected.fates == [APPLIED] * 3
    assert expected.orders["1"].status == "CANCELLED"
    assert expected.revenue == {}


def test_an_app_order_is_told_apart_while_it_is_initialized_and_revenue_once_it_is_delivered():
    waiting, delivered = created("1", channel=Channel.APP), created("2", channel=Channel.APP)
    expected = expect([waiting, delivered, created("3"), told("orderDelivered", "2")])
    assert expected.sdk_initialized == {(date(2020, 5, 1), "UAH"): Sum(amount=Decimal("258.00"), orders=1)}
    assert expected.revenue == {(date(2020, 5, 1), "UAH"): Sum(amount=Decimal("258.00"), orders=1)}


def test_a_repeated_order_created_changes_nothing():
    expected = expect([created(), told("orderDelivered"), created(total=Decimal(1))])
    assert expected.fates == [APPLIED, APPLIED, ("ignored", "order_exists")]
    assert (expected.orders["1"].status, expected.orders["1"].total) == ("DELIVERED", Decimal("258.00"))


@pytest.mark.parametrize("event", ["orderDelivered", "orderCancelled"])
def test_an_ending_without_its_order_is_ignored(event):
    assert expect([told(event)]).fates == [("ignored", "order_not_found")]


def test_an_update_creates_an_order_when_it_says_enough_and_misses_parameters_when_not():
    expected = expect([created("1", event="orderUpdated"), told("orderUpdated", "2", status="IN_PROGRESS")])
    assert expected.fates == [APPLIED, ("ignored", "missing_parameter")]
    assert list(expected.orders) == ["1"]


def test_an_update_replaces_what_it_says_and_leaves_the_rest():
    update = told("orderUpdated", total=Decimal("99.00"), adds_up=False)
    order = expect([created(), update]).orders["1"]
    assert (order.status, order.total, order.currency, order.adds_up) == ("INITIALIZED", Decimal("99.00"), "UAH", False)


@pytest.mark.parametrize(
    ("act", "reason"),
    [
        (created(flaw=Flaw.MISSING), "missing_parameter"),
        (created(flaw=Flaw.INVALID), "invalid_parameter"),
        (created(names=Naming.UNKNOWN), "contact_not_found"),
        (created(names=Naming.UNREADABLE), "contact_identifier_missing"),
        (created(names=Naming.NOBODY), "contact_identifier_missing"),
        (created(flaw=Flaw.MISSING, names=Naming.UNKNOWN), "missing_parameter"),
        (created(flaw=Flaw.INVALID, names=Naming.UNREADABLE), "invalid_parameter"),
    ],
)
def test_the_first_reason_of_the_rules_is_the_one_expected(act, reason):
    expected = expect([act])
    assert expected.fates == [("ignored", reason)]
    assert expected.orders == {}


def test_what_follows_an_ignored_creation_is_ignored_for_want_of_the_order():
    expected = expect([created(names=Naming.UNKNOWN), told("orderDelivered")])
    assert [reason for _, reason in expected.fates] == ["contact_not_found", "order_not_found"]


def test_an_update_that_occurred_before_the_last_applied_one_is_stale():
    at = datetime(2026, 5, 1, 12, tzinfo=UTC)
    expected = expect(
        [
            created(occurred=at.replace(hour=8)),
            told("orderDelivered", occurred=at),
            told("orderUpdated", status="IN_PROGRESS", occurred=at.replace(hour=11)),
            told("orderUpdated", status="IN_PROGRESS", occurred=at),
        ]
    )
    assert [reason for _, reason in expected.fates] == ["", "", "stale", ""]


def test_an_event_without_occurred_is_never_stale_and_moves_no_clock():
    late, early = datetime(2026, 5, 2, tzinfo=UTC), datetime(2026, 5, 1, tzinfo=UTC)
    expected = expect([created(occurred=late), told("orderDelivered"), told("orderCancelled", occurred=early)])
    assert [reason for _, reason in expected.fates] == ["", "", "stale"]


def test_lateness_is_told_by_the_instant_and_not_by_the_wall_clock():
    """On 25 October 2026 clocks in Kyiv go from 04:00 back to 03:00: the second 03:10 comes after the first 03:50."""
    first, second = datetime(2026, 10, 25, 3, 50, tzinfo=KYIV), datetime(2026, 10, 25, 3, 10, fold=1, tzinfo=KYIV)
    assert expect([created(occurred=first), told("orderDelivered", occurred=second)]).fates == [APPLIED, APPLIED]


def test_custom_events_are_applied_whoever_they_name():
    acts = [Act(channel=Channel.APP, event="productViewed", names=naming) for naming in Naming]
    assert expect(acts).fates == [APPLIED] * len(Naming)


def test_two_contacts_in_one_order_are_counted_once_it_is_applied():
    conflicting = created(names=Naming.CONFLICTING)
    assert expect([conflicting, conflicting]).conflicts == 1
