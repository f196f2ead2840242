"""Loads and stores whole batches of orders in a fixed number of statements (docs/architecture.md, “Set-based”).

The caller holds the lanes of all the orders it loads and stores, in one transaction: so nothing is locked here.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from django.db import connection

from contract.postgres import as_recordset, copy_rows, json_text, load_json, take_numbers
from contract.reasons import Caution, WarningCode
from orders.changes import are_same_items, is_same_order
from orders.state import ItemState, OrderState


@dataclass(frozen=True, slots=True)
class StoredOrder:
    id: int
    state: OrderState


@dataclass(frozen=True, slots=True)
class OrderWrite:
    """An order that a batch made (`id` None, `before` None) or touched."""

    id: int | None
    before: OrderState | None
    after: OrderState


@dataclass(frozen=True, slots=True)
class HistoryRow:
    """One change of one order, by the event that made it; `fields` as the history shows them."""

    external_order_id: str
    event_id: int
    fields: Mapping[str, Any]


# Attributes of OrderState and columns of the table have the same names; items live in a table of their own.
STATE_COLUMNS = tuple(field.name for field in fields(OrderState) if field.name != "items")
ITEM_COLUMNS = tuple(field.name for field in fields(ItemState))

LOAD_ORDERS = f"""
    SELECT id, {", ".join(STATE_COLUMNS)}
      FROM orders_order                     -- index: order_external_id_is_unique
     WHERE external_order_id = ANY(%(keys)s)
"""  # noqa: S608 - column names come from the dataclass above
LOAD_ITEMS = f"""
    SELECT order_id, {", ".join(ITEM_COLUMNS)}
      FROM orders_orderitem                 -- index: order_item_position_is_unique
     WHERE order_id = ANY(%(ids)s)
     ORDER BY order_id, position
"""  # noqa: S608


def load_orders(external_order_ids: Collection[str]) -> dict[str, StoredOrder]:
    """The orders that exist, with their items, by external order id: two statements for any number."""
    if not external_order_ids:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(LOAD_ORDERS, {"keys": list(external_order_ids)})
        rows = cursor.fetchall()
        items: dict[int, list[ItemState]] = {row[0]: [] for row in rows}
        if rows:
            cursor.execute(LOAD_ITEMS, {"ids": list(items)})
            for order_id, *values in cursor.fetchall():
                items[order_id].append(_read_item(values))
    return {order.state.external_order_id: order for order in (_read_order(row, items) for row in rows)}


def _read_order(row: Sequence[Any], items: Mapping[int, list[ItemState]]) -> StoredOrder:
    values = dict(zip(STATE_COLUMNS, row[1:], strict=True))
    values["custom_fields"] = load_json(values["custom_fields"])
    values["warnings"] = tuple(
        Caution(code=WarningCode(warning["code"]), detail=warning["detail"])
        for warning in load_json(values["warnings"])
    )
    return StoredOrder(row[0], OrderState(items=tuple(items[row[0]]), **values))


def _read_item(values: Sequence[Any]) -> ItemState:
    item = dict(zip(ITEM_COLUMNS, values, strict=True))
    item["custom_fields"] = load_json(item["custom_fields"])
    return ItemState(**item)


def store_orders(writes: Sequence[OrderWrite], history: Sequence[HistoryRow], at: datetime) -> dict[str, int]:
    """Writes new and changed orders, their items and their history; returns the order ids by external order id.

    At most seven statements: ids, COPY of orders, UPDATE of orders, DELETE and COPY of items, COPY of history.
    """
    created = [write for write in writes if write.id is None]
    changed = [write for write in writes if write.id is not None and not is_same_order(write.before, write.after)]
    ids = {write.after.external_order_id: write.id for write in writes if write.id is not None}
    if created:
        fresh = take_numbers("orders_order_id_seq", len(created))
        ids |= {write.after.external_order_id: order_id for write, order_id in zip(created, fresh, strict=True)}
        _insert_orders([(ids[write.after.external_order_id], write.after) for write in created], at)
    if changed:
        _update_orders([(ids[write.after.external_order_id], write.after) for write in changed], at)
    replaced = [write for write in changed if not _has_same_item_rows(write)]
    if replaced:
        _delete_items([ids[write.after.external_order_id] for write in replaced])
    _insert_items((ids[write.after.external_order_id], write.after) for write in [*created, *replaced])
    if history:
        _insert_history(history, ids, at)
    return ids


def _has_same_item_rows(write: OrderWrite) -> bool:
    """Whether the rows of the order's items, which hold its date as well, stay as they are."""
    before, after = write.before, write.after
    return before is not None and before.date == after.date and are_same_items(before.items, after.items)


def load_contact_ids(order_ids: Collection[int]) -> dict[int, int | None]:
    """The contact of each of these orders that exist: one statement, none for no ids."""
    if not order_ids:
        return {}
    with connection.cursor() as cursor:
        cursor.execute("SELECT id, contact_id FROM orders_order WHERE id = ANY(%s)", [list(order_ids)])
        return dict(cursor.fetchall())


