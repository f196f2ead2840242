"""Tells revenue in a reporting currency, beside the true currencies and never in their place (docs/revenue.md).

Staff enter or import what one unit of a currency is worth, each rate from a day on. A day's revenue is taken at the
rate that holds on that day: the one of the latest day not after it. A day with revenue before the first rate has no
value in the reporting currency, and neither has a period with such a day: it is missing, and never counts as zero.
"""

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Context, Decimal

from contract.currencies import smallest_amount
from orders.revenue_models import ExchangeRate

_EXACT = Context(prec=200)
ONE = Decimal(1)


@dataclass(frozen=True, slots=True)
class Converted:
    """A span's revenue in the reporting currency, rounded half up; None when `days_without_rate` of its days have no
    rate.
    """

    currency: str
    amount: Decimal | None
    days_without_rate: int


@dataclass(frozen=True, slots=True)
class Rates:
    """The rates into one reporting currency: for each currency its days, ascending, and the rates from them on."""

    reporting_currency: str
    of: Mapping[str, tuple[Sequence[date], Sequence[Decimal]]]

    def rate(self, currency: str, day: date) -> Decimal | None:
        if currency == self.reporting_currency:
            return ONE
        days, rates = self.of.get(currency, ((), ()))
        place = bisect_right(days, day)
        return rates[place - 1] if place else None


def load_rates(reporting_currency: str) -> Rates:
    """Every rate into the currency: one query, some hundred rows a year and currency."""
    days: dict[str, list[date]] = defaultdict(list)
    rates: dict[str, list[Decimal]] = defaultdict(list)
    rows = ExchangeRate.objects.filter(reporting_currency=reporting_currency).order_by("currency", "day")
    for currency, day, rate in rows.values_list("currency", "day", "rate"):
        days[currency].append(day)
        rates[currency].append(rate)
    return Rates(reporting_currency, {currency: (days[currency], rates[currency]) for currency in days})


def reporting_currencies() -> list[str]:
    """The currencies that there are rates into, by name."""
    found = ExchangeRate.objects.order_by("reporting_currency").values_list("reporting_currency", flat=True)
    return list(found.distinct())


class ConvertedDays:
    """One currency's days in the reporting currency, by running totals, for the sums of any span."""

    def __init__(self, rates: Rates, currency: str, revenue: Sequence[tuple[date, Decimal]]) -> None:
        self.reporting_currency = rates.reporting_currency
        self.days = [day for day, _ in revenue]
        self.running = [Decimal(0)]
        self.missing = [0]
        for day, amount in revenue:
            rate = rates.rate(currency, day)
            is_missing = rate is None and amount != 0
            self.running.append(_EXACT.fma(amount, rate or Decimal(0), self.running[-1]))
            self.missing.append(self.missing[-1] + is_missing)

    def converted(self, first_day: date, last_day: date) -> Converted:
        start, end = bisect_left(self.days, first_day), bisect_right(self.days, last_day)
        missing = self.missing[end] - self.missing[start]
        if missing:
            return Converted(self.reporting_currency, None, missing)
        step = smallest_amount(self.reporting_currency)
        amount = _EXACT.subtract(self.running[end], self.running[start])
        return Converted(self.reporting_currency, amount.quantize(step, ROUND_HALF_UP, _EXACT), 0)
