"""What a subscription is told: with the outcome or not at all, signed, in its own time, again until it is taken."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from django.db import connection, transaction
from django.utils import timezone
from standardwebhooks.webhooks import Webhook

from account.models import AuditEntry
from contract.reasons import Status
from events import outcomes
from events.basis import current_basis
from events.lanes import claim_waiting, try_lock_lanes
from events.listeners import Ended
from events.models import LANES, Outcome
from events.processing import apply_events, drain_lanes
from orders import ledger
from orders.models import Order
from tests.events.building import ITEM, created, drain, post
from tests.webhooks.receiver import listening
from webhooks import sending, subscriptions
from webhooks.messages import forget_previous_secrets
from webhooks.models import Attempt, Delivery, Subscription
from webhooks.outbox import forget_subscriptions, note_deliveries
from webhooks.sending import next_attempt_at, send_due

pytestmark = pytest.mark.django_db(transaction=True)


def send(*, failing: bool = False) -> int:
    return send_due(failing=failing)


def later(**columns) -> None:
    """Lets what waits be due now, as after some time."""
    Delivery.objects.filter(state="pending").update(due_at=timezone.now(), **columns)


def test_an_order_is_told_with_its_event_signed_and_once(subscribe):
    with listening() as receiver:
        subscription = subscribe(receiver)
        event_id = created("1001", items=[ITEM])
        drain()
        assert send() == 2
        assert send() == 0
    told = {each.json["type"]: each for each in receiver.got}
    assert sorted(told) == ["event.applied", "order.changed"]
    event = told["event.applied"].json["data"]["event"]
    assert (event["id"], event["outcome"], event["externalOrderId"]) == (str(event_id), "applied", "1001")
    changed = told["order.changed"].json["data"]
    assert (changed["order"]["externalOrderId"], changed["order"]["totalCost"]) == ("1001", "19.90")
    assert changed["change"]["fields"]["status"] == {"from": None, "to": "INITIALIZED"}
    for each in receiver.got:
        assert each.headers["content-type"] == "application/json"
        Webhook(subscription.secret).verify(each.body, each.headers)
    assert set(Delivery.objects.values_list("state", "attempts")) == {("delivered", 1)}
    assert Attempt.objects.filter(status=204, error="").count() == 2


def test_what_is_rolled_back_is_never_told(subscribe):
    with listening() as receiver:
        subscribe(receiver)
        created("1001")
        with transaction.atomic():
            apply_events(claim_waiting(try_lock_lanes(range(LANES)), 100, {}), current_basis())
            assert Delivery.objects.count() == 2
            transaction.set_rollback(True)
        assert not Delivery.objects.exists()
        drain_lanes(range(LANES))
        assert send() == 2


def test_only_what_was_asked_for_is_told(subscribe):
    with listening() as receiver:
        subscribe(receiver, topics=["event.ignored"], event_types=["orderDelivered"])
        created("1001")
        post("orderDelivered", {"externalOrderId": "nobody knows it"})
        post("orderCancelled", {"externalOrderId": "nor this"})
        drain()
        assert send() == 1
    event = receiver.got[0].json["data"]["event"]
    assert (event["eventTypeKey"], event["reason"]) == ("orderDelivered", "order_not_found")


def test_a_batch_costs_two_statements_however_many_are_told(subscribe, django_assert_num_queries):

    for number in range(3):
        subscribe("https://shop.example/", name=str(number))
    ended = [Ended(number, "orderCreated", 1, Status.APPLIED, "", number, "INITIALIZED") for number in range(50)]
    forget_subscriptions()
    with django_assert_num_queries(2):
        note_deliveries(ended)
    assert Delivery.objects.count() == 3 * 50 * 2


def test_what_was_not_taken_is_sent_again_under_the_same_id(subscribe):
    with listening(500, 204) as receiver:
        subscription = subscribe(receiver, topics=["event.applied"])
        created("1001")
        drain()
        assert send() == 1
        delivery = Delivery.objects.get()
        assert (delivery.state, delivery.attempts) == ("pending", 1)
        assert delivery.due_at > timezone.now() + timedelta(seconds=3)
        subscription.refresh_from_db()
        assert subscription.failing_since is not None
        later()
        assert (send(), send(failing=True)) == (0, 1)
    assert len(receiver.ids) == 2
    assert len(set(receiver.ids)) == 1
    assert list(Attempt.objects.order_by("number").values_list("status", "error")) == [
        (500, "It was answered with 500."),
        (204, ""),
    ]
    subscription.refresh_from_db()
    assert subscription.failing_since is None


def test_attempts_come_at_longer_and_longer_intervals_for_three_days():
    first = now = datetime(2026, 5, 14, 9, tzinfo=UTC)
    waits = []
    for attempts in range(1, 100):
        due_at = next_attempt_at(attempts, first, now)
        if due_at is None:
            break
        waits.append(due_at - now)
        now = due_at
    assert waits[0] < timedelta(seconds=6)
    assert all(earlier < later for earlier, later in pairwise(waits[:8]))
    assert timedelta(days=2) < now - first <= timedelta(days=3)


def test_what_is_never_taken_is_given_up_and_can_be_sent_again_by_hand(subscribe):
    with listening(500) as receiver:
        subscription = subscribe(receiver, topics=["event.applied"])
        created("1001")
        drain()
        send()
        later(first_tried_at=timezone.now() - timedelta(days=3))
        send(failing=True)
        assert Delivery.objects.get().state == "failed"
        receiver.statuses[:] = [204]
        since = timezone.now() - timedelta(hours=1)
        assert subscriptions.send_again(subscription, None, "user olha", since) == 1
        assert send(failing=True) == 1
    assert Delivery.objects.get().state == "delivered"
    assert len(set(receiver.ids)) == 1
    assert AuditEntry.objects.filter(action="webhook.sent_again", actor="user olha").exists()


def test_after_days_of_failures_a_subscription_is_switched_off_with_an_entry_in_the_audit_log(subscribe):
    with listening(500) as receiver:
        subscription = subscribe(receiver, topics=["event.applied"])
        created("1001")
        created("1002")
        drain()
        send()
        Subscription.objects.update(failing_since=timezone.now() - timedelta(days=5, minutes=1))
        Delivery.objects.filter(pk=Delivery.objects.earliest("pk").pk).update(due_at=timezone.now())
        send(failing=True)
        subscription.refresh_from_db()
        assert (subscription.state, subscription.switched_off_at is not None) == ("switched_off", True)
        assert set(Delivery.objects.values_list("state", flat=True)) == {"cancelled"}
        entry = AuditEntry.objects.get(action="webhook.switched_off")
        assert ("warehouse" in entry.what, entry.count) == (True, 2)
        created("1003")
        drain()
        assert Delivery.objects.count() == 2  # nothing more is noted
        assert subscriptions.resume(subscription.pk, "user olha")
        created("1004")
        drain()
        receiver.statuses[:] = [204]
        assert send() == 1


def test_a_single_failure_long_after_one_that_was_given_up_switches_nobody_off(subscribe):
    with listening(500) as receiver:
        subscription = subscribe(receiver, topics=["event.applied"])
        created("1001")
        drain()
        send()
        given_up_at = timezone.now() - timedelta(days=6)
        Delivery.objects.update(state="failed", ended_at=given_up_at)
        Subscription.objects.update(failing_since=given_up_at - sending.GIVE_UP_AFTER)
        before = timezone.now()
        created("1002")
        drain()
        send(failing=True)
        subscription.refresh_from_db()
    assert subscription.state == "active"
    assert subscription.failing_since >= before


def test_who_answers_410_is_switched_off_at_once(subscribe):
    with listening(410) as receiver:
        subscription = subscribe(receiver, topics=["event.applied"])
        created("1001")
        drain()
        send()
        subscription.refresh_from_db()
    assert subscription.state == "switched_off"


def test_what_comes_while_a_subscription_is_paused_is_sent_when_it_is_resumed(subscribe):
    with listening() as receiver:
        subscription = subscribe(receiver, topics=["event.applied"])
        created("1001")
        drain()
        assert subscriptions.pause(subscription.pk, "user olha")
        created("1002")
        drain()
        assert (send(), receiver.got) == (0, [])
        assert subscriptions.resume(subscription.pk, "user olha")
        assert send() == 2


def test_who_does_not_answer_holds_up_nobody_else(subscribe):
    with listening(500) as broken, listening() as well:
        subscribe(broken, name="broken", topics=["event.applied"])
        subscribe(well, name="well", topics=["event.applied"])
        for number in range(40):
            created(str(number))
        drain()
        sent = send()
        assert len(well.got) == 40
        assert len(broken.got) == sending.OF_EACH  # then it is among the failing ones
        assert sent == 40 + sending.OF_EACH
        send(failing=True)
        assert len(set(broken.ids)) == 40  # on a slow machine some of them are due again by now


def test_after_a_rotation_the_secret_before_signs_along_for_a_day(subscribe):
    with listening() as receiver:
        subscription = subscribe(receiver, topics=["event.applied"])
        old = subscription.secret
        new = subscriptions.rotate_secret(subscription.pk, "user olha")
        created("1001")
        drain()
        send()
        for secret in (old, new):
            Webhook(secret).verify(receiver.got[0].body, receiver.got[0].headers)
        Subscription.objects.update(previous_secret_until=timezone.now())

        forget_previous_secrets()
        subscription.refresh_from_db()
    assert (subscription.previous_secret, subscription.secret) == ("", new)
    assert not AuditEntry.objects.filter(what__contains=new).exists()


def test_an_order_that_is_gone_by_then_is_told_as_null(subscribe):
    with listening() as receiver:
        subscribe(receiver, topics=["order.changed"])
        created("1001")
        drain()
        order = Order.objects.get()
        with transaction.atomic():
            outcomes.forget_orders([order.pk])
            ledger.delete_orders([order.pk])
        assert send() == 1
    assert receiver.got[0].json["data"] == {"order": None, "change": None}


def test_what_ended_a_month_ago_is_removed_and_what_is_pending_stays(subscribe):
    with listening() as receiver:
        subscribe(receiver, topics=["event.applied"])
        created("1001")
        created("1002")
        drain()
        send()
        old, young = Delivery.objects.order_by("pk")
        Delivery.objects.filter(pk=old.pk).update(ended_at=timezone.now() - timedelta(days=31))
        created("1003")
        drain()
        assert sending.remove_old() == 1
    assert sorted(Delivery.objects.values_list("state", flat=True)) == ["delivered", "pending"]
    assert list(Attempt.objects.values_list("delivery_id", flat=True)) == [young.pk]


def test_a_test_message_is_sent_at_once_and_tried_once(subscribe):
    with listening(500) as receiver:
        subscription = subscribe(receiver)
        delivery, answer = subscriptions.send_test(subscription)
        assert (answer.status, answer.is_taken) == (500, False)
        assert receiver.got[0].json["type"] == "webhook.test"
    delivery.refresh_from_db()
    assert delivery.state == "failed"


def test_a_batch_costs_nothing_while_nobody_asks_for_anything(transactional_db, django_assert_num_queries):
    forget_subscriptions()
    ended = [Ended(1, "orderCreated", 1, Status.APPLIED, "", 1, "INITIALIZED")]
    with django_assert_num_queries(1):  # who asks is read once a second
        note_deliveries(ended)
        note_deliveries(ended)


def test_no_event_fails_because_a_subscription_was_deleted_meanwhile(subscribe):
    subscription = subscribe("https://shop.example/", topics=["event.applied"])
    created("1001")
    drain()  # knows the subscription from here on
    Subscription.objects.filter(pk=subscription.pk).delete()
    created("1002")
    drain()
    assert set(Outcome.objects.values_list("status", flat=True)) == {"applied"}
    assert sending.remove_old() == 2
    assert not Delivery.objects.exists()


def test_a_webhook_that_is_deleted_while_it_is_told_costs_the_others_nothing(subscribe):
    def delete() -> None:
        subscriptions.delete_subscription(Subscription.objects.get(name="leaving").pk, "user olha")
        connection.close()

    with listening(meanwhile=delete) as leaving, listening() as staying:
        subscribe(leaving, name="leaving", topics=["event.applied"])
        subscription = subscribe(staying, name="staying", topics=["event.applied"])
        created("1001")
        drain()
        assert send() == 2
    assert len(leaving.got) == len(staying.got) == 1
    assert list(Delivery.objects.values_list("subscription_id", "state")) == [(subscription.pk, "delivered")]
    assert Attempt.objects.count() == 1


def test_a_test_that_fails_switches_nobody_off_who_is_paused(subscribe):
    with listening(410) as receiver:
        subscription = subscribe(receiver, topics=["event.applied"])
        assert subscriptions.pause(subscription.pk, "user olha")
        created("1001")
        drain()
        subscriptions.send_test(subscription)
        subscription.refresh_from_db()
        assert subscription.state == "paused"
        receiver.statuses[:] = [204]
        assert subscriptions.resume(subscription.pk, "user olha")
        assert send() == 1  # what was held back
