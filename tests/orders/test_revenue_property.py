"""Whatever happens to orders and people, every revenue figure equals a plain computation over the orders.

Orders are changed by the ledger's own functions, which leave the marks that a batch leaves. The computation beside it
is of Python alone: no SQL, no pandas, nothing of orders/.
"""

import json
from collections import defaultdict
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from unittest import mock
from zoneinfo import ZoneInfo

from django.db import connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from account.models import Account
from contacts.erasure import person_of, request_erasure
from events.erasure_orders import erase_in_orders
from orders import customer_counts, ledger, revenue_customers, split_summaries, summaries
from orders.calendar import calendar_of
from orders.exchange import load_rates
from orders.ledger import OrderWrite
from orders.models import Order
from orders.revenue_models import ExchangeRate
from orders.revenue_report import load_report
from orders.revenue_splits import load_parts, not_in_items
from orders.state import ItemState
from tests.factories import make_contact
from tests.orders.test_ledger import make_state

CURRENCIES = ("UAH", "EUR", "JPY")
DECIMALS = {"UAH": 2, "EUR": 2, "JPY": 0}
# Around both changes of the clock and the end of a year, some hours apart, so that midnights fall between them.
SEASONS = [
    datetime(2025, 10, 25, 18, tzinfo=UTC),
    datetime(2025, 12, 30, tzinfo=UTC),
    datetime(2026, 3, 28, tzinfo=UTC),
]
moments = st.builds(
    lambda season, hours, micro: season + timedelta(hours=hours, microseconds=micro),
    st.sampled_from(SEASONS),
    st.integers(0, 60),
    st.sampled_from([0, 0, 1]),
)
EMAIL = "anna@example.com"  # of the first of the people; it stands in sources as well, from which an erasure takes it
totals = {
    "UAH": st.decimals(0, 10**6, places=2),
    "EUR": st.decimals(0, 10**6, places=4),
    "JPY": st.decimals(0, 10**8, places=0),
}
items = st.lists(
    st.builds(
        lambda category, cost, quantity: ItemState(
            external_item_id="i", cost=cost, quantity=quantity, custom_fields={"category": category} if category else {}
        ),
        st.sampled_from(["", "shoes", "hats"]),
        st.none() | st.decimals(0, 1000, places=2),
        st.decimals("0.001", 5, places=3),
    ),
    max_size=2,
).map(tuple)


@st.composite
def changes(draw):
    """One change of one order: what it becomes, or its deletion."""
    currency = draw(st.sampled_from(CURRENCIES))
    fields = {
        "status": draw(st.sampled_from(["DELIVERED", "DELIVERED", "DELIVERED", "CANCELLED", "INITIALIZED"])),
        "contact_id": draw(st.sampled_from([0, 0, 0, 1, None])),
        "currency": currency,
        "total_cost": draw(totals[currency]),
        "date": draw(moments),
        "source": draw(st.sampled_from(["", "web", "app", f"app of {EMAIL}"])),
        "store_id": draw(st.sampled_from(["", "s1"])),
        "items": draw(items),
        "from_mobile_sdk": draw(st.booleans()),
    }
    return draw(st.integers(0, 3)), draw(st.sampled_from(["put", "put", "put", "delete"])), fields


@st.composite
def steps(draw):
    """Mostly changes: what goes wrong takes several of the same person's orders between two builds."""
    kind = draw(st.integers(0, 9))
    if kind < 6:
        return draw(changes())
    if kind < 9:
        chores = ["count customers", "count customers", "rebuild days", "count all", "split", "erase"]
        return draw(st.sampled_from(chores))
    return draw(st.sampled_from(["Europe/Kyiv", "America/New_York", "Atlantic/Azores"]))


