"""One request with all its attempts: connections that are kept, timeouts, compression, and the errors as exceptions."""

import gzip
import re
import time
import uuid
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode, urlsplit

import urllib3

from orderloom_client.errors import ConnectionFailedError, api_error_of
from orderloom_client.retries import Retries
from orderloom_client.wire import from_json

GZIP_FROM_BYTES = 16 * 1024  # below it, packing costs more than it saves on a local network
GZIP_LEVEL = 4  # events are repetitive: this makes a tenth of them, at some 100 MB/s
CONNECT_SECONDS = 5.0
_A_KEY = re.compile(r"[!-~]+")


class Http:
    """Calls one installation with one key. May be used by several threads at once."""

    def __init__(
        self, base_url: str, key: str, timeout: float, retries: Retries, pool: urllib3.PoolManager | None
    ) -> None:
        self.base_url = _checked_url(base_url)
        if not isinstance(key, str) or not _A_KEY.fullmatch(key):
            raise ValueError("The key must be the text that create_source printed, without spaces.")
        # The key stands nowhere else, so that no repr() and no error message can show it.
        self._authorization = {"Authorization": f"Bearer {key}"}
        self._timeout = timeout
        self._retries = retries
        self._pool = pool or urllib3.PoolManager(maxsize=10)

    def close(self) -> None:
        self._pool.clear()

    def get(self, path: str, query: Mapping[str, Any] | None = None, held_seconds: float = 0.0) -> Any:
        """The JSON of the answer. `held_seconds` is how long the server may take on purpose."""
        return self._call("GET", path + _query_string(query), None, None, held_seconds)

    def post(self, path: str, body: bytes, idempotency_key: str | None = None) -> Any:
        """The same; the request is stored once, whatever its attempts meet."""
        return self._call("POST", path, body, idempotency_key or uuid.uuid4().hex)

    def _call(
        self, method: str, path: str, body: bytes | None, idempotency_key: str | None, held_seconds: float = 0.0
    ) -> Any:
        content, headers = self._packed(body, idempotency_key)
        attempt = 0
        while True:
            attempt += 1
            try:
                answer = self._attempt(method, path, content, headers, held_seconds)
            except (urllib3.exceptions.HTTPError, OSError) as error:
                pause = None if _is_final(error) else self._retries.pause_after(attempt)
                if pause is None:
                    times = f"{attempt} time{'s' if attempt > 1 else ''}"
                    detail = f"{method} {self.base_url}{path} got no answer ({times}): {error}"
                    raise ConnectionFailedError(detail, idempotency_key) from error
            else:
                value = _value_of(answer)
                if 200 <= answer.status < 300 and value is not None:
                    return value
                refusal = api_error_of(answer.status, value, answer.headers, _retry_after(answer))
                pause = self._retries.pause_after(attempt, refusal)
                if pause is None:
                    raise refusal
            time.sleep(pause)

    def _attempt(
        self, method: str, path: str, content: bytes | None, headers: Mapping[str, str], held_seconds: float
    ) -> urllib3.BaseHTTPResponse:
        return self._pool.request(
            method,
            self.base_url + path,
            body=content,
            headers=headers,
            timeout=urllib3.Timeout(connect=min(CONNECT_SECONDS, self._timeout), read=self._timeout + held_seconds),
            retries=False,  # ours, which know about idempotency keys
            redirect=False,  # the key is for this address alone
        )

    def _packed(self, body: bytes | None, idempotency_key: str | None) -> tuple[bytes | None, dict[str, str]]:
        headers = {**self._authorization, "Accept": "application/json", "User-Agent": "orderloom-client/0.1.0"}
        if idempotency_key is not None:
            headers["Idempotency-Key"] = idempotency_key
        if body is None:
            return None, headers
        headers["Content-Type"] = "application/json"
        if len(body) >= GZIP_FROM_BYTES:
            headers["Content-Encoding"] = "gzip"
            body = gzip.compress(body, GZIP_LEVEL, mtime=0)
        return body, headers


def _checked_url(base_url: str) -> str:
    parts = urlsplit(base_url)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
        raise ValueError(f"The base URL must look like https://orderloom.example.com, not {parts.scheme}://…")
    if "@" in parts.netloc:
        raise ValueError("The base URL must hold no user or password; give the key as `key`.")
    return base_url.rstrip("/")


def _is_final(error: Exception) -> bool:
    """A certificate or an address that is wrong stays wrong."""
    return isinstance(error, urllib3.exceptions.SSLError | urllib3.exceptions.LocationValueError)


def _value_of(answer: urllib3.BaseHTTPResponse) -> Any:
    """None for an answer that is no JSON, such as a proxy's page."""
    try:
        return from_json(answer.data)
    except ValueError:
        return None


def _retry_after(answer: urllib3.BaseHTTPResponse) -> float | None:
    """Only the form in seconds; a proxy's date is as good as none."""
    text = answer.headers.get("Retry-After", "")
    return float(text) if text.isascii() and text.isdigit() else None


def _query_string(query: Mapping[str, Any] | None) -> str:
    return "?" + urlencode(query, doseq=True) if query else ""
