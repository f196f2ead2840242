"""GET /api/v1/segments and /segments/{id}/contacts: who is in which segment as of its last refresh (docs/api.md)."""

from typing import Annotated, Any, ClassVar, TypedDict
from zoneinfo import ZoneInfo

import msgspec
from django.http import HttpRequest, HttpResponse

from account.current import current_account
from contacts.api_shapes import ContactShape
from contacts.presentation import load_contacts
from contract.filters import StrictFilterSet, apply_filters
from contract.http import ApiView, json_response
from contract.moments import present_moment
from contract.openapi import READ_ERRORS, Moment, describe, page_of, page_parameters, path_parameter
from contract.paging import cut_page, id_key
from contract.problems import ApiError, not_found
from contract.scopes import Caller, Scope
from insights.segments.members import BY_ID, members_of
from insights.segments.models import VIEW_SEGMENT, Segment

SORT_KEYS = {"id": id_key()}
Conditions = Annotated[
    Any, msgspec.Meta(description="The JSON of docs/segments.md.", extra_json_schema={"type": "object"})
]


class SegmentShape(TypedDict):
    """`size` is how many people were in it at `refreshedAt`; both are null until it was refreshed once.

    `problem` is why the last refresh came to nothing; the people are then those of the one before.
    """

    id: int
    name: str
    conditions: Conditions
    refreshedEveryMinutes: int
    size: int | None
    refreshedAt: Moment | None
    problem: str | None


SEGMENT: SegmentShape = {
    "id": 3,
    "name": "Waiting for the Super Device",
    "conditions": {"orders": {"item": "200600", "lastDays": 7, "status": ["INITIALIZED", "IN_PROGRESS"]}},
    "refreshedEveryMinutes": 60,
    "size": 1,
    "refreshedAt": "2026-05-14T10:15:00+03:00",
    "problem": None,
}


class _NoFilters(StrictFilterSet):
    """Both lists have pages only."""


class SegmentsView(ApiView):
    scopes: ClassVar = {"GET": Scope.READ}
    console_permission = VIEW_SEGMENT

    @describe(
        "List segments",
        tag="insights",
        answers={200: page_of(SegmentShape)},
        parameters=page_parameters(SORT_KEYS, "id"),
        answer_examples={200: {"results": [SEGMENT], "next": None, "previous": None}},
        operation_id="listSegments",
    )
    def get(self, request: HttpRequest) -> HttpResponse:
        zone = current_account().time_zone
        page = cut_page(request, apply_filters(_NoFilters, request, Segment.objects.all(), zone), SORT_KEYS, "id")
        return json_response(page.present([present_segment(segment, zone) for segment in page.rows]))


def present_segment(segment: Segment, zone: ZoneInfo) -> SegmentShape:
    """A segment in the shape of the API; moments are in `zone`."""
    return {
        "id": segment.pk,
        "name": segment.name,
        "conditions": segment.conditions,
        "refreshedEveryMinutes": segment.schedule_minutes,
        "size": segment.size,
        "refreshedAt": present_moment(segment.refreshed_at, zone) if segment.refreshed_at else None,
        "problem": segment.refresh_problem or None,
    }


class SegmentContactsView(ApiView):
    scopes: ClassVar = {"GET": Scope.READ}
    console_permission = VIEW_SEGMENT

    @describe(
        "List the contacts in a segment",
        "Those of its last refresh, by their ids, in the shape of GET /api/v1/contact/{id}. Who was deleted or erased "
        "since is not among them.",
        tag="insights",
        answers={200: page_of(ContactShape)},
        errors=(*READ_ERRORS, 404),
        parameters=[
            path_parameter(
                "segment_id", "The segment's id.", {"type": "integer", "minimum": 1, "examples": [SEGMENT["id"]]}
            ),
            *page_parameters(SORT_KEYS, "id"),
        ],
        operation_id="listSegmentContacts",
    )
    def get(self, request: HttpRequest, segment_id: int) -> HttpResponse:
        if not isinstance(getattr(request, "auth", None), Caller) and not request.user.has_perm(
            "contacts.view_contact"
        ):
            raise ApiError(403, "", "Your console user has not got the permission to read contacts.")
        zone = current_account().time_zone
        segment = apply_filters(_NoFilters, request, Segment.objects.filter(pk=segment_id), zone).first()
        if segment is None:
            raise not_found(f"There is no segment with the id {segment_id}.")
        page = cut_page(request, members_of(segment), BY_ID, "id")
        return json_response(page.present([*load_contacts([contact.pk for contact in page.rows])]))
