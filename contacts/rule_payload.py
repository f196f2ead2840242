"""Reads a list of matching rules as it is sent, and finds all that is wrong with it at once (docs/api.md).

Pure: the identifier kinds are passed in.
"""

from collections.abc import Collection, Iterator, Mapping

from contacts.rule_list import RuleEntry
from contract.json_values import JsonValue, escape_pointer, excerpt
from contract.problems import refuse
from contract.reasons import Problem

MAX_RULES = 500  # each event looks at all of them
MAX_NAME_LENGTH = 255  # characters
MEMBERS = ("parameter", "kind", "enabled", "eventTypeKey")
NAME = f"a text of 1 to {MAX_NAME_LENGTH} characters that is not blank"


def read_rules(body: Mapping[str, JsonValue], kinds: Collection[str]) -> list[RuleEntry]:
    """The rules of `{"rules": [{"parameter", "kind", "enabled"?, "eventTypeKey"?}]}`. Raises ApiError 400."""
    sent = body.get("rules")
    if not isinstance(sent, list) or len(sent) > MAX_RULES:
        raise refuse([_no_list(sent)])
    problems = [problem for index, rule in enumerate(sent) for problem in _rule_problems(index, rule, kinds)]
    if not problems:
        entries = [_entry_of(rule) for rule in sent if isinstance(rule, dict)]
        problems = list(_repetitions(entries))
    if problems:
        raise refuse(problems)
    return entries


def read_version(body: Mapping[str, JsonValue]) -> str | None:
    """The version of the list that was read, None when it is not said. Raises ApiError 400."""
    version = body.get("version")
    if version is None or isinstance(version, str):
        return version
    expected = "the version that the list was read with"
    raise refuse([_problem("/version", "wrong_type", f"version must be {expected}.", version, expected)])


def _no_list(sent: JsonValue) -> Problem:
    expected = f"an array of at most {MAX_RULES} rules"
    if sent is None:
        return Problem(pointer="/rules", code="missing", detail="There is no list of rules.", expected=expected)
    if isinstance(sent, list):
        found = f"{len(sent):,} rules"
        detail = f"The list has {found}; at most {MAX_RULES} are taken."
        return Problem(pointer="/rules", code="too_many", detail=detail, found=found, expected=expected)
    return _problem("/rules", "wrong_type", f"rules must be {expected}.", sent, expected)


def _problem(pointer: str, code: str, detail: str, found: JsonValue, expected: str) -> Problem:
    return Problem(pointer=pointer, code=code, detail=detail, found=excerpt(found), expected=expected)


def _rule_problems(index: int, rule: JsonValue, kinds: Collection[str]) -> Iterator[Problem]:
    pointer = f"/rules/{index}"
    if not isinstance(rule, dict):
        yield _problem(pointer, "not_an_object", f"Rule {index} is no object.", rule, f"{', '.join(MEMBERS)}")
        return
    for name in rule.keys() - set(MEMBERS):
        expected = f"one of {', '.join(MEMBERS)}"
        place = f"{pointer}/{escape_pointer(name)}"
        yield _problem(place, "unknown_member", f"A rule has no member “{name[:80]}”.", name, expected)
    yield from _name_problems(f"{pointer}/parameter", rule.get("parameter"))
    yield from _kind_problems(f"{pointer}/kind", rule.get("kind"), kinds)
    if not isinstance(rule.get("enabled", True), bool):
        yield _problem(
            f"{pointer}/enabled", "wrong_type", "enabled must be true or false.", rule["enabled"], "true or false"
        )
    if rule.get("eventTypeKey") not in (None, ""):
        yield from _name_problems(f"{pointer}/eventTypeKey", rule["eventTypeKey"])


def _name_problems(pointer: str, name: JsonValue) -> Iterator[Problem]:
    member = pointer.rpartition("/")[2]
    if name is None:
        yield Problem(pointer=pointer, code="missing", detail=f"The rule has no {member}.", expected=NAME)
    elif not isinstance(name, str):
        yield _problem(pointer, "wrong_type", f"{member} must be {NAME}.", name, NAME)
    elif not name.strip():
        yield _problem(pointer, "empty", f"{member} is empty.", name, NAME)
    elif len(name) > MAX_NAME_LENGTH:
        yield _problem(pointer, "too_long", f"{member} has {len(name):,} characters.", name, NAME)


def _kind_problems(pointer: str, kind: JsonValue, kinds: Collection[str]) -> Iterator[Problem]:
    expected = f"one of {', '.join(kinds)}"
    if kind is None:
        yield Problem(pointer=pointer, code="missing", detail="The rule names no kind.", expected=expected)
    elif not isinstance(kind, str) or kind not in kinds:
        detail = "There is no identifier kind of this key; staff declare them in the console."
        yield _problem(pointer, "unknown_kind", detail, kind, expected)


def _entry_of(rule: Mapping[str, JsonValue]) -> RuleEntry:
    return RuleEntry(
        parameter=str(rule["parameter"]),
        kind=str(rule["kind"]),
        is_enabled=bool(rule.get("enabled", True)),
        event_type_key=str(rule.get("eventTypeKey") or ""),
    )


def _repetitions(entries: list[RuleEntry]) -> Iterator[Problem]:
    """A rule that the list has before, and a second rule of one event type."""
    first: dict[tuple[str, ...], int] = {}
    for index, entry in enumerate(entries):
        own = entry.event_type_key
        key = (own,) if own else ("", entry.parameter.casefold(), entry.kind)
        before = first.setdefault(key, index)
        if before != index:
            what = f"The event type “{own[:80]}” has its own rule" if own else "This rule stands in the list"
            yield Problem(
                pointer=f"/rules/{index}",
                code="duplicate",
                detail=f"{what} already, at index {before}.",
                found=str(entry)[:200],
                expected="one rule for an event type" if own else "each parameter and kind once",
            )
