"""GET /api/v1/rfm: the grid, the segments and the movements of a day, as the page shows them (docs/api.md)."""

from datetime import date
from typing import Annotated, Any, ClassVar, Literal, TypedDict

import msgspec
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from account.current import AccountSettings, current_account
from console.filters import FIRST_DAY
from contract.currencies import CURRENCIES, format_money
from contract.filters import check_names, parse_day
from contract.http import ApiView, json_response
from contract.moments import present_moment
from contract.openapi import Day, Moment, Money, answer_header, component, describe, query_parameter
from contract.problems import ParameterProblem, UnavailableError, parameter_problem, refuse
from contract.scopes import Scope
from insights.rfm.boundaries import ScoredBy
from insights.rfm.cells import Segment, segment_of
from insights.rfm.models import VIEW_INSIGHTS
from insights.rfm.reading import CurrencyRfm, Figures, Rfm, keep, load_rfm, share
from insights.rfm.thresholds import have_computed
from insights.rfm.words import SEGMENT_WORDS

RETRY_AFTER_SECONDS = 5
DAY = {"type": "string", "format": "date", "examples": ["2026-05-31"]}
SegmentCode = Annotated[str, msgspec.Meta(extra_json_schema={"enum": [segment.value for segment in Segment]})]
Percent = Annotated[str, msgspec.Meta(pattern=r"^[0-9]+\.[0-9]$", examples=["12.5"])]


class RfmBoundariesShape(TypedDict):
    """Four values each, ascending; a value equal to one is on its lower side."""

    recency: list[int]
    frequency: list[int]
    monetary: list[Money]


class RfmCellShape(TypedDict):
    """Shares are in per cent: of the people, and of the sum."""

    recencyScore: int
    frequencyScore: int
    segment: SegmentCode
    contacts: int
    share: Percent
    orders: int
    revenue: Money
    revenueShare: Percent


class RfmSegmentShape(TypedDict):
    segment: SegmentCode
    name: str
    definition: str
    contacts: int
    share: Percent
    orders: int
    revenue: Money
    revenueShare: Percent


RfmMoveShape = TypedDict("RfmMoveShape", {"from": SegmentCode | None, "to": SegmentCode, "contacts": int})
RfmMoveShape.__doc__ = "`from` is null for people who had not bought yet on `monthBefore`."


class RfmCurrencyShape(TypedDict):
    """`cells` are all 25, `segments` all ten; `moves` are those that anybody made, staying included."""

    currency: str
    scoredBy: ScoredBy
    boundaries: RfmBoundariesShape
    contacts: int
    orders: int
    revenue: Money
    cells: list[RfmCellShape]
    segments: list[RfmSegmentShape]
    moves: list[RfmMoveShape]


class RfmShape(TypedDict):
    """`computedAt` is the moment of the orders behind the figures."""

    day: Day
    monthBefore: Day
    timeZone: str
    computedAt: Moment
    results: list[RfmCurrencyShape]


class RfmComputingShape(TypedDict):
    day: Day
    status: Literal["computing"]


# One of the 25 cells, one of the ten segments, and one move of all that there are.
EXAMPLE: RfmShape = {
    "day": "2026-05-31",
    "monthBefore": "2026-04-30",
    "timeZone": "Europe/Kyiv",
    "computedAt": "2026-05-31T12:00:00+03:00",
    "results": [
        {
            "currency": "UAH",
            "scoredBy": "quintiles",
            "boundaries": {
                "recency": [1, 16, 41, 119],
                "frequency": [1, 1, 2, 3],
                "monetary": ["50.00", "90.00", "140.00", "500.00"],
            },
            "contacts": 10,
            "orders": 21,
            "revenue": "4010.00",
            "cells": [
                {
                    "recencyScore": 5,
                    "frequencyScore": 5,
                    "segment": "champions",
                    "contacts": 1,
                    "share": "10.0",
                    "orders": 5,
                    "revenue": "1200.00",
                    "revenueShare": "29.9",
                }
            ],
            "segments": [
                {
                    "segment": "champions",
                    "name": "Champions",
                    "definition": "Bought very lately and very often: recency 5, frequency 4 or 5.",
                    "contacts": 1,
                    "share": "10.0",
                    "orders": 5,
                    "revenue": "1200.00",
                    "revenueShare": "29.9",
                }
            ],
            "moves": [{"from": "potential_loyalists", "to": "champions", "contacts": 1}],
        }
    ],
}