class RevenueFollowsItsOrders(TestCase):
    def setUp(self) -> None:
        self.people = [make_contact(email=EMAIL).pk, make_contact().pk]
        for day, rate in ((date(2025, 12, 1), "0.02"), (date(2026, 3, 28), "0.0213")):
            ExchangeRate.objects.create(currency="UAH", reporting_currency="EUR", day=day, rate=Decimal(rate))

    @given(
        st.lists(steps(), min_size=6, max_size=16),
        st.sampled_from(["day", "week", "month"]),
        st.sampled_from("UDE"),
        st.sampled_from([0, 10**6]),  # looks through the days outside a cut period, or through those inside
    )
    @settings(max_examples=60, suppress_health_check=list(HealthCheck))
    def test_every_figure_equals_a_plain_computation_over_the_orders(self, script, by, region, lookup):
        self.enterContext(mock.patch.object(revenue_customers, "LOOKUP", lookup))
        Account.objects.update(phone_region={"U": "UA", "D": "US", "E": "EG"}[region], time_zone="Europe/Kyiv")
        Order.objects.all().delete()
        summaries.rebuild_all()
        customer_counts.rebuild(counts_all=True)
        for step in script:
            self.take(step)
            self.compare(by, None, None)
        self.compare(by, date(2025, 10, 26), date(2026, 3, 29))  # days on which the clock changes, in mid-month

    def take(self, step) -> None:
        match step:
            case "rebuild days":
                summaries.rebuild_marked()
            case "count customers":
                customer_counts.rebuild()
            case "count all":
                customer_counts.rebuild(counts_all=True)
            case "split":
                split_summaries.rebuild_all_marked()
            case "erase":
                self.erase()
            case str(zone):
                Account.objects.update(time_zone=zone)
                summaries.rebuild_marked()  # until then splits are refused; the headline is told at once all the same
            case number, action, fields:
                self.change(str(number), action, fields)

    def erase(self) -> None:
        """Erases the first of the people, with what names them in orders; the money and the customer stay."""
        sold = {order.pk: (order.total_cost, order.contact_id) for order in Order.objects.all()}
        erasure = request_erasure(self.people[0], "user olha")
        assert erasure
        erase_in_orders(list(Order.objects.values_list("external_order_id", flat=True)), [person_of(erasure)])
        assert {order.pk: (order.total_cost, order.contact_id) for order in Order.objects.all()} == sold
        assert not Order.objects.filter(source__contains=EMAIL).exists()

    def change(self, key: str, action: str, fields) -> None:
        known = ledger.load_orders([key]).get(key)
        before = known.state if known else None
        if action == "delete":
            after, order_id = None, None
            if known:
                ledger.delete_orders([known.id])
        else:
            contact = fields["contact_id"]
            wanted = {**fields, "contact_id": None if contact is None else self.people[contact]}
            after = replace(before, **wanted) if before else make_state(key, **wanted)
            write = OrderWrite(known.id if known else None, before, after)
            order_id = ledger.store_orders([write], [], datetime(2026, 5, 14, tzinfo=UTC))[key]
        summaries.leave_marks(summaries.moments_touched(before, after))
        customer_counts.leave_marks([(known.id if known else None, before, order_id, after)])

    def compare(self, by: str, first_day: date | None, last_day: date | None) -> None:
        account = Account.objects.get()
        zone = ZoneInfo(account.time_zone)
        weekday = {"UA": 0, "US": 6, "EG": 5}[account.phone_region]
        orders = plain_orders(zone)
        inside = [o for o in orders if (first_day or date.min) <= o["day"] <= (last_day or date.max)]
        calendar = calendar_of(zone, account.phone_region)
        reports = load_report(
            calendar=calendar, by=by, first_day=first_day, last_day=last_day, rates=load_rates("EUR"), compares=True
        )
        alone = load_report(calendar=calendar, by=by, first_day=first_day, last_day=last_day)  # summed by the database
        assert [
            (each.currency, each.total, each.new_customers, [(p.period, p.sums, p.customers) for p in each.periods])
            for each in alone
        ] == [
            (each.currency, each.total, each.new_customers, [(p.period, p.sums, p.customers) for p in each.periods])
            for each in reports
        ]
        shown = {
            (period.period, report.currency): (
                period.sums.revenue,
                period.sums.orders,
                period.sums.average(report.currency),
                period.customers.all,
                period.customers.new,
                period.sums.sdk_revenue,
                period.sums.sdk_orders,
                period.converted.amount,
            )
            for report in reports
            for period in report.periods
        }
        assert shown == plain_figures(inside, orders, by, weekday)
        for report in reports:
            for earlier in (report.period_before, *(period.year_before for period in report.periods)):
                then = [o for o in orders if earlier.first_day <= o["day"] <= earlier.last_day]
                sold = [o for o in then if o["currency"] == report.currency and o["status"] == "DELIVERED"]
                assert (earlier.sums.revenue, earlier.sums.orders) == (sum(o["total"] for o in sold), len(sold))
        revenue = {place: figures[0] for place, figures in shown.items() if figures[1]}
        for split in ("source", "store", "category"):
            parts = load_parts(split, calendar=calendar, by=by, first_day=first_day, last_day=last_day)
            assert {(p.period, p.currency, p.value): (p.revenue, p.orders) for p in parts} == plain_parts(
                inside, split, by, weekday
            )
            whole = load_parts(split, calendar=calendar, by=None, first_day=first_day, last_day=last_day)
            assert {(p.currency, p.value): (p.revenue, p.orders) for p in whole} == added_up(parts)
            assert whole == sorted(whole, key=lambda part: (part.currency, -part.revenue, part.value))
            for place, total in revenue.items():
                own = [part for part in parts if (part.period, part.currency) == place]
                rest = not_in_items(total, own)
                assert split == "category" or rest == 0


