"""GET /api/v1/revenue: revenue by period, what it is compared with, and its parts (docs/api.md, docs/revenue.md)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, ClassVar, get_args

from django.http import HttpRequest, HttpResponse, QueryDict

from account.current import current_account
from contract import filters
from contract.filters import check_names, parse_day
from contract.http import ApiView, json_response
from contract.openapi import component, describe, query_parameter
from contract.postgres import one_snapshot
from contract.problems import ParameterProblem, UnavailableError, parameter_problem, refuse
from contract.scopes import Scope
from orders.calendar import Calendar, Granularity, calendar_of
from orders.exchange import load_rates
from orders.revenue_presentation import RevenueShape, present_parts, present_report
from orders.revenue_report import load_report
from orders.revenue_splits import SPLIT_NAMES, Split, SplitsNotBuiltError, load_parts

GRANULARITIES: tuple[Granularity, ...] = get_args(Granularity.__value__)
DAY = {"type": "string", "format": "date"}
CURRENCY = {"type": "string", "pattern": "^[A-Z]{3}$"}
MOST_PARTS = 20_000  # of an answer: some 2 MB
PARAMETERS = ("from", "to", "by", "currency", "compare", "split", "in")
IS_COMPARED = {"true": True, "false": False}


class RevenueView(ApiView):
    scopes: ClassVar = {"GET": Scope.READ}
    console_permission = "orders.view_order"

    @describe(
        "Read revenue by day, week or month",
        "Revenue of DELIVERED orders with orders, customers and the average order, per currency and never mixed; on "
        "request compared with earlier periods, split, and told in a reporting currency as well.",
        tag="insights",
        answers={200: component(RevenueShape)},
        parameters=[
            query_parameter(
                "from", "The first day, in the account's time zone; without it, from the first order.", DAY
            ),
            query_parameter("to", "The last day, itself included; without it, up to the last order.", DAY),
            query_parameter(
                "by",
                "The length of a period. Weeks begin as the account's region has it; the answer says on which day. A "
                "period is named by its first day; at the ends of the span it counts only its days inside.",
                {"type": "string", "enum": list(GRANULARITIES), "default": "day"},
            ),
            query_parameter("currency", "Only this currency.", CURRENCY),
            query_parameter(
                "compare",
                "Whether each figure is compared with the period before and with the same period a year ago.",
                {"type": "string", "enum": list(IS_COMPARED), "default": "false"},
            ),
            query_parameter(
                "split",
                "Also the parts of each period: by the orders' `source`, by their `storeId`, or by the custom field "
                "`category` of their items. 503 while more days are being computed again than can be read at once.",
                {"type": "string", "enum": list(SPLIT_NAMES)},
            ),
            query_parameter(
                "in",
                "Also in this reporting currency, by the rates that staff entered. What has no rate is null.",
                CURRENCY,
            ),
        ],
        operation_id="readRevenue",
    )
    def get(self, request: HttpRequest) -> HttpResponse:
        account = current_account()
        asked = read_question(request.GET)
        calendar = calendar_of(account.time_zone, account.phone_region)
        with one_snapshot():  # or an order that is delivered meanwhile would be in the parts and not in the revenue
            reports = load_report(
                calendar=calendar,
                by=asked.by,
                first_day=asked.first_day,
                last_day=asked.last_day,
                currency=asked.currency,
                shows_mobile_sdk=account.mobile_sdk_revenue,
                compares=asked.compares,
                rates=load_rates(asked.reporting_currency) if asked.reporting_currency else None,
            )
            parts = _load_parts(asked, asked.split, calendar) if asked.split else []
        answer = present_report(reports, calendar, account.mobile_sdk_revenue)
        if asked.split:
            answer["parts"] = present_parts(asked.split, parts, reports)
        return json_response(answer)


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What the query asks for."""

    by: Granularity
    first_day: date | None
    last_day: date | None
    currency: str | None
    compares: bool
    split: Split | None
    reporting_currency: str | None


def _load_parts(asked: Question, split: Split, calendar: Calendar) -> list[Any]:
    try:
        parts = load_parts(
            split,
            calendar=calendar,
            by=asked.by,
            first_day=asked.first_day,
            last_day=asked.last_day,
            currency=asked.currency,
        )
    except SplitsNotBuiltError as building:
        raise UnavailableError(
            f"The parts of {building.days} days are being computed again; ask again in a moment, or for fewer days."
        ) from building
    if len(parts) > MOST_PARTS:
        expected = f"left out, or asked for fewer or longer periods: these have more than {MOST_PARTS} parts"
        raise refuse([parameter_problem("split", split, expected)])
    return parts


def read_question(parameters: QueryDict) -> Question:
    """Raises ApiError 400 with every problem of the query."""
    problems: list[ParameterProblem] = check_names(parameters, PARAMETERS)
    if problems:
        raise refuse(problems)
    query = {name: str(parameters[name]) for name in parameters}
    days = {name: _read_day(name, query[name], problems) for name in ("from", "to") if name in query}
    first_day, last_day = days.get("from"), days.get("to")
    if first_day and last_day and first_day > last_day:
        problems.append(parameter_problem("to", query["to"], f"a day not before from, {first_day.isoformat()}"))
    by = _pick("by", query, {name: name for name in GRANULARITIES}, "day", problems)
    split = _pick("split", query, {name: name for name in SPLIT_NAMES}, None, problems)
    compares = _pick("compare", query, IS_COMPARED, False, problems)
    problems += [
        parameter_problem(name, query[name], filters.CurrencyField.expected)
        for name in ("currency", "in")
        if name in query and not filters.A_KNOWN_CURRENCY.fullmatch(query[name])
    ]
    if problems:
        raise refuse(problems)
    return Question(
        by=by,
        first_day=first_day,
        last_day=last_day,
        currency=query.get("currency"),
        compares=compares,
        split=split,
        reporting_currency=query.get("in"),
    )


def _read_day(name: str, text: str, problems: list[ParameterProblem]) -> date | None:
    day = parse_day(text)
    if day is None:
        problems.append(parameter_problem(name, text, "a day such as 2020-05-14"))
    return day


def _pick(
    name: str, query: Mapping[str, str], choices: Mapping[str, Any], default: Any, problems: list[ParameterProblem]
) -> Any:
    if name not in query:
        return default
    if query[name] not in choices:
        problems.append(parameter_problem(name, query[name], f"one of {', '.join(choices)}"))
    return choices.get(query[name], default)
