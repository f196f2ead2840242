"""What is posted, and what came of it: all that the rest of the room knows of HTTP."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

AT_ONCE = 50  # requests under way


@dataclass(frozen=True, slots=True)
class Message:
    """What is to be posted: `secrets` sign it, each for itself."""

    delivery_id: int
    message_id: str
    url: str
    secrets: Sequence[str]
    body: str


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of it. `status` is None when there was no answer, and `error` says why the message was not taken."""

    delivery_id: int
    at: datetime
    milliseconds: int
    status: int | None
    error: str

    @property
    def is_taken(self) -> bool:
        return not self.error
