"""What events add to an order's page: its history, and every event that named it, the ignored ones too."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.utils.translation import ngettext

from console import display
from console.pages import Panel, add_panels
from events.corrections import posted_by, with_console_bodies
from events.models import Event
from orders.history import load_changes
from orders.models import Order, OrderChange

SHOWN_EVENTS = 100


def load_history(order: Order) -> Mapping[str, Any]:
    """The order's changes, newest first, each with its event: two queries."""
    changes = load_changes(order.pk)
    events = with_console_bodies(Event.objects.select_related("source", "event_type"))
    by_id = events.in_bulk([change.event_id for change in changes])
    return {"history": [_history_row(change, by_id.get(change.event_id)) for change in changes]}


def _history_row(change: OrderChange, event: Event | None) -> tuple[OrderChange, Event | None, list[Any], str]:
    return change, event, _fields(change.fields), posted_by(event) if event else ""


def _fields(fields: Mapping[str, Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The changed fields for reading: short values as texts, lists and objects as a title with their JSON to open."""
    return [
        {"name": name, "old": _readable(name, change.get("from")), "new": _readable(name, change.get("to"))}
        for name, change in fields.items()
    ]


def _readable(name: str, value: Any) -> dict[str, Any]:
    """A value of a change: {"text"} or {"title", "json"}; empty for what was not there."""
    if value is None or value in ("", [], {}):
        return {}
    if isinstance(value, list | dict):
        count = len(value)
        words = ngettext("%(count)d item", "%(count)d items", count)
        if name != "items":
            words = ngettext("%(count)d field", "%(count)d fields", count)
        return {"title": words % {"count": count}, "json": display.json_text(value)}
    if name == "date":
        return {"text": display.moment(datetime.fromisoformat(str(value)))}
    return {"text": display.json_text(value)}


def load_events(order: Order) -> Mapping[str, Any]:
    """The latest events that carried the order's id: one query (index: event_by_order_key)."""
    events = (
        Event.objects.filter(order_key=order.external_order_id)
        .exclude(order_key="")
        .select_related("source", "event_type", "outcome")
        .defer("body")
        .order_by("-id")[: SHOWN_EVENTS + 1]
    )
    found = list(events)
    return {"events": found[:SHOWN_EVENTS], "has_more": len(found) > SHOWN_EVENTS, "order": order}


add_panels(
    Order,
    [
        Panel("orders/history.html", load_history, "orders.view_order"),
        Panel("events/of_order.html", load_events, "events.view_event"),
    ],
)
