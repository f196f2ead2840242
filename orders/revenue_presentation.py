"""Shows revenue as the API does: money as text with at least the decimals of its currency, days as ISO 8601."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date
from functools import lru_cache
from operator import itemgetter
from typing import Annotated, NotRequired, TypedDict, cast

import msgspec

from contract.currencies import format_money
from contract.json_values import encode
from contract.openapi import Day, Money
from orders.calendar import WEEKDAYS, Calendar
from orders.exchange import Converted
from orders.revenue import Sums
from orders.revenue_report import Compared, CurrencyReport, PeriodReport
from orders.revenue_splits import PartRevenue, Split, not_in_items

KEPT_PERIODS = 8_192  # five years of days in four currencies, some 7 MB
Weekday = Annotated[str, msgspec.Meta(extra_json_schema={"enum": list(WEEKDAYS)})]
SignedMoney = Annotated[str, msgspec.Meta(pattern=r"^-?[0-9]+(\.[0-9]+)?$", examples=["-4.50"])]


class ComparedShape(TypedDict):
    """An earlier span of days, both included, and what it came to."""

    firstDay: Day
    lastDay: Day
    revenue: Money
    orders: int


class ConvertedShape(TypedDict):
    """Revenue in the reporting currency; null when some of the days that have revenue have no rate."""

    currency: str
    revenue: Money | None
    daysWithoutRate: int


class PeriodShape(TypedDict):
    """`revenue` and `orders` are DELIVERED only. Those of the mobile SDK are left out when the account does not show
    them; the last three are there when they are asked for.
    """

    period: Day
    currency: str
    revenue: Money
    orders: int
    averageOrder: Money | None
    customers: int
    newCustomers: int
    returningCustomers: int
    mobileSdkInitializedRevenue: NotRequired[Money]
    mobileSdkInitializedOrders: NotRequired[int]
    periodBefore: NotRequired[ComparedShape]
    yearBefore: NotRequired[ComparedShape]
    inReportingCurrency: NotRequired[ConvertedShape]


class TotalShape(TypedDict):
    """All periods of one currency together. Customers do not add up over periods, new ones do."""

    currency: str
    revenue: Money
    orders: int
    averageOrder: Money | None
    newCustomers: int
    mobileSdkInitializedRevenue: NotRequired[Money]
    mobileSdkInitializedOrders: NotRequired[int]
    periodBefore: NotRequired[ComparedShape]
    yearBefore: NotRequired[ComparedShape]
    inReportingCurrency: NotRequired[ConvertedShape]


class PartShape(TypedDict):
    """One source, store or category of a period; `value` null: those that name none. `isNotInItems`: what totals have
    beyond their items, which may be negative.
    """

    period: Day
    currency: str
    value: str | None
    revenue: SignedMoney
    orders: int | None
    isNotInItems: bool


class RevenueShape(TypedDict):
    """`weekStartsOn`: as the account's region has it."""

    timeZone: str
    weekStartsOn: Weekday
    results: list[PeriodShape]
    totals: list[TotalShape]
    parts: NotRequired[list[PartShape]]


def present_report(reports: Sequence[CurrencyReport], calendar: Calendar, shows_mobile_sdk: bool) -> RevenueShape:
    """Results by period and currency, totals by currency."""
    by_period = [(period.period, report.currency, period) for report in reports for period in report.periods]
    by_period.sort(key=itemgetter(0, 1))
    return {
        "timeZone": calendar.time_zone.key,
        "weekStartsOn": calendar.week_starts_on,
        "results": [_period_as_json(report, currency, shows_mobile_sdk) for _, currency, report in by_period],
        "totals": [_present_total(report, shows_mobile_sdk) for report in reports],
    }


