"""Takes people out of every segment in the transaction that deletes or erases them.

A refresh that runs meanwhile cannot bring them back: it stores what it found under the same lock, and looks again who
is deleted once it has it.
"""

from collections.abc import Collection

from django.db import connection

ADVISORY_SPACE = 0x5345474D  # “SEGM”; beside it 0 is for storing, and a segment's id for refreshing it
LEAVE_TOGETHER = "SELECT pg_advisory_xact_lock_shared(%s, 0)"
STORE_ALONE = "SELECT pg_advisory_xact_lock(%s, 0)"
LEAVE = "DELETE FROM insights_segmentmember WHERE contact_id = ANY(%s)  -- index: segment_member_by_contact"


def leave_segments(contact_ids: Collection[int]) -> None:
    """Removes the contacts from all segments: two statements. Waits while a refresh stores, a second at most."""
    with connection.cursor() as cursor:
        cursor.execute(LEAVE_TOGETHER, [ADVISORY_SPACE])
        cursor.execute(LEAVE, [list(contact_ids)])
