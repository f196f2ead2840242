"""What staff want the parameters of a custom event type to be like: events/schemas.py."""

from django.db import models


class ParameterSchema(models.Model):
    """A JSON Schema that each event of the type is held against. What does not fit is a warning, never a refusal."""

    event_type = models.OneToOneField(
        "events.EventType", on_delete=models.CASCADE, primary_key=True, related_name="parameter_schema"
    )
    text = models.TextField()  # as it was typed, so that nobody's layout is lost
    changed_at = models.DateTimeField()
    changed_by = models.CharField(max_length=400)  # account/audit.py, actor_of()

    def __str__(self) -> str:
        return f"schema of {self.event_type}"
