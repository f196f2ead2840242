"""Deletes orders in the background: those of one external id, or of a span of dates (docs/rules.md, section 6).

An order is deleted by an event of its own, which goes through its lane like every other: what was accepted before is
applied before, and the log can still rebuild the ledger. A request is a row until it is worked off. It goes on piece by
piece: a piece stores events for some orders and writes down which (one transaction), applies them, and counts them (one
more). So a worker that is killed takes nothing with it, and two workers never count one event twice. With the last
piece the request becomes an entry of the audit log.
"""

import time
from dataclasses import dataclass
from datetime import datetime

import structlog
from celery import current_app
from django.db import transaction
from kombu.exceptions import OperationalError as BrokerError

from account.audit import AuditAction, record_audit
from contract.json_values import encode
from events import inbox
from events.at_once import apply_at_once
from events.inbox import NewEvent
from events.models import OrderDeletion, Outcome
from orders.ledger import load_page_of_span
from orders.rules import DELETED, DELETION_TYPE

log = structlog.get_logger(__name__)

TASK = "events.delete_orders"
ORDERS_AT_ONCE = 500  # of one piece: some tenths of a second
SECONDS_AT_ONCE = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which orders are to be deleted: the one of this id, or those whose date is in the span, ends included."""

    external_order_id: str = ""
    first: datetime | None = None
    last: datetime | None = None

    def __str__(self) -> str:
        if self.first is None or self.last is None:
            return f"externalOrderId={self.external_order_id}"
        return f"from={self.first.isoformat()}&to={self.last.isoformat()}"


def request_deletion(wanted: Wanted, source_id: int, actor: str) -> int:
    """Stores the request, durably when the caller's transaction ends; its id. `actor` is account.audit.actor_of().

    The event of a single order is stored at once, and has its place among those of its order from now on.
    """
    with transaction.atomic():
        deletion = OrderDeletion(
            source_id=source_id,
            requested_by=actor,
            external_order_id=wanted.external_order_id,
            first_date=wanted.first,
            last_date=wanted.last,
        )
        if wanted.external_order_id:
            deletion.event_ids = _store_events(source_id, [wanted.external_order_id], wakes=True)
        deletion.save(force_insert=True)
        transaction.on_commit(wake)
    return int(deletion.pk)


def wake() -> None:
    """Has a worker look at the requests soon. Never raises: the sweep is the retry."""
    try:
        current_app.send_task(TASK, retry=False, delivery_mode="transient", ignore_result=True)
    except (BrokerError, OSError) as error:
        log.warning("order_deletion.wake_up_not_published", error=str(error))


def work_off_deletions() -> None:
    """Carries on the requests that are under way, and has a worker go on after SECONDS_AT_ONCE, between events."""
    end = time.monotonic() + SECONDS_AT_ONCE
    for deletion_id in OrderDeletion.objects.order_by("pk").values_list("pk", flat=True):
        while _advance(deletion_id):
            if time.monotonic() > end:
                wake()
                return


def _advance(deletion_id: int) -> bool:
    """Does the next piece; False when there is none, or it has to wait for a lane or another worker."""
    event_ids = _begin_piece(deletion_id)
    if not event_ids:
        return False
    apply_at_once(event_ids)
    return _end_piece(deletion_id, event_ids)


def _begin_piece(deletion_id: int) -> list[int]:
    """The events of the piece, stored now or by a worker that did not get any further. None when all is done."""
    with transaction.atomic():
        deletion = _lock(deletion_id)
        if deletion is None or deletion.event_ids:
            return [] if deletion is None else list(deletion.event_ids)
        page = {} if deletion.external_order_id else _next_page(deletion)
        if not page:
            _finish(deletion)
            return []
        deletion.below_id = min(page)
        deletion.event_ids = _store_events(deletion.source_id, list(page.values()), wakes=False)
        deletion.save(update_fields=["below_id", "event_ids"])
        return list(deletion.event_ids)


def _end_piece(deletion_id: int, event_ids: list[int]) -> bool:
    """Counts what the piece has deleted. False when it is not over, or another worker has counted it."""
    with transaction.atomic():
        deletion = _lock(deletion_id)
        if deletion is None or deletion.event_ids != event_ids:
            return False
        outcomes = Outcome.objects.filter(event_id__in=event_ids)
        if outcomes.count() < len(event_ids):
            return False
        deletion.deleted += outcomes.filter(note=DELETED).count()
        deletion.event_ids = []
        deletion.save(update_fields=["deleted", "event_ids"])
        return True


def _lock(deletion_id: int) -> OrderDeletion | None:
    """The request, locked; None when it is worked off, or another worker has it at this moment."""
    return OrderDeletion.objects.select_for_update(skip_locked=True).filter(pk=deletion_id).first()


def _next_page(deletion: OrderDeletion) -> dict[int, str]:
    """The orders to see to next, by their ids: those that were there when the request was begun, newest first."""
    assert deletion.first_date is not None
    assert deletion.last_date is not None
    return load_page_of_span(deletion.first_date, deletion.last_date, deletion.below_id, ORDERS_AT_ONCE)


def _store_events(source_id: int, external_order_ids: list[str], *, wakes: bool) -> list[int]:
    """The ids of an event for each of the orders, in their order."""
    return inbox.store_many(
        [
            NewEvent(
                source_id=source_id,
                event_type_key=DELETION_TYPE,
                key_value=order_id,
                order_key=order_id,
                body=encode({"eventTypeKey": DELETION_TYPE, "params": {"externalOrderId": order_id}}),
            )
            for order_id in external_order_ids
        ],
        wakes=wakes,
    )


def _finish(deletion: OrderDeletion) -> None:
    wanted = Wanted(
        external_order_id=deletion.external_order_id, first=deletion.first_date, last=deletion.last_date
    )  # fmt: skip
    record_audit(deletion.requested_by, AuditAction.ORDERS_DELETED, str(wanted), deletion.deleted)
    deletion.delete()
