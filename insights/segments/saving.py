"""Makes, changes and removes segments, each with its entry in the audit log: the one place that writes them."""

from typing import Any

from django.db import IntegrityError, connection, transaction
from django.db.models.functions import Now

from account.audit import AuditAction, record_audit
from insights.background import wake
from insights.segments.models import Schedule, Segment

REFRESH_TASK = "insights.refresh_segments"
MOST_SEGMENTS = 500
DELETE_MEMBERS = "DELETE FROM insights_segmentmember WHERE segment_id = %s"


class SegmentError(ValueError):
    """The segment cannot be saved; the text says why."""


def save_segment(segment: Segment, *, name: str, conditions: Any, schedule: Schedule, actor: str) -> Segment:
    """Stores a new segment or what was changed of one, and has it refreshed at once.

    `conditions` is JSON that load_segment() takes. Raises SegmentError for a name that another has.
    """
    is_new = segment.pk is None
    before = None if is_new else _told(segment)
    if is_new and Segment.objects.count() >= MOST_SEGMENTS:
        raise SegmentError(f"There are {MOST_SEGMENTS} segments already; delete one that nobody uses.")
    segment.name, segment.conditions, segment.schedule_minutes = name, conditions, schedule
    if is_new:
        segment.created_by = actor
    else:
        segment.changed_at = segment.due_at = Now()
    # What a refresh has written since the segment was read stays as it is.
    changed = None if is_new else ("name", "conditions", "schedule_minutes", "changed_at", "due_at")
    try:
        with transaction.atomic():
            segment.save(update_fields=changed)
            details = {"before": before, "after": _told(segment)}
            record_audit(actor, AuditAction.SEGMENT_CHANGED, what_of(segment), details=details)
            transaction.on_commit(lambda: wake(REFRESH_TASK))
    except IntegrityError as error:
        raise SegmentError(f"There is a segment named “{name}” already; choose another name.") from error
    return segment


def refresh_soon(segment: Segment) -> None:
    """Has the segment refreshed at once, whatever its schedule."""
    Segment.objects.filter(pk=segment.pk).update(due_at=Now())
    wake(REFRESH_TASK)


@transaction.atomic
def delete_segment(segment: Segment, actor: str) -> None:
    """Removes a segment with its members and the history of its size."""
    locked = Segment.objects.select_for_update().get(pk=segment.pk)  # a refresh that stores ends first
    with connection.cursor() as cursor:
        cursor.execute(DELETE_MEMBERS, [locked.pk])
    record_audit(actor, AuditAction.SEGMENT_DELETED, what_of(locked), details={"before": _told(locked), "after": None})
    locked.delete()


def what_of(segment: Segment) -> str:
    """How the audit log names a segment."""
    return f"segment {segment.pk} “{segment.name}”"


def _told(segment: Segment) -> dict[str, Any]:
    """Without the conditions: they may hold a value of a person, which must not live on after an erasure."""
    return {"name": segment.name, "scheduleMinutes": int(segment.schedule_minutes)}
