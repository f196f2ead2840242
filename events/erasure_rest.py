"""Takes people out of what is kept of requests besides events: answers, imports, replays (docs/rules.md, section 6).

These tables hold what is under way and the last hours or days, so they are read whole, some thousand rows a time.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection

from contacts.erasure_json import erase_in, erase_text
from contacts.erasure_values import ErasedPerson
from contract.postgres import as_recordset, load_json

ROWS_AT_ONCE = 2_000


@dataclass(frozen=True, slots=True)
class Place:
    """Columns of a table in which somebody may be named; `key` tells its rows apart, with the types of its columns."""

    table: str
    key: dict[str, str]
    texts: tuple[str, ...] = ()
    jsons: tuple[str, ...] = ()

    @property
    def columns(self) -> tuple[str, ...]:
        return (*self.texts, *self.jsons)


PLACES = (
    Place("events_idempotencykey", {"source_id": "bigint", "key": "text"}, texts=("answer",)),
    Place("events_replay", {"id": "bigint"}, jsons=("filters",)),
    Place("orders_itemname", {"id": "bigint"}, texts=("name",)),  # a ticket may be sold under its holder's name
    Place("console_savedview", {"id": "bigint"}, texts=("name",), jsons=("parameters",)),
    Place("contacts_contactimport", {"id": "bigint"}, texts=("description",), jsons=("refused",)),
)


def erase_in_rest(people: Sequence[ErasedPerson]) -> None:
    """Idempotent. A key of a request that names somebody goes whole: its request may then be sent again."""
    for place in PLACES:
        for rows in _rows_of(place):
            _write(place, [changed for row in rows if (changed := _erase_row(place, row, people)) is not None])
    _remove_keys(people)


def _rows_of(place: Place) -> Iterator[Sequence[tuple[Any, ...]]]:
    """The rows in batches, by their key: names come from the constants above."""
    names = ", ".join([*place.key, *place.columns])
    order = ", ".join(place.key)
    after: tuple[Any, ...] | None = None
    while True:
        where = "" if after is None else f"WHERE ({order}) > ({', '.join(['%s'] * len(after))})"
        with connection.cursor() as cursor:
            statement = f"SELECT {names} FROM {place.table} {where} ORDER BY {order} LIMIT {ROWS_AT_ONCE}"  # noqa: S608
            cursor.execute(statement, after)
            rows = cursor.fetchall()
        if not rows:
            return
        yield rows
        after = rows[-1][: len(place.key)]


def _erase_row(place: Place, row: tuple[Any, ...], people: Sequence[ErasedPerson]) -> dict[str, Any] | None:
    """The row as it is to become, None when it stays."""
    key, values = row[: len(place.key)], row[len(place.key) :]
    named = [person for person in people if any(person.identifying.may_be_in(text) for text in values if text)]
    if not named:
        return None
    record = dict(zip(place.key, key, strict=True))
    for column, text in zip(place.columns, values, strict=True):
        value = load_json(text) if column in place.jsons else text
        for person in named:
            value = erase_in(value, person.own) if column in place.jsons else erase_text(value, person.own)
        record[column] = value
    return record


def _write(place: Place, records: list[dict[str, Any]]) -> None:
    if not records:
        return
    types = {**place.key, **dict.fromkeys(place.texts, "text"), **dict.fromkeys(place.jsons, "jsonb")}
    sets = ", ".join(f"{column} = new.{column}" for column in place.columns)
    declared = ", ".join(f"{column} {kind}" for column, kind in types.items())
    same = " AND ".join(f"old.{column} = new.{column}" for column in place.key)
    statement = f"""
        UPDATE {place.table} AS old SET {sets}
          FROM json_to_recordset(%s::json) AS new ({declared})
         WHERE {same}
    """  # noqa: S608 - names come from the constants above
    with connection.cursor() as cursor:
        cursor.execute(statement, [as_recordset(records)])


REMOVE_KEYS = """
    DELETE FROM events_idempotencykey AS old
     USING unnest(%(source_ids)s::bigint[], %(keys)s::text[]) AS gone (source_id, key)
     WHERE old.source_id = gone.source_id AND old.key = gone.key
"""


def _remove_keys(people: Sequence[ErasedPerson]) -> None:
    place = Place("events_idempotencykey", {"source_id": "bigint", "key": "text"})
    for rows in _rows_of(place):
        gone = [(source_id, key) for source_id, key in rows if any(_is_named_by(key, person) for person in people)]
        if gone:
            source_ids, keys = map(list, zip(*gone, strict=True))
            with connection.cursor() as cursor:
                cursor.execute(REMOVE_KEYS, {"source_ids": source_ids, "keys": keys})


def _is_named_by(key: str, person: ErasedPerson) -> bool:
    return person.identifying.may_be_in(key) and person.identifying.erase(key) != key
