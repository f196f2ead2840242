"""Which event types there are, for inputs that suggest them."""

from events.models import EventType

SUGGESTED_TYPES = 200  # an input with more of them is no help


def load_type_names() -> list[str]:
    """The first names of event types by the alphabet, for an input that suggests them: one query."""
    return list(EventType.objects.order_by("key").values_list("key", flat=True)[:SUGGESTED_TYPES])
