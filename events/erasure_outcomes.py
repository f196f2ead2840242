"""Takes a person out of what was written of an event: trace, problems, warnings, traceback (docs/rules.md, section 6).

They quote values of the event, whole or cut off, in sentences and in JSON. What quotes a parameter that something was
taken from loses the quotation; codes, pointers and contact ids stay. Pure: no Django, no I/O.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from contacts.erasure_values import MARK, Finder
from contract.json_values import excerpt
from events.erasure_body import Places

ERASED_TRACEBACK = "The traceback was erased with the person that it was about.\n"

type Rows = Sequence[Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Account:
    """What was written of an event: as events/outcomes.py writes it."""

    warnings: Rows
    problems: Rows
    trace: Rows
    traceback: str


def erase_account(account: Account, places: Places, names: frozenset[str], finder: Finder, *, is_own: bool) -> Account:
    """The account without what `finder` finds and without the values of the parameters at `places`, called `names`.

    `is_own`: of an event of the person's own no value stays at all.
    """
    steps = [dict(step) for step in account.trace]
    gone = [step["value"] for step in steps if (is_own or step["parameter"] in names) and step["value"] is not None]
    quoted = sorted({quote for value in gone for quote in (value, excerpt(value), excerpt(value)[1:-1])} - {""})
    quoted.sort(key=len, reverse=True)  # of two that begin alike the longer one first
    return Account(
        warnings=[{**warning, "detail": _without(warning["detail"], quoted, finder)} for warning in account.warnings],
        problems=[_erase_problem(problem, places, quoted, finder, is_own=is_own) for problem in account.problems],
        trace=[_erase_step(step, names, finder, is_own=is_own) for step in steps],
        traceback=ERASED_TRACEBACK if account.traceback and (is_own or places) else finder.erase(account.traceback),
    )


def _erase_step(step: dict[str, Any], names: frozenset[str], finder: Finder, *, is_own: bool) -> dict[str, Any]:
    is_gone = is_own or step["parameter"] in names or step["value"] is None
    return {
        **step,
        "parameter": finder.erase(step["parameter"]),
        "value": None if is_gone else finder.erase(step["value"]),
    }


def _erase_problem(
    problem: Mapping[str, Any], places: Places, quoted: Sequence[str], finder: Finder, *, is_own: bool
) -> dict[str, Any]:
    found, detail = problem["found"], problem["detail"]
    if found and (is_own or _is_about(problem["pointer"], places)):
        found, detail = MARK, detail.replace(found, MARK)
    return {
        **problem,
        "pointer": finder.erase(problem["pointer"]),
        "found": _without(found, quoted, finder),
        "detail": _without(detail, quoted, finder),
    }


def _is_about(pointer: str, places: Places) -> bool:
    """Whether a pointer leads into one of the places, or to the whole of which they are parts."""
    if not places:
        return False
    return pointer in ("", "/params", "/keyValue") or "/".join(pointer.split("/", 3)[:3]) in places


def _without(text: str, quoted: Sequence[str], finder: Finder) -> str:
    for quote in quoted:
        text = text.replace(quote, MARK)
    return finder.erase(text)
