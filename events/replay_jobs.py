"""Replays by filter: stored, and carried out piece by piece until everything has its outcome, or somebody cancels.

A piece is one transaction: it locks the replay's row, hands events over and writes down how far it came. So a worker
that is killed takes nothing with it, two workers never do the same piece, and a replay that is cancelled hands nothing
more over. Only so many events of a replay wait at a time: what shops send meanwhile is never queued behind a million.

Which statements are sent does not depend on how many events there are: a piece looks at a span of ids, and takes so
many of them.
"""

import time
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from django.db import transaction
from django.utils import timezone

from account.audit import AuditAction, record_audit
from contract.problems import ApiError
from events.models import Replay
from events.replay import EVENTS_AT_ONCE, replay_events
from events.replay_progress import Progress, load_progress
from events.selection import Filters, Selected, count_selected, select_events

MOST_UNDER_WAY = 10  # replays at a time: each costs every look at it, and they only wait for one another
MOST_UNSETTLED = 10_000  # events of one replay that wait at a time: two to four seconds of one worker
IDS_AT_ONCE = 50_000  # a piece reads no more rows than these, however few of them match
SECONDS_AT_ONCE = 1.0  # for which one task goes on, so that its worker applies events as well
PERSONAL_FILTERS = ("keyValue",)  # may be somebody's e-mail address


def start_replay(filters: Filters, actor: str) -> int:
    """Stores a replay of the events that these filters find now, and begins it; its id. Raises ApiError 409.

    `filters` come from selection.read_filters(), `actor` from account/audit.py.
    """
    return _start(filters, count_selected(select_events(filters)), actor)


def start_replay_of(event_ids: Sequence[int], filters: Filters, actor: str) -> int:
    """The same for the events of these ids alone, of those that the filters find; they say in words what was chosen."""
    ids = sorted(set(event_ids))
    return _start(filters, Selected(len(ids), min(ids, default=0), max(ids, default=0)), actor, ids)


def _start(filters: Filters, selected: Selected, actor: str, event_ids: Sequence[int] | None = None) -> int:
    with transaction.atomic():
        if selected.matched and Replay.objects.filter(ended_at__isnull=True).count() >= MOST_UNDER_WAY:
            raise ApiError(409, "", f"{MOST_UNDER_WAY} replays are under way; wait until one ends, or cancel one.")
        replay = Replay.objects.create(
            filters=dict(filters),
            event_ids=event_ids,
            matched=selected.matched,
            next_event_id=selected.first,
            last_event_id=selected.last if selected.matched else -1,
            started_by=actor,
        )
        told = msgspec.json.encode(without_persons(filters)).decode()
        chosen = "" if event_ids is None else f" that were chosen of {selected.first} to {selected.last}"
        record_audit(actor, AuditAction.EVENTS_REPLAYED, f"replay {replay.pk}, events{chosen} {told}", selected.matched)
    advance_replay(replay.pk)
    return int(replay.pk)


def without_persons(filters: Mapping[str, Any]) -> dict[str, Any]:
    """The filters without values that may name a person: what is kept for longer than the replay takes."""
    return {name: "…" if name in PERSONAL_FILTERS else value for name, value in filters.items()}


def advance_replays(seconds: float = SECONDS_AT_ONCE) -> None:
    """Carries on every replay that is under way, in turn, for at most so many seconds and at least one piece each."""
    end = time.monotonic() + seconds
    under_way = list(Replay.objects.filter(ended_at__isnull=True).order_by("pk").values_list("pk", flat=True))
    while under_way:
        under_way = [replay_id for replay_id in under_way if advance_replay(replay_id)]
        if time.monotonic() > end:
            return


def advance_replay(replay_id: int) -> bool:
    """Does the next piece; False when there is nothing to do for now, or another worker is at it."""
    with transaction.atomic():
        replay = Replay.objects.select_for_update(skip_locked=True).filter(pk=replay_id, ended_at__isnull=True).first()
        if replay is None:
            return False
        progress = load_progress([replay])[replay.pk]
        _settle(replay, progress)
        has_more = _has_more(replay)
        has_room = progress.unsettled < MOST_UNSETTLED
        if has_more and has_room:
            _hand_over(replay)
        elif not has_more and not progress.waiting:
            replay.ended_at = timezone.now()
            replay.filters = without_persons(replay.filters)
            replay.event_ids = None if replay.event_ids is None else []  # they are not looked at any more
        replay.save()
    return has_more and has_room


def _has_more(replay: Replay) -> bool:
    return replay.cancelled_at is None and replay.next_event_id <= replay.last_event_id


def _hand_over(replay: Replay) -> None:
    end = min(replay.next_event_id + IDS_AT_ONCE - 1, replay.last_event_id)
    span = select_events(replay.filters).filter(pk__range=(replay.next_event_id, end))
    if replay.event_ids is not None:
        chosen = replay.event_ids[bisect_left(replay.event_ids, replay.next_event_id) :][:EVENTS_AT_ONCE]
        end = replay.last_event_id if len(chosen) < EVENTS_AT_ONCE else chosen[-1]
        span = select_events(replay.filters).filter(pk__in=chosen)
    ids = list(span.order_by("pk").values_list("pk", flat=True)[:EVENTS_AT_ONCE])
    replay.replayed += replay_events(ids, replay.pk)
    replay.next_event_id = 1 + (ids[-1] if len(ids) == EVENTS_AT_ONCE else end)


def _settle(replay: Replay, progress: Progress) -> None:
    """Adds up what became of the first events for good, so that nobody has to look at them again."""
    replay.settled_through = progress.settled_through
    replay.settled = dict(progress.settled)


def cancel_replay(replay_id: int, actor: str) -> bool:
    """Hands no more events over; those that were end. False when there is no such replay.

    One that was cancelled or has ended stays as it is.
    """
    with transaction.atomic():
        replay = Replay.objects.select_for_update().filter(pk=replay_id).first()  # waits for the piece under way
        if replay is None:
            return False
        if replay.cancelled_at is None and replay.ended_at is None:
            replay.cancelled_at, replay.cancelled_by = timezone.now(), actor
            replay.save(update_fields=["cancelled_at", "cancelled_by"])
    return True
