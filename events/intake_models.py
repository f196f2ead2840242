"""What became of the events, counted: derived from the outcomes, block by block (events/intake.py)."""

from django.db import models

BLOCK_EVENTS = 2_048  # ids of events in one block; a page counts the two parts of a block at each end of a span itself


class IntakeCount(models.Model):
    """How many events of one block, hour, source and type have one outcome and reason. Rows of nothing are not there.

    A block is a span of BLOCK_EVENTS ids, so spans of time are cut as the lists of events cut them: by ids. The hour
    (its beginning, UTC) is for those who compare hours, and need no list of the same events.
    """

    pk = models.CompositePrimaryKey("block", "hour", "source", "event_type", "status", "reason")
    block = models.BigIntegerField()
    hour = models.DateTimeField()
    source = models.ForeignKey("events.Source", on_delete=models.DO_NOTHING, db_constraint=False, db_index=False)
    event_type = models.ForeignKey("events.EventType", on_delete=models.DO_NOTHING, db_constraint=False, db_index=False)
    status = models.CharField(max_length=8)
    reason = models.CharField(max_length=32)
    events = models.PositiveIntegerField()

    class Meta:
        indexes = [
            # The pages of sources and of event types.
            models.Index(fields=["source", "block"], name="intake_by_source"),
            models.Index(fields=["event_type", "block"], name="intake_by_type"),
            # The warnings of the first page, which compare hours.
            models.Index(fields=["hour"], include=["source", "events"], name="intake_by_hour"),
        ]

    def __str__(self) -> str:
        return f"{self.events} events of block {self.block}"


class IntakeMark(models.Model):
    """“The outcomes of this block have changed”: written by whoever changes them, taken away by who counts again."""

    id = models.BigAutoField(primary_key=True)
    block = models.BigIntegerField()

    class Meta:
        indexes = [models.Index(fields=["block"], name="intake_mark_by_block")]

    def __str__(self) -> str:
        return f"mark of block {self.block}"
