"""An event in the command palette: by its id."""

from collections.abc import Iterator

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from console.palette import Found, add_finder, as_row_id
from events.models import Event


def find_event(typed: str) -> Iterator[Found]:
    """One statement by the primary key, for a number only."""
    row_id = as_row_id(typed)
    events = Event.objects.filter(pk=row_id).only("id") if row_id is not None else []
    for event in events:
        link = reverse("admin:events_event_change", args=[event.pk])
        yield Found(title=f"{event.pk}", description=_("event"), icon="bolt", link=link)


add_finder("events.view_event", find_event)
