"""Saves a list of matching rules, for the API and the console alike, with an entry in the audit log that can be undone.

The entry keeps the whole list before and after, and what the change did to the latest events (events/rule_preview.py),
in numbers: no value of a person.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.db import transaction

from account.audit import AuditAction, record_audit
from account.models import AuditEntry
from contacts.rule_changes import changes_between, entries_to_json
from contacts.rule_list import (
    RuleEntry,
    VersionConflictError,
    load_entries,
    load_normal_forms,
    replace_rules,
    version_of,
    walked,
)
from events.basis import basis_to_try, current_basis
from events.rule_preview import Effect, RuleEffect, preview_rules


def effect_of(entries: Sequence[RuleEntry]) -> RuleEffect:
    """What these rules would do to the latest events, in place of those that stand."""
    return preview_rules(walked(entries, load_normal_forms()), basis_to_try())


def store_rules(
    entries: Sequence[RuleEntry],
    version: str | None,
    actor: str,
    *,
    effect: RuleEffect | None = None,
    undoes: int | None = None,
) -> int | None:
    """Makes these the rules on behalf of `actor`, and stores the basis of the decisions that follow.

    The id of the audit entry; None for rules that are the account's already, which change nothing and are not recorded.
    `effect` is that of effect_of(), found here when it is not given; `undoes` is the audit entry that this takes back.
    Raises VersionConflictError when `version` is not the list's.
    """
    before = load_entries()
    if version is not None and version != version_of(before):
        raise VersionConflictError
    if version_of(entries) == version_of(before):
        return None
    effect = effect or effect_of(entries)
    with transaction.atomic():
        replaced = replace_rules(entries, version)
        if replaced is None:
            return None
        what = _in_words(replaced, entries, undoes)
        details = _details(replaced, entries, effect, undoes)
        entry_id = record_audit(actor, AuditAction.RULES_CHANGED, what, len(entries), details)
        current_basis()
    return entry_id


def _in_words(before: Sequence[RuleEntry], after: Sequence[RuleEntry], undoes: int | None) -> str:
    told = "; ".join(map(str, changes_between(before, after)))
    undo = f"undo of entry {undoes}, " if undoes else ""
    return f"{undo}version {version_of(before)} → {version_of(after)}: {told}"


def _details(
    before: Sequence[RuleEntry], after: Sequence[RuleEntry], effect: RuleEffect, undoes: int | None
) -> Mapping[str, Any]:
    return {
        "before": entries_to_json(before),
        "after": entries_to_json(after),
        "impact": {
            "examined": effect.examined,
            **{kind.value: effect.counts[kind] for kind in Effect if kind is not Effect.UNCHANGED},
        },
        "undoes": undoes,
    }


def entries_from_json(rules: Iterable[Mapping[str, Any]]) -> list[RuleEntry]:
    """The rules of a list as an audit entry keeps it."""
    return [
        RuleEntry(
            parameter=rule["parameter"],
            kind=rule["kind"],
            is_enabled=rule["enabled"],
            event_type_key=rule["eventTypeKey"] or "",
        )
        for rule in rules
    ]


def details_of(entry: AuditEntry) -> Mapping[str, Any] | None:
    """What an audit entry keeps of a change of the rules; None for another one, and one of a time before they did."""
    details = entry.details
    is_one = entry.action == AuditAction.RULES_CHANGED.value and isinstance(details, dict) and "before" in details
    return details if is_one else None
