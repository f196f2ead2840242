"""What somebody edits on the page of the matching rules: opened from the rules as they stand, or sent back by its form.

A draft can begin with a rule that is suggested (`?parameter=…&kind=…`), or with the list of before a change that is to
be undone (`?undo=` and the id of its audit entry).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext as _

from account.audit import AuditAction
from account.models import AuditEntry
from console.palette import as_row_id
from contacts.kind_names import kind_names
from contacts.models import IdentifierKind
from contacts.rule_list import RuleEntry, load_entries, version_of
from contacts.rule_payload import MAX_NAME_LENGTH
from contract.json_values import is_storable
from events.matching_form import Draft, draft_of, read_draft
from events.rule_preview import RuleEffect
from events.rule_saving import details_of, entries_from_json

MAX_ID = 2**63 - 1


@dataclass(slots=True, kw_only=True)
class Editing:
    """`standing` are the rules as they are now, `version` the list that was opened; stale when they are not the same.

    `asks`: the draft would take contacts from events, and is saved only when that is confirmed.
    """

    draft: Draft
    standing: Sequence[RuleEntry]
    kinds: Mapping[str, str]  # key → name
    version: str
    undoes: int | None = None
    later_changes: int = 0  # of the rules, after the one that is to be undone
    is_stale: bool = False
    wants_impact: bool = False
    wants_to_save: bool = False
    confirmed: str = ""
    asks: bool = False
    effect: RuleEffect | None = None
    notes: list[str] = field(default_factory=list)


def opened(request: HttpRequest) -> Editing:
    """The rules as they stand, with what the address asks for."""
    standing = load_entries()
    kinds = _load_kinds()
    editing = Editing(draft=draft_of(standing), standing=standing, kinds=kinds, version=version_of(standing))
    if "undo" in request.GET:
        _begin_with_undo(editing, request.GET["undo"])
    elif "parameter" in request.GET:
        _begin_with_rule(editing, request.GET)
    return editing


def _load_kinds() -> dict[str, str]:
    return kind_names(IdentifierKind.objects.order_by("-is_builtin", "name"))


def _begin_with_rule(editing: Editing, query: Mapping[str, Any]) -> None:
    """Puts a suggested rule behind the others, and asks for its impact."""
    parameter, kind = str(query["parameter"]).strip(), str(query.get("kind", ""))
    event_type_key = str(query.get("type", "")).strip()
    names = (parameter, event_type_key)
    if not parameter or any(len(name) > MAX_NAME_LENGTH or not is_storable(name) for name in names):
        return
    if kind not in editing.kinds:
        editing.notes.append(_("There is no such identifier kind any more; choose another one."))
        return
    rule = RuleEntry(parameter=parameter, kind=kind, event_type_key=event_type_key)
    if any(_says_the_same(rule, entry) for entry in editing.standing):
        editing.notes.append(_("The rule “%(rule)s” is in the list already.") % {"rule": rule})
        return
    editing.draft = draft_of([*editing.standing, rule])
    editing.wants_impact = True


def _says_the_same(one: RuleEntry, other: RuleEntry) -> bool:
    if one.event_type_key or other.event_type_key:
        return one.event_type_key == other.event_type_key
    return (one.parameter.casefold(), one.kind) == (other.parameter.casefold(), other.kind)


def _begin_with_undo(editing: Editing, text: str) -> None:
    """Puts the list of before that change in place of the rules, and asks for the impact."""
    entry_id = as_row_id(text)
    entry = AuditEntry.objects.filter(pk=entry_id).first() if entry_id is not None and entry_id <= MAX_ID else None
    details = details_of(entry) if entry else None
    if entry is None or details is None:
        editing.notes.append(_("There is no change of the rules to undo here."))
        return
    before = entries_from_json(details["before"])
    kept = [rule for rule in before if rule.kind in editing.kinds]
    if len(kept) < len(before):
        editing.notes.append(_("Rules of identifier kinds that are not there any more are left out."))
    later = AuditEntry.objects.filter(action=AuditAction.RULES_CHANGED.value, pk__gt=entry.pk)
    editing.later_changes = later.count()  # index: audit_entry_by_action
    editing.undoes = entry.pk
    editing.draft = draft_of(kept)
    editing.wants_impact = True


def sent_back(request: HttpRequest) -> Editing | None:
    """The draft as the page's form sends it; None for what that form never sends."""
    sent = request.POST
    if "version" not in sent:
        return None
    standing = load_entries()
    kinds = _load_kinds()
    action = sent.get("action", "")
    undoes = as_row_id(sent.get("undoes", ""))
    is_stale = sent["version"] != version_of(standing)
    return Editing(
        draft=read_draft(sent, kinds),
        standing=standing,
        kinds=kinds,
        version=version_of(standing),  # who sends it again has seen what it takes back
        undoes=undoes if undoes is not None and undoes <= MAX_ID else None,
        is_stale=is_stale,
        wants_impact=action == "preview" or is_stale,
        wants_to_save=action == "save" or "confirmed" in sent,
        confirmed=sent.get("confirmed", ""),
    )