# OFFSET 0 keeps the planner from walking all orders backwards by their ids when few of them are in the span.
LOAD_PAGE_OF_SPAN = """
    SELECT id, external_order_id
      FROM (SELECT id, external_order_id
              FROM orders_order                  -- index: order_by_date
             WHERE date >= %(first)s AND date <= %(last)s
               AND (%(below)s::bigint IS NULL OR id < %(below)s)
            OFFSET 0) AS in_span
     ORDER BY id DESC
     LIMIT %(limit)s
"""


def load_page_of_span(first: datetime, last: datetime, below_id: int | None, limit: int) -> dict[int, str]:
    """The external ids, by id, of the newest `limit` orders dated in the span (ends included) whose id is lower."""
    with connection.cursor() as cursor:
        cursor.execute(LOAD_PAGE_OF_SPAN, {"first": first, "last": last, "below": below_id, "limit": limit})
        return dict(cursor.fetchall())


def delete_orders(order_ids: Collection[int]) -> None:
    """Takes orders away with their items and their history: three statements. What refers to them must have gone."""
    with connection.cursor() as cursor:
        for statement in (
            "DELETE FROM orders_orderchange WHERE order_id = ANY(%s)",  # index: order_change_by_order
            "DELETE FROM orders_orderitem WHERE order_id = ANY(%s)",  # index: order_item_position_is_unique
            "DELETE FROM orders_order WHERE id = ANY(%s)",
        ):
            cursor.execute(statement, [list(order_ids)])


def _column_values(state: OrderState) -> list[Any]:
    values = [getattr(state, name) for name in STATE_COLUMNS]
    values[_CUSTOM_FIELDS] = json_text(state.custom_fields) if state.custom_fields else "{}"
    values[_WARNINGS] = json_text(_warnings_to_json(state.warnings)) if state.warnings else "[]"
    return values


_CUSTOM_FIELDS = STATE_COLUMNS.index("custom_fields")
_WARNINGS = STATE_COLUMNS.index("warnings")


def _warnings_to_json(warnings: Iterable[Caution]) -> list[dict[str, str]]:
    return [{"code": warning.code, "detail": warning.detail} for warning in warnings]


def _insert_orders(orders: Sequence[tuple[int, OrderState]], at: datetime) -> None:
    copy_rows(
        "orders_order",
        ("id", *STATE_COLUMNS, "created_at", "updated_at"),
        ([order_id, *_column_values(state), at, at] for order_id, state in orders),
    )


COLUMN_TYPES = {
    "contact_id": "bigint",
    "total_cost": "numeric",
    "shipping": "numeric",
    "discount": "numeric",
    "taxes": "numeric",
    "date": "timestamptz",
    "last_occurred_at": "timestamptz",
    "custom_fields": "jsonb",
    "warnings": "jsonb",
    "from_mobile_sdk": "boolean",
}
UPDATE_ORDERS = f"""
    UPDATE orders_order AS o
       SET {", ".join(f"{name} = new.{name}" for name in STATE_COLUMNS)}, updated_at = %(at)s
      FROM json_to_recordset(%(orders)s::json) AS new (
               id bigint, {", ".join(f"{name} {COLUMN_TYPES.get(name, 'text')}" for name in STATE_COLUMNS)})
     WHERE o.id = new.id
"""  # noqa: S608


def _update_orders(orders: Sequence[tuple[int, OrderState]], at: datetime) -> None:
    rows = [{"id": order_id, **_to_record(state)} for order_id, state in orders]
    with connection.cursor() as cursor:
        cursor.execute(UPDATE_ORDERS, {"orders": as_recordset(rows), "at": at})


def _to_record(state: OrderState) -> dict[str, Any]:
    record = {name: getattr(state, name) for name in STATE_COLUMNS}
    record["warnings"] = _warnings_to_json(state.warnings)
    return record


def _delete_items(order_ids: list[int]) -> None:
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM orders_orderitem WHERE order_id = ANY(%s)", [order_ids])


def _insert_items(orders: Iterable[tuple[int, OrderState]]) -> None:
    rows = [
        (
            order_id,
            state.date,
            position,
            item.external_item_id,
            item.quantity,
            item.name,
            item.cost,
            item.url,
            item.image_url,
            json_text(item.custom_fields) if item.custom_fields else "{}",
        )
        for order_id, state in orders
        for position, item in enumerate(state.items)
    ]
    if rows:
        copy_rows("orders_orderitem", ("order_id", "order_date", "position", *ITEM_COLUMNS), rows)


def _insert_history(history: Sequence[HistoryRow], ids: Mapping[str, int], at: datetime) -> None:
    copy_rows(
        "orders_orderchange",
        ("order_id", "event_id", "at", "fields"),
        ((ids[row.external_order_id], row.event_id, at, json_text(row.fields)) for row in history),
    )
