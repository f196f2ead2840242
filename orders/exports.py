"""Writes the orders of a filter into a file: exactly those that the list shows, in its order, each once.

First the ids, in one statement and so of one moment, into a temporary file; then the rows of some hundred ids at a
time. So neither memory nor a transaction grows with the file: a person who downloads slowly keeps nothing from being
cleaned up. An order that is deleted in between is not in the file.
"""

import tempfile
from array import array
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from decimal import Decimal
from itertools import groupby
from typing import IO, Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy

from contract.currencies import format_money
from contract.json_values import encode
from contract.paging import SortKey
from contract.spreadsheets import XLSX_ROWS, Cell, csv_chunks, xlsx_chunks
from orders.models import ExportFormat, Order, OrderExport, OrderItem

ORDERS_AT_ONCE = 500
IDS_AT_ONCE = 20_000
MOST_UNDER_WAY = 3  # each holds a thread of the web server while it is downloaded
NOTED_EVERY = timedelta(seconds=1)
STOPPED_AFTER = timedelta(minutes=1)  # without a sign of life
KEPT = timedelta(days=1)


class TooManyOrdersError(Exception):
    """More than a spreadsheet can hold."""


@dataclass(frozen=True, slots=True)
class ExportColumn:
    """A column by the field's name in the API; `meaning` says what stands in it."""

    name: str
    meaning: str | Promise
    read: Callable[[Order, tzinfo], Cell]


def _text(attribute: str) -> Callable[[Order, tzinfo], Cell]:
    return lambda order, zone: getattr(order, attribute)


def _money(attribute: str) -> Callable[[Order, tzinfo], Cell]:
    def read(order: Order, zone: tzinfo) -> Cell:
        amount = getattr(order, attribute)
        return None if amount is None else Decimal(format_money(amount, order.currency))

    return read


def _moment(attribute: str) -> Callable[[Order, tzinfo], Cell]:
    return lambda order, zone: getattr(order, attribute).astimezone(zone).replace(microsecond=0)


def _items(order: Order, zone: tzinfo) -> Cell:
    return "; ".join(
        f"{name or item_id} ({item_id}) × {quantity:f}" + ("" if cost is None else f" @ {cost:f}")
        for _, item_id, name, quantity, cost in order.exported_items  # type: ignore[attr-defined]
    )


COLUMNS: tuple[ExportColumn, ...] = (
    ExportColumn("externalOrderId", gettext_lazy("the order’s id in the shop"), _text("external_order_id")),
    ExportColumn("status", gettext_lazy("as in the list"), _text("status")),
    ExportColumn("totalCost", gettext_lazy("an exact amount, of the currency beside it"), _money("total_cost")),
    ExportColumn("currency", gettext_lazy("three letters of ISO 4217"), _text("currency")),
    ExportColumn("date", gettext_lazy("the order’s date, in the account’s time zone"), _moment("date")),
    ExportColumn("contactId", gettext_lazy("our id of the contact; empty without one"), _text("contact_id")),
    ExportColumn("externalCustomerId", gettext_lazy("as the order says it"), _text("external_customer_id")),
    ExportColumn("email", gettext_lazy("as the order says it"), _text("email")),
    ExportColumn("phone", gettext_lazy("as the order says it"), _text("phone")),
    ExportColumn("firstName", gettext_lazy("as the order says it"), _text("first_name")),
    ExportColumn("lastName", gettext_lazy("as the order says it"), _text("last_name")),
    ExportColumn("shipping", gettext_lazy("an exact amount"), _money("shipping")),
    ExportColumn("discount", gettext_lazy("an exact amount"), _money("discount")),
    ExportColumn("taxes", gettext_lazy("an exact amount"), _money("taxes")),
    ExportColumn("items", gettext_lazy("name (item id) × quantity @ cost, with “; ” between them"), _items),
    ExportColumn("source", gettext_lazy("the order’s own parameter"), _text("source")),
    ExportColumn("storeId", gettext_lazy("the store"), _text("store_id")),
    ExportColumn("statusDescription", gettext_lazy("as sent"), _text("status_description")),
    ExportColumn("deliveryMethod", gettext_lazy("as sent"), _text("delivery_method")),
    ExportColumn("deliveryAddress", gettext_lazy("as sent"), _text("delivery_address")),
    ExportColumn("paymentMethod", gettext_lazy("as sent"), _text("payment_method")),
    ExportColumn("additionalInfo", gettext_lazy("as sent"), _text("additional_info")),
    ExportColumn("restoreUrl", gettext_lazy("as sent"), _text("restore_url")),
    ExportColumn(
        "customFields",
        gettext_lazy("all that is no field of ours, as JSON"),
        lambda order, zone: encode(order.custom_fields) if order.custom_fields else None,
    ),
    ExportColumn(
        "warnings",
        gettext_lazy("the codes of the order’s warnings, with “, ” between them"),
        lambda order, zone: ", ".join(warning["code"] for warning in order.warnings),
    ),
    ExportColumn(
        "fromMobileSdk",
        gettext_lazy("yes when an event of a mobile-SDK source made the order"),
        lambda order, zone: "yes" if order.from_mobile_sdk else None,
    ),
    ExportColumn(
        "createdAt", gettext_lazy("when we made the order, in the account’s time zone"), _moment("created_at")
    ),
    ExportColumn("updatedAt", gettext_lazy("when it last changed"), _moment("updated_at")),
    ExportColumn("orderId", gettext_lazy("our own id of the order"), _text("id")),
)


