"""The matching rules as one list that is read and replaced as a whole: docs/rules.md, section 2.

The list's version is a digest of what it says, those switched off included. Who replaces it names the version that was
read, and is refused when somebody else has changed it since.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import astuple, dataclass

import msgspec
from django.db import connection, transaction

from contacts.matching import Rule, RuleList
from contacts.models import IdentifierKind, MatchingRule

VERSION_DIGITS = 16  # hexadecimal


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleEntry:
    """One rule of the list. `event_type_key` "" is the account's list, else the rule which that type tries first."""

    parameter: str
    kind: str
    is_enabled: bool = True
    event_type_key: str = ""

    def __str__(self) -> str:
        return f"{self.parameter} → {self.kind}"


class VersionConflictError(Exception):
    """The list is not the one that was read; nothing was changed."""


def load_entries() -> list[RuleEntry]:
    """The account's rules in their order, then those of event types by their keys: one query."""
    rows = MatchingRule.objects.order_by("event_type_key", "position", "id").values_list(
        "parameter", "kind_id", "is_enabled", "event_type_key"
    )
    return [
        RuleEntry(parameter=parameter, kind=kind, is_enabled=is_enabled, event_type_key=key)
        for parameter, kind, is_enabled, key in rows
    ]


def load_normal_forms() -> dict[str, str]:
    """How the values of each identifier kind are compared, by its key: one query."""
    return dict(IdentifierKind.objects.order_by("key").values_list("key", "normal_form"))


def version_of(entries: Sequence[RuleEntry]) -> str:
    """The same for the same rules in the same order; the rules of event types have no order among them."""
    told = msgspec.json.encode([astuple(entry) for entry in _in_order(entries)])
    return hashlib.sha256(told).hexdigest()[:VERSION_DIGITS]


def _in_order(entries: Iterable[RuleEntry]) -> list[RuleEntry]:
    return sorted(entries, key=lambda entry: entry.event_type_key)  # stable: the order within the list stays


def walked(entries: Iterable[RuleEntry], normal_forms: Mapping[str, str]) -> RuleList:
    """The rules as matching walks them: those that are enabled. Pure."""
    enabled = [entry for entry in entries if entry.is_enabled]
    rules = [Rule(entry.parameter, entry.kind, normal_forms[entry.kind]) for entry in enabled]
    return RuleList(
        general=tuple(rule for rule, entry in zip(rules, enabled, strict=True) if not entry.event_type_key),
        by_event_type={
            entry.event_type_key: rule for rule, entry in zip(rules, enabled, strict=True) if entry.event_type_key
        },
    )


# Other writers of rules wait until this transaction ends; who reads them does not.
LOCK_RULES = "LOCK TABLE contacts_matchingrule IN SHARE ROW EXCLUSIVE MODE"


def replace_rules(entries: Sequence[RuleEntry], version: str | None) -> list[RuleEntry] | None:
    """Makes these the rules, in the caller's transaction; the rules they replaced, None when they stood already.

    `entries` are valid (contacts/rule_payload.py). Raises VersionConflictError when `version` is not the list's.
    """
    if not connection.in_atomic_block:
        raise transaction.TransactionManagementError("rules are replaced in a transaction")
    with connection.cursor() as cursor:
        cursor.execute(LOCK_RULES)
    before = load_entries()
    if version is not None and version != version_of(before):
        raise VersionConflictError
    if version_of(entries) == version_of(before):
        return None
    MatchingRule.objects.all().delete()
    MatchingRule.objects.bulk_create(
        MatchingRule(
            position=position,
            parameter=entry.parameter,
            kind_id=entry.kind,
            is_enabled=entry.is_enabled,
            event_type_key=entry.event_type_key,
        )
        for position, entry in enumerate(_in_order(entries), 1)
    )
    return before
