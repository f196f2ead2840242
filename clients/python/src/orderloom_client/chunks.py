"""Decides what goes into one bulk request: as much as the API takes at once, in the order given."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

MAX_COUNT = 1_000
MAX_BYTES = 8 * 1_048_576  # of a body, before it is compressed


@dataclass(frozen=True, slots=True, kw_only=True)
class Chunk:
    """`bodies` are the JSON texts of the entries from `first_index` on."""

    number: int
    first_index: int
    bodies: tuple[bytes, ...]

    def body(self, member: str) -> bytes:
        """`{"<member>": […]}`."""
        return b'{"%s":[%s]}' % (member.encode(), b",".join(self.bodies))


@dataclass(frozen=True, slots=True, kw_only=True)
class TooLarge:
    """An entry that no request can carry."""

    index: int
    size: int


def cut_into_chunks(
    entries: Iterable[Any], member: str, encode: Callable[[Any], bytes], max_count: int, max_bytes: int
) -> Iterator[Chunk | TooLarge]:
    """All entries, each once and in order. Reads no further ahead than the next chunk.

    Raises what `encode` raises, with the index of the entry as a note; the entries before it have come out by then.
    """
    frame = len(b'{"":[]}') + len(member.encode())
    held: list[bytes] = []
    size, first, number, index = frame, 0, 0, -1

    def cut(next_index: int) -> Iterator[Chunk]:
        nonlocal held, size, first, number
        if held:
            yield Chunk(number=number, first_index=first, bodies=tuple(held))
            number += 1
        held, size, first = [], frame, next_index

    for index, entry in enumerate(entries):
        try:
            body = encode(entry)
        except (TypeError, ValueError) as error:
            yield from cut(index)
            error.add_note(f"This was number {index} (from 0) of what was to be sent.")
            raise
        if frame + len(body) > max_bytes:
            yield from cut(index + 1)
            yield TooLarge(index=index, size=len(body))
            continue
        if len(held) == max_count or size + len(body) + bool(held) > max_bytes:
            yield from cut(index)
        size += len(body) + bool(held)
        held.append(body)
    yield from cut(index + 1)
