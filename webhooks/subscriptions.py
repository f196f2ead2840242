"""What staff do with subscriptions: made, changed, paused, resumed, given a new secret, tried, sent again to.

Each writes its audit entry in the transaction that does it. Secrets are of 32 random bytes, as Standard Webhooks has
them (`whsec_` and base64), and are shown once.
"""

import base64
import secrets
from collections.abc import Collection
from datetime import datetime, timedelta

from django.db import connection, transaction
from django.utils import timezone

from account.audit import AuditAction, record_audit
from webhooks.exchange import Answer
from webhooks.models import WHEN_RESUMED, Delivery, DeliveryState, Subscription, SubscriptionState
from webhooks.outbox import forget_subscriptions
from webhooks.sending import CLAIM_LASTS, send
from webhooks.topics import Topic

MOST_SUBSCRIPTIONS = 50  # each is looked at for each batch of events
OLD_SECRET_SIGNS_FOR = timedelta(days=1)
MOST_AGAIN = 10_000


def _told_at_once() -> None:
    """Lets this process know of a change when it is committed; others know within a second."""
    transaction.on_commit(forget_subscriptions)


class TooManySubscriptionsError(Exception):
    """There are MOST_SUBSCRIPTIONS already."""


def new_secret() -> str:
    return "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()


def create_subscription(subscription: Subscription, actor: str) -> str:
    """Stores a new one and gives its secret, which nobody is shown again. Raises TooManySubscriptionsError."""
    with transaction.atomic():
        if Subscription.objects.count() >= MOST_SUBSCRIPTIONS:
            raise TooManySubscriptionsError
        subscription.secret = new_secret()
        subscription.save()
        _told_at_once()
        record_audit(actor, AuditAction.WEBHOOK_CREATED, f"“{subscription.name}” to {subscription.url}")
    return subscription.secret


def change_subscription(subscription: Subscription, changed: Collection[str], actor: str) -> None:
    """Stores what staff changed; `changed` names the columns."""
    with transaction.atomic():
        subscription.save(update_fields=list(changed))
        _told_at_once()
        record_audit(actor, AuditAction.WEBHOOK_CHANGED, f"“{subscription.name}”: {', '.join(sorted(changed))}")


def delete_subscription(subscription_id: int, actor: str) -> bool:
    """Takes it away with the log of its deliveries; False when there is none."""
    with transaction.atomic():
        subscription = Subscription.objects.select_for_update().filter(pk=subscription_id).first()
        if subscription is None:
            return False
        count = Delivery.objects.filter(subscription=subscription, state=DeliveryState.PENDING).count()
        _delete_log(subscription_id)
        subscription.delete()
        _told_at_once()
        record_audit(actor, AuditAction.WEBHOOK_DELETED, f"“{subscription.name}” to {subscription.url}", count)
    return True


DELETE_LOG = (
    """
    DELETE FROM webhooks_attempt AS attempt USING webhooks_delivery AS delivery   -- index: delivery_log
     WHERE delivery.id = attempt.delivery_id AND delivery.subscription_id = %(id)s
    """,
    "DELETE FROM webhooks_delivery WHERE subscription_id = %(id)s",
)


def _delete_log(subscription_id: int) -> None:
    """In two statements, however long it is: Django would read all of it first, to look for what hangs on it."""
    with connection.cursor() as cursor:
        for statement in DELETE_LOG:
            cursor.execute(statement, {"id": subscription_id})


def pause(subscription_id: int, actor: str) -> bool:
    """Holds back what is to be sent, and what comes; False when it is not active."""
    return _turn(subscription_id, SubscriptionState.ACTIVE, SubscriptionState.PAUSED, actor)


def resume(subscription_id: int, actor: str) -> bool:
    """Sends what was held back, or begins anew after it was switched off; False when it is active."""
    return _turn(subscription_id, SubscriptionState.PAUSED, SubscriptionState.ACTIVE, actor) or _turn(
        subscription_id, SubscriptionState.SWITCHED_OFF, SubscriptionState.ACTIVE, actor
    )


def _turn(subscription_id: int, from_state: str, to_state: SubscriptionState, actor: str) -> bool:
    with transaction.atomic():
        subscription = Subscription.objects.select_for_update().filter(pk=subscription_id, state=from_state).first()
        if subscription is None:
            return False
        subscription.state = to_state
        subscription.failing_since = subscription.switched_off_at = None
        subscription.save(update_fields=["state", "failing_since", "switched_off_at"])
        _told_at_once()
        due_at = WHEN_RESUMED if to_state == SubscriptionState.PAUSED else timezone.now()
        pending = Delivery.objects.filter(subscription=subscription, state=DeliveryState.PENDING)
        count = pending.update(due_at=due_at)
        record_audit(actor, AuditAction.WEBHOOK_CHANGED, f"“{subscription.name}”: {to_state.label}", count)
    return True


def rotate_secret(subscription_id: int, actor: str) -> str | None:
    """Gives a new secret; the one before signs along for a day. None when there is no such subscription."""
    with transaction.atomic():
        subscription = Subscription.objects.select_for_update().filter(pk=subscription_id).first()
        if subscription is None:
            return None
        subscription.previous_secret, subscription.secret = subscription.secret, new_secret()
        subscription.previous_secret_until = timezone.now() + OLD_SECRET_SIGNS_FOR
        subscription.save(update_fields=["secret", "previous_secret", "previous_secret_until"])
        record_audit(actor, AuditAction.WEBHOOK_CHANGED, f"“{subscription.name}”: new secret")
    return subscription.secret


def send_test(subscription: Subscription) -> tuple[Delivery, Answer]:
    """Sends a test message now, whatever the state, and says what came of it. It is tried once."""
    delivery = Delivery.objects.create(subscription=subscription, topic=Topic.TEST, due_at=timezone.now() + CLAIM_LASTS)
    [answer] = send([delivery], {subscription.pk: subscription})
    Delivery.objects.filter(pk=delivery.pk, state=DeliveryState.PENDING).update(
        state=DeliveryState.FAILED, ended_at=timezone.now()
    )
    return delivery, answer


def send_again(subscription: Subscription, delivery_ids: Collection[int] | None, actor: str, since: datetime) -> int:
    """Sends ended deliveries once more: these, or all that were not taken and ended since then; returns how many.

    At most MOST_AGAIN of them, the oldest first. They keep their message ids and have three days again.
    """
    with transaction.atomic():
        ended = Delivery.objects.filter(subscription=subscription).exclude(state=DeliveryState.PENDING)
        if delivery_ids is None:
            ended = ended.filter(state__in=[DeliveryState.FAILED, DeliveryState.CANCELLED], ended_at__gte=since)
            ended = ended.exclude(topic=Topic.TEST)
        else:
            ended = ended.filter(pk__in=delivery_ids)
        ids = list(ended.order_by("pk").values_list("pk", flat=True)[:MOST_AGAIN])
        paused = subscription.state == SubscriptionState.PAUSED
        count = Delivery.objects.filter(pk__in=ids).update(
            state=DeliveryState.PENDING,
            due_at=WHEN_RESUMED if paused else timezone.now(),
            ended_at=None,
            first_tried_at=None,
        )
        record_audit(actor, AuditAction.WEBHOOK_SENT_AGAIN, f"“{subscription.name}”", count)
    return count
