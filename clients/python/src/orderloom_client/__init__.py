"""A client for Orderloom's API: `Client` sends, the other names are what it answers and raises."""

from orderloom_client.client import Client
from orderloom_client.errors import (
    ApiError,
    AuthenticationError,
    BadRequestError,
    ConflictError,
    ConnectionFailedError,
    IdempotencyKeyReusedError,
    NotFoundError,
    OrderloomError,
    OutcomeTimeoutError,
    PermissionDeniedError,
    RateLimitedError,
    ServerError,
    UnavailableError,
)
from orderloom_client.results import EventResult, Fate, OrderResult, Problem, WarningNote
from orderloom_client.retries import Retries

__all__ = [
    "ApiError",
    "AuthenticationError",
    "BadRequestError",
    "Client",
    "ConflictError",
    "ConnectionFailedError",
    "EventResult",
    "Fate",
    "IdempotencyKeyReusedError",
    "NotFoundError",
    "OrderResult",
    "OrderloomError",
    "OutcomeTimeoutError",
    "PermissionDeniedError",
    "Problem",
    "RateLimitedError",
    "Retries",
    "ServerError",
    "UnavailableError",
    "WarningNote",
]
