"""Decides whether a key may send one more request in its minute (docs/api.md, Rate limits).

A minute begins with a key's first request and ends 60 seconds later; each request counts, refused ones too, and a bulk
as one. Counted in the Redis of REDIS_URL, so that all web processes of all machines share one count; in this process's
memory without one. While Redis does not answer each process counts for itself: a limit is then as many times as high
as there are processes, and no request is held up or lost for the sake of being counted.
"""

import math
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import structlog
from django.conf import settings
from limits.storage import storage_from_string
from redis import RedisError
from redis.backoff import NoBackoff
from redis.retry import Retry

from contract.problems import ApiError

log = structlog.get_logger(__name__)

WINDOW_SECONDS = 60
POLICY = "key"  # the name of the policy in the headers
REDIS_SECONDS = 0.3  # how long a request waits for Redis
PAUSE_SECONDS = 5.0  # after which a Redis that did not answer is asked again


@dataclass(frozen=True, slots=True)
class Allowance:
    """What a key has left after the request that was just counted; `reset_seconds` until it has all of it again."""

    limit: int
    count: int
    reset_seconds: int

    @property
    def is_exceeded(self) -> bool:
        return self.count > self.limit

    def headers(self) -> Mapping[str, str]:
        """As draft-ietf-httpapi-ratelimit-headers has them."""
        left = max(0, self.limit - self.count)
        return {
            "RateLimit-Policy": f'"{POLICY}";q={self.limit};w={WINDOW_SECONDS}',
            "RateLimit": f'"{POLICY}";r={left};t={self.reset_seconds}',
        }

    def refusal(self) -> ApiError:
        detail = (
            f"This key may send {self.limit:,} requests in {WINDOW_SECONDS} seconds, and they are used up; "
            f"send this one again in {self.reset_seconds} seconds."
        )
        return ApiError(429, "", detail, headers={"Retry-After": str(self.reset_seconds)})


def count_request(key_id: int, limit: int) -> Allowance:
    """Counts one more request of the key. Never raises, and waits for Redis no longer than REDIS_SECONDS."""
    count, seconds = _counters().count(f"key/{key_id}")
    return Allowance(limit, count, min(WINDOW_SECONDS, max(1, math.ceil(seconds))))


class Counters:
    """Counts in Redis when there is one (`redis_url`), else and meanwhile in memory."""

    def __init__(self, redis_url: str) -> None:
        self._memory = storage_from_string("memory://")
        self._redis: Any = None
        self._resume_at = 0.0  # monotonic; not before then is Redis asked again
        self._is_away = False
        self._lock = threading.Lock()
        if redis_url:
            options: dict[str, Any] = {
                "key_prefix": "orderloom",
                "socket_timeout": REDIS_SECONDS,
                "socket_connect_timeout": REDIS_SECONDS,
                "retry": Retry(NoBackoff(), 0),
            }
            self._redis = storage_from_string(redis_url, **options)

    def count(self, key: str) -> tuple[int, float]:
        """(requests of the key in its window, this one included; seconds until the window ends)."""
        if self._redis is not None and time.monotonic() >= self._resume_at:
            try:
                counted = _count(self._redis, key)
            except RedisError as error:
                self._note_away(error)
            else:
                self._note_back()
                return counted
        return _count(self._memory, key)

    def _note_away(self, error: RedisError) -> None:
        with self._lock:
            self._resume_at = time.monotonic() + PAUSE_SECONDS
            is_new, self._is_away = not self._is_away, True
        if is_new:
            log.warning("rate_limit.redis_away", error=str(error))

    def _note_back(self) -> None:
        if self._is_away:
            with self._lock:
                was_away, self._is_away = self._is_away, False
            if was_away:
                log.info("rate_limit.redis_back")


def _count(storage: Any, key: str) -> tuple[int, float]:
    count: int = storage.incr(key, WINDOW_SECONDS)
    return count, storage.get_expiry(key) - time.time()


@cache
def _counters() -> Counters:
    """Of this process, made by the first request of a key that has a limit."""
    return Counters(settings.RATE_LIMIT_REDIS_URL)


def forget_counts() -> None:
    """Makes this process begin anew: for tests."""
    _counters.cache_clear()
