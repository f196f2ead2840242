"""GET /api/v1/analytics/funnel, /carts and /items: the figures of the pages (docs/api.md, Event analytics)."""

from collections.abc import Mapping
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, ClassVar

from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from account.current import current_account
from console.filters import FIRST_DAY, LAST_DAY
from contract.currencies import format_money
from contract.filters import check_names, parse_day
from contract.http import ApiView, json_response
from contract.moments import present_moment
from contract.openapi import answer_header, component, describe, query_parameter
from contract.problems import ParameterProblem, UnavailableError, parameter_problem, refuse
from contract.scopes import Scope
from insights.analytics.api_shapes import CartsShape, FunnelShape, ReportComputingShape, TopItemsShape
from insights.analytics.carts import DEFAULT_WITHIN_DAYS, MAX_WITHIN_DAYS, CartFate
from insights.analytics.forms import DEFAULT_DAYS, MOST_DAYS
from insights.analytics.models import Report, ReportKind
from insights.analytics.reports import Asked, obtain
from insights.rfm.models import VIEW_INSIGHTS

RETRY_AFTER_SECONDS = 5
DAY = {"type": "string", "format": "date", "examples": ["2026-05-01"]}
FROM = query_parameter("from", f"The first day; without it, {DEFAULT_DAYS} days up to the last one.", DAY)
TO = query_parameter("to", "The last day, itself included; without it, today.", DAY)
WITHIN = query_parameter(
    "withinDays",
    "How many days after a cart another order of the same person counts.",
    {"type": "integer", "minimum": 1, "maximum": MAX_WITHIN_DAYS, "default": DEFAULT_WITHIN_DAYS},
)
RETRY = answer_header(
    "Retry-After",
    "In how many seconds to ask again.",
    {"type": "string", "examples": [str(RETRY_AFTER_SECONDS)]},
    statuses=[202],
)
LATER = (
    " Where the figures take longer than an answer may, they are computed in the background: the answer is the older "
    "ones with their `computedAt`, or 202 while there are none."
)
SPAN = {"from": "2026-05-01", "to": "2026-05-31", "timeZone": "Europe/Kyiv"}
AGE = {"computedAt": "2026-05-31T12:00:00+03:00", "isBeingComputed": False}
COMPUTING = {**SPAN, "status": "computing"}


class _ReportView(ApiView):
    scopes: ClassVar = {"GET": Scope.READ}
    console_permission = VIEW_INSIGHTS

    def answer(self, request: HttpRequest, kind: ReportKind) -> HttpResponse:
        account = current_account()
        asked = _read_query(request, kind)
        report = obtain(asked)
        if report is None:
            raise UnavailableError("Other figures wait to be computed first; ask again later.")
        span = {
            "from": asked.first_day.isoformat(),
            "to": asked.last_day.isoformat(),
            "timeZone": account.time_zone.key,
        }
        if report.figures is None or report.computed_at is None:
            told = {**span, "status": "computing"}
            return json_response(told, status=202, headers={"Retry-After": str(RETRY_AFTER_SECONDS)})
        age = {
            "computedAt": present_moment(report.computed_at, account.time_zone),
            "isBeingComputed": report.requested_at is not None,
        }
        return json_response({**span, **age, **self.present(report)})

    def present(self, report: Report) -> dict[str, Any]:
        """The figures as they are answered."""
        raise NotImplementedError


class FunnelView(_ReportView):
    @describe(
        "Read how orders went on",
        "The orders dated in a span of days: how far they came, where they are now, and how long each step took: the "
        "median and the 90th percentile of the orders that took it." + LATER,
        tag="insights",
        answers={200: component(FunnelShape), 202: component(ReportComputingShape)},
        headers=[RETRY],
        parameters=[FROM, TO],
        answer_examples={
            200: {
                **SPAN,
                **AGE,
                "orders": 5,
                "reached": {"INITIALIZED": 4, "IN_PROGRESS": 3, "DELIVERED": 3},
                "now": {"DELIVERED": 2, "CANCELLED": 2, "ABANDONED_SHOPPING_CART": 1},
                "cancelledAfterDelivery": 1,
                "steps": [
                    {
                        "from": "IN_PROGRESS",
                        "to": "DELIVERED",
                        "orders": 2,
                        "medianSeconds": 172800,
                        "p90Seconds": 259200,
                    }
                ],
            },
            202: COMPUTING,
        },
        operation_id="readFunnel",
    )
    def get(self, request: HttpRequest) -> HttpResponse:
        return self.answer(request, ReportKind.FUNNEL)

    def present(self, report: Report) -> dict[str, Any]:
        figures = report.figures or {}
        steps = [
            {**step, **{name: Decimal(step[name]) for name in ("medianSeconds", "p90Seconds")}}
            for step in figures["steps"]
        ]
        return {**figures, "now": figures["now"] or {}, "steps": steps}


