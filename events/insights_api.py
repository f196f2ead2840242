"""GET /api/v1/event-types and GET /api/v1/stats: what comes in, and how the work is going (docs/api.md, Insights)."""

from collections.abc import Mapping, Sequence
from datetime import tzinfo
from typing import ClassVar, TypedDict

from django.http import HttpRequest, HttpResponse

from account.current import current_account
from contract.filters import check_names
from contract.http import ApiView, json_response
from contract.moments import present_moment
from contract.openapi import Moment, component, describe, page_of, page_parameters
from contract.paging import SortKey, cut_page
from contract.problems import refuse
from contract.scopes import Scope
from events.last_events import LastEvent, load_last_by
from events.models import EventType
from events.overview import Span
from events.stats import Stats, load_stats
from orders.rules import ORDER_EVENT_TYPES


class EventTypeShape(TypedDict):
    """A name that events have carried. `lastReceivedAt` and `lastEventId` are null when it has no event any more."""

    eventTypeKey: str
    isOrderEvent: bool
    firstSeenAt: Moment
    lastReceivedAt: Moment | None
    lastEventId: str | None


TYPE_SORT_KEYS = {"eventTypeKey": SortKey(column="key")}


class EventTypesView(ApiView):
    scopes: ClassVar = {"GET": Scope.READ}
    console_permission = "events.view_eventtype"

    @describe(
        "List event types",
        "Every name that events have carried, by the alphabet, with when it was first and last received.",
        tag="insights",
        answers={200: page_of(EventTypeShape)},
        parameters=page_parameters(),
        answer_examples={
            200: {
                "results": [
                    {
                        "eventTypeKey": "orderCreated",
                        "isOrderEvent": True,
                        "firstSeenAt": "2026-05-01T09:00:00+03:00",
                        "lastReceivedAt": "2026-05-14T10:11:00.481516+03:00",
                        "lastEventId": "108",
                    }
                ],
                "next": None,
                "previous": None,
            }
        },
        operation_id="listEventTypes",
    )
    def get(self, request: HttpRequest) -> HttpResponse:
        if problems := check_names(request.GET, ("limit", "cursor")):
            raise refuse(problems)
        page = cut_page(request, EventType.objects.all(), TYPE_SORT_KEYS, "eventTypeKey")
        return json_response(page.present(_present_types(page.rows, current_account().time_zone)))


def _present_types(types: Sequence[EventType], zone: tzinfo) -> list[EventTypeShape]:
    last = load_last_by("event_type_id", [each.pk for each in types])
    return [_present_type(each, last.get(each.pk), zone) for each in types]


def _present_type(each: EventType, last: LastEvent | None, zone: tzinfo) -> EventTypeShape:
    return {
        "eventTypeKey": each.key,
        "isOrderEvent": each.key in ORDER_EVENT_TYPES,
        "firstSeenAt": present_moment(each.created_at, zone),
        "lastReceivedAt": present_moment(last.received_at, zone) if last else None,
        "lastEventId": str(last.event_id) if last else None,
    }


SPAN_SECONDS = (60, 300, 3600)


class LaneShape(TypedDict):
    """A lane in which something waits, and how long its first event has been waiting."""

    lane: int
    waiting: int
    oldestEventId: str
    oldestSeconds: float


class SpanShape(TypedDict):
    """What was received in the last `seconds`, and what has become of it by now; `perSecond` is the rate of it."""

    seconds: int
    received: int
    perSecond: float
    applied: int
    ignored: int
    failed: int
    waiting: int
    reasons: dict[str, int]


class StatsShape(TypedDict):
    """`lanes` leaves out those in which nothing waits. `outcomesWritten` counts replays as well and only ever rises."""

    at: Moment
    waiting: int
    oldestWaitingSeconds: float
    lastReceivedAt: Moment | None
    outcomesWritten: int
    lanes: list[LaneShape]
    received: list[SpanShape]


class StatsView(ApiView):
    scopes: ClassVar = {"GET": Scope.READ}
    console_permission = "events.view_event"

    @describe(
        "Read how the work is going",
        "What waits, for how long and in which lanes, and what became of the events of the last minute, five minutes "
        "and hour. oldestWaitingSeconds is what to watch: it stays below a few seconds when all is well.",
        tag="insights",
        answers={200: component(StatsShape)},
        answer_examples={
            200: {
                "at": "2026-05-14T10:11:00+03:00",
                "waiting": 3,
                "oldestWaitingSeconds": 0.041,
                "lastReceivedAt": "2026-05-14T10:10:59.990000+03:00",
                "outcomesWritten": 20481,
                "lanes": [{"lane": 17, "waiting": 3, "oldestEventId": "20482", "oldestSeconds": 0.041}],
                "received": [
                    {
                        "seconds": 60,
                        "received": 120,
                        "perSecond": 2.0,
                        "applied": 115,
                        "ignored": 2,
                        "failed": 0,
                        "waiting": 3,
                        "reasons": {"contact_not_found": 2},
                    }
                ],
            }
        },
        operation_id="readStats",
    )
    def get(self, request: HttpRequest) -> HttpResponse:
        if problems := check_names(request.GET, ()):
            raise refuse(problems)
        return json_response(_present_stats(load_stats(SPAN_SECONDS), current_account().time_zone))


def _present_stats(stats: Stats, zone: tzinfo) -> StatsShape:
    return {
        "at": present_moment(stats.at, zone),
        "waiting": stats.waiting,
        "oldestWaitingSeconds": _rounded(stats.waited_seconds(stats.oldest)),
        "lastReceivedAt": present_moment(stats.last_received_at, zone) if stats.last_received_at else None,
        "outcomesWritten": stats.outcomes_written,
        "lanes": [
            {
                "lane": lane.lane,
                "waiting": lane.waiting,
                "oldestEventId": str(lane.oldest_event_id),
                "oldestSeconds": _rounded(stats.waited_seconds(lane)),
            }
            for lane in stats.lanes
        ],
        "received": [_present_span(seconds, span) for seconds, span in zip(SPAN_SECONDS, stats.spans, strict=True)],
    }


def _present_span(seconds: int, span: Span) -> SpanShape:
    reasons: Mapping[str, int] = span.by_reason
    return {
        "seconds": seconds,
        "received": span.taken,
        "perSecond": _rounded(span.taken / seconds),
        "applied": span.applied,
        "ignored": span.ignored,
        "failed": span.failed,
        "waiting": span.waiting,
        "reasons": {reason: count for reason, count in reasons.items() if count},
    }


def _rounded(figure: float) -> float:
    return round(figure, 3)
