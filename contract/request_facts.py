"""What a request did, told by whoever did it, for its line in the log (config/requests_log.py).

Only what is ours to name stands in it: ids, counts and codes, never a value that was sent.
"""

from collections.abc import Sequence
from contextvars import ContextVar
from typing import Any

MOST_IDS = 20  # of events in one line; of more, the first and the last

_facts: ContextVar[dict[str, Any] | None] = ContextVar("request_facts", default=None)


def collect_facts() -> dict[str, Any]:
    """A place for the facts of the request that begins now in this thread."""
    facts: dict[str, Any] = {}
    _facts.set(facts)
    return facts


def forget_facts() -> None:
    _facts.set(None)


def tell(**facts: Any) -> None:
    """Adds to the line of the request under way; outside of a request it does nothing."""
    collected = _facts.get()
    if collected is not None:
        collected.update(facts)


def tell_events(ids: Sequence[int]) -> None:
    """That these events were stored."""
    collected = _facts.get()
    if collected is not None:
        collected.update(describe_events(ids))


def describe_events(ids: Sequence[int]) -> dict[str, Any]:
    """The members of a log line that say which events: their number and their ids."""
    if len(ids) <= MOST_IDS:
        return {"events": len(ids), "event_ids": list(ids)}
    return {"events": len(ids), "first_event_id": min(ids), "last_event_id": max(ids)}
