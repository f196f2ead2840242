"""Reads exchange rates from CSV, all problems at once, and stores them in one statement.

The columns are `day`, `currency`, `reporting_currency` and `rate`, in any order, under a heading. A rate whose two
currencies and day are stored already takes the place of the one that is there, so a file can be imported again.
"""

import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from io import StringIO

from django.utils.translation import gettext as _

from contract.currencies import CURRENCIES
from contract.filters import parse_day
from orders.revenue_models import ExchangeRate

COLUMNS = ("day", "currency", "reporting_currency", "rate")
MOST_ROWS = 20_000
MOST_PROBLEMS = 50  # that are told; who has more begins with these
WHOLE_DIGITS, DECIMALS = 12, 12
FIRST_DAY, LAST_DAY = date(1900, 1, 1), date(9998, 12, 30)
A_RATE = re.compile(rf"[0-9]{{1,{WHOLE_DIGITS}}}(\.[0-9]{{1,{DECIMALS}}})?")


@dataclass(frozen=True, slots=True)
class RateProblem:
    """What is wrong with a line of the file, the heading being the first; `column` "" is about the whole line."""

    line: int
    column: str
    detail: str


def read_rates(text: str) -> tuple[list[ExchangeRate], list[RateProblem]]:
    """The rates of the file, not stored, and what is wrong with it; with any problem there is nothing to store."""
    reader = csv.DictReader(StringIO(text.removeprefix("\ufeff"), newline=""), restkey="", restval="", strict=True)
    try:
        head = [name.strip().lower() for name in reader.fieldnames or ()]
        if sorted(head) != sorted(COLUMNS):
            detail = _("The first line must name the columns %(names)s.") % {"names": ", ".join(COLUMNS)}
            return [], [RateProblem(1, "", detail)]
        reader.fieldnames = head
        return _read_rows(reader)
    except csv.Error as error:
        return [], [RateProblem(reader.line_num, "", _("This is no CSV: %(reason)s.") % {"reason": error})]


def _read_rows(reader: "csv.DictReader[str]") -> tuple[list[ExchangeRate], list[RateProblem]]:
    rates: dict[tuple[str, str, date], ExchangeRate] = {}
    problems: list[RateProblem] = []
    for number, row in enumerate(reader, start=1):
        if number > MOST_ROWS:
            detail = _("More than %(count)d rates at once; divide the file.") % {"count": MOST_ROWS}
            return [], [*problems, RateProblem(reader.line_num, "", detail)]
        found = list(_problems_of(reader.line_num, row))
        problems += found
        if found:
            if len(problems) >= MOST_PROBLEMS:
                break
            continue
        rate = ExchangeRate(
            day=date.fromisoformat(row["day"].strip()),
            currency=row["currency"].strip().upper(),
            reporting_currency=row["reporting_currency"].strip().upper(),
            rate=Decimal(row["rate"].strip()),
        )
        place = (rate.currency, rate.reporting_currency, rate.day)
        if place in rates:
            detail = _("The file has another rate of these two currencies for this day.")
            problems.append(RateProblem(reader.line_num, "day", detail))
        rates[place] = rate
    return ([] if problems else list(rates.values())), problems[:MOST_PROBLEMS]


def _problems_of(line: int, row: dict[str, str]) -> Iterator[RateProblem]:
    if row.get(""):
        yield RateProblem(line, "", _("There are more values than columns."))
    codes = [row[name].strip().upper() for name in ("currency", "reporting_currency")]
    for name, code in zip(("currency", "reporting_currency"), codes, strict=True):
        if code not in CURRENCIES:
            yield RateProblem(line, name, _("This must be a currency of ISO 4217, such as EUR."))
    if codes[0] == codes[1] and codes[0] in CURRENCIES:
        yield RateProblem(line, "reporting_currency", _("The two currencies must differ."))
    if not _is_day(row["day"].strip()):
        yield RateProblem(line, "day", _("This must be a day such as 2026-05-14."))
    if not _is_rate(row["rate"].strip()):
        words = _("This must be a number above zero with a point and at most %(count)d decimals, such as 0.0213.")
        yield RateProblem(line, "rate", words % {"count": DECIMALS})


def _is_day(text: str) -> bool:
    day = parse_day(text)
    return day is not None and FIRST_DAY <= day <= LAST_DAY


def _is_rate(text: str) -> bool:
    return A_RATE.fullmatch(text) is not None and Decimal(text) > 0


def store_rates(rates: list[ExchangeRate]) -> int:
    """Stores the rates, in the place of those of the same currencies and day: one statement; returns how many."""
    ExchangeRate.objects.bulk_create(
        rates,
        update_conflicts=True,
        unique_fields=["reporting_currency", "currency", "day"],
        update_fields=["rate"],
    )
    return len(rates)
