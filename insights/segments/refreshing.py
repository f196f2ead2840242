"""Finds again who is in a segment, and stores it: by a beat task, when a segment is due.

One transaction a segment: who is found goes into a table of the transaction, members that are not in it go, new ones
come. Readers see one refresh or the next. A segment that takes too long keeps its members, and says so.
"""

import time
from collections.abc import Collection
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import structlog
from django.db import OperationalError, connection, transaction
from django.db.models import F
from django.utils import timezone

from account.current import current_account
from insights.segments.bounded import took_too_long
from insights.segments.leaving import ADVISORY_SPACE, STORE_ALONE
from insights.segments.loading import compile_now, load_segment
from insights.segments.models import Segment, SegmentMember, SegmentSize

log = structlog.get_logger(__name__)

MOST_SECONDS = 300
KEPT_SIZES = timedelta(days=400)
# Large sorts and hashes in memory, and without compiling each of the statements.
SETTINGS = f"SET LOCAL work_mem = '128MB'; SET LOCAL jit = off; SET LOCAL statement_timeout = '{MOST_SECONDS}s'"
TOOK_TOO_LONG = f"It took longer than {MOST_SECONDS} seconds. Narrow a window, or ask for less."
TRY_LOCK = "SELECT pg_try_advisory_xact_lock(%s, %s)"
KEEP_FOUND = "CREATE TEMPORARY TABLE segment_found ON COMMIT DROP AS {found}"
ANALYZE_FOUND = "ANALYZE segment_found"
REMOVE_MEMBERS = """
    DELETE FROM insights_segmentmember AS member
     WHERE member.segment_id = %(segment)s
       AND NOT EXISTS (SELECT FROM segment_found AS found WHERE found.contact_id = member.contact_id)
"""
# Who was deleted since it was found is not taken in: leaving.py.
ADD_MEMBERS = """
    INSERT INTO insights_segmentmember (segment_id, contact_id)
    SELECT %(segment)s, found.contact_id
      FROM segment_found AS found
      JOIN contacts_contact AS contact ON contact.id = found.contact_id AND contact.deleted_at IS NULL
     WHERE NOT EXISTS (SELECT FROM insights_segmentmember AS member
                        WHERE member.segment_id = %(segment)s AND member.contact_id = found.contact_id)
     ORDER BY found.contact_id
"""


def refresh_due() -> int:
    """Refreshes every segment that is due, those that wait longest first; returns how many it saw to.

    One that another process is at stays due until that one is done, and is left to it.
    """
    seen = 0
    left: set[int] = set()
    while (segment_id := _next_due(left)) is not None:
        if refresh(segment_id):
            seen += 1
        else:
            left.add(segment_id)
    SegmentSize.objects.filter(day__lt=timezone.localdate() - KEPT_SIZES).delete()
    return seen


def _next_due(left: Collection[int]) -> int | None:
    due = Segment.objects.filter(due_at__lte=timezone.now()).exclude(pk__in=left)
    return due.order_by("due_at").values_list("pk", flat=True).first()  # index: segment_by_due


def refresh(segment_id: int) -> bool:
    """Stores who is in the segment now, or why that could not be found; False when another process is at it."""
    started = time.monotonic()
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(TRY_LOCK, [ADVISORY_SPACE, segment_id % 2**31])
            if cursor.fetchone() != (True,):
                return False
            segment = Segment.objects.filter(pk=segment_id).first()
            if segment is not None:
                _refresh_locked(segment, started)
    except OperationalError as error:
        if not took_too_long(error):
            raise
        log.warning("segment.took_too_long", segment=segment_id, seconds=MOST_SECONDS)
        later = timezone.now() + F("schedule_minutes") * timedelta(minutes=1)
        Segment.objects.filter(pk=segment_id).update(due_at=later, refresh_problem=TOOK_TOO_LONG)
    return True


def _refresh_locked(segment: Segment, started: float) -> None:
    now = timezone.now()
    node = load_segment(segment.conditions)
    if isinstance(node, list):
        _note(segment, now, refresh_problem=f"{node[0].pointer}: {node[0].detail}")
        return
    found = compile_now(node)
    with connection.cursor() as cursor:
        cursor.execute(SETTINGS)
        cursor.execute(KEEP_FOUND.format(found=found.text), found.params)
        cursor.execute(ANALYZE_FOUND)
        cursor.execute(STORE_ALONE, [ADVISORY_SPACE])
        # One that was changed meanwhile is due again, and its new conditions are not those that were looked for.
        if not Segment.objects.select_for_update().filter(pk=segment.pk, changed_at=segment.changed_at).exists():
            return
        cursor.execute(REMOVE_MEMBERS, {"segment": segment.pk})
        cursor.execute(ADD_MEMBERS, {"segment": segment.pk})
        cursor.execute("DROP TABLE segment_found")
    size = SegmentMember.objects.filter(segment=segment).count()
    day = timezone.localdate(now, current_account().time_zone)
    SegmentSize.objects.update_or_create(segment=segment, day=day, defaults={"size": size})
    seconds = Decimal(round(1000 * (time.monotonic() - started))) / 1000
    _note(segment, now, size=size, refreshed_at=now, refresh_seconds=seconds, refresh_problem="")


def _note(segment: Segment, now: datetime, **columns: Any) -> None:
    """Writes what a refresh came to, and when the next one is due."""
    due_at = now + timedelta(minutes=segment.schedule_minutes)
    Segment.objects.filter(pk=segment.pk, changed_at=segment.changed_at).update(due_at=due_at, **columns)
