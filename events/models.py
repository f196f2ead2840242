"""What was taken, and what became of it (docs/rules.md, sections 1 and 5; docs/architecture.md, “The inbox”).

An event row is written once, and nothing but an erasure changes it (events/erasure.py). An event without an Outcome is
waiting, and has one row in Waiting.
"""

from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from contacts.models import Contact
from contract.encoding import ExactJSONDecoder, ExactJSONEncoder
from contract.reasons import Reason, Status, WarningCode
from contract.scopes import Scope
from events.intake_models import IntakeCount, IntakeMark  # noqa: F401 - models of this app
from events.schema_models import ParameterSchema  # noqa: F401 - a model of this app
from orders.models import Order

LANES = 64


class SourceKind(models.TextChoices):
    BACKEND = "backend", "shop backend"
    MOBILE_SDK = "mobile_sdk", "mobile SDK"
    IMPORT = "import", "import"
    CONSOLE = "console", "console"


class Source(models.Model):
    """A system that posts to us."""

    id = models.BigAutoField(primary_key=True)
    name = models.CharField(max_length=255, unique=True)
    kind = models.CharField(max_length=16, choices=SourceKind, default=SourceKind.BACKEND)
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(kind__in=SourceKind.values), name="source_kind_known")]

    def __str__(self) -> str:
        return self.name


BACKEND_SCOPES = [Scope.EVENTS_WRITE, Scope.ORDERS_WRITE, Scope.CONTACTS_WRITE, Scope.READ]


def backend_scopes() -> list[str]:
    return [scope.value for scope in BACKEND_SCOPES]


MAX_REQUESTS_PER_MINUTE = 1_000_000


class ApiKey(models.Model):
    """A key of a source. Only its SHA-256 is kept; it is found by its prefix (events/keys.py)."""

    id = models.BigAutoField(primary_key=True)
    source = models.ForeignKey(Source, on_delete=models.CASCADE, related_name="keys")
    prefix = models.CharField(max_length=12, unique=True, editable=False)
    digest = models.CharField(max_length=64, editable=False)
    scopes = ArrayField(models.CharField(max_length=32, choices=Scope), default=backend_scopes)
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    expires_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True, editable=False)
    # The key's rate limit, null for none: contract/ratelimit.py.
    requests_per_minute = models.PositiveIntegerField(
        null=True,
        blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(MAX_REQUESTS_PER_MINUTE)],
    )
    last_used_at = models.DateTimeField(null=True, blank=True, editable=False)  # to the minute (events/key_use.py)

    class Meta:
        verbose_name = "API key"
        constraints = [
            models.CheckConstraint(condition=Q(digest__regex=r"^[0-9a-f]{64}$"), name="api_key_digest_is_sha256"),
            models.CheckConstraint(
                condition=Q(requests_per_minute__gte=1), name="api_key_limit_lets_something_through"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.prefix}…"


class EventType(models.Model):
    """A name that events carry. One never seen before makes a new row."""

    id = models.BigAutoField(primary_key=True)
    key = models.CharField(max_length=255, unique=True)
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        constraints = [models.CheckConstraint(condition=~Q(key=""), name="event_type_key_not_empty")]

    def __str__(self) -> str:
        return self.key


class Event(models.Model):
    """One accepted message. `body` is the JSON text of its envelope, byte for byte as it was sent."""

    id = models.BigAutoField(primary_key=True)  # the order of acceptance: a sequence, never a clock
    source = models.ForeignKey(Source, on_delete=models.PROTECT, db_index=False)
    event_type = models.ForeignKey(EventType, on_delete=models.PROTECT, db_index=False)
    key_value = models.CharField(max_length=255)
    # externalOrderId of an order event, else empty: the events of one order share a lane.
    order_key = models.CharField(max_length=255, blank=True)
    lane = models.PositiveSmallIntegerField()
    api_version = models.PositiveSmallIntegerField(default=1)
    body = models.TextField()
    occurred_at = models.DateTimeField(null=True)
    received_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(lane__gte=0, lane__lt=LANES), name="event_lane_in_range"),
        ]
        indexes = [
            # The events behind one order, the ignored ones too.
            models.Index(fields=["order_key", "id"], condition=~Q(order_key=""), name="event_by_order_key"),
            # The list of events by one of its filters, newest first: docs/plans.md.
            models.Index(fields=["event_type", "id"], name="event_by_type"),
            models.Index(fields=["source", "id"], name="event_by_source"),
            models.Index(fields=["key_value", "id"], name="event_by_key_value"),
        ]

    def __str__(self) -> str:
        return f"event {self.pk}"


