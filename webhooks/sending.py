"""Sends what is due, and tries again what was not taken: for three days, at longer and longer intervals.

Claimed in one transaction, posted outside of any, recorded in another. A claim moves `due_at` on, so a process that
ends in the middle leaves its deliveries to the next one: a message may then come twice, under the same id.

A subscription that fails is sent little at a time and in rounds of its own, so that waiting for it holds up nobody.
"""

import random
import threading
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import structlog
from django.db import connection, transaction
from django.utils import timezone

from account.audit import AuditAction, record_audit
from contract.postgres import as_recordset, copy_rows
from webhooks.exchange import AT_ONCE, Answer
from webhooks.messages import make_messages
from webhooks.models import Delivery, DeliveryState, Subscription, SubscriptionState
from webhooks.outbox import forget_subscriptions

log = structlog.get_logger(__name__)

# After the first failure, the second, …; then LAST_WAIT each time, until GIVE_UP_AFTER the first attempt.
WAITS = tuple(timedelta(seconds=seconds) for seconds in (5, 60, 300, 1_800, 3_600, 7_200, 14_400, 28_800))
LAST_WAIT = timedelta(hours=12)
GIVE_UP_AFTER = timedelta(days=3)
SWITCH_OFF_AFTER = timedelta(days=5)  # of nothing but failures
JITTER = 0.1  # of a wait, so that what failed together is not tried again together
CLAIM_LASTS = timedelta(seconds=60)  # longer than a round takes: its requests all go out at once (webhooks/posting.py)
OF_EACH, OF_EACH_FAILING = 25, 3  # deliveries of one subscription in a round, at most
ROUNDS = 20  # that one call makes at most; the next call comes within a second
GONE = 410  # “this address will never take anything again”

# The choice stands in a WITH that is done once: joined with what it updates, it may be done again and choose more.
CLAIM = """
    WITH due AS MATERIALIZED (
        SELECT chosen.id
          FROM unnest(%(subscriptions)s::bigint[]) AS subscription (id)
         CROSS JOIN LATERAL (
                   SELECT delivery.id FROM webhooks_delivery AS delivery       -- index: delivery_due
                    WHERE delivery.subscription_id = subscription.id AND delivery.state = 'pending'
                      AND delivery.due_at <= now()
                    ORDER BY delivery.due_at, delivery.id
                    LIMIT %(of_each)s
                      FOR UPDATE SKIP LOCKED
               ) AS chosen
    )
    UPDATE webhooks_delivery AS claimed SET due_at = %(until)s FROM due WHERE claimed.id = due.id RETURNING claimed.id
"""
_rounds: Mapping[bool, threading.Lock] = {False: threading.Lock(), True: threading.Lock()}


def send_due(*, failing: bool) -> int:
    """Sends what is due to subscriptions that took the last message, or to those that did not; returns how many.

    A process makes one round of each kind at a time; several processes share the work.
    """
    if not _rounds[failing].acquire(blocking=False):
        return 0
    try:
        sent = 0
        for _ in range(ROUNDS):
            in_this_round = _send_round(failing)
            sent += in_this_round
            if in_this_round == 0:
                break
        return sent
    finally:
        _rounds[failing].release()


