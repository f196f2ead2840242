"""The table of the revenue page as a file for spreadsheets: the same rows, plain numbers, no text that is a formula."""

from collections.abc import Iterator, Sequence
from typing import Any

from django.http import StreamingHttpResponse

from contract.csv_files import csv_response
from orders.admin.revenue_sections import parts_of_currency, whole
from orders.revenue_report import Compared, CurrencyReport
from orders.revenue_splits import PartRevenue, Split, not_in_items

PERIOD_HEAD = ("period", "first_day", "last_day", "currency", "revenue", "orders", "average_order", "customers")
CUSTOMER_HEAD = ("new_customers", "returning_customers")
COMPARED_HEAD = ("period_before_revenue", "period_before_orders", "year_before_revenue", "year_before_orders")
SDK_HEAD = ("mobile_sdk_initialized_revenue", "mobile_sdk_initialized_orders")
CONVERTED_HEAD = ("reporting_currency", "revenue_in_reporting_currency", "days_without_rate")


def periods_csv(reports: Sequence[CurrencyReport], *, shows_sdk: bool, converts: bool) -> StreamingHttpResponse:
    """One row for each period and currency, the oldest first."""
    head = [*PERIOD_HEAD, *CUSTOMER_HEAD, *COMPARED_HEAD]
    head += [*(SDK_HEAD if shows_sdk else ()), *(CONVERTED_HEAD if converts else ())]
    return csv_response("revenue", head, _period_rows(reports, shows_sdk, converts))


def _period_rows(reports: Sequence[CurrencyReport], shows_sdk: bool, converts: bool) -> Iterator[list[Any]]:
    for report in reports:
        for period in report.periods:
            sums, customers = period.sums, period.customers
            row: list[Any] = [
                *(period.period, period.first_day, period.last_day, report.currency),
                *(whole(sums.revenue, report.currency), sums.orders, sums.average(report.currency)),
                *(customers.all, customers.new, customers.returning),
                *_compared(period.period_before, report.currency),
                *_compared(period.year_before, report.currency),
            ]
            if shows_sdk:
                row += [whole(sums.sdk_revenue, report.currency), sums.sdk_orders]
            if converts and (converted := period.converted) is not None:
                row += [converted.currency, converted.amount, converted.days_without_rate]
            yield row


def _compared(compared: Compared | None, currency: str) -> tuple[Any, Any]:
    return (None, None) if compared is None else (whole(compared.sums.revenue, currency), compared.sums.orders)


def parts_csv(split: Split, reports: Sequence[CurrencyReport], parts: Sequence[PartRevenue]) -> StreamingHttpResponse:
    """One row for each value and currency over the whole span; by category also what is in no item."""
    return csv_response(
        f"revenue-by-{split}", ("currency", split, "revenue", "orders"), _part_rows(split, reports, parts)
    )


def _part_rows(split: Split, reports: Sequence[CurrencyReport], parts: Sequence[PartRevenue]) -> Iterator[list[Any]]:
    for report in reports:
        totals = parts_of_currency(parts, report.currency)
        for part in totals:
            yield [part.currency, part.value, whole(part.revenue, part.currency), part.orders]
        if split == "category":
            rest = not_in_items(report.total.revenue, totals)
            yield [report.currency, "(not in items)", whole(rest, report.currency), None]