class Waiting(models.Model):
    """The queue: one narrow row for each event that has no outcome yet, in the order it is to be applied.

    `position` is drawn from the sequence of event ids: an event's own id at first, a new number at each replay.
    """

    pk = models.CompositePrimaryKey("lane", "position")
    lane = models.PositiveSmallIntegerField()
    position = models.BigIntegerField()
    # Written in the statement that writes the event, so the constraint would only cost a look-up for each event.
    event = models.ForeignKey(Event, on_delete=models.DO_NOTHING, db_constraint=False, db_index=False)
    attempt = models.PositiveIntegerField(default=1)

    def __str__(self) -> str:
        return f"event {self.event_id} in lane {self.lane}"


class IdempotencyKey(models.Model):
    """A key that a request or an event of a bulk carried, and what was answered: events/idempotency.py.

    Written in the transaction that writes what it stands for, and removed by a beat task.
    """

    pk = models.CompositePrimaryKey("source", "key")
    # A constraint would cost a look-up for each key; one whose source is gone is removed with the others of its age.
    source = models.ForeignKey(Source, on_delete=models.DO_NOTHING, db_constraint=False, db_index=False)
    key = models.CharField(max_length=255)
    fingerprint = models.CharField(max_length=32)  # of what was sent with it
    event_ids = ArrayField(models.BigIntegerField(), default=list)  # the events that were stored under it
    status = models.PositiveSmallIntegerField(null=True)  # of the answer; null while its request is under way
    answer = models.TextField(blank=True)  # the body; empty for one event, whose answer follows from its id
    location = models.CharField(max_length=255, blank=True)
    under_way_until = models.DateTimeField(null=True)  # from then on a retry may finish what another began
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        indexes = [models.Index(fields=["created_at"], name="idempotency_key_by_age")]  # the removal of old ones

    def __str__(self) -> str:
        return f"idempotency key {self.key} of source {self.source_id}"


class Basis(models.Model):
    """The account settings and matching rules that outcomes were decided with; found again by its digest.

    Each outcome names its basis, so the trace can be read and the ledger folded again after settings have changed.
    """

    id = models.BigAutoField(primary_key=True)
    digest = models.CharField(max_length=64, unique=True)
    settings = models.JSONField()
    created_at = models.DateTimeField(db_default=Now())

    def __str__(self) -> str:
        return f"basis {self.pk}"


def _exact_json(**options: Any) -> models.JSONField:
    return models.JSONField(encoder=ExactJSONEncoder, decoder=ExactJSONDecoder, **options)


DECIDED = [Status.APPLIED, Status.IGNORED, Status.FAILED]


class Outcome(models.Model):
    """What became of an event: promise 3. Its primary key is the event's, so an event has at most one (promise 2)."""

    event = models.OneToOneField(Event, on_delete=models.CASCADE, primary_key=True, related_name="outcome")
    # The sequence in which outcomes were written; within a lane it is the order of application.
    sequence = models.BigIntegerField()
    status = models.CharField(max_length=8, choices=[(status.value, status.value) for status in DECIDED])
    reason = models.CharField(max_length=32, blank=True, choices=[(reason.value, reason.value) for reason in Reason])
    note = models.CharField(max_length=255, blank=True)  # what else a person should know, e.g. “nothing changed”
    contact = models.ForeignKey(Contact, on_delete=models.PROTECT, null=True, db_index=False)
    order = models.ForeignKey(Order, on_delete=models.SET_NULL, null=True, db_index=False)
    basis = models.ForeignKey(Basis, on_delete=models.PROTECT, db_index=False)
    warnings = _exact_json(default=list)  # [{"code", "detail"}]
    problems = _exact_json(default=list)  # [{"pointer", "code", "detail", "found", "expected"}]
    trace = _exact_json(default=list)  # present identifiers only; events/outcomes.py adds the absent ones
    traceback = models.TextField(blank=True)
    attempt = models.PositiveIntegerField(default=1)
    decided_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(status__in=DECIDED), name="outcome_status_known"),
            models.CheckConstraint(
                condition=Q(status=Status.APPLIED, reason="") | (~Q(status=Status.APPLIED) & ~Q(reason="")),
                name="outcome_has_a_reason_unless_applied",
            ),
        ]
        indexes = [
            # The events of a contact and of an order, newest first.
            models.Index(
                F("contact"), F("event").desc(), condition=Q(contact__isnull=False), name="outcome_by_contact"
            ),
            models.Index(F("order"), F("sequence"), condition=Q(order__isnull=False), name="outcome_by_order"),
            # What was ignored or failed, by reason, newest first: the list that support works from, and replay.
            models.Index(F("reason"), F("event").desc(), condition=~Q(status=Status.APPLIED), name="outcome_by_reason"),
            models.Index(F("status"), F("event").desc(), name="outcome_by_status"),
            # One for each warning, so that a rare one is not looked for among those that every event may have.
            *(
                models.Index(
                    F("event").desc(),
                    condition=Q(warnings__contains=[{"code": code.value}]),
                    name=f"outcome_{code.value}"[:30],
                )
                for code in WarningCode
            ),
        ]

    def __str__(self) -> str:
        return f"{self.status} {self.reason}".strip()