def added_up(parts) -> dict[tuple[str, str], tuple[Decimal, int]]:
    """What each value of a split comes to in all periods together."""
    found: dict[tuple[str, str], tuple[Decimal, int]] = {}
    for part in parts:
        revenue, orders = found.get((part.currency, part.value), (Decimal(0), 0))
        found[part.currency, part.value] = (revenue + part.revenue, orders + part.orders)
    return found


def plain_orders(zone: ZoneInfo) -> list[dict]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id, status, currency, total_cost, date, contact_id, from_mobile_sdk, source, store_id,"
            " (SELECT coalesce(jsonb_agg(jsonb_build_array(custom_fields ->> 'category', cost::text, quantity::text)),"
            " '[]')::text FROM orders_orderitem WHERE order_id = o.id) FROM orders_order AS o"
        )
        rows = cursor.fetchall()
    names = ("id", "status", "currency", "total", "date", "contact", "sdk", "source", "store", "items")
    orders = [dict(zip(names, row, strict=True)) for row in rows]
    for order in orders:
        order["day"] = order["date"].astimezone(zone).date()
        order["items"] = json.loads(order["items"])
    return orders


def period_of(day: date, by: str, weekday: int) -> date:
    if by == "month":
        return day.replace(day=1)
    while by == "week" and day.weekday() != weekday:
        day -= timedelta(days=1)
    return day


def plain_figures(inside, orders, by, weekday) -> dict:
    delivered = [o for o in orders if o["status"] == "DELIVERED"]
    first: dict[int, dict] = {}
    for order in sorted(delivered, key=lambda o: (o["date"], o["id"])):
        if order["contact"] is not None:
            first.setdefault(order["contact"], order)
    places: dict = defaultdict(lambda: {"orders": [], "sdk": []})
    for order in inside:
        place = (period_of(order["day"], by, weekday), order["currency"])
        if order["status"] == "DELIVERED":
            places[place]["orders"].append(order)
        elif order["status"] == "INITIALIZED" and order["sdk"]:
            places[place]["sdk"].append(order)
    figures = {}
    for place, found in places.items():
        sold, sdk = found["orders"], found["sdk"]
        total = sum((o["total"] for o in sold), Decimal(0))
        step = Decimal(1).scaleb(-DECIMALS[place[1]])
        new = {o["contact"] for o in sold if o["contact"] is not None and first[o["contact"]]["id"] == o["id"]}
        figures[place] = (
            total,
            len(sold),
            (total / len(sold)).quantize(step, ROUND_HALF_UP) if sold else None,
            len({o["contact"] for o in sold if o["contact"] is not None}),
            len(new),
            sum((o["total"] for o in sdk), Decimal(0)),
            len(sdk),
            plain_euros(sold, place[1]),
        )
    return figures


def plain_euros(sold, currency: str) -> Decimal | None:
    worth = Decimal(0)
    for order in sold:
        rate = {"EUR": Decimal(1), "UAH": rate_of(order["day"])}.get(currency)
        if rate is None:
            if sum((o["total"] for o in sold if o["day"] == order["day"]), Decimal(0)) == 0:
                continue
            return None
        worth += order["total"] * rate
    return worth.quantize(Decimal("0.01"), ROUND_HALF_UP)


def rate_of(day: date) -> Decimal | None:
    if day < date(2025, 12, 1):
        return None
    return Decimal("0.02") if day < date(2026, 3, 28) else Decimal("0.0213")


def plain_parts(inside, split: str, by: str, weekday: int) -> dict:
    parts: dict = defaultdict(lambda: [Decimal(0), set()])
    for order in inside:
        if order["status"] != "DELIVERED":
            continue
        place = (period_of(order["day"], by, weekday), order["currency"])
        if split == "category":
            lines = [(c or "", Decimal(cost or 0) * Decimal(quantity)) for c, cost, quantity in order["items"]]
        else:
            lines = [(order[split], order["total"])]
        for value, amount in lines:
            parts[*place, value][0] += amount
            parts[*place, value][1].add(order["id"])
    return {place: (amount, len(ids)) for place, (amount, ids) in parts.items()}
