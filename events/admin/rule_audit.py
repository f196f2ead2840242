"""What the audit log shows of a change of the matching rules: before, after, its impact, and the way to undo it."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from account.models import AuditEntry
from console.pages import Panel, add_panels
from contacts.rule_changes import changes_between
from contacts.rule_list import RuleEntry
from events.admin.rule_impact import EFFECTS, change_in_words
from events.rule_saving import details_of, entries_from_json


def load_rule_change(entry: AuditEntry) -> Mapping[str, Any]:
    """No query. `change` is None for an entry about something else, and for one of a time before these were kept."""
    details = details_of(entry)
    if details is None:
        return {"change": None}
    before, after = entries_from_json(details["before"]), entries_from_json(details["after"])
    impact = details["impact"]
    return {
        "change": {
            "sentences": [change_in_words(change) for change in changes_between(before, after)],
            "lists": [(_("Before"), _in_words(before)), (_("After"), _in_words(after))],
            "examined": impact["examined"],
            "effects": [(title, impact[kind.value], tone) for kind, (title, _words, tone) in EFFECTS.items()],
            "undoes": details["undoes"],
            "undo_url": f"{reverse('admin:contacts_matchingrule_changelist')}?undo={entry.pk}",
        }
    }


def _in_words(entries: Sequence[RuleEntry]) -> list[dict[str, Any]]:
    return [{"rule": entry, "type": entry.event_type_key, "is_enabled": entry.is_enabled} for entry in entries]


add_panels(AuditEntry, [Panel("events/rule_change.html", load_rule_change, "account.view_auditentry")])
