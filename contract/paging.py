"""Cuts a list into keyset pages: `?limit=`, `?cursor=` and `{"results": […], "next": url|null, "previous": url|null}`.

A cursor is the place between two rows: the sort value and the id of the row beside it, and the direction in which to
read. So a page costs the same however deep it lies, and rows that come or go elsewhere move no other row across a page
border. Cursors are opaque but hold nothing secret; one that was not made here for this ordering is a 400.
"""

import base64
import binascii
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from functools import partial
from typing import Any

import msgspec
from django.db.models import BooleanField, F, Func, Model, QuerySet, Value
from django.http import HttpRequest

from contract.moments import parse_moment
from contract.problems import ApiError, refuse_parameter

DEFAULT_LIMIT = 50
MAX_LIMIT = 500
PARAMETERS = ("limit", "cursor", "ordering")
BIGINT_MAX = 2**63 - 1
A_NUMBER = re.compile(r"-?[0-9]{1,40}(\.[0-9]{1,40})?")
AN_ID = re.compile(r"[0-9]{1,18}")


@dataclass(frozen=True, slots=True, kw_only=True)
class SortKey:
    """A column that a list can be sorted by (not null), and how its value is written into a cursor and read again.

    `beyond` takes the rows, “lt” or “gt” and an id, and gives the rows on that side of it: for lists sorted by their
    ids whose filters stand in another table, so that the index there is entered at the cursor as well.

    `copies`: two expressions that have the column's value and the id in another table. Filters that bring in that table
    define them (`QuerySet.alias`), and then the list is sorted by them: by an index of that table.

    `is_found_first`: a page's places are found in a statement of their own, which an index that holds the filtered
    columns too answers alone; only then are its rows read, by their ids.

    `settled` takes the rows and leaves out those that others may still appear before: for lists that are read towards
    their growing end. It is not asked for the other direction, in which what appears late is only newer.
    """

    column: str
    write: Callable[[Any], str] = str
    read: Callable[[str], Any] = str
    beyond: Callable[[Any, str, int], Any] | None = None
    copies: tuple[str, str] = ("", "")
    is_found_first: bool = False
    settled: Callable[[Any], Any] | None = None

    def sorted_by(self, rows: QuerySet[Any]) -> tuple[str, str]:
        """What these rows are sorted by: the column and the id, or what stands for both."""
        return self.copies if self.copies[0] in rows.query.annotations else (self.column, "id")


def _read_moment(text: str) -> datetime:
    moment = parse_moment(text, UTC, takes_a_day=False)
    if moment is None:
        raise ValueError("not a moment")
    return moment


def _read_decimal(text: str) -> Decimal:
    if not A_NUMBER.fullmatch(text):
        raise ValueError("not a number")
    return Decimal(text)


def moment_key(column: str, *, copies: tuple[str, str] = ("", ""), is_found_first: bool = False) -> SortKey:
    return SortKey(
        column=column,
        write=lambda value: value.astimezone(UTC).isoformat(),
        read=_read_moment,
        copies=copies,
        is_found_first=is_found_first,
    )


def decimal_key(column: str, *, is_found_first: bool = False) -> SortKey:
    return SortKey(
        column=column, write=lambda value: format(value, "f"), read=_read_decimal, is_found_first=is_found_first
    )


def id_key(
    column: str = "id",
    beyond: Callable[[Any, str, int], Any] | None = None,
    settled: Callable[[Any], Any] | None = None,
) -> SortKey:
    return SortKey(column=column, write=str, read=_read_id, beyond=beyond, settled=settled)


def _read_id(text: str) -> int:
    if not AN_ID.fullmatch(text):
        raise ValueError("not an id")
    return int(text)


@dataclass(frozen=True, slots=True, kw_only=True)
class Page[Row]:
    """The rows of one page in the list's order, and the addresses of the pages beside it."""

    rows: Sequence[Row]
    next_url: str | None
    previous_url: str | None

    def present(self, results: list[Any]) -> dict[str, Any]:
        return {"results": results, "next": self.next_url, "previous": self.previous_url}


@dataclass(frozen=True, slots=True, kw_only=True)
class Cursor:
    """Read on from this row (exclusive): forwards along the list's order, or backwards."""

    ordering: str
    is_backward: bool
    value: str
    row_id: int

    def encode(self) -> str:
        text = msgspec.json.encode([self.ordering, self.is_backward, self.value, self.row_id])
        return base64.urlsafe_b64encode(text).decode().rstrip("=")


class _RowIsBeyond(Func):
    """`(sort column, id) > (value, id)`, or `<`: one comparison of rows, which a two-column index answers."""

    template = "(%(expressions)s)"
    output_field = BooleanField()
    conditional = True

    def as_sql(self, compiler: Any, connection: Any, *args: Any, **extra: Any) -> tuple[str, tuple[Any, ...]]:
        (column, column_params), (row_id, id_params), (value, value_params), (place, place_params) = (
            compiler.compile(expression) for expression in self.get_source_expressions()
        )
        sql = f"({column}, {row_id}) {self.extra['operator']} ({value}, {place})"
        return sql, (*column_params, *id_params, *value_params, *place_params)


