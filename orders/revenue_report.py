"""The revenue of a span as pages, files and the API tell it: periods, totals, and what they are compared with.

One read of days gives every sum of revenue and orders, also of the spans compared with; customers are told beside it
(orders/revenue_customers.py). Compared is like with like: a month up to the 25th with the month before up to its 25th.
"""

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import accumulate

import msgspec

from orders.calendar import Calendar, Granularity, back
from orders.exchange import Converted, ConvertedDays, Rates
from orders.revenue import EXACT, NOTHING, PeriodRevenue, Sums, load_revenue
from orders.revenue_customers import NOBODY, Customers, load_customers

LONGEST_STEP_BACK = 366 + 31  # days: a year, from the beginning of the period of a day

type Span = tuple[date, date]  # first and last day, both inside


class Compared(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """An earlier span and what it came to."""

    first_day: date
    last_day: date
    sums: Sums


class PeriodReport(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One period in one currency; the days are those inside the span that was asked for."""

    period: date
    first_day: date
    last_day: date
    sums: Sums
    customers: Customers
    period_before: Compared | None = None
    year_before: Compared | None = None
    converted: Converted | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CurrencyReport:
    """One currency: its periods that have orders, oldest first, and the whole span. Customers of periods do not add up
    to those of the span, except new ones, so the span has only these.
    """

    currency: str
    periods: Sequence[PeriodReport]
    total: Sums
    new_customers: int
    period_before: Compared | None
    year_before: Compared | None
    converted: Converted | None = None


class Days:
    """Sums of any span of one currency's days: a day by itself, a longer span by running totals. Of longer periods,
    each stands on its first day, or on `first_day` where that lies within it.
    """

    def __init__(self, figures: Sequence[PeriodRevenue], first_day: date | None = None) -> None:
        self.days = [max(each.period, first_day) if first_day else each.period for each in figures]
        sums = [each.sums for each in figures]
        self.of_day = dict(zip(self.days, sums, strict=True))
        self.revenue = list(accumulate((each.revenue for each in sums), EXACT.add, initial=Decimal(0)))
        self.orders = list(accumulate((each.orders for each in sums), initial=0))
        self.sdk_revenue = list(accumulate((each.sdk_revenue for each in sums), EXACT.add, initial=Decimal(0)))
        self.sdk_orders = list(accumulate((each.sdk_orders for each in sums), initial=0))

    def sums(self, span: Span) -> Sums:
        if span[0] == span[1]:  # years of days have thousands of these
            return self.of_day.get(span[0], NOTHING)
        first, end = bisect_left(self.days, span[0]), bisect_right(self.days, span[1])
        return Sums(
            revenue=EXACT.normalize(EXACT.subtract(self.revenue[end], self.revenue[first])),
            orders=self.orders[end] - self.orders[first],
            sdk_revenue=EXACT.normalize(EXACT.subtract(self.sdk_revenue[end], self.sdk_revenue[first])),
            sdk_orders=self.sdk_orders[end] - self.sdk_orders[first],
        )


def load_report(
    *,
    calendar: Calendar,
    by: Granularity,
    first_day: date | None,
    last_day: date | None,
    currency: str | None = None,
    shows_mobile_sdk: bool = True,
    compares: bool = False,
    rates: Rates | None = None,
) -> list[CurrencyReport]:
    """The currencies that sold in the span, by name; without days, from the first order to the last one. With `rates`
    each sum is told in the reporting currency, too.

    Three queries for any span; some more where its ends cut a period in which more was sold.
    """
    grain: Granularity = "day" if compares or rates else by  # what is neither compared nor converted is summed there
    earliest = earliest_compared(first_day, last_day) if compares and first_day else first_day
    by_currency: dict[str, list[PeriodRevenue]] = defaultdict(list)
    for figure in load_revenue(
        time_zone=calendar.time_zone,
        by=grain,
        first_weekday=calendar.first_weekday,
        first_day=earliest,
        last_day=last_day,
        currency=currency,
        shows_mobile_sdk=shows_mobile_sdk,
    ):
        by_currency[figure.currency].append(figure)
    customers = load_customers(calendar, by, first_day, last_day, by_currency)
    reports = []
    for code in sorted(by_currency):
        days = Days(by_currency[code], first_day if grain != "day" else None)
        inside = days.days[bisect_left(days.days, first_day) if first_day else 0 :]
        if inside:
            span = (first_day or inside[0], last_day or calendar.last_day(grain, inside[-1]))
            sold = [(each.period, each.sums.revenue) for each in by_currency[code]]
            exchange = ConvertedDays(rates, code, sold) if rates else None
            reports.append(_report(code, days, inside, span, customers, calendar, by, compares, exchange))
    return reports


def _report(
    currency: str,
    days: Days,
    inside: Sequence[date],
    span: Span,
    customers: Mapping[tuple[date, str], Customers],
    calendar: Calendar,
    by: Granularity,
    compares: bool,
    exchange: ConvertedDays | None,
) -> CurrencyReport:
    periods = []
    for period in inside if by == "day" else sorted({calendar.start(by, day) for day in inside}):
        cut = cut_to(calendar, by, period, span)
        periods.append(
            PeriodReport(
                period=period,
                first_day=cut[0],
                last_day=cut[1],
                sums=days.sums(cut),
                customers=customers.get((period, currency), NOBODY),
                period_before=_compared(days, span_before(calendar, by, period, cut)) if compares else None,
                year_before=_compared(days, year_before(calendar, by, period, cut)) if compares else None,
                converted=exchange.converted(*cut) if exchange else None,
            )
        )
    return CurrencyReport(
        currency=currency,
        periods=periods,
        total=days.sums(span),
        new_customers=sum(period.customers.new for period in periods),
        period_before=_compared(days, just_before(span)) if compares else None,
        year_before=_compared(days, (a_year_earlier(span[0]), a_year_earlier(span[1]))) if compares else None,
        converted=exchange.converted(*span) if exchange else None,
    )


def _compared(days: Days, span: Span) -> Compared:
    return Compared(first_day=span[0], last_day=span[1], sums=days.sums(span))


# --- Which days are compared ------------------------------------------------------------------------------------------


def periods_of(calendar: Calendar, by: Granularity, span: Span) -> Iterator[date]:
    """The first days of the periods that the span touches, oldest first."""
    period = calendar.start(by, span[0])
    while period <= span[1]:
        yield period
        if calendar.last_day(by, period) == date.max:
            return
        period = calendar.next_start(by, period)


def cut_to(calendar: Calendar, by: Granularity, period: date, span: Span) -> Span:
    """The days of the period inside the span, which it touches."""
    if by == "day":
        return period, period
    return max(period, span[0]), min(calendar.last_day(by, period), span[1])


def span_before(calendar: Calendar, by: Granularity, period: date, cut: Span) -> Span:
    """The same days of the period before: all of it when all of the period is inside."""
    if by == "day":
        return (earlier := back(period, 1)), earlier
    return _same_days(calendar, by, period, cut, calendar.start(by, back(period, 1)))


def year_before(calendar: Calendar, by: Granularity, period: date, cut: Span) -> Span:
    """The same days of the same period a year ago; of a week, the one 52 weeks ago, so that weekdays agree."""
    if by == "day":
        return (earlier := a_year_earlier(period)), earlier
    if by == "week":
        return back(cut[0], 52 * 7), back(cut[1], 52 * 7)
    return _same_days(calendar, by, period, cut, a_year_earlier(period))


def _same_days(calendar: Calendar, by: Granularity, period: date, cut: Span, earlier: date) -> Span:
    end = calendar.last_day(by, earlier)
    last = end if cut[1] == calendar.last_day(by, period) else min(earlier + (cut[1] - period), end)
    return min(earlier + (cut[0] - period), last), last


def just_before(span: Span) -> Span:
    """As many days, directly before the span; none is before the year 1."""
    last = back(span[0], 1)
    return back(last, (span[1] - span[0]).days), last


def a_year_earlier(day: date) -> date:
    """The same day of the year before; of 29 February the 28th."""
    is_leap_day = (day.month, day.day) == (2, 29)
    return day.replace(year=max(day.year - 1, 1), day=28 if is_leap_day else day.day)


def earliest_compared(first_day: date, last_day: date | None) -> date:
    """A day before which nothing is compared. Without an end, all that was sold may be the span: everything is read."""
    return min(back(first_day, LONGEST_STEP_BACK), just_before((first_day, last_day))[0]) if last_day else date.min
