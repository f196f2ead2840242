"""The doors of the workers: what Celery calls. Each reads its arguments and calls one function."""

import time

from celery import shared_task

from contacts import import_results, import_wake, imports
from events import order_deletion
from events.erasure import advance_erasures
from events.idempotency import remove_old_keys
from events.intake import count_marked
from events.models import LANES
from events.new_contacts import store_new_contact_events
from events.processing import drain_lanes, drain_woken
from events.replay_jobs import advance_replays
from orders.customer_counts import rebuild_due
from orders.item_names import note_item_names
from orders.split_summaries import rebuild_all_marked
from orders.summaries import rebuild_marked

STALE_SECONDS = 1.0  # a wake-up older than this says nothing new when its lanes were looked at after it was sent

_looked_at: dict[int, float] = {}


@shared_task(name="events.drain", ignore_result=True)
def drain(lanes: list[int], sent_at: float) -> None:
    """Applies what waits in these lanes. `sent_at` is Unix time: a backlog of wake-ups is skipped, not worked off."""
    started = time.time()
    due = [lane for lane in lanes if _looked_at.get(lane, 0.0) < sent_at + STALE_SECONDS]
    for lane in due:
        _looked_at[lane] = started
    if due:
        drain_woken(due)


@shared_task(name="events.sweep", ignore_result=True)
def sweep(thorough: bool = False) -> None:
    """Applies what waits in any lane: finds the events whose wake-up was lost.

    `thorough`, now and then, also finds what a process that was stopped in mid-commit has stored late.
    """
    drain_lanes(range(LANES), thorough=thorough)


@shared_task(name="events.advance_replays", ignore_result=True)
def hand_over_replayed() -> None:
    """Carries on the replays that are under way."""
    advance_replays()


@shared_task(name="events.advance_erasures", ignore_result=True)
def erase_people() -> None:
    """Carries on the erasures that are under way."""
    advance_erasures()


@shared_task(name=order_deletion.TASK, ignore_result=True)
def delete_orders() -> None:
    """Carries on the deletions of orders that are under way."""
    order_deletion.work_off_deletions()


@shared_task(name="events.remove_old_idempotency_keys", ignore_result=True)
def remove_old_idempotency_keys() -> None:
    """Removes the keys that are kept no longer."""
    remove_old_keys()


@shared_task(name="orders.note_item_names", ignore_result=True)
def note_names_of_items() -> None:
    """Notes the names of the items that were sold since the last time."""
    note_item_names()


@shared_task(name="events.count_intake", ignore_result=True)
def count_intake() -> None:
    """Counts again what became of the events of marked blocks."""
    count_marked()


@shared_task(name="orders.rebuild_summaries", ignore_result=True)
def rebuild_summaries() -> None:
    """Computes the marked days of revenue again."""
    rebuild_marked()


SPLIT_SECONDS = 3.0  # of each five: some 30 days of 14,000 orders, and all of a time zone's years within minutes


@shared_task(name="orders.rebuild_parts", ignore_result=True)
def rebuild_parts() -> None:
    """Counts customers again where it is due, and computes the splits of some marked days."""
    rebuild_due()
    rebuild_all_marked(SPLIT_SECONDS)


IMPORT_SECONDS = 0.25  # of a turn: the events of a worker that imports wait for no longer
SECONDS_UNTIL_A_CHAIN_IS_LOST = 10.0  # more than any turn takes: then its next wake-up will not come any more

_chain_sent_at: float | None = None


@shared_task(name=import_wake.TASK, ignore_result=True)
def work_off_imports(sent_at: float | None = None) -> None:
    """Works on imports for a moment, and sends itself again while there are more: events get their turns in between.

    Each import comes with a wake-up, and so does each sweep. Of all that, a worker keeps one chain of turns going: who
    comes while it is alive is passed over, since the chain's next turn looks at everything that waits.
    """
    global _chain_sent_at
    if _chain_sent_at is not None and sent_at != _chain_sent_at and _is_alive(_chain_sent_at):
        return
    _chain_sent_at = None
    if imports.work_off_imports(IMPORT_SECONDS, store_new_contact_events):
        _chain_sent_at = time.time()
        import_wake.send_wake_up(_chain_sent_at)


def _is_alive(chain_sent_at: float) -> bool:
    return time.time() - chain_sent_at < SECONDS_UNTIL_A_CHAIN_IS_LOST


@shared_task(name="contacts.remove_old_imports", ignore_result=True)
def remove_old_imports() -> None:
    """Removes what is told of imports no longer."""
    import_results.remove_old_imports()
