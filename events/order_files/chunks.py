"""Cuts the orders of a file into chunks: each as large as an Add orders request may be, and always the same ones.

The same file with the same settings gives the same chunks with the same bytes: an interrupted import relies on it.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from contract.json_values import encode
from contract.reasons import Problem
from events.add_orders import MAX_BYTES, MAX_ORDERS, ORDERS
from events.order_files.assembly import Draft

FRAME = len('{"":[]}') + len(ORDERS)


@dataclass(frozen=True, slots=True)
class Chunk:
    """`refused` are drafts that are not sent, with why. `count` and `last_row` are of all its drafts."""

    sent: tuple[Draft, ...]
    refused: tuple[tuple[Draft, tuple[Problem, ...]], ...]
    body: bytes

    @property
    def count(self) -> int:
        return len(self.sent) + len(self.refused)

    @property
    def last_row(self) -> int:
        return max(draft.last_row for draft in (*self.sent, *(draft for draft, _ in self.refused)))


def cut(drafts: Iterable[Draft]) -> Iterator[Chunk]:
    """All drafts, each once and in order. Reads no further ahead than the next chunk."""
    sent: list[Draft] = []
    refused: list[tuple[Draft, tuple[Problem, ...]]] = []
    bodies: list[bytes] = []
    size = FRAME
    for draft in drafts:
        body = b"" if draft.problems else encode(dict(draft.order)).encode()
        if len(sent) + len(refused) == MAX_ORDERS or (sent and size + len(body) + 1 > MAX_BYTES):
            yield Chunk(tuple(sent), tuple(refused), _body(bodies))
            sent, refused, bodies, size = [], [], [], FRAME
        if problems := draft.problems or _too_large(body):
            refused.append((draft, problems))
            continue
        sent.append(draft)
        bodies.append(body)
        size += len(body) + 1
    if sent or refused:
        yield Chunk(tuple(sent), tuple(refused), _body(bodies))


def _body(bodies: list[bytes]) -> bytes:
    return b'{"%s":[%s]}' % (ORDERS.encode(), b",".join(bodies))


def _too_large(body: bytes) -> tuple[Problem, ...]:
    if FRAME + len(body) <= MAX_BYTES:
        return ()
    detail = f"The order has {len(body):,} bytes; at most {MAX_BYTES:,} can be taken."
    return (Problem(pointer="", code="too_large", detail=detail, found=f"{len(body):,} bytes"),)
