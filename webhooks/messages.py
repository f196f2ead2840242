"""What a message says: the event and what became of it, or the order and how it changed, as the API shows them.

It is put together when it is sent, so it tells of the order as it stands then, and nothing that was erased meanwhile.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from django.db.models.functions import Now

from account.current import current_account
from contract.json_values import encode
from contract.moments import present_moment
from events.fates import load_fates
from events.order_changes import present_changes
from orders.api import orders_with_items
from orders.history import load_changes_of_events
from orders.presentation import present_order
from webhooks.exchange import Message
from webhooks.models import Delivery, Subscription
from webhooks.topics import Topic


def make_messages(deliveries: Sequence[Delivery], subscriptions: Mapping[int, Subscription]) -> list[Message]:
    """The messages of these deliveries, in their order: a fixed number of statements for any number of them."""
    event_ids = {each.event_id for each in deliveries if each.event_id is not None}
    fates = {int(fate["id"]): fate for fate in load_fates(sorted(event_ids))} if event_ids else {}
    changed = [each for each in deliveries if each.topic == Topic.ORDER_CHANGED]
    changes = load_changes_of_events([each.event_id for each in changed if each.event_id]) if changed else {}
    orders = _load_orders({each.order_id for each in changed if each.order_id is not None}) if changed else {}
    shown = dict(zip(changes, present_changes(list(changes.values())), strict=True)) if changes else {}

    def data_of(delivery: Delivery) -> dict[str, Any]:
        if delivery.topic == Topic.TEST:
            return {"message": "This is a test. Nothing has happened."}
        if delivery.topic == Topic.ORDER_CHANGED:
            return {"order": orders.get(delivery.order_id or 0), "change": shown.get(delivery.event_id or 0)}
        return {"event": fates.get(delivery.event_id or 0)}

    return [_message(each, subscriptions[each.subscription_id], data_of(each)) for each in deliveries]


def _load_orders(order_ids: set[int]) -> dict[int, Any]:
    zone = current_account().time_zone
    return {order.pk: present_order(order, zone) for order in orders_with_items().filter(pk__in=order_ids)}


def _message(delivery: Delivery, subscription: Subscription, data: Mapping[str, Any]) -> Message:
    body = {
        "type": delivery.topic,
        "timestamp": present_moment(delivery.created_at, current_account().time_zone),
        "data": data,
    }
    return Message(delivery.pk, delivery.message_id, subscription.url, secrets_of(subscription), encode(body))


def secrets_of(subscription: Subscription) -> list[str]:
    """What messages are signed with now: for a day after a rotation, the secret before it as well."""
    return [secret for secret in (subscription.secret, subscription.previous_secret) if secret]


def forget_previous_secrets() -> None:
    """Removes the secrets that no longer sign along: one statement."""
    Subscription.objects.filter(previous_secret_until__lte=Now()).update(previous_secret="", previous_secret_until=None)
