"""What is kept of event analytics: counts of events, and reports of orders. All of it is derived."""

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from contract.encoding import ExactJSONDecoder, ExactJSONEncoder


class EventBlock(models.Model):
    """The events of so many ids, counted. A settled block changes no more, unless a replay reaches into it."""

    number = models.BigIntegerField(primary_key=True)  # the ids divided by event_counts.BLOCK
    is_settled = models.BooleanField()
    counted_at = models.DateTimeField()

    class Meta:
        default_permissions = ()
        indexes = [
            # Those to count again: few of many.
            models.Index(fields=["number"], condition=Q(is_settled=False), name="event_block_unsettled")
        ]

    def __str__(self) -> str:
        return f"block {self.number}"


class EventCount(models.Model):
    """How many events of a block were received on a day, by their type and by what became of them."""

    id = models.BigAutoField(primary_key=True)
    block = models.BigIntegerField()
    day = models.DateField()
    event_type_id = models.BigIntegerField()  # a plain number: counts go and come with their block
    outcome = models.CharField(max_length=8)
    events = models.PositiveIntegerField()

    class Meta:
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(fields=["block", "day", "event_type_id", "outcome"], name="event_count_once")
        ]
        indexes = [
            models.Index(fields=["day"], include=["event_type_id", "outcome", "events"], name="event_count_by_day")
        ]

    def __str__(self) -> str:
        return f"{self.day}: {self.events}"


class EventCountState(models.Model):
    """How far the counting is. One row, made by the first run."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1, editable=False)
    time_zone = models.CharField(max_length=64)
    last_attempt_id = models.BigIntegerField(default=0)  # replays up to this attempt have been seen
    counted_at = models.DateTimeField(null=True)  # when everything was counted last; null until it first was

    class Meta:
        default_permissions = ()
        constraints = [models.CheckConstraint(condition=Q(id=1), name="event_count_state_is_one_row")]

    def __str__(self) -> str:
        return f"counted at {self.counted_at}"


class ReportKind(models.TextChoices):
    FUNNEL = "funnel"
    CARTS = "carts"
    ITEMS = "items"


class Report(models.Model):
    """The figures of the orders of a span of days, as they were computed last: reports.py."""

    id = models.BigAutoField(primary_key=True)
    kind = models.CharField(max_length=8, choices=ReportKind)
    first_day = models.DateField()
    last_day = models.DateField()
    within_days = models.PositiveSmallIntegerField(default=0)  # of carts: how long an order is waited for
    time_zone = models.CharField(max_length=64)
    figures = models.JSONField(null=True, encoder=ExactJSONEncoder, decoder=ExactJSONDecoder)
    computed_at = models.DateTimeField(null=True)
    seconds = models.DecimalField(null=True)
    requested_at = models.DateTimeField(null=True)  # waits to be computed since then
    last_asked_at = models.DateTimeField(db_default=Now())

    class Meta:
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(fields=["kind", "first_day", "last_day", "within_days"], name="report_once")
        ]
        indexes = [
            models.Index(fields=["requested_at"], condition=Q(requested_at__isnull=False), name="report_requested"),
            models.Index(fields=["last_asked_at"], name="report_by_use"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} from {self.first_day} to {self.last_day}"
