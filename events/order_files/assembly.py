"""Decides which rows are one order: docs/import.md, "Items".

Without columns of items each row is an order, and the same order again is an update of it. With them, rows that follow
one another with the same order id are one order with an item each; what they say of the order itself has to agree.
Pure: no Django, no I/O. What is wrong with rows is told in the draft, and stops no other.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from contract.reasons import Problem
from events.order_files.mapping import ColumnMapping
from events.order_files.names import IN_ITEM
from events.order_files.tables import Row
from orders.fields import ITEMS, MAX_ITEMS, ORDER_ID


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """An order as it goes to Add orders, and the rows that it comes from. With problems it is not sent."""

    order: Mapping[str, Any]
    first_row: int
    last_row: int
    item_rows: tuple[int, ...] = ()
    problems: tuple[Problem, ...] = ()

    @property
    def order_id(self) -> str:
        return str(self.order.get(ORDER_ID.name, ""))


def drafts(rows: Iterable[Row], mapping: ColumnMapping, scattered: Mapping[str, Sequence[int]]) -> Iterator[Draft]:
    """The orders of a file, in its order. `scattered` are order ids whose rows stand apart, with the first of them."""
    if not mapping.has_item_columns:
        for row in rows:
            yield _faulty(row) if row.fault else _order_of_row(row, mapping)
        return
    for order_id, group in groupby(rows, key=lambda row: order_id_of(row, mapping)):
        if not order_id:
            for row in group:
                yield _faulty(row) if row.fault else _order_of_row(row, mapping)
        else:
            yield _order_of_rows(group, mapping, scattered.get(order_id, ()))


def order_id_of(row: Row, mapping: ColumnMapping) -> str:
    """ "" for a row that cannot be read, or names no order."""
    return str(row.cells.get(mapping.order_id_column, ""))


def _faulty(row: Row) -> Draft:
    problem = Problem(pointer="", code="unreadable_row", detail=row.fault)
    return Draft(order={}, first_row=row.number, last_row=row.number, problems=(problem,))


def _order_of_row(row: Row, mapping: ColumnMapping) -> Draft:
    order = {**_constants(mapping), **_members(row, mapping, of_items=False)}
    item = _members(row, mapping, of_items=True)
    if item:
        order[ITEMS] = [item]
    return Draft(
        order=order, first_row=row.number, last_row=row.number, item_rows=(row.number,) if item else (),
        problems=_missing_id(order),
    )  # fmt: skip


def _missing_id(order: Mapping[str, Any]) -> tuple[Problem, ...]:
    if order.get(ORDER_ID.name):
        return ()
    detail = f"{ORDER_ID.name} is missing: the row names no order."
    return (Problem(pointer=f"/{ORDER_ID.name}", code="missing_parameter", detail=detail),)


def _order_of_rows(rows: Iterable[Row], mapping: ColumnMapping, scattered: Sequence[int]) -> Draft:
    order: dict[str, Any] = _constants(mapping)
    said_in: dict[str, int] = {}
    items: list[dict[str, Any]] = []
    item_rows: list[int] = []
    problems: list[Problem] = []
    first = last = 0
    for row in rows:
        first, last = first or row.number, row.number
        for name, value in _members(row, mapping, of_items=False).items():
            if name in said_in and order[name] != value:
                problems += [] if len(problems) > MAX_ITEMS else [_contradiction(name, order, said_in, value, row)]
                continue
            said_in.setdefault(name, row.number)
            order[name] = value
        item = _members(row, mapping, of_items=True)
        if item and len(items) <= MAX_ITEMS:  # one too many is enough to be refused for it
            items.append(item)
            item_rows.append(row.number)
    if items:
        order[ITEMS] = items
    if scattered:
        problems.insert(0, _apart(scattered))
    return Draft(order=order, first_row=first, last_row=last, item_rows=tuple(item_rows), problems=tuple(problems))


def _contradiction(name: str, order: Mapping[str, Any], said_in: Mapping[str, int], value: Any, row: Row) -> Problem:
    detail = f"Row {said_in[name]} says {order[name]!s:.40} and row {row.number} says {value!s:.40} of the same order."
    return Problem(pointer=f"/{name}", code="rows_contradict", detail=detail, found=f"{value!s:.40}")


def _apart(rows: Sequence[int]) -> Problem:
    detail = (
        f"The rows of this order stand apart (they begin at {', '.join(f'{row:,}' for row in rows)}), and each part "
        "would replace the items of the one before: sort the file by order."
    )
    return Problem(pointer=f"/{ORDER_ID.name}", code="rows_apart", detail=detail)


def _constants(mapping: ColumnMapping) -> dict[str, Any]:
    return {name: mapping.read(name, value) for name, value in mapping.constants.items()}


def _members(row: Row, mapping: ColumnMapping, *, of_items: bool) -> dict[str, Any]:
    """What the row says of the order, or of one item."""
    members = {}
    for column, cell in row.cells.items():
        target = mapping.targets.get(column)
        if target is None:
            if of_items or not mapping.keeps_others or column in mapping.left_out:
                continue
            target = column
        if target.startswith(IN_ITEM) is of_items:
            members[target.removeprefix(IN_ITEM) if of_items else target] = mapping.read(target, cell)
    return members


def place_of(pointer: str, draft: Draft, mapping: ColumnMapping) -> tuple[int, str]:
    """The row and the column that a problem's pointer into the order means; "" for no column of its own."""
    parts = pointer.lstrip("/").split("/")
    if parts[0] == ITEMS and len(parts) > 1 and parts[1].isdigit() and int(parts[1]) < len(draft.item_rows):
        column = mapping.column_of(IN_ITEM + parts[2]) if len(parts) > 2 else ""
        return draft.item_rows[int(parts[1])], column
    return draft.first_row, mapping.column_of(parts[0])
