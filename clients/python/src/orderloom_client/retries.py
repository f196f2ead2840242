"""Decides what is tried again, and when.

Tried again is what may go well the next time: no connection, a connection that broke, no answer in time, 429, 502, 503,
504, and the 409 that says the first request of the same idempotency key is still under way. Every request that writes
carries one idempotency key for all its attempts, so an attempt whose answer was lost is never stored a second time.
"""

import random
from dataclasses import dataclass

from orderloom_client.errors import ApiError

UNDER_WAY = "idempotency_key_under_way"
RETRIED_STATUSES = frozenset({429, 502, 503, 504})


@dataclass(frozen=True, slots=True, kw_only=True)
class Retries:
    """`attempts` are all of them, the first included. Pauses double, each drawn between half of it and all of it.

    With these values a request is given up after some 15 s of pauses; an answer that names its own (Retry-After) is
    obeyed, unless it names more than `longest_pause_seconds`: then the error is raised at once.
    """

    attempts: int = 7
    first_pause_seconds: float = 0.25
    longest_pause_seconds: float = 30.0

    def __post_init__(self) -> None:
        if self.attempts < 1 or self.first_pause_seconds < 0 or self.longest_pause_seconds < 0:
            raise ValueError("At least one attempt is needed, and pauses are not negative.")

    def pause_after(self, attempt: int, error: ApiError | None = None) -> float | None:
        """The seconds to wait after this attempt (from 1) and its answer, None for no answer; None: not again."""
        if attempt >= self.attempts or (error is not None and not is_worth_another(error)):
            return None
        if error is not None and error.retry_after is not None:
            return error.retry_after if error.retry_after <= self.longest_pause_seconds else None
        pause: float = min(self.first_pause_seconds * 2 ** (attempt - 1), self.longest_pause_seconds)
        return pause * random.uniform(0.5, 1.0)  # noqa: S311 - many clients must not come back at one moment


def is_worth_another(error: ApiError) -> bool:
    return error.status in RETRIED_STATUSES or (error.status == 409 and UNDER_WAY in error.codes)