def _send_round(failing: bool) -> int:
    chosen = Subscription.objects.filter(state=SubscriptionState.ACTIVE, failing_since__isnull=not failing)
    subscriptions = {each.pk: each for each in chosen}
    fair_share = max(1, AT_ONCE // max(1, len(subscriptions)))
    deliveries = _claim(list(subscriptions), min(fair_share, OF_EACH_FAILING if failing else OF_EACH))
    if not deliveries:
        return 0
    send(deliveries, subscriptions)
    return len(deliveries)


def _claim(subscription_ids: Sequence[int], of_each: int) -> list[Delivery]:
    if not subscription_ids:
        return []
    with transaction.atomic(), connection.cursor() as cursor:
        until = timezone.now() + CLAIM_LASTS
        cursor.execute(CLAIM, {"subscriptions": list(subscription_ids), "of_each": of_each, "until": until})
        ids = [delivery_id for (delivery_id,) in cursor.fetchall()]
    return list(Delivery.objects.filter(pk__in=ids).order_by("pk")) if ids else []


def send(deliveries: Sequence[Delivery], subscriptions: Mapping[int, Subscription]) -> list[Answer]:
    """Posts these deliveries, which nobody else may hold, and records what came of each. Not in a transaction."""
    from webhooks.posting import post_messages  # its client takes a quarter of a second to load, and few send

    answers = post_messages(make_messages(deliveries, subscriptions))
    now = timezone.now()
    with transaction.atomic():
        there = _lock_subscriptions({each.subscription_id for each in deliveries})
        told = [pair for pair in zip(deliveries, answers, strict=True) if pair[0].subscription_id in there]
        _record(told, now)
        _note_subscriptions(told, there, now)
    taken = sum(answer.is_taken for answer in answers)
    log.info("webhooks.sent", messages=len(answers), taken=taken)
    return answers


type Told = Sequence[tuple[Delivery, Answer]]


def _lock_subscriptions(ids: Collection[int]) -> dict[int, Subscription]:
    """Those that are still there, as they are now: one that was deleted meanwhile took its deliveries along.

    Locked before any delivery, as by whoever pauses, resumes or deletes one.
    """
    locked = Subscription.objects.select_for_update().filter(pk__in=ids).order_by("pk")
    return {each.pk: each for each in locked}


RECORD = """
    UPDATE webhooks_delivery AS delivery
       SET state = new.state, attempts = new.attempts, due_at = new.due_at, ended_at = new.ended_at,
           first_tried_at = coalesce(delivery.first_tried_at, new.tried_at)
      FROM json_to_recordset(%(rows)s::json) AS new (
               id bigint, state text, attempts int, due_at timestamptz, ended_at timestamptz, tried_at timestamptz)
     WHERE delivery.id = new.id
"""


def _record(told: Told, now: datetime) -> None:
    copy_rows(
        "webhooks_attempt",
        ("delivery_id", "number", "at", "milliseconds", "status", "error"),
        [(one.pk, one.attempts + 1, it.at, it.milliseconds, it.status, it.error) for one, it in told],
    )
    with connection.cursor() as cursor:
        cursor.execute(RECORD, {"rows": as_recordset([_after(one, it, now) for one, it in told])})


def _after(delivery: Delivery, answer: Answer, now: datetime) -> dict[str, Any]:
    """The delivery's columns after this attempt."""
    attempts = delivery.attempts + 1
    row = {"id": delivery.pk, "attempts": attempts, "tried_at": answer.at, "due_at": now}
    if answer.is_taken:
        return {**row, "state": DeliveryState.DELIVERED.value, "ended_at": now}
    due_at = next_attempt_at(attempts, delivery.first_tried_at or answer.at, now)
    if due_at is None:
        return {**row, "state": DeliveryState.FAILED.value, "ended_at": now}
    return {**row, "state": DeliveryState.PENDING.value, "due_at": due_at, "ended_at": None}


def next_attempt_at(attempts: int, first_tried_at: datetime, now: datetime) -> datetime | None:
    """When a message that failed `attempts` times is tried again; None when it is given up. Moments are UTC."""
    wait = WAITS[attempts - 1] if attempts <= len(WAITS) else LAST_WAIT
    wait *= 1 + random.uniform(-JITTER, JITTER)  # noqa: S311 - nothing secret
    return now + wait if now + wait <= first_tried_at + GIVE_UP_AFTER else None


@dataclass(slots=True)
class _Round:
    """What the messages of a round say about their subscription."""

    is_any_taken: bool = False
    is_gone: bool = False
    is_any_again: bool = False  # has one failed before?


def _note_subscriptions(told: Told, subscriptions: Mapping[int, Subscription], now: datetime) -> None:
    """Notes who fails and since when, and switches off who failed for too long. The caller has locked them."""
    rounds: dict[int, _Round] = {}
    for delivery, answer in told:
        of_this = rounds.setdefault(delivery.subscription_id, _Round())
        of_this.is_any_taken |= answer.is_taken
        of_this.is_gone |= answer.status == GONE
        of_this.is_any_again |= delivery.attempts > 0
    still_failing = _still_failing(told, [which for which, of_this in rounds.items() if not of_this.is_any_again])
    changed = []
    for subscription_id, of_this in rounds.items():
        subscription = subscriptions[subscription_id]
        before = (subscription.failing_since, subscription.state)
        if of_this.is_any_taken:
            subscription.failing_since = None
        elif subscription.failing_since is None or not (of_this.is_any_again or subscription_id in still_failing):
            # What failed before was given up, and nothing was sent since: nobody knows how long this one fails.
            subscription.failing_since = now
        if not of_this.is_any_taken and (of_this.is_gone or now - subscription.failing_since >= SWITCH_OFF_AFTER):  # type: ignore[operator]
            _switch_off(subscription, now)
        if before != (subscription.failing_since, subscription.state):
            changed.append(subscription)
    if changed:
        Subscription.objects.bulk_update(changed, ["failing_since", "state", "switched_off_at"])


def _still_failing(told: Told, subscription_ids: Collection[int]) -> set[int]:
    """Those of the subscriptions that have other messages which failed and are to be tried again."""
    if not subscription_ids:
        return set()
    failing = Delivery.objects.filter(  # index: delivery_due
        subscription_id__in=subscription_ids, state=DeliveryState.PENDING, attempts__gt=0
    ).exclude(pk__in=[delivery.pk for delivery, _ in told])
    return set(failing.values_list("subscription_id", flat=True).distinct())


def _switch_off(subscription: Subscription, now: datetime) -> None:
    """Nothing more is noted or sent; what was still to be sent is cancelled, and can be sent by hand later on.

    One that is paused was only sent tests: what is held back for it stays.
    """
    if subscription.state != SubscriptionState.ACTIVE:
        return
    subscription.state = SubscriptionState.SWITCHED_OFF
    subscription.switched_off_at = now
    transaction.on_commit(forget_subscriptions)
    pending = Delivery.objects.filter(subscription=subscription, state=DeliveryState.PENDING)
    count = pending.update(state=DeliveryState.CANCELLED, ended_at=now)
    what = f"“{subscription.name}”: nothing was taken since {subscription.failing_since:%Y-%m-%d %H:%M} UTC"
    record_audit("webhooks", AuditAction.WEBHOOK_SWITCHED_OFF, what, count)
    log.warning("webhooks.switched_off", subscription=subscription.name, cancelled=count)


KEPT = timedelta(days=30)
REMOVED_AT_ONCE = 5_000
# Ended long ago, or of a subscription that is there no more.
OLD = """
    SELECT id FROM webhooks_delivery                          -- index: delivery_by_end
     WHERE ended_at < %(before)s ORDER BY ended_at LIMIT %(limit)s
"""
OF_NOBODY = """
    SELECT id FROM webhooks_delivery AS delivery              -- index: delivery_due
     WHERE state = 'pending'
       AND NOT EXISTS (SELECT FROM webhooks_subscription WHERE id = delivery.subscription_id)
     LIMIT %(limit)s
"""
REMOVE = "DELETE FROM webhooks_delivery WHERE id = ANY(%(ids)s)"
REMOVE_ATTEMPTS = (
    "DELETE FROM webhooks_attempt WHERE delivery_id = ANY(%(ids)s)"  # index: attempt_number_in_its_delivery
)


def remove_old() -> int:
    """Removes what ended longer than 30 days ago, some thousands at a time; returns the number of deliveries."""
    values: dict[str, datetime | int] = {"before": timezone.now() - KEPT, "limit": REMOVED_AT_ONCE}
    return sum(_remove_found(finding, values) for finding in (OLD, OF_NOBODY))


def _remove_found(finding: str, values: Mapping[str, datetime | int]) -> int:
    removed = 0
    while True:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(finding, values)
            ids = [delivery_id for (delivery_id,) in cursor.fetchall()]
            for statement in (REMOVE_ATTEMPTS, REMOVE):
                cursor.execute(statement, {"ids": ids})
        removed += len(ids)
        if len(ids) < REMOVED_AT_ONCE:
            return removed
