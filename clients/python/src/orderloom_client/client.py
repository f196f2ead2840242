"""The client: one method for each thing that a shop's backend does."""

import time
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime
from types import TracebackType
from typing import Any, TypeVar
from urllib.parse import quote, urlsplit

import urllib3

from orderloom_client.chunks import MAX_BYTES, MAX_COUNT, Chunk, TooLarge, cut_into_chunks
from orderloom_client.errors import BadRequestError, OrderloomError, OutcomeTimeoutError
from orderloom_client.http import Http
from orderloom_client.results import (
    EventResult,
    Fate,
    OrderResult,
    Problem,
    event_result_of,
    fate_of,
    order_result_of,
)
from orderloom_client.retries import Retries
from orderloom_client.wire import to_json

LONGEST_HOLD_SECONDS = 10.0  # of one look at a waiting event; the API holds at most 30
PAUSE_BETWEEN_LOOKS = 0.25  # when the server is holding too many already, and answers at once
PAGE_SIZE = 500

Message = Mapping[str, Any] | bytes
Result = TypeVar("Result")


class Client:
    """Calls the Orderloom at `base_url` with an API key. May be shared by threads; close it, or use it in a `with`.

    What is sent are mappings in the API's own words (`{"eventTypeKey": …, "params": {…}}`), or bytes that are JSON
    already. Money is Decimal or str, a moment a datetime with a time zone; a float or a naive datetime is refused with
    TypeError or ValueError. `timeout` (seconds) is for each attempt to get an answer, `retries` says how often and when
    it is tried again. `pool` is for a proxy or certificates of your own (`urllib3.ProxyManager(…)`).
    """

    def __init__(
        self,
        base_url: str,
        key: str,
        *,
        timeout: float = 30.0,
        retries: Retries | None = None,
        pool: urllib3.PoolManager | None = None,
    ) -> None:
        self._http = Http(base_url, key, timeout, retries or Retries(), pool)

    def __repr__(self) -> str:
        return f"<Client of {self._http.base_url}>"

    def __enter__(self) -> "Client":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        self._http.close()

    # Events

    def post_event(self, event: Message, *, idempotency_key: str | None = None, api_version: int = 1) -> str:
        """The id of the event, once it is durably stored. Without a key of yours it gets one for its own retries."""
        answer = self._http.post(f"/api/v{api_version}/event", to_json(event), idempotency_key)
        return str(answer["id"])

    def post_events(self, events: Iterable[Message], *, idempotency_key: str | None = None) -> list[EventResult]:
        """Posts any number of events; one result for each, in order.

        With an `idempotency_key` the same events can be sent again, by another process too, and none is stored twice:
        within 24 hours, and if the events are the same. An error carries what was answered before it as `results`.
        """
        return _collect(self.stream_events(events, idempotency_key=idempotency_key))

    def stream_events(self, events: Iterable[Message], *, idempotency_key: str | None = None) -> Iterator[EventResult]:
        """The same for any number without holding them all. Nothing is sent but as the results are read."""
        for chunk in cut_into_chunks(events, "events", to_json, MAX_COUNT, MAX_BYTES):
            if isinstance(chunk, TooLarge):
                yield EventResult(index=chunk.index, id=None, problems=(_too_large(chunk),))
            else:
                yield from self._post_chunk(chunk, _key_of_chunk(idempotency_key, chunk))

    def _post_chunk(self, chunk: Chunk, idempotency_key: str | None) -> Iterator[EventResult]:
        try:
            answer = self._http.post("/api/v1/events", chunk.body("events"), idempotency_key)
        except BadRequestError as error:
            yield from _all_refused(error, chunk)
            return
        for entry in answer["results"]:
            yield event_result_of(entry, chunk.first_index)

    def get_event(self, event_id: str | int) -> Fate:
        """What became of an event so far. Raises NotFoundError."""
        return fate_of(self._http.get(_path("events", event_id)))

    def wait_for_outcome(self, event_id: str | int, timeout: float = 30.0) -> Fate:
        """What became of an event, once it is decided. Raises OutcomeTimeoutError after `timeout` seconds."""
        deadline = time.monotonic() + timeout
        while True:
            asked_at = time.monotonic()
            held = max(0.0, min(deadline - asked_at, LONGEST_HOLD_SECONDS))
            fate = fate_of(self._http.get(_path("events", event_id), {"wait": f"{held:.3f}"}, held_seconds=held))
            if fate.is_decided:
                return fate
            now = time.monotonic()
            if now >= deadline:
                raise OutcomeTimeoutError(fate, timeout)
            if now - asked_at < PAUSE_BETWEEN_LOOKS:
                time.sleep(min(PAUSE_BETWEEN_LOOKS, deadline - now))

    # Orders

    def add_orders(self, orders: Iterable[Message], *, idempotency_key: str | None = None) -> list[OrderResult]:
        """Creates or updates any number of orders, and their contacts; one result for each, in order.

        `idempotency_key` as in post_events(). An order that cannot be taken holds back none of the others.
        """
        return _collect(self.stream_orders(orders, idempotency_key=idempotency_key))

    def stream_orders(self, orders: Iterable[Message], *, idempotency_key: str | None = None) -> Iterator[OrderResult]:
        """The same for any number without holding them all. Nothing is sent but as the results are read."""
        for chunk in cut_into_chunks(orders, "orders", to_json, MAX_COUNT, MAX_BYTES):
            if isinstance(chunk, TooLarge):
                yield OrderResult(index=chunk.index, external_order_id=None, problems=(_too_large(chunk),))
                continue
            answer = self._http.post("/api/v1/orders", chunk.body("orders"), _key_of_chunk(idempotency_key, chunk))
            for offset, entry in enumerate(answer["orders"]):
                yield order_result_of(entry, chunk.first_index, offset)

    def get_order(self, order_id: int) -> dict[str, Any]:
        """An order by its `orderId`; money is text, to be made a Decimal. Raises NotFoundError."""
        order: dict[str, Any] = self._http.get(_path("orders", order_id))
        return order

    def get_orders(self, **filters: Any) -> Iterator[dict[str, Any]]:
        """All orders that match the filters of the API, page by page: `get_orders(status=["DELIVERED"])`."""
        return self.pages("/api/v1/orders", **filters)

    # Contacts

    def save_contact(self, contact: Message, *, idempotency_key: str | None = None) -> int:
        """Creates a contact, or updates the one that its identifiers name; its id. Raises ConflictError."""
        return int(self._http.post("/api/v1/contact", to_json(contact), idempotency_key)["id"])

    # Everything else that can be read

    def get(self, path: str, **query: Any) -> Any:
        """The JSON at a path of the API, such as "/api/v1/revenue"; numbers with a point are Decimals."""
        return self._http.get(path, _written(query))

    def pages(self, path: str, **filters: Any) -> Iterator[dict[str, Any]]:
        """All rows of a list of the API, page by page; a page is read when its rows are."""
        page = self.get(path, **{"limit": PAGE_SIZE, **filters})
        yield from page["results"]
        while page["next"]:
            # Only what `next` asks for is taken from it: the key goes to no other address.
            page = self._http.get(f"{path}?{urlsplit(page['next']).query}")
            yield from page["results"]