class RfmView(ApiView):
    scopes: ClassVar = {"GET": Scope.READ}
    console_permission = VIEW_INSIGHTS

    @describe(
        "Read RFM",
        "Contacts by how lately, how often and for how much they bought, each currency on its own: DELIVERED orders "
        "only. Figures of the day that goes on are at most 15 minutes older than the orders; those of another day are "
        "computed when they are asked for, and the answer is 202 until they are there.",
        tag="insights",
        answers={200: component(RfmShape), 202: component(RfmComputingShape)},
        headers=[
            answer_header(
                "Retry-After",
                "In how many seconds to ask again.",
                {"type": "string", "examples": [str(RETRY_AFTER_SECONDS)]},
                statuses=[202],
            )
        ],
        parameters=[
            query_parameter("day", "A day up to today, in the account's time zone; without it, today.", DAY),
            query_parameter("currency", "Only this currency.", {"type": "string", "pattern": "^[A-Z]{3}$"}),
        ],
        answer_examples={200: EXAMPLE, 202: {"day": "2026-04-30", "status": "computing"}},
        operation_id="readRfm",
    )
    def get(self, request: HttpRequest) -> HttpResponse:
        account = current_account()
        day, currency = _read_query(request, account)
        rfm = load_rfm(day)
        if rfm is None:
            return _computing(day, account)
        if not rfm.is_current:
            keep(rfm.day)
        return json_response(present_rfm(rfm, account, currency))


def _read_query(request: HttpRequest, account: AccountSettings) -> tuple[date | None, str | None]:
    """The day and the currency that are asked for; no day is the one that goes on. Raises ApiError 400."""
    query = request.GET
    problems: list[ParameterProblem] = check_names(query, ("day", "currency"))
    if problems:
        raise refuse(problems)
    today = timezone.localdate(timezone=account.time_zone)
    day = parse_day(query["day"]) if "day" in query else None
    if "day" in query and (day is None or not FIRST_DAY <= day <= today):
        problems.append(parameter_problem("day", query["day"], f"a day from {FIRST_DAY} to {today}, today"))
    currency = query.get("currency")
    if currency is not None and currency not in CURRENCIES:
        problems.append(parameter_problem("currency", currency, "three capital letters of ISO 4217, such as UAH"))
    if problems:
        raise refuse(problems)
    return (None if day == today else day), currency


def _computing(day: date | None, account: AccountSettings) -> HttpResponse:
    if not have_computed(day):
        raise UnavailableError("Other days wait to be computed first; ask again later.")
    wanted = day or timezone.localdate(timezone=account.time_zone)
    told: RfmComputingShape = {"day": wanted.isoformat(), "status": "computing"}
    return json_response(told, status=202, headers={"Retry-After": str(RETRY_AFTER_SECONDS)})


def present_rfm(rfm: Rfm, account: AccountSettings, currency: str | None) -> RfmShape:
    """The answer; `currency`: only this one, which may have nobody."""
    shown = [table for code, table in sorted(rfm.currencies.items()) if currency in (None, code)]
    return {
        "day": rfm.day.isoformat(),
        "monthBefore": rfm.month_before.isoformat(),
        "timeZone": rfm.time_zone,
        "computedAt": present_moment(rfm.computed_at, account.time_zone),
        "results": [_present_currency(table) for table in shown],
    }


def _present_currency(table: CurrencyRfm) -> RfmCurrencyShape:
    currency, boundaries = table.currency, table.boundaries
    return {
        "currency": currency,
        "scoredBy": boundaries.scored_by,
        "boundaries": {
            "recency": list(boundaries.recency),
            "frequency": list(boundaries.frequency),
            "monetary": [format_money(amount, currency) for amount in boundaries.monetary],
        },
        "contacts": table.total.contacts,
        "orders": table.total.orders,
        "revenue": format_money(table.total.revenue, currency),
        "cells": [
            {
                "recencyScore": recency,
                "frequencyScore": frequency,
                "segment": segment_of(recency, frequency).value,
                **_present_figures(figures, table),  # type: ignore[typeddict-item]
            }
            for (recency, frequency), figures in table.cells.items()
        ],
        "segments": [
            {
                "segment": segment.value,
                "name": str(SEGMENT_WORDS[segment].name),
                "definition": str(SEGMENT_WORDS[segment].definition),
                **_present_figures(figures, table),  # type: ignore[typeddict-item]
            }
            for segment, figures in table.segments.items()
        ],
        "moves": [
            {"from": came_from or None, "to": segment.value, "contacts": count}
            for (came_from, segment), count in sorted(table.moves.items())
        ],
    }


def _present_figures(figures: Figures, table: CurrencyRfm) -> dict[str, Any]:
    return {
        "contacts": figures.contacts,
        "share": str(share(figures.contacts, table.total.contacts)),
        "orders": figures.orders,
        "revenue": format_money(figures.revenue, table.currency),
        "revenueShare": str(share(figures.revenue, table.total.revenue)),
    }
