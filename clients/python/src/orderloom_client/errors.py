"""What can go wrong, as exceptions. None of them holds the key."""

from collections.abc import Mapping
from typing import Any

from orderloom_client.results import Fate, Problem, problems_of


class OrderloomError(Exception):
    """The base of all. `results` are those of the entries of a bulk that were answered before it went wrong."""

    results: tuple[Any, ...] = ()


class ConnectionFailedError(OrderloomError):
    """No answer came, on any attempt. Whether the last one was taken is not known; send it again with the same key."""

    def __init__(self, detail: str, idempotency_key: str | None = None) -> None:
        super().__init__(detail)
        self.idempotency_key = idempotency_key


class OutcomeTimeoutError(OrderloomError):
    """The event still waits; it is stored, and will have its outcome later."""

    def __init__(self, fate: Fate, seconds: float) -> None:
        super().__init__(f"Event {fate.id} still waits after {seconds:g} s.")
        self.fate = fate


class ApiError(OrderloomError):
    """An answer other than 2xx. `problems` say what is wrong, each with its pointer and a code that does not change."""

    def __init__(
        self, status: int, detail: str, problems: tuple[Problem, ...], retry_after: float | None, request_id: str
    ) -> None:
        super().__init__(f"{status}: {detail}" + (f" (request {request_id})" if request_id else ""))
        self.status = status
        self.detail = detail
        self.problems = problems
        self.retry_after = retry_after
        self.request_id = request_id

    @property
    def codes(self) -> frozenset[str]:
        return frozenset(problem.code for problem in self.problems)


class BadRequestError(ApiError):
    """400, 413, 415 or another 4xx: what was sent cannot be taken, however often it is sent."""


class AuthenticationError(ApiError):
    """401: the key is not known, or no longer."""


class PermissionDeniedError(ApiError):
    """403: the key has not got the scope for this."""


class NotFoundError(ApiError):
    """404."""


class ConflictError(ApiError):
    """409: identifiers of two contacts, or a first request of the same idempotency key that does not end."""


class IdempotencyKeyReusedError(ApiError):
    """422: the idempotency key was used before for something else."""


class RateLimitedError(ApiError):
    """429: too many requests; `retry_after` says for how many seconds."""


class UnavailableError(ApiError):
    """502, 503 or 504, on every attempt: the service or its database is away."""


class ServerError(ApiError):
    """Any other 5xx, or an answer that is none of the API's: nothing is known to be stored."""


_BY_STATUS: dict[int, type[ApiError]] = {
    401: AuthenticationError,
    403: PermissionDeniedError,
    404: NotFoundError,
    409: ConflictError,
    422: IdempotencyKeyReusedError,
    429: RateLimitedError,
    502: UnavailableError,
    503: UnavailableError,
    504: UnavailableError,
}


def api_error_of(status: int, answer: Any, headers: Mapping[str, str], retry_after: float | None) -> ApiError:
    """The exception that tells this answer, which may be no JSON at all (None)."""
    members = answer if isinstance(answer, dict) else {}
    detail = str(members.get("detail") or "The answer is not one of Orderloom's API.")
    kind = _BY_STATUS.get(status, BadRequestError if 400 <= status < 500 else ServerError)
    return kind(status, detail, problems_of(members.get("errors")), retry_after, headers.get("X-Request-ID", ""))
