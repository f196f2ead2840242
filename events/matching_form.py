"""Reads the page of the matching rules as its form sends it: rows of inputs, with or without a script.

What a row says is turned into the body of `PUT /api/v1/matching-rules` and read by its function, so that a rule which
the API refuses cannot be saved here either; each problem is put back to the row that it is about.
"""

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field

from django.http import QueryDict
from django.utils.translation import gettext as _

from contacts.rule_list import RuleEntry
from contacts.rule_payload import MAX_NAME_LENGTH, MAX_RULES, read_rules
from contract.json_values import JsonValue, is_storable
from contract.problems import ApiError
from contract.reasons import Problem

ROW = re.compile(r"parameter-([0-9]{1,5})", re.ASCII)
POSITION = re.compile(r"[0-9]{1,9}", re.ASCII)
PLACE = re.compile(r"/rules/([0-9]+)")


@dataclass(slots=True, kw_only=True)
class Row:
    """A row of the form. `position` is the text of its input; `is_of_type` rows stand in no order.

    A spare row is there to be filled in: while it is empty it is no rule.
    """

    number: int
    parameter: str = ""
    kind: str = ""
    is_enabled: bool = True
    event_type_key: str = ""
    is_of_type: bool = False
    is_spare: bool = False
    is_removed: bool = False
    position: str = ""
    decided: int | None = None
    errors: list[str] = field(default_factory=list)

    @property
    def rule(self) -> str:
        """The rule in words, as the filter of the list of events takes it (events/decided.py)."""
        return f"{self.parameter} → {self.kind}"


@dataclass(slots=True, kw_only=True)
class Draft:
    """The rules as somebody edits them. `entries` is None while something is wrong; `problems` are of no single row."""

    rows: list[Row]
    entries: list[RuleEntry] | None
    problems: list[str] = field(default_factory=list)

    @property
    def in_order(self) -> list[Row]:
        return [row for row in self.rows if not row.is_of_type]

    @property
    def of_types(self) -> list[Row]:
        return [row for row in self.rows if row.is_of_type]


def draft_of(entries: Iterable[RuleEntry]) -> Draft:
    """The rules as rows, with an empty one at the end of either table."""
    entries = sorted(entries, key=lambda entry: bool(entry.event_type_key))
    rows = [
        Row(
            number=number,
            parameter=entry.parameter,
            kind=entry.kind,
            is_enabled=entry.is_enabled,
            event_type_key=entry.event_type_key,
            is_of_type=bool(entry.event_type_key),
        )
        for number, entry in enumerate(entries, 1)
    ]
    return Draft(rows=_placed(rows), entries=list(entries))


def _placed(rows: Sequence[Row]) -> list[Row]:
    """The rows with their places in the list written into them, and a spare one behind each table."""
    listed = [row for row in rows if not row.is_of_type]
    of_types = [row for row in rows if row.is_of_type]
    last = max((row.number for row in rows), default=0)
    for place, row in enumerate(listed, 1):
        row.position = str(place)
    spare = Row(number=last + 1, is_spare=True, position=str(len(listed) + 1))
    return [*listed, spare, *of_types, Row(number=last + 2, is_spare=True, is_of_type=True)]


def read_draft(sent: QueryDict, kinds: Collection[str]) -> Draft:
    """The rules that the form says, in the order of their positions: never raises, whatever was sent."""
    rows = [row for row in _rows_of(sent) if not _is_left_out(row)]
    for row in rows:
        row.errors += _own_errors(row)
    rows = _in_order(rows)
    problems: list[str] = []
    entries = None
    # NUL would be told of by the door of the API; here it is one of the row's own errors.
    body: dict[str, JsonValue] = {
        "rules": [
            {
                "parameter": row.parameter.replace("\0", "?"),
                "kind": row.kind,
                "enabled": row.is_enabled,
                "eventTypeKey": row.event_type_key.replace("\0", "?") if row.is_of_type else None,
            }
            for row in rows
        ]
    }
    try:
        entries = read_rules(body, kinds)
    except ApiError as refusal:
        for problem in refusal.errors:
            if at := PLACE.match(problem.pointer):
                row = rows[int(at[1])]
                row.errors.append(_in_words(problem, row))
            else:
                problems.append(_in_words(problem, None))
    if any(row.errors for row in rows):
        entries = None
    return Draft(rows=_placed(rows), entries=entries, problems=problems)


def _in_words(problem: Problem, row: Row | None) -> str:
    """What the API says of a problem, in the words of the page and in its reader's language."""
    if problem.code == "duplicate" and row is not None:
        if row.is_of_type:
            return _("“%(type)s” has its own rule already: an event type has one.") % {"type": row.event_type_key}
        return _("The rule “%(rule)s” is in the list already.") % {"rule": row.rule}
    words = {
        "empty": _("Name the parameter that identifies a contact."),
        "too_long": _("A name has at most %(most)s characters.") % {"most": MAX_NAME_LENGTH},
        "unknown_kind": _("There is no such identifier kind any more; choose another one."),
        "too_many": _("A list has at most %(most)s rules; take some away first.") % {"most": MAX_RULES},
    }
    return words.get(problem.code, problem.detail)


def _rows_of(sent: QueryDict) -> list[Row]:
    numbers = sorted({int(match[1]) for name in sent if (match := ROW.fullmatch(name))})
    return [
        Row(
            number=number,
            parameter=sent.get(f"parameter-{number}", "").strip(),
            kind=sent.get(f"kind-{number}", ""),
            is_enabled=f"enabled-{number}" in sent,
            event_type_key=sent.get(f"type-{number}", "").strip(),
            is_of_type=f"type-{number}" in sent,
            is_spare=f"spare-{number}" in sent,
            is_removed=f"remove-{number}" in sent,
            position=sent.get(f"position-{number}", "").strip(),
        )
        for number in numbers[: MAX_RULES + 10]  # more are refused anyhow
    ]


def _is_left_out(row: Row) -> bool:
    return row.is_removed or (row.is_spare and not row.parameter and not row.event_type_key)


def _own_errors(row: Row) -> Iterable[str]:
    if not is_storable(row.parameter) or not is_storable(row.event_type_key):
        yield _("Null characters are not allowed.")
    if row.is_of_type and not row.event_type_key:
        yield _("Name the event type that tries this rule first.")
    if not row.is_of_type and not POSITION.fullmatch(row.position):
        yield _("The position must be a whole number, such as 1 for the first rule.")


def _in_order(rows: Sequence[Row]) -> list[Row]:
    """By position. A rule that was taken up stands before the one whose number it got, one taken down behind it."""

    def key(placed: tuple[int, Row]) -> tuple[int, int, int]:
        place, row = placed
        position = int(row.position) if POSITION.fullmatch(row.position) else place
        return position, (position > place) - (position < place), place

    listed = [row for row in rows if not row.is_of_type]
    in_order = [row for _place, row in sorted(enumerate(listed, 1), key=key)]
    return [*in_order, *(row for row in rows if row.is_of_type)]
