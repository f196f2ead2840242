"""What is kept of segments: what each asks for, who is in it as of its last refresh, and how large it was each day.

Members are written set-based by refreshing.py; who is deleted or erased leaves at once (leaving.py).
"""

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from contacts.models import Contact
from contract.encoding import ExactJSONDecoder, ExactJSONEncoder

VIEW_SEGMENT, CHANGE_SEGMENT = "insights.view_segment", "insights.change_segment"
MAX_NAME = 100


class Schedule(models.IntegerChoices):
    """How often a segment is refreshed, in minutes."""

    QUARTER_HOURLY = 15, "every 15 minutes"
    HOURLY = 60, "every hour"
    SIX_HOURLY = 360, "every 6 hours"
    DAILY = 1440, "every day"


class Segment(models.Model):
    """People who fulfil conditions. `conditions` is the JSON of docs/segments.md, as it was saved."""

    id = models.BigAutoField(primary_key=True)
    name = models.CharField(max_length=MAX_NAME, unique=True)
    conditions = models.JSONField(encoder=ExactJSONEncoder, decoder=ExactJSONDecoder)
    schedule_minutes = models.PositiveSmallIntegerField(choices=Schedule, default=Schedule.HOURLY)
    created_by = models.CharField(max_length=400)  # account.audit.actor_of()
    created_at = models.DateTimeField(db_default=Now())
    changed_at = models.DateTimeField(db_default=Now())
    due_at = models.DateTimeField(db_default=Now())  # when it is refreshed next
    refreshed_at = models.DateTimeField(null=True)  # the moment that its members are of
    refresh_seconds = models.DecimalField(null=True)
    size = models.PositiveIntegerField(null=True)  # at that moment; null: not refreshed yet
    refresh_problem = models.TextField(blank=True, default="")  # why the last refresh came to nothing

    class Meta:
        default_permissions = ("view", "change")
        constraints = [
            models.CheckConstraint(condition=~Q(name=""), name="segment_has_a_name"),
            models.CheckConstraint(condition=Q(schedule_minutes__in=Schedule.values), name="segment_schedule_known"),
            models.CheckConstraint(
                condition=Q(size__isnull=True, refreshed_at__isnull=True)
                | Q(size__isnull=False, refreshed_at__isnull=False),
                name="segment_size_is_of_a_moment",
            ),
        ]
        indexes = [models.Index(fields=["due_at"], name="segment_by_due")]  # the beat task

    def __str__(self) -> str:
        return self.name


class SegmentMember(models.Model):
    """That a contact was in a segment at its last refresh. The key serves a segment's people by id."""

    pk = models.CompositePrimaryKey("segment", "contact")
    # Written by the hundred thousand and removed with their segment or contact, so constraints would only cost two
    # look-ups for each row. Contacts' rows are never removed.
    segment = models.ForeignKey(Segment, on_delete=models.DO_NOTHING, db_constraint=False, db_index=False)
    contact = models.ForeignKey(Contact, on_delete=models.DO_NOTHING, db_constraint=False, db_index=False)

    class Meta:
        default_permissions = ()
        indexes = [models.Index(fields=["contact"], name="segment_member_by_contact")]  # who leaves; a person's page

    def __str__(self) -> str:
        return f"contact {self.contact_id} in segment {self.segment_id}"


class SegmentSize(models.Model):
    """How many people were in a segment on a day of the account's time zone, by the last refresh of the day."""

    pk = models.CompositePrimaryKey("segment", "day")
    segment = models.ForeignKey(Segment, on_delete=models.CASCADE, related_name="sizes", db_index=False)
    day = models.DateField()
    size = models.PositiveIntegerField()

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return f"segment {self.segment_id} on {self.day}: {self.size}"
