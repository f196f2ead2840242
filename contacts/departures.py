"""Who is told, in the transaction that does it, that contacts were deleted or are erased: rooms above register here.

A listener removes what it keeps of these people with one statement, and does nothing that can fail: what it raises
undoes the deletion. The contacts' rows stay, and are locked by the caller.
"""

from collections.abc import Callable, Collection

type Listener = Callable[[Collection[int]], None]
_listeners: list[Listener] = []


def listen(listener: Listener) -> None:
    """Registers a listener for good. Called when the applications are loaded, once for each."""
    _listeners.append(listener)


def tell_of_departure(contact_ids: Collection[int]) -> None:
    """Tells everybody who listens that these contacts are out of sight from this transaction on."""
    for listener in _listeners:
        listener(contact_ids)