class CartsView(_ReportView):
    @describe(
        "Read what came of abandoned carts",
        "The orders dated in a span of days that were ABANDONED_SHOPPING_CART at some time, by what came of them, each "
        "currency on its own." + LATER,
        tag="insights",
        answers={200: component(CartsShape), 202: component(ReportComputingShape)},
        headers=[RETRY],
        parameters=[FROM, TO, WITHIN],
        answer_examples={
            200: {
                **SPAN,
                **AGE,
                "withinDays": 7,
                "results": [
                    {
                        "currency": "UAH",
                        "bought": {"carts": 1, "value": "50.00", "revenue": "50.00"},
                        "boughtElse": {"carts": 1, "value": "30.00", "revenue": "70.00"},
                        "cancelled": {"carts": 0, "value": "0.00", "revenue": "0.00"},
                        "lost": {"carts": 1, "value": "20.00", "revenue": "0.00"},
                        "unknown": {"carts": 1, "value": "40.00", "revenue": "0.00"},
                    }
                ],
            },
            202: COMPUTING,
        },
        operation_id="readCarts",
    )
    def get(self, request: HttpRequest) -> HttpResponse:
        return self.answer(request, ReportKind.CARTS)

    def present(self, report: Report) -> dict[str, Any]:
        figures = report.figures or {}
        return {
            "withinDays": report.within_days,
            "results": [_present_carts(currency, figures[currency]) for currency in sorted(figures)],
        }


FATE_NAMES = {fate: "boughtElse" if fate is CartFate.BOUGHT_ELSE else fate.value for fate in CartFate}


def _present_carts(currency: str, fates: Mapping[str, Any]) -> dict[str, Any]:
    shown: dict[str, Any] = {"currency": currency}
    for fate, name in FATE_NAMES.items():
        told = fates.get(fate.value, {"carts": 0, "value": 0, "revenue": 0})
        money = {part: format_money(Decimal(told[part]), currency) for part in ("value", "revenue")}
        shown[name] = {"carts": told["carts"], **money}
    return shown


class TopItemsView(_ReportView):
    @describe(
        "Read what sells best",
        "The items of DELIVERED orders dated in a span of days: the first 25 by revenue (cost times quantity) and by "
        "quantity, each currency on its own." + LATER,
        tag="insights",
        answers={200: component(TopItemsShape), 202: component(ReportComputingShape)},
        headers=[RETRY],
        parameters=[FROM, TO],
        answer_examples={
            200: {
                **SPAN,
                **AGE,
                "results": [
                    {
                        "currency": "UAH",
                        "items": 1,
                        **{
                            name: [
                                {
                                    "externalItemId": "200600",
                                    "name": "Super Device",
                                    "orders": 1,
                                    "quantity": 2,
                                    "revenue": "258.00",
                                    "withoutCost": 0,
                                }
                            ]
                            for name in ("byRevenue", "byQuantity")
                        },
                    }
                ],
            },
            202: COMPUTING,
        },
        operation_id="readTopItems",
    )
    def get(self, request: HttpRequest) -> HttpResponse:
        return self.answer(request, ReportKind.ITEMS)

    def present(self, report: Report) -> dict[str, Any]:
        figures = report.figures or {}
        return {
            "results": [
                {
                    "currency": currency,
                    "items": figures[currency]["items"],
                    **{
                        name: [_present_item(item, currency) for item in figures[currency][name]]
                        for name in ("byRevenue", "byQuantity")
                    },
                }
                for currency in sorted(figures)
            ]
        }


def _present_item(item: Mapping[str, Any], currency: str) -> dict[str, Any]:
    revenue = format_money(Decimal(item["revenue"]), currency)
    return {**item, "name": item["name"] or None, "revenue": revenue}


def _read_query(request: HttpRequest, kind: ReportKind) -> Asked:
    """Which report is asked for. Raises ApiError 400 with every problem."""
    query = request.GET
    names = ("from", "to", "withinDays") if kind is ReportKind.CARTS else ("from", "to")
    problems: list[ParameterProblem] = check_names(query, names)
    if problems:
        raise refuse(problems)
    days = {name: parse_day(query[name]) for name in ("from", "to") if name in query}
    problems += [
        parameter_problem(name, query[name], "a day such as 2026-05-14") for name, day in days.items() if day is None
    ]
    within = query.get("withinDays", str(DEFAULT_WITHIN_DAYS))
    if not (within.isascii() and within.isdigit() and len(within) < 4 and 1 <= int(within) <= MAX_WITHIN_DAYS):
        problems.append(parameter_problem("withinDays", within, f"a number from 1 to {MAX_WITHIN_DAYS}"))
    if problems:
        raise refuse(problems)
    first_day, last_day = _span_of(days.get("from"), days.get("to"), query)
    within_days = int(within) if kind is ReportKind.CARTS else 0
    return Asked(kind=kind, first_day=first_day, last_day=last_day, within_days=within_days)


def _span_of(first: date | None, last: date | None, query: Mapping[str, str]) -> tuple[date, date]:
    last_day = last or timezone.localdate(timezone=current_account().time_zone)
    if not FIRST_DAY + timedelta(days=DEFAULT_DAYS) <= last_day <= LAST_DAY:
        raise refuse([parameter_problem("to", query["to"], f"a later day than {FIRST_DAY}")])
    first_day = first or last_day - timedelta(days=DEFAULT_DAYS - 1)
    if not FIRST_DAY <= first_day <= last_day or (last_day - first_day).days >= MOST_DAYS:
        expected = f"a day up to {last_day}, the last one, and at most ten years before it"
        raise refuse([parameter_problem("from", query["from"], expected)])
    return first_day, last_day
