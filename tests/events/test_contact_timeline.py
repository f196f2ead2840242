"""The history of a contact, page by page: everything once, whatever was stored in which order."""

from datetime import timedelta

import pytest

from events.contact_timeline import EVENTS, KINDS, Place, load_timeline
from events.models import Event
from tests.events.building import created, drain, post
from tests.factories import make_contact

pytestmark = pytest.mark.django_db


def walked(contact, kinds=KINDS) -> list[str]:
    """What the pages of one entry show, in their order: “order 1001”, “event 7”."""
    told, place = [], Place()
    while place is not None:
        timeline = load_timeline(contact.pk, kinds, place, limit=1)
        told += [
            f"event {each.event.pk}" if each.event else f"order {each.order.external_order_id}"
            for each in timeline.entries
        ]
        place = timeline.next_place
    return told


def test_an_event_that_was_numbered_before_one_that_was_received_earlier_is_on_a_page():
    contact = make_contact(external_customer_id="C1")
    ids = [post("seen", {"externalCustomerId": "C1"}, keyValue=f"k{number}") for number in range(3)]
    drain()
    # Two processes took them at the same moment: the one whose statement began first drew the higher number.
    first = Event.objects.get(pk=ids[1])
    Event.objects.filter(pk=ids[2]).update(received_at=first.received_at - timedelta(milliseconds=2))
    assert walked(contact, [EVENTS]) == [f"event {event_id}" for event_id in reversed(ids)]


def test_orders_and_events_are_told_together_by_their_moments():
    contact = make_contact(external_customer_id="C1")
    event_ids = [created(f"100{number}", date=f"2026-05-1{number}T10:00:00") for number in range(3)]
    drain()
    assert walked(contact) == [
        *(f"event {event_id}" for event_id in reversed(event_ids)),
        *("order 1002", "order 1001", "order 1000"),
    ]
