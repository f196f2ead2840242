"""Decides what an Idempotency-Key means (docs/api.md, Retries): the second request of a key does nothing a second time.

A handler that writes wraps what it does:

    def post(self, request):
        return idempotently(request, lambda: self._take(request))

Without the header that is a plain call. With it, `_take` runs in the transaction that also keeps the key and the
answer, so there is never the one without the other. A handler whose work takes several transactions (it stores events,
then applies them) names its two steps and calls `idempotently_in_two_steps`; the key is kept by the first of them.

Only answers of 2xx are kept: a request that was refused has changed nothing, and its retry is judged anew.
Where keys are kept is not decided here but by the module that settings.IDEMPOTENCY_KEEPER names.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any, Protocol

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.module_loading import import_string

from contract.http import DEFAULT_LIMIT, hold_body
from contract.json_values import is_storable
from contract.problems import ApiError, refuse
from contract.reasons import Problem

HEADER = "Idempotency-Key"
MAX_KEY_LENGTH = 255
REPLAYED = {"Idempotent-Replayed": "true"}
REUSED = "idempotency_key_reused"
UNDER_WAY = "idempotency_key_under_way"
RETRY_AFTER_SECONDS = 1

type Answer = Callable[[], HttpResponse]
type Store = Callable[[], list[int]]
type Finish = Callable[[list[int]], HttpResponse]


@dataclass(frozen=True, slots=True)
class Claim:
    """That this key of this source stands for what has this fingerprint."""

    source_id: int
    key: str
    fingerprint: str


class Keeper(Protocol):
    """Where keys are kept: events/idempotency.py."""

    def answer_once(self, claim: Claim, answer: Answer) -> HttpResponse: ...

    def answer_once_in_two_steps(self, claim: Claim, store: Store, finish: Finish) -> HttpResponse: ...


def idempotently(request: HttpRequest, answer: Answer, limit: int = DEFAULT_LIMIT) -> HttpResponse:
    """The answer, or the one that was kept. Raises ApiError 400, 409 or 422, and what read_body() raises.

    `answer` runs in a transaction if the request carries a key. `limit` is what the handler reads its body with.
    """
    if HEADER_IN_META not in request.META:
        return answer()
    return _keeper().answer_once(_claim_of_body(request, limit), answer)


def idempotently_in_two_steps(
    request: HttpRequest, store: Store, finish: Finish, limit: int = DEFAULT_LIMIT
) -> HttpResponse:
    """The same for work of several transactions.

    `store` writes events, in one transaction with the key, and returns their ids. `finish` answers with what became of
    them; it opens its own transactions. A retry that finds the events stored and no answer, because the first request
    ended in between, only finishes: `finish` must be able to run again, in another process.
    """
    if HEADER_IN_META not in request.META:
        return finish(store())
    return _keeper().answer_once_in_two_steps(_claim_of_body(request, limit), store, finish)


def claim_of(request: HttpRequest, body: str) -> Claim | None:
    """What the request claims for this body, None when it carries no key. Raises ApiError 400."""
    if HEADER_IN_META not in request.META:
        return None
    return _claim(request, body.encode())


def fingerprint_of(what: str, body: bytes) -> str:
    """32 hex digits that differ when what is asked for differs: the address and query, or the kind, and the bytes."""
    digest = hashlib.blake2b(what.encode("utf-8", "replace"), digest_size=16)
    digest.update(b"\n")
    digest.update(body)
    return digest.hexdigest()


def find_key_fault(key: Any, pointer: str = "") -> Problem | None:
    """What is wrong with a key; a header has no pointer of its own."""
    expected = f"a text of 1 to {MAX_KEY_LENGTH} characters"
    if isinstance(key, str) and 0 < len(key) <= MAX_KEY_LENGTH and is_storable(key):
        return None
    found = f"{len(key):,} characters" if isinstance(key, str) else "no text"
    if isinstance(key, str) and 0 < len(key) <= MAX_KEY_LENGTH:
        found = "NUL or a lone surrogate"
    detail = f"The idempotency key cannot be taken: it must be {expected}."
    return Problem(pointer=pointer, code="invalid_idempotency_key", detail=detail, found=found, expected=expected)


def reused(pointer: str = "") -> Problem:
    detail = "This idempotency key was used before, with something else; use a new key for each thing that is sent."
    return Problem(pointer=pointer, code=REUSED, detail=detail, expected="the same address and body as the first time")


def under_way(pointer: str = "") -> Problem:
    detail = "The first request with this idempotency key is still under way; send this one again in a moment."
    return Problem(pointer=pointer, code=UNDER_WAY, detail=detail)


def refuse_reused() -> ApiError:
    return refuse([reused()], status=422)


def refuse_under_way() -> ApiError:
    refusal = refuse([under_way()], status=409)
    refusal.headers["Retry-After"] = str(RETRY_AFTER_SECONDS)
    return refusal


HEADER_IN_META = "HTTP_" + HEADER.upper().replace("-", "_")


def _claim_of_body(request: HttpRequest, limit: int) -> Claim:
    # What a DELETE is about stands in its address; a body of one means nothing (RFC 9110) and is not read.
    return _claim(request, b"" if request.method == "DELETE" else hold_body(request, limit))


def _claim(request: HttpRequest, body: bytes) -> Claim:
    key = request.META[HEADER_IN_META]
    if fault := find_key_fault(key):
        raise refuse([fault])
    query = request.META.get("QUERY_STRING", "")
    address = f"{request.method} {request.path_info.rstrip('/')}{'?' if query else ''}{query}"
    source_id: int = request.auth.source_id  # type: ignore[attr-defined]  # what writes needs a key of a source
    return Claim(source_id, key, fingerprint_of(address, body))


@cache
def _keeper() -> Keeper:
    keeper: Keeper = import_string(settings.IDEMPOTENCY_KEEPER)
    return keeper
