"""Notes what is to be told, in the transaction that ends the events: a message is never lost and never invented.

It costs a batch nothing while nobody asks for anything, and else one COPY of narrow rows. Sending is another's work
(webhooks/sending.py), outside of any lane.
"""

import time
from collections.abc import Sequence
from datetime import datetime

from contract.postgres import copy_rows
from events.listeners import Ended
from webhooks.models import WHEN_RESUMED, Subscription, SubscriptionState
from webhooks.topics import Topic, Wish

MAX_AGE_SECONDS = 1.0  # how long a running worker may not know of a change of a subscription
TOLD = (SubscriptionState.ACTIVE, SubscriptionState.PAUSED)  # who is switched off is noted nothing
COLUMNS = ("subscription_id", "topic", "event_id", "order_id", "state", "attempts", "due_at")

type Told = list[tuple[int, Wish, datetime | str]]  # subscription, what it asks for, when a message for it is due
_cached: tuple[float, Told] | None = None


def note_deliveries(ended: Sequence[Ended]) -> None:
    """Writes a delivery for each message that an active or paused subscription asked for: at most one statement.

    Those of paused ones wait until they are resumed (webhooks/subscriptions.py), and are not due before.
    """
    rows = [
        (subscription_id, topic.value, one.event_id, one.order_id, "pending", 0, due)
        for subscription_id, wish, due in _current()
        for one in ended
        for topic in wish.topics_of(one.event_type_key, one.status, one.order_status)
        if topic is not Topic.ORDER_CHANGED or one.order_id is not None
    ]
    if rows:
        copy_rows("webhooks_delivery", COLUMNS, rows)


def _current() -> Told:
    """Who is to be told what, at most MAX_AGE_SECONDS old."""
    global _cached
    now = time.monotonic()
    if _cached is None or now - _cached[0] > MAX_AGE_SECONDS:
        subscriptions = Subscription.objects.filter(state__in=TOLD).order_by("pk")
        _cached = (now, [(each.pk, wish_of(each), _due(each)) for each in subscriptions])
    return _cached[1]


def forget_subscriptions() -> None:
    """Makes the next batch read them anew (tests, and after a change in this process)."""
    global _cached
    _cached = None


def wish_of(subscription: Subscription) -> Wish:
    return Wish(
        frozenset(subscription.topics), frozenset(subscription.event_types), frozenset(subscription.order_statuses)
    )


def _due(subscription: Subscription) -> datetime | str:
    """When it is to be sent; “now” is PostgreSQL's own word for it."""
    return WHEN_RESUMED if subscription.state == SubscriptionState.PAUSED else "now"
