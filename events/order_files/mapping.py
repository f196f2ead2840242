"""Decides what each column means, and how its cells are written: by the operator's wishes, then by its name.

Wishes come from options (`--map "Order number=externalOrderId"`) and from a TOML file (docs/import.md); an option beats
the file. Whatever is decided is shown before anything is imported, columns that are left out included.
"""

import json
import re
import tomllib
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from events.order_files.names import IN_ITEM, guess, targets
from events.order_files.trouble import OrderFileError
from orders.fields import ITEM_FIELDS, ITEMS, ORDER_FIELDS, ORDER_ID, STATUSES, FieldKind

type Texts = Mapping[str, str]

NUMBERS = (FieldKind.MONEY, FieldKind.QUANTITY)
_KINDS = {one.name: one.kind for one in ORDER_FIELDS} | {IN_ITEM + one.name: one.kind for one in ITEM_FIELDS}
_BY_CASE = {target.casefold(): target for target in targets()}
_COMMA_NUMBER = re.compile(r"(?:[0-9]+|[0-9]{1,3}(?:[ .\u00a0\u202f][0-9]{3})+)(?:,[0-9]+)?")
_MOMENT_WITH_SPACE = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2}) ([0-9]{2}:[0-9]{2}.*)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """What the operator says of a file; an empty value is left to us. A column wished to be "" is left out."""

    columns: Texts = field(default_factory=dict)
    statuses: Texts = field(default_factory=dict)
    constants: Texts = field(default_factory=dict)
    date_format: str = ""
    decimal: str = ""
    encoding: str = ""
    delimiter: str = ""
    sheet: str = ""

    def over(self, others: "Wishes") -> "Wishes":
        """These wishes where there are some, else the others."""
        return Wishes(
            columns={**others.columns, **self.columns},
            statuses={**others.statuses, **self.statuses},
            constants={**others.constants, **self.constants},
            date_format=self.date_format or others.date_format,
            decimal=self.decimal or others.decimal,
            encoding=self.encoding or others.encoding,
            delimiter=self.delimiter or others.delimiter,
            sheet=self.sheet or others.sheet,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnMapping:
    """What is settled. `targets` has no column that is left out; a target that is no field is a custom field."""

    targets: Texts
    left_out: tuple[str, ...]
    keeps_others: bool  # of JSON lines: a member that nothing is said of is a custom field, as in the API
    statuses: Texts
    constants: Texts
    date_format: str
    has_decimal_comma: bool

    @property
    def has_item_columns(self) -> bool:
        return any(target.startswith(IN_ITEM) for target in self.targets.values())

    @property
    def order_id_column(self) -> str:
        return next(column for column, target in self.targets.items() if target == ORDER_ID.name)

    @property
    def fingerprint(self) -> str:
        """Text that differs when the same file would become other orders."""
        return json.dumps(asdict(self), sort_keys=True, ensure_ascii=False)

    def column_of(self, target: str) -> str:
        """The column that a target comes from; "" for none."""
        return next((column for column, one in self.targets.items() if one == target), "")

    def read(self, target: str, cell: Any) -> Any:
        """A cell as the API takes it. One that is not written as was said goes on as it is, and is refused there."""
        if not isinstance(cell, str):
            return cell
        kind = _KINDS.get(target)
        if kind is FieldKind.STATUS:
            return self.statuses.get(cell, self.statuses.get(cell.casefold(), cell))
        if kind is FieldKind.DATE:
            return self._moment(cell)
        if kind in NUMBERS and self.has_decimal_comma and _COMMA_NUMBER.fullmatch(cell):
            return re.sub(r"[^0-9,]", "", cell).replace(",", ".")
        return cell

    def _moment(self, cell: str) -> str:
        """In ISO 8601; without an offset it stays without one, and is of the account's time zone."""
        if self.date_format:
            with suppress(ValueError):  # ISO 8601 goes through all the same
                return datetime.strptime(cell, self.date_format).isoformat()  # noqa: DTZ007 - the zone is the account's
        spaced = _MOMENT_WITH_SPACE.fullmatch(cell)
        return f"{spaced[1]}T{spaced[2]}" if spaced else cell


# What is wished.


def load_wishes(path: Path) -> Wishes:
    """The wishes of a TOML file: tables `columns`, `statuses`, `constants` and `format`. Raises OrderFileError."""
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise OrderFileError(f"The mapping {path} cannot be read: {error.strerror}.") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise OrderFileError(f"The mapping {path.name} is no TOML: {error}.") from error
    form = _table(document, "format", path)
    unknown = [*(set(document) - {"columns", "statuses", "constants", "format"}), *(set(form) - _FORMAT_NAMES)]
    if unknown:
        raise OrderFileError(
            f"{path.name} has “{unknown[0]}”; the tables are columns, statuses, constants and format, "
            f"and format has {', '.join(sorted(_FORMAT_NAMES))}."
        )
    return Wishes(
        columns=_table(document, "columns", path),
        statuses=_table(document, "statuses", path),
        constants=_table(document, "constants", path),
        **{("date_format" if name == "date" else name): value for name, value in form.items()},
    )


_FORMAT_NAMES = {"date", "decimal", "encoding", "delimiter", "sheet"}


def _table(document: Mapping[str, Any], name: str, path: Path) -> dict[str, str]:
    table = document.get(name, {})
    if not isinstance(table, dict) or not all(isinstance(value, str) for value in table.values()):
        raise OrderFileError(f'In {path.name}, [{name}] must be a table of texts, such as "Order number" = "…".')
    return table


def read_pairs(pairs: Iterable[str], option: str) -> dict[str, str]:
    """`["Order number=externalOrderId"]` as a dictionary; the last `=` divides. Raises OrderFileError."""
    read = {}
    for pair in pairs:
        left, sign, right = pair.rpartition("=")
        if not sign or not left.strip():
            raise OrderFileError(f"{option} takes two texts with “=” between them, not “{pair}”.")
        read[left.strip()] = right.strip()
    return read


# What is settled.


def settle(columns: tuple[str, ...], wishes: Wishes, *, is_json: bool) -> ColumnMapping:
    """The mapping of a file with these columns. Raises OrderFileError."""
    strangers = [column for column in wishes.columns if column not in columns]
    if strangers:
        raise OrderFileError(f"There is no column “{strangers[0]}”; there are: {_listed(columns)}.")
    wished = {column: _checked_target(target) for column, target in wishes.columns.items()}
    taken = {target for target in wished.values() if target}
    chosen = {column: target for column, target in wished.items() if target}
    named = _by_name(columns, is_json).items()
    chosen |= {column: target for column, target in named if column not in wished and target not in taken}
    mapping = ColumnMapping(
        targets={column: chosen[column] for column in columns if column in chosen},
        left_out=_left_out(columns, chosen, wished, is_json),
        keeps_others=is_json,
        statuses=_statuses(wishes.statuses),
        constants={_checked_target(name): value for name, value in wishes.constants.items()},
        date_format=_checked_date_format(wishes.date_format),
        has_decimal_comma=_has_comma(wishes.decimal),
    )
    _check(mapping)
    return mapping


def _by_name(columns: tuple[str, ...], is_json: bool) -> dict[str, str]:
    """Lines that are orders in the API's own words are taken as they are."""
    if is_json and ORDER_ID.name in columns:
        return {column: column for column in columns if column in _KINDS or column == ITEMS}
    return guess(column for column in columns if column)


def _left_out(columns: Iterable[str], chosen: Texts, wished: Texts, is_json: bool) -> tuple[str, ...]:
    if is_json:
        return tuple(column for column, target in wished.items() if not target)
    return tuple(column for column in columns if column and column not in chosen)


def _checked_target(target: str) -> str:
    meant = _BY_CASE.get(target.casefold())
    if meant is not None and meant != target:
        raise OrderFileError(f"“{target}” is written “{meant}”.")
    return target


def _statuses(wished: Texts) -> dict[str, str]:
    """By the shop's word, its case and in small letters; our own words need no telling."""
    for word, status in wished.items():
        if status not in STATUSES:
            raise OrderFileError(f"“{word}” cannot mean “{status}”; a status is one of {', '.join(STATUSES)}.")
    own = {status.casefold(): status for status in STATUSES}
    return own | {word.casefold(): status for word, status in wished.items()} | dict(wished)


def _checked_date_format(date_format: str) -> str:
    moment = datetime(2026, 12, 31, 23, 58)  # noqa: DTZ001 - only its spelling is looked at
    if date_format and "%" not in date_format:
        raise OrderFileError(f"A date format looks like %d.%m.%Y %H:%M, not “{date_format}”.")
    try:
        datetime.strptime(moment.strftime(date_format), date_format)  # noqa: DTZ007
    except (ValueError, re.error) as error:
        raise OrderFileError(f"“{date_format}” is no date format: {error}.") from error
    return date_format


def _has_comma(decimal: str) -> bool:
    if decimal not in ("", "point", "comma"):
        raise OrderFileError(f"Amounts are written with a decimal “point” or “comma”, not “{decimal}”.")
    return decimal == "comma"


def _check(mapping: ColumnMapping) -> None:
    found = list(mapping.targets.values())
    twice = [target for target in found if found.count(target) > 1]
    if twice:
        both = [column for column, target in mapping.targets.items() if target == twice[0]]
        raise OrderFileError(f"The columns {_listed(both)} cannot both be {twice[0]}: leave one out with --map “…=”.")
    if ORDER_ID.name not in found:
        raise OrderFileError(
            f"No column is known to hold the order's id: say which with --map “…={ORDER_ID.name}”. "
            f"There are: {_listed((*mapping.targets, *mapping.left_out))}."
        )
    if ITEMS in found and mapping.has_item_columns:
        raise OrderFileError(f"Items come from one column ({ITEMS}) or from columns of rows ({IN_ITEM}…), not both.")
    if ITEMS in mapping.constants or any(name.startswith(IN_ITEM) for name in mapping.constants):
        raise OrderFileError("A constant is of the order, not of its items.")


def _listed(columns: Iterable[str]) -> str:
    return ", ".join(f"“{column}”" for column in columns if column) or "none"