class Replay(models.Model):
    """Handing all events that a filter finds to the workers again, piece by piece: events/replay_jobs.py."""

    id = models.BigAutoField(primary_key=True)
    filters = models.JSONField()  # those of docs/api.md, as they were sent
    # The events it is about, rising, where they were chosen one by one; null: all that the filters find.
    event_ids = ArrayField(models.BigIntegerField(), null=True)
    matched = models.BigIntegerField()  # how many events the filters found when it was started
    # Looked at are the events of these ids: from the first that was found on, and none that came later.
    next_event_id = models.BigIntegerField()
    last_event_id = models.BigIntegerField()
    replayed = models.BigIntegerField(default=0)  # handed over so far
    # What became of those handed over, up to the attempt of this id: {"applied": 3, "ignored contact_not_found": 1}.
    settled_through = models.BigIntegerField(default=0)
    settled = models.JSONField(default=dict)
    started_by = models.CharField(max_length=400)  # account/audit.py, actor_of()
    started_at = models.DateTimeField(db_default=Now())
    cancelled_by = models.CharField(max_length=400, blank=True)
    cancelled_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)  # nothing is left to hand over, and what was has its outcome

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~Q(started_by=""), name="replay_names_who_started_it"),
            models.CheckConstraint(
                condition=Q(cancelled_by="", cancelled_at__isnull=True)
                | (~Q(cancelled_by="") & Q(cancelled_at__isnull=False)),
                name="replay_names_who_cancelled_it",
            ),
        ]
        indexes = [
            models.Index(fields=["id"], condition=Q(ended_at__isnull=True), name="replay_under_way")  # the beat task
        ]

    def __str__(self) -> str:
        return f"replay {self.pk}"


class Attempt(models.Model):
    """An outcome that a replay has set aside: the history of an event's attempts."""

    id = models.BigAutoField(primary_key=True)
    event = models.ForeignKey(Event, on_delete=models.CASCADE, related_name="earlier_attempts", db_index=False)
    # The replay by filter that set it aside; null for an event that was replayed by its id. Without a constraint, so
    # that no look-up is paid for each event.
    replay = models.ForeignKey(Replay, on_delete=models.DO_NOTHING, null=True, db_constraint=False, db_index=False)
    attempt = models.PositiveIntegerField()
    status = models.CharField(max_length=8)
    reason = models.CharField(max_length=32, blank=True)
    problems = _exact_json(default=list)
    trace = _exact_json(default=list)
    decided_at = models.DateTimeField()
    replayed_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [models.UniqueConstraint(fields=["event", "attempt"], name="attempt_number_is_unique")]
        indexes = [
            # What a replay handed over, in the order in which it did.
            models.Index(fields=["replay", "id"], condition=Q(replay__isnull=False), name="attempt_by_replay"),
            # The same, newest event first: the console's list of them.
            models.Index(
                fields=["replay", "event"], condition=Q(replay__isnull=False), name="attempt_by_replay_and_event"
            ),
        ]

    def __str__(self) -> str:
        return f"attempt {self.attempt} of event {self.event_id}"


class OrderDeletion(models.Model):
    """A request to delete orders that is under way: events/order_deletion.py. What it came to is in the audit log."""

    id = models.BigAutoField(primary_key=True)
    source = models.ForeignKey(Source, on_delete=models.PROTECT, db_index=False)
    requested_by = models.CharField(max_length=400)  # as account.audit.actor_of() tells it
    external_order_id = models.CharField(max_length=255, blank=True)  # of one order, or else the span of dates
    first_date = models.DateTimeField(null=True)
    last_date = models.DateTimeField(null=True)
    below_id = models.BigIntegerField(null=True)  # orders of this id and higher ones have been seen to; null: none yet
    event_ids = ArrayField(models.BigIntegerField(), default=list)  # that are stored and not counted yet
    deleted = models.PositiveBigIntegerField(default=0)
    requested_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(external_order_id="", first_date__isnull=False, last_date__isnull=False)
                | (~Q(external_order_id="") & Q(first_date__isnull=True, last_date__isnull=True)),
                name="order_deletion_of_one_or_of_a_span",
            )
        ]

    def __str__(self) -> str:
        return f"deletion {self.pk}"
