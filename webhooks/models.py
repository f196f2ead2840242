"""Subscriptions of other systems, what they are to be told, and how each attempt at it went.

A delivery holds no data of a person: what it tells is read from the event and the order when it is sent, so that an
erasure has nothing to do here.
"""

from datetime import UTC, datetime

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from webhooks.topics import Topic

MAX_URL = 2_048
WHEN_RESUMED = datetime(9000, 1, 1, tzinfo=UTC)  # what waits for a paused subscription is due then, which is never


class SubscriptionState(models.TextChoices):
    ACTIVE = "active", "active"
    PAUSED = "paused", "paused"
    SWITCHED_OFF = "switched_off", "switched off"


class Subscription(models.Model):
    """An address that is told what it asked for, signed with a secret of its own."""

    id = models.BigAutoField(primary_key=True)
    name = models.CharField(max_length=100)
    url = models.CharField(max_length=MAX_URL)
    topics = ArrayField(models.CharField(max_length=32))
    event_types = ArrayField(models.CharField(max_length=255), default=list, blank=True)
    order_statuses = ArrayField(models.CharField(max_length=23), default=list, blank=True)
    # Signing takes the secret itself, so it cannot be kept as a hash. The one before it signs along for a day.
    secret = models.CharField(max_length=100)
    previous_secret = models.CharField(max_length=100, blank=True)
    previous_secret_until = models.DateTimeField(null=True)
    state = models.CharField(max_length=12, choices=SubscriptionState, default=SubscriptionState.ACTIVE)
    failing_since = models.DateTimeField(null=True, help_text="The first failure since the last success.")
    switched_off_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name = "webhook"
        constraints = [
            models.UniqueConstraint(fields=["name"], name="subscription_name_is_unique"),
            models.CheckConstraint(condition=Q(state__in=SubscriptionState.values), name="subscription_state_known"),
        ]

    def __str__(self) -> str:
        return self.name


class DeliveryState(models.TextChoices):
    PENDING = "pending", "pending"
    DELIVERED = "delivered", "delivered"
    FAILED = "failed", "given up"
    CANCELLED = "cancelled", "cancelled"


class Delivery(models.Model):
    """One message for one subscription: told once it was answered with 2xx, and tried again until then."""

    id = models.BigAutoField(primary_key=True)
    # No constraint: a worker may note a message for a subscription that was deleted a moment ago, and no event may fail
    # for that. What belongs to none is removed with the old ones.
    subscription = models.ForeignKey(Subscription, on_delete=models.DO_NOTHING, db_index=False, db_constraint=False)
    topic = models.CharField(max_length=32, choices=[(topic.value, topic.value) for topic in Topic])
    # Plain numbers: events may be erased or orders deleted, and the log goes on telling that something was sent.
    event_id = models.BigIntegerField(null=True)
    order_id = models.BigIntegerField(null=True)
    state = models.CharField(max_length=9, choices=DeliveryState, default=DeliveryState.PENDING)
    attempts = models.PositiveSmallIntegerField(default=0)
    created_at = models.DateTimeField(db_default=Now())
    first_tried_at = models.DateTimeField(null=True)
    # When it is to be tried next. Who takes it to send it moves this on, so that nobody else takes it meanwhile.
    due_at = models.DateTimeField(db_default=Now())
    ended_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name_plural = "deliveries"
        constraints = [
            models.CheckConstraint(condition=Q(state__in=DeliveryState.values), name="delivery_state_known"),
        ]
        indexes = [
            # What is to be sent to one subscription, in the order in which it is due.
            models.Index(fields=["subscription", "due_at", "id"], condition=Q(state="pending"), name="delivery_due"),
            # The log of a subscription, newest first, whole and by state.
            models.Index(fields=["subscription", "-id"], name="delivery_log"),
            models.Index(fields=["subscription", "state", "-id"], name="delivery_log_by_state"),
            # The removal of old ones.
            models.Index(fields=["ended_at"], condition=Q(ended_at__isnull=False), name="delivery_by_end"),
        ]

    def __str__(self) -> str:
        return f"{self.topic} {self.message_id}"

    @property
    def message_id(self) -> str:
        """The `webhook-id`: the same at every attempt, so that a receiver can tell that it has it already."""
        return f"msg_{self.pk}"


class Attempt(models.Model):
    """One request, and what came of it. The body of the answer is not kept: it may repeat a person's data."""

    id = models.BigAutoField(primary_key=True)
    delivery = models.ForeignKey(Delivery, on_delete=models.CASCADE, db_index=False)
    number = models.PositiveSmallIntegerField()
    at = models.DateTimeField()
    milliseconds = models.PositiveIntegerField()
    status = models.PositiveSmallIntegerField(null=True)  # of the answer; null when there was none
    error = models.CharField(max_length=200, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["delivery", "number"], name="attempt_number_in_its_delivery")]

    def __str__(self) -> str:
        return f"attempt {self.number} of {self.delivery_id}"
