"""What is kept of RFM: the boundaries that staff set, and the scores as they were last computed (refresh.py).

Scores are derived and written set-based, a whole snapshot at a time: who reads them sees one snapshot or the next.
"""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from contacts.models import Contact
from contract.encoding import ExactJSONDecoder, ExactJSONEncoder
from insights.rfm.cells import SCORES, Segment

VIEW_INSIGHTS = "insights.view_insights"
SEGMENT_CHOICES = [(segment.value, segment.value) for segment in Segment]


class RfmThresholds(models.Model):
    """The boundaries between the scores of a currency that staff set. Without a row they are the quintiles.

    Each list has four values, ascending: at most the first is one score, at most the second the next one, and so on.
    """

    currency = models.CharField(max_length=3, primary_key=True)
    recency_days = ArrayField(models.PositiveIntegerField(), size=4)  # at most the first: score 5
    frequency = ArrayField(models.PositiveIntegerField(), size=4)  # at most the first: score 1
    monetary = ArrayField(models.DecimalField(), size=4)  # at most the first: score 1
    changed_at = models.DateTimeField(db_default=Now())

    class Meta:
        default_permissions = ("change",)
        constraints = [
            models.CheckConstraint(condition=Q(currency__regex=r"^[A-Z]{3}$"), name="rfm_thresholds_of_a_currency"),
            models.CheckConstraint(
                condition=Q(recency_days__len=4, frequency__len=4, monetary__len=4), name="rfm_thresholds_are_four"
            ),
        ]

    def __str__(self) -> str:
        return self.currency


class RfmRequest(models.Model):
    """A day whose scores somebody waits for: worked off by the beat task, and at once by a wake-up."""

    day = models.DateField(primary_key=True)
    requested_at = models.DateTimeField(db_default=Now())

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return str(self.day)


class RfmSnapshot(models.Model):
    """The scores of all customers on one day: complete, or not there. One is current: that of the day that goes on."""

    id = models.BigAutoField(primary_key=True)
    day = models.DateField(unique=True)
    month_before = models.DateField()  # what the movements are since
    time_zone = models.CharField(max_length=64)
    is_current = models.BooleanField()
    # By currency: {"scoredBy": "quintiles" or "thresholds", "recency": [4], "frequency": [4], "monetary": [4]}.
    boundaries = models.JSONField(encoder=ExactJSONEncoder, decoder=ExactJSONDecoder)
    computed_at = models.DateTimeField()  # the moment of the orders that it was computed from
    seconds = models.DecimalField()
    last_asked_at = models.DateTimeField(db_default=Now())  # to the hour; others than the current one go when unused

    class Meta:
        default_permissions = ()
        permissions = [("view_insights", "Can view insights: RFM, segments and event analytics")]
        constraints = [
            models.UniqueConstraint(fields=["is_current"], condition=Q(is_current=True), name="rfm_snapshot_current")
        ]

    def __str__(self) -> str:
        return f"RFM of {self.day}"


class RfmScore(models.Model):
    """A contact's RFM in one currency: the values, the scores and the segment, and the segment a month before.

    Each snapshot is a partition of its own (migration 0003), so the id has no index: rows are found by what the indexes
    below begin with.
    """

    id = models.BigIntegerField(primary_key=True)
    # Written and removed with all others of their snapshot (refresh.py), so constraints would only cost two look-ups
    # for each row. A contact's row is never removed: one that was deleted since is left out by who reads.
    snapshot = models.ForeignKey(RfmSnapshot, on_delete=models.DO_NOTHING, db_constraint=False, db_index=False)
    contact = models.ForeignKey(Contact, on_delete=models.DO_NOTHING, db_constraint=False, db_index=False)
    currency = models.CharField(max_length=3)
    recency_days = models.PositiveIntegerField()
    frequency = models.PositiveIntegerField()
    monetary = models.DecimalField()
    recency_score = models.PositiveSmallIntegerField()
    frequency_score = models.PositiveSmallIntegerField()
    monetary_score = models.PositiveSmallIntegerField()
    segment = models.CharField(max_length=20, choices=SEGMENT_CHOICES)
    came_from = models.CharField(max_length=20, blank=True, choices=SEGMENT_CHOICES)  # "": had not bought yet

    class Meta:
        default_permissions = ()
        verbose_name = "RFM score"
        verbose_name_plural = "people by RFM"
        constraints = [
            # A contact's scores, and whether it fulfils a condition.
            models.UniqueConstraint(fields=["snapshot", "contact", "currency"], name="rfm_score_once"),
            models.CheckConstraint(
                condition=Q(recency_score__in=SCORES, frequency_score__in=SCORES, monetary_score__in=SCORES),
                name="rfm_scores_from_1_to_5",
            ),
        ]
        indexes = [
            # Everybody, the people of a segment and of a cell, by what they spent; and the ids of a segment alone.
            models.Index(
                F("snapshot"), F("currency"), F("monetary").desc(), F("id").desc(), name="rfm_score_by_monetary"
            ),
            models.Index(
                F("snapshot"),
                F("currency"),
                F("segment"),
                F("monetary").desc(),
                F("id").desc(),
                include=["contact"],
                name="rfm_score_by_segment",
            ),
            models.Index(
                F("snapshot"),
                F("currency"),
                F("recency_score"),
                F("frequency_score"),
                F("monetary").desc(),
                F("id").desc(),
                include=["contact"],
                name="rfm_score_by_cell",
            ),
            # Those who moved from one segment to another: few of each segment.
            models.Index(
                F("snapshot"),
                F("currency"),
                F("came_from"),
                F("segment"),
                F("monetary").desc(),
                F("id").desc(),
                condition=~Q(came_from=F("segment")),
                name="rfm_score_moved",
            ),
        ]

    def __str__(self) -> str:
        return f"contact {self.contact_id} in {self.currency}: {self.segment}"


class RfmCell(models.Model):
    """What one cell of a snapshot's grid comes to; and of those in it, how many came from which segment."""

    id = models.BigAutoField(primary_key=True)
    snapshot = models.ForeignKey(RfmSnapshot, on_delete=models.CASCADE, db_index=False)
    currency = models.CharField(max_length=3)
    recency_score = models.PositiveSmallIntegerField()
    frequency_score = models.PositiveSmallIntegerField()
    came_from = models.CharField(max_length=20, blank=True)
    contacts = models.PositiveIntegerField()
    orders = models.PositiveBigIntegerField()
    revenue = models.DecimalField()

    class Meta:
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(
                fields=["snapshot", "currency", "recency_score", "frequency_score", "came_from"], name="rfm_cell_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.currency} {self.recency_score}{self.frequency_score}"
