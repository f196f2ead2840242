"""Computes the scores of a day from the orders, all at once, and puts them in the place of the older ones.

Figures of a day are a snapshot: computed in one transaction, seen whole or not at all. A million contacts with seven
million DELIVERED orders take some twenty seconds, so a beat task does it beside the work of events (background.py):
when the day has gone over, when orders have changed and the figures are old enough for it, at least
every MAX_AGE, and for any other day that somebody asked for. docs/insights.md says what the figures mean.
"""

import time
from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import structlog
from django.db import OperationalError, connection, transaction
from django.utils import timezone

from account.current import load_account
from insights.rfm.boundaries import Boundaries
from insights.rfm.models import RfmRequest, RfmSnapshot
from insights.rfm.scoring import load_thresholds, month_before, partition_of, store_scores
from orders.models import Order

log = structlog.get_logger(__name__)

ADVISORY_SPACE = 0x52464D53  # “RFMS”: one computation at a time, which is heavy enough
# Figures that orders have changed under are computed anew after so many times what they took, within these bounds.
TIMES_OF_WHAT_IT_TOOK = 40
SOONEST, MIN_AGE, MAX_AGE = timedelta(minutes=2), timedelta(minutes=15), timedelta(hours=1)
KEPT_UNUSED = timedelta(days=1)  # how long the snapshot of another day stays after somebody looked at it
KEPT_SNAPSHOTS = 10  # of other days: a million contacts take a quarter of a gigabyte in each
MAX_WAITING = 10  # days that are asked for and not computed yet

TRY_LOCK = "SELECT pg_try_advisory_xact_lock(%s, 0)"
# Many sorts of a million rows each: in memory, and without compiling each of the statements. The lists that are made
# here are temporary.
SETTINGS = "SET LOCAL work_mem = '128MB'; SET LOCAL maintenance_work_mem = '256MB'; SET LOCAL jit = off"

FORGET = (
    "DELETE FROM insights_rfmcell WHERE snapshot_id = ANY(%(ids)s)",
    "DELETE FROM insights_rfmsnapshot WHERE id = ANY(%(ids)s)",
)
# Dropping a partition waits for who reads any of them, and others then wait behind it: not for long, the next run does.
LOCK_PATIENCE = "SET LOCAL lock_timeout = '500ms'"
LEFT_BEHIND = """
    SELECT child.relname
      FROM pg_inherits
      JOIN pg_class AS child ON child.oid = inhrelid
     WHERE inhparent = 'insights_rfmscore'::regclass
       AND NOT EXISTS (SELECT FROM insights_rfmsnapshot WHERE 'insights_rfmscore_' || id = child.relname)
"""


def ask_for(day: date) -> bool:
    """Has the day computed, or computed anew, by the next refresh_due().

    False, and nothing is done, while too many others wait: a day of a million contacts takes half a minute.
    """
    waiting = set(RfmRequest.objects.values_list("day", flat=True)[:MAX_WAITING])
    if day not in waiting and len(waiting) >= MAX_WAITING:
        return False
    RfmRequest.objects.get_or_create(day=day)
    return True


def refresh_due() -> int:
    """Computes what is due and asked for, and removes what nobody looks at any more; returns how many days."""
    account = load_account()
    today = timezone.localdate(timezone=account.time_zone)
    due = set(RfmRequest.objects.values_list("day", flat=True))
    if _is_due(today, account.time_zone):
        due.add(today)
    computed = sum(compute(day) for day in sorted(due, key=lambda day: (day != today, day)))
    _forget_unused()
    return computed


def _is_due(today: date, zone: ZoneInfo) -> bool:
    current = RfmSnapshot.objects.filter(is_current=True).first()
    if current is None or (current.day, current.time_zone) != (today, zone.key) or not _follows_staff(current):
        return True
    age = timezone.now() - current.computed_at
    if age <= min(max(SOONEST, TIMES_OF_WHAT_IT_TOOK * timedelta(seconds=float(current.seconds))), MIN_AGE):
        return False
    return age > MAX_AGE or Order.objects.filter(updated_at__gt=current.computed_at).exists()  # index: order_by_update


def _follows_staff(current: RfmSnapshot) -> bool:
    """Whether the scores were made by the thresholds that staff have set now."""
    by_staff = {currency: _as_json(each) for currency, each in load_thresholds().items()}
    return all(
        told == by_staff[currency] if currency in by_staff else told["scoredBy"] == "quintiles"
        for currency, told in current.boundaries.items()
    )


def compute(day: date) -> bool:
    """Puts the scores of a day in the place of its older ones; the day that goes on becomes the current one.

    One transaction. False, and nothing is done, while another process computes.
    """
    started = time.monotonic()
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(TRY_LOCK, [ADVISORY_SPACE])
        if not cursor.fetchone()[0]:
            return False
        cursor.execute(SETTINGS)
        account, computed_at = load_account(), timezone.now()
        RfmRequest.objects.filter(day=day).delete()
        snapshot = RfmSnapshot(
            id=_next_id(),
            day=day,
            month_before=month_before(day),
            time_zone=account.time_zone.key,
            is_current=day == timezone.localdate(timezone=account.time_zone),
            computed_at=computed_at,
        )
        found = store_scores(snapshot, account.time_zone)
        _forget([each.pk for each in _replaced_by(snapshot)])
        snapshot.boundaries = {currency: _as_json(each) for currency, each in found.items()}
        snapshot.seconds = Decimal(round(1000 * (time.monotonic() - started))) / 1000
        snapshot.save(force_insert=True)
    with connection.cursor() as cursor:
        cursor.execute(f"ANALYZE {partition_of(snapshot.pk)}")
    _drop_left_behind()
    return True


def _next_id() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT nextval(pg_get_serial_sequence('insights_rfmsnapshot', 'id'))")
        return int(cursor.fetchone()[0])


def _replaced_by(snapshot: RfmSnapshot) -> list[RfmSnapshot]:
    return [
        each
        for each in RfmSnapshot.objects.all()
        if each.day == snapshot.day or (each.is_current and snapshot.is_current)
    ]


def _as_json(boundaries: Boundaries) -> dict[str, Any]:
    return {
        "scoredBy": boundaries.scored_by,
        "recency": list(boundaries.recency),
        "frequency": list(boundaries.frequency),
        "monetary": list(boundaries.monetary),
    }


def _forget(snapshot_ids: list[int]) -> None:
    with connection.cursor() as cursor:
        for statement in FORGET:
            cursor.execute(statement, {"ids": snapshot_ids})


def _forget_unused() -> None:
    """Removes the snapshots of other days that nobody has looked at lately, and the oldest where there are too many."""
    others = list(RfmSnapshot.objects.filter(is_current=False).order_by("-last_asked_at"))
    last_used = timezone.now() - KEPT_UNUSED
    unused = [each.pk for place, each in enumerate(others) if place >= KEPT_SNAPSHOTS or each.last_asked_at < last_used]
    if unused:
        with transaction.atomic():
            _forget(unused)
        _drop_left_behind()


def _drop_left_behind() -> None:
    """Drops the partitions of snapshots that are gone, as far as nobody reads them just now."""
    with connection.cursor() as cursor:
        cursor.execute(LEFT_BEHIND)
        tables = [table for (table,) in cursor.fetchall()]
    for table in tables:
        try:
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.execute(LOCK_PATIENCE)
                cursor.execute(f"DROP TABLE {table}")
        except OperationalError as error:  # the lock was not to be had; the next run tries again
            log.info("rfm.partition_still_read", table=table, error=str(error).strip())
