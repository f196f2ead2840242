"""Finds events by what is typed into a search box: an event's id, an order's id, or whatever names a person."""

from typing import Any

from django.db.models import QuerySet

from contacts.search import find_contact_ids
from events.models import Event, Outcome


def search_events(events: QuerySet[Event], text: str) -> QuerySet[Event]:
    """The events with this id or external order id, and those that found the contacts that the text names. By index."""
    text = text.strip()
    if not text:
        return events
    found: list[QuerySet[Any, Any]] = [Event.objects.filter(order_key=text).exclude(order_key="").values("pk")]
    if text.isascii() and text.isdigit():
        found.append(Event.objects.filter(pk=int(text)).values("pk"))
    if contact_ids := find_contact_ids(text):
        found.append(Outcome.objects.filter(contact_id__in=contact_ids).values("event_id"))
    return events.filter(pk__in=found[0].union(*found[1:]) if len(found) > 1 else found[0])
