"""A first pass through a file, before anything is sent: how much there is, and which orders' rows stand apart.

It also meets what would end the import half-way: a quote that is never closed, an encoding that was guessed wrong.
Memory: 8 bytes for each order while reading, and some 50 MB for a moment for a million of them.
"""

from array import array
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from itertools import pairwise

from xxhash import xxh3_64_intdigest

from events.order_files.assembly import order_id_of
from events.order_files.mapping import ColumnMapping
from events.order_files.tables import Row
from events.order_files.trouble import OrderFileError

MOST_APART = 100_000  # orders whose rows stand apart; with more of them a file is not sorted by order at all
MOST_ROWS_SHOWN = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Survey:
    """`scattered` has the order ids whose rows stand apart, with the first rows of the first parts.

    `repeated` are the ids of orders that come again (as updates), by their hash.
    """

    rows: int
    orders: int
    scattered: Mapping[str, tuple[int, ...]]
    repeated: frozenset[int]


def survey(open_rows: Callable[[], Iterable[Row]], mapping: ColumnMapping) -> Survey:
    """Reads the rows once, and a second time only when an order id comes again. Raises what reading them raises."""
    parts = array("Q")
    rows, previous = 0, ""
    for row in open_rows():
        rows += 1
        order_id = order_id_of(row, mapping)
        if not order_id or not mapping.has_item_columns or order_id != previous:
            parts.append(hash_of(order_id) if order_id else 0)
        previous = order_id
    repeated = _values_given_twice(parts)
    if mapping.has_item_columns and len(repeated) > MOST_APART:
        raise OrderFileError(
            f"The rows of more than {MOST_APART:,} orders stand apart from one another: sort the file by order."
        )
    scattered = _scattered(open_rows(), mapping, repeated) if repeated and mapping.has_item_columns else {}
    return Survey(rows=rows, orders=len(parts), scattered=scattered, repeated=repeated)


def hash_of(order_id: str) -> int:
    """Never 0."""
    return xxh3_64_intdigest(order_id.encode("utf-8", "surrogatepass")) or 1


def _values_given_twice(parts: "array[int]") -> frozenset[int]:
    ordered = sorted(parts)
    return frozenset(one for one, following in pairwise(ordered) if one and one == following)


def _scattered(rows: Iterable[Row], mapping: ColumnMapping, repeated: frozenset[int]) -> dict[str, tuple[int, ...]]:
    """Two ids of one hash are told apart here: an id whose rows stand together has one part."""
    found: dict[str, list[int]] = {}
    previous = ""
    for row in rows:
        order_id = order_id_of(row, mapping)
        if order_id and order_id != previous and hash_of(order_id) in repeated:
            beginnings = found.setdefault(order_id, [])
            if len(beginnings) < MOST_ROWS_SHOWN:
                beginnings.append(row.number)
        previous = order_id
    return {order_id: tuple(beginnings) for order_id, beginnings in found.items() if len(beginnings) > 1}