def cut_page[Row: Model](
    request: HttpRequest,
    rows: QuerySet[Row],
    sort_keys: Mapping[str, SortKey],
    default_ordering: str,
    unfiltered: QuerySet[Row] | None = None,
) -> Page[Row]:
    """The page that the request asks for: one query of at most limit + 1 rows, or two. Raises ApiError 400.

    `sort_keys` maps the names that `?ordering=` takes (with or without “-”); `default_ordering` is one of these.
    `unfiltered`, which a key that is found first needs: the rows of the list without its filters.
    """
    limit = read_limit(request)
    ordering = _read_ordering(request, sort_keys, default_ordering)
    key = sort_keys[ordering.removeprefix("-")]
    cursor = _read_cursor(request, ordering)
    is_backward = cursor is not None and cursor.is_backward
    rows = _sorted_beyond(rows, key, cursor, descends=ordering.startswith("-") != is_backward)
    read = partial(_find_then_read, unfiltered=unfiltered) if unfiltered is not None and key.is_found_first else _read
    found = read(rows, key, limit + 1)
    page = found[:limit][::-1] if is_backward else found[:limit]
    has_more = len(found) > limit
    has_earlier = has_more if is_backward else cursor is not None

    def url_from(place: _Place[Row], *, is_backward: bool) -> str:
        value = key.write(place.value)
        cursor = Cursor(ordering=ordering, is_backward=is_backward, value=value, row_id=place.row_id)
        return page_url(request, cursor.encode())

    return Page(
        rows=[place.row for place in page if place.row is not None],
        next_url=url_from(page[-1], is_backward=False) if page and (has_more or is_backward) else None,
        previous_url=url_from(page[0], is_backward=True) if page and has_earlier else None,
    )


@dataclass(frozen=True, slots=True)
class _Place[Row]:
    """Where a row stood in the list when it was found; it may have moved, or be gone (None), since."""

    value: Any
    row_id: int
    row: Row | None


def _sorted_beyond[Row: Model](
    rows: QuerySet[Row], key: SortKey, cursor: Cursor | None, *, descends: bool
) -> QuerySet[Row]:
    """The rows in the order in which they are read, from the cursor on."""
    if cursor is not None:
        rows = _rows_beyond(rows, cursor, key, descends=descends)
    if key.settled is not None and not descends:
        rows = key.settled(rows)
    sign = "-" if descends else ""
    return rows.order_by(*(f"{sign}{column}" for column in key.sorted_by(rows)))


def _read[Row: Model](rows: QuerySet[Row], key: SortKey, most: int) -> list[_Place[Row]]:
    return [_Place(getattr(row, key.column), row.pk, row) for row in rows[:most]]


def _find_then_read[Row: Model](
    rows: QuerySet[Row], key: SortKey, most: int, unfiltered: QuerySet[Row]
) -> list[_Place[Row]]:
    value, _ = key.sorted_by(rows)
    found = rows.prefetch_related(None).select_related(None).values_list("pk", F(value))
    places = list(found[:most])
    by_id = unfiltered.in_bulk([row_id for row_id, _ in places[: most - 1]])  # the last only tells that there is more
    return [_Place(value, row_id, by_id.get(row_id)) for row_id, value in places]


def page_url(request: HttpRequest, cursor: str) -> str:
    """The address of this list at another cursor, with all its filters."""
    query = request.GET.copy()
    query["cursor"] = cursor
    return request.build_absolute_uri(f"{request.path}?{query.urlencode()}")


def read_limit(request: HttpRequest) -> int:
    text = request.GET.get("limit", str(DEFAULT_LIMIT))
    if text.isascii() and text.isdigit() and len(text) < 10 and 1 <= int(text) <= MAX_LIMIT:
        return int(text)
    raise refuse_parameter("limit", text, f"a number from 1 to {MAX_LIMIT}")


def _read_ordering(request: HttpRequest, sort_keys: Mapping[str, SortKey], default: str) -> str:
    ordering = request.GET.get("ordering", default)
    if ordering.removeprefix("-") in sort_keys:
        return ordering
    raise refuse_parameter("ordering", ordering, f"one of {', '.join(sort_keys)}, with “-” before it for descending")


def _read_cursor(request: HttpRequest, ordering: str) -> Cursor | None:
    text = request.GET.get("cursor")
    if text is None:
        return None
    try:
        padded = text.encode("ascii") + b"=" * (-len(text) % 4)
        parts = msgspec.json.decode(base64.b64decode(padded, b"-_", validate=True), type=tuple[str, bool, str, int])
    except (binascii.Error, ValueError, msgspec.MsgspecError) as error:
        raise _bad_cursor(text) from error
    cursor = Cursor(ordering=parts[0], is_backward=parts[1], value=parts[2], row_id=parts[3])
    if cursor.ordering != ordering or not 0 <= cursor.row_id <= BIGINT_MAX:
        raise _bad_cursor(text)
    return cursor


def _rows_beyond[Row: Model](rows: QuerySet[Row], cursor: Cursor, key: SortKey, *, descends: bool) -> QuerySet[Row]:
    try:
        value = key.read(cursor.value)
    except ValueError as error:
        raise _bad_cursor(cursor.encode()) from error
    if key.beyond is not None:
        found: QuerySet[Row] = key.beyond(rows, "lt" if descends else "gt", cursor.row_id)
        return found
    operator = "<" if descends else ">"
    place = (Value(value), Value(cursor.row_id))
    return rows.filter(_RowIsBeyond(*map(F, key.sorted_by(rows)), *place, operator=operator))


def _bad_cursor(text: str) -> ApiError:
    return refuse_parameter("cursor", text, "a cursor from `next` or `previous` of the same list and ordering")