# Of years of days hardly one changes between two looks, and spelling them takes longer than reading them. What is
# kept depends on the figures alone, so it is never out of date.
@lru_cache(maxsize=KEPT_PERIODS)
def _period_as_json(report: PeriodReport, currency: str, shows_mobile_sdk: bool) -> PeriodShape:
    """The period as the JSON that msgspec puts into the answer as it stands, which is of the shape that is named."""
    return cast(PeriodShape, msgspec.Raw(encode(_present_period(report, currency, shows_mobile_sdk)).encode()))


def _present_period(report: PeriodReport, currency: str, shows_mobile_sdk: bool) -> PeriodShape:
    average = report.sums.average(currency)
    shown: PeriodShape = {
        "period": report.period.isoformat(),
        "currency": currency,
        "revenue": format_money(report.sums.revenue, currency),
        "orders": report.sums.orders,
        "averageOrder": None if average is None else format_money(average, currency),
        "customers": report.customers.all,
        "newCustomers": report.customers.new,
        "returningCustomers": report.customers.returning,
    }
    _add_rest(shown, report.sums, report, currency, shows_mobile_sdk)
    return shown


def _present_total(report: CurrencyReport, shows_mobile_sdk: bool) -> TotalShape:
    average = report.total.average(report.currency)
    shown: TotalShape = {
        "currency": report.currency,
        "revenue": format_money(report.total.revenue, report.currency),
        "orders": report.total.orders,
        "averageOrder": None if average is None else format_money(average, report.currency),
        "newCustomers": report.new_customers,
    }
    _add_rest(shown, report.total, report, report.currency, shows_mobile_sdk)
    return shown


def _add_rest(
    shown: PeriodShape | TotalShape,
    sums: Sums,
    report: PeriodReport | CurrencyReport,
    currency: str,
    shows_mobile_sdk: bool,
) -> None:
    if shows_mobile_sdk:
        shown["mobileSdkInitializedRevenue"] = format_money(sums.sdk_revenue, currency)
        shown["mobileSdkInitializedOrders"] = sums.sdk_orders
    if report.period_before is not None:
        shown["periodBefore"] = _present_compared(report.period_before, currency)
    if report.year_before is not None:
        shown["yearBefore"] = _present_compared(report.year_before, currency)
    if report.converted is not None:
        shown["inReportingCurrency"] = _present_converted(report.converted)


def _present_compared(compared: Compared, currency: str) -> ComparedShape:
    return {
        "firstDay": compared.first_day.isoformat(),
        "lastDay": compared.last_day.isoformat(),
        "revenue": format_money(compared.sums.revenue, currency),
        "orders": compared.sums.orders,
    }


def _present_converted(converted: Converted) -> ConvertedShape:
    amount = converted.amount
    return {
        "currency": converted.currency,
        "revenue": None if amount is None else format_money(amount, converted.currency),
        "daysWithoutRate": converted.days_without_rate,
    }


def present_parts(split: Split, parts: Iterable[PartRevenue], reports: Sequence[CurrencyReport]) -> list[PartShape]:
    """The parts of each period; by category with what is not in items, so that they add up to the revenue."""
    by_place: dict[tuple[date, str], list[PartRevenue]] = defaultdict(list)
    for part in parts:
        by_place[part.period, part.currency].append(part)
    shown = [_present_part(part) for place in sorted(by_place) for part in by_place[place]]
    if split == "category":
        for report in reports:
            for period in report.periods:
                rest = not_in_items(period.sums.revenue, by_place[period.period, report.currency])
                if rest:
                    shown.append(
                        {
                            "period": period.period.isoformat(),
                            "currency": report.currency,
                            "value": None,
                            "revenue": format_money(rest, report.currency),
                            "orders": None,
                            "isNotInItems": True,
                        }
                    )
    return shown


def _present_part(part: PartRevenue) -> PartShape:
    return {
        "period": part.period.isoformat(),
        "currency": part.currency,
        "value": part.value or None,
        "revenue": format_money(part.revenue, part.currency),
        "orders": part.orders,
        "isNotInItems": False,
    }
