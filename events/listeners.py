"""Who is told, in the transaction that ends events, what became of them: rooms above this one register here.

A listener writes rows of its own with a statement for the whole batch, and does nothing that can wait or fail: it runs
under the lanes' locks. What it raises undoes the batch, as anything else in the transaction does.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from contract.reasons import Status


@dataclass(frozen=True, slots=True)
class Ended:
    """An event with its outcome. `order_status` is that of the order when this event has changed it, else empty."""

    event_id: int
    event_type_key: str
    attempt: int
    status: Status
    reason: str
    order_id: int | None
    order_status: str = ""


type Listener = Callable[[Sequence[Ended]], None]
_listeners: list[Listener] = []


def listen(listener: Listener) -> None:
    """Registers a listener for good. Called when the applications are loaded, once for each."""
    _listeners.append(listener)


def tell_listeners(ended: Iterable[Ended]) -> None:
    """Hands a batch to everybody who listens, in the order of application."""
    if _listeners:
        batch = list(ended)
        for listener in _listeners:
            listener(batch)