def begin_export(user_id: int, file_format: str) -> OrderExport | None:
    """Notes that somebody wants a file; None when too many are under way. Old notes go away."""
    now = timezone.now()
    OrderExport.objects.filter(seen_at__lt=now - KEPT).delete()
    living = OrderExport.objects.filter(ended_at=None, orders__isnull=False, seen_at__gte=now - STOPPED_AFTER)
    if living.count() >= MOST_UNDER_WAY:
        return None
    return OrderExport.objects.create(user_id=user_id, format=file_format, started_at=now, seen_at=now)


class OrderFile:
    """The file of one export. `chunks()` is what is sent; it notes in the export's row how far it is."""

    def __init__(self, export: OrderExport, orders: QuerySet[Order], ordering: str, key: SortKey, zone: tzinfo) -> None:
        """Finds the orders. Raises TooManyOrdersError when an XLSX cannot hold them."""
        sign = "-" if ordering.startswith("-") else ""
        most = XLSX_ROWS if export.format == ExportFormat.XLSX else None
        ids = orders.order_by(*(f"{sign}{column}" for column in key.sorted_by(orders))).values_list("pk", flat=True)
        self._export, self._zone = export, zone
        self._ids, self._count = _spool(ids, most)
        OrderExport.objects.filter(pk=export.pk).update(
            orders=self._count, written=0, seen_at=timezone.now(), ended_at=None
        )

    def chunks(self) -> Iterator[bytes]:
        head = [column.name for column in COLUMNS]
        try:
            if self._export.format == ExportFormat.XLSX:
                yield from xlsx_chunks("Orders", head, self._rows())
            else:
                yield from csv_chunks(head, self._rows())
        finally:  # also when nobody reads any more
            self._ids.close()
            OrderExport.objects.filter(pk=self._export.pk).update(ended_at=timezone.now())

    def _rows(self) -> Iterator[list[Cell]]:
        written, noted_at = 0, timezone.now()
        while ids := _read_ids(self._ids):
            for order in _load(ids):
                yield [column.read(order, self._zone) for column in COLUMNS]
            written += len(ids)
            now = timezone.now()
            if now - noted_at >= NOTED_EVERY or written == self._count:
                noted_at = now
                OrderExport.objects.filter(pk=self._export.pk).update(written=written, seen_at=now)


def _spool(ids: QuerySet[Any, int], most: int | None) -> tuple[IO[bytes], int]:
    """The ids in a file of eight bytes each, and how many they are. Raises TooManyOrdersError."""
    spool = tempfile.TemporaryFile()  # noqa: SIM115 - closed by OrderFile.chunks()
    count = 0
    with transaction.atomic():  # of a server-side cursor, which Django opens for iterator()
        piece = array("q")
        for order_id in ids[: most + 1 if most else None].iterator(chunk_size=IDS_AT_ONCE):
            piece.append(order_id)
            if len(piece) == IDS_AT_ONCE:
                piece.tofile(spool)
                count += len(piece)
                piece = array("q")
        piece.tofile(spool)
        count += len(piece)
    if most is not None and count > most:
        spool.close()
        raise TooManyOrdersError
    spool.seek(0)
    return spool, count


def _read_ids(spool: IO[bytes]) -> list[int]:
    ids = array("q")
    ids.frombytes(spool.read(ids.itemsize * ORDERS_AT_ONCE))
    return ids.tolist()


def _load(ids: list[int]) -> list[Order]:
    """The orders of these ids in their order, each with `exported_items`: two statements."""
    orders = Order.objects.in_bulk(ids)
    items = (
        OrderItem.objects.filter(order_id__in=ids)
        .order_by("order_id", "position")
        .values_list("order_id", "external_item_id", "name", "quantity", "cost")
    )
    of_order = {order_id: list(rows) for order_id, rows in groupby(items, key=lambda row: row[0])}
    for order in orders.values():
        order.exported_items = of_order.get(order.pk, [])  # type: ignore[attr-defined]
    return [orders[order_id] for order_id in ids if order_id in orders]


def file_name(export: OrderExport, now: datetime) -> str:
    return f"orders-{now:%Y-%m-%d-%H%M}.{export.format}"
