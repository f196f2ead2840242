"""The endpoints of replays: one event at once, or all that a filter finds, piece by piece (docs/api.md, Replay)."""

import re
from typing import ClassVar

from django.http import HttpRequest, HttpResponse

from account.audit import actor_of
from account.current import current_account
from contract.filters import StrictFilterSet, apply_filters
from contract.http import ApiView, json_response, read_object
from contract.openapi import (
    READ_ERRORS,
    WRITE_ERRORS,
    answer_header,
    component,
    describe,
    page_of,
    page_parameters,
    path_parameter,
)
from contract.paging import cut_page, id_key
from contract.problems import not_found
from contract.reasons import Status
from contract.scopes import Scope
from events.api import EVENT_ID_PARAMETER, load_fate_of
from events.api_shapes import CountedShape, ReplayedShape, ReplayShape
from events.filters import EventFilters
from events.models import Replay
from events.replay import replay_one
from events.replay_jobs import cancel_replay, start_replay
from events.replay_progress import load_progress, present_replay
from events.selection import DRY_RUN, count_selected, read_filters, select_events

A_REPLAY_ID = re.compile(r"[0-9]{1,18}")
REPLAY_ID_PARAMETER = path_parameter("replay_id", "The replay's id.")
SORT_KEYS = {"startedAt": id_key()}
DEFAULT_ORDERING = "-startedAt"
VIEW_PERMISSION = "events.view_replay"
SELECTION = {
    "type": "object",
    "description": "At least one filter of the list of events; dryRun only counts.",
    "properties": {
        **{name: {"type": ["string", "integer"]} for name in EventFilters.base_filters},
        DRY_RUN: {"type": "boolean", "default": False},
    },
    "additionalProperties": False,
    "examples": [{"reason": "contact_not_found", "receivedFrom": "2026-05-01", "dryRun": True}],
}


class ReplayOneView(ApiView):
    scopes: ClassVar = {"POST": Scope.SETTINGS_WRITE}

    @describe(
        "Replay one ignored or failed event",
        "Hands the event to the workers again. One that is applied, or waits already, is left alone: `replayed` is "
        "then false. What became of it before stays in its `earlierAttempts`.",
        tag="events",
        answers={200: component(ReplayedShape)},
        errors=(401, 403, 404, 503),
        parameters=[EVENT_ID_PARAMETER],
        operation_id="replayEvent",
    )
    def post(self, request: HttpRequest, event_id: str) -> HttpResponse:
        fate = load_fate_of(event_id)
        is_replayed = replay_one(int(fate["id"]), actor_of(request))
        outcome = Status.WAITING.value if is_replayed else fate["outcome"]
        return json_response({"id": fate["id"], "replayed": is_replayed, "outcome": outcome})


class ReplayManyView(ApiView):
    """Starts a replay by filter, or only counts."""

    scopes: ClassVar = {"POST": Scope.SETTINGS_WRITE}

    @describe(
        "Replay the ignored and failed events that a filter finds",
        "With `dryRun` it answers how many events that would be, and changes nothing. Else it starts a replay, which "
        "goes on in the background: the address in `Location` tells how far it is. Sent again it finds what is left. "
        "At most ten replays are under way at a time (409).",
        tag="events",
        body=SELECTION,
        answers={200: component(CountedShape), 202: component(ReplayShape)},
        errors=(*WRITE_ERRORS, 409),
        headers=[answer_header("Location", "How far the replay is.", {"type": "string"}, statuses=(202,))],
        operation_id="replayEvents",
    )
    def post(self, request: HttpRequest) -> HttpResponse:
        body = read_object(request)
        filters = read_filters(body)
        if body.get(DRY_RUN):
            return json_response({"matched": count_selected(select_events(filters)).matched})
        replay_id = start_replay(filters, actor_of(request))
        return _told(str(replay_id), 202, {"Location": f"/api/v1/replays/{replay_id}"})


class ReplaysView(ApiView):
    scopes: ClassVar = {"GET": Scope.READ}
    console_permission = VIEW_PERMISSION

    @describe(
        "List replays",
        tag="events",
        answers={200: page_of(ReplayShape)},
        parameters=page_parameters(SORT_KEYS, DEFAULT_ORDERING),
        operation_id="listReplays",
    )
    def get(self, request: HttpRequest) -> HttpResponse:
        zone = current_account().time_zone
        page = cut_page(
            request, apply_filters(_NoFilters, request, Replay.objects.all(), zone), SORT_KEYS, "-startedAt"
        )
        progress = load_progress(page.rows)
        return json_response(page.present([present_replay(each, progress[each.pk], zone) for each in page.rows]))


class _NoFilters(StrictFilterSet):
    """Replays are few: their list has pages only."""


class ReplayView(ApiView):
    scopes: ClassVar = {"GET": Scope.READ}
    console_permission = VIEW_PERMISSION

    @describe(
        "Read how far a replay is",
        tag="events",
        answers={200: component(ReplayShape)},
        errors=(*READ_ERRORS, 404),
        parameters=[REPLAY_ID_PARAMETER],
        operation_id="readReplay",
    )
    def get(self, request: HttpRequest, replay_id: str) -> HttpResponse:
        return _told(replay_id)


class CancelReplayView(ApiView):
    scopes: ClassVar = {"POST": Scope.SETTINGS_WRITE}

    @describe(
        "Cancel a replay",
        "Hands no more of its events over; those that were handed over already are decided. A replay that has ended, "
        "or was cancelled before, stays as it is.",
        tag="events",
        answers={200: component(ReplayShape)},
        errors=(401, 403, 404, 503),
        parameters=[REPLAY_ID_PARAMETER],
        operation_id="cancelReplay",
    )
    def post(self, request: HttpRequest, replay_id: str) -> HttpResponse:
        if A_REPLAY_ID.fullmatch(replay_id):
            cancel_replay(int(replay_id), actor_of(request))
        return _told(replay_id)


def _told(replay_id: str, status: int = 200, headers: dict[str, str] | None = None) -> HttpResponse:
    """The replay of an address, as it is now. Raises ApiError 404."""
    replay = Replay.objects.filter(pk=int(replay_id)).first() if A_REPLAY_ID.fullmatch(replay_id) else None
    if replay is None:
        raise not_found(f"There is no replay “{replay_id[:40]}”.")
    progress = load_progress([replay])[replay.pk]
    return json_response(present_replay(replay, progress, current_account().time_zone), status, headers)