def _collect(results: Iterator[Result]) -> list[Result]:
    collected: list[Result] = []
    try:
        for result in results:
            collected.append(result)  # noqa: PERF402 - what came before an error must be there
    except OrderloomError as error:
        error.results = tuple(collected)
        raise
    return collected


def _path(resource: str, identifier: str | int) -> str:
    return f"/api/v1/{resource}/{quote(str(identifier), safe='')}"


def _key_of_chunk(idempotency_key: str | None, chunk: Chunk) -> str | None:
    return None if idempotency_key is None else f"{idempotency_key}:{chunk.number}"


def _too_large(entry: TooLarge) -> Problem:
    return Problem(
        pointer="",
        code="too_large",
        detail=f"It has {entry.size:,} bytes; a request takes at most {MAX_BYTES:,}.",
        found=f"{entry.size:,} bytes",
    )


def _all_refused(error: BadRequestError, chunk: Chunk) -> Iterator[EventResult]:
    """The API refuses a bulk as a whole when none of its events can be taken: here each gets its own problems back."""
    by_index: dict[int, list[Problem]] = {}
    for problem in error.problems:
        member, _, rest = problem.pointer.removeprefix("/events/").partition("/")
        if not problem.pointer.startswith("/events/") or not member.isdigit():
            raise error
        pointer = f"/{rest}" if rest else ""
        by_index.setdefault(int(member), []).append(_moved(problem, pointer))
    if set(by_index) != set(range(len(chunk.bodies))):
        raise error
    for index in sorted(by_index):
        yield EventResult(index=chunk.first_index + index, id=None, problems=tuple(by_index[index]))


def _moved(problem: Problem, pointer: str) -> Problem:
    return Problem(
        pointer=pointer, code=problem.code, detail=problem.detail, found=problem.found, expected=problem.expected
    )


def _written(query: Mapping[str, Any]) -> dict[str, Any]:
    return {name: [_text(one) for one in value] if isinstance(value, list | tuple | set) else _text(value)
            for name, value in query.items() if value is not None}  # fmt: skip


def _text(value: Any) -> str:
    if isinstance(value, datetime) and value.utcoffset() is None:
        raise ValueError(f"{value} is a datetime without a time zone; give it its tzinfo.")
    if isinstance(value, bool):
        return "true" if value else "false"
    return value.isoformat() if isinstance(value, date) else str(value)
