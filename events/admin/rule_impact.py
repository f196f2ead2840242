"""What a change of the matching rules does to the latest events, as a page shows it: events/rule_preview.py."""

from collections.abc import Iterable
from typing import Any

from django.utils.translation import gettext_lazy as _

from contacts.rule_changes import ChangeKind, RuleChange
from events.rule_preview import Effect, RuleEffect

CHANGES = {
    ChangeKind.ADDED: _("“%(rule)s” is added at position %(to)s."),
    ChangeKind.REMOVED: _("“%(rule)s” is removed from position %(from)s."),
    ChangeKind.SWITCHED_ON: _("“%(rule)s” is switched on."),
    ChangeKind.SWITCHED_OFF: _("“%(rule)s” is switched off."),
    ChangeKind.MOVED: _("“%(rule)s” is moved from position %(from)s to %(to)s."),
}
CHANGES_OF_TYPES = {
    **CHANGES,
    ChangeKind.ADDED: _("“%(rule)s” is added as the rule of the event type “%(type)s”."),
    ChangeKind.REMOVED: _("“%(rule)s” is removed as the rule of the event type “%(type)s”."),
}


def change_in_words(change: RuleChange) -> str:
    """One change of the draft, in the reader's language."""
    words = CHANGES_OF_TYPES if change.entry.event_type_key else CHANGES
    return str(words[change.kind]) % {
        "rule": change.entry,
        "type": change.entry.event_type_key,
        "from": change.from_place,
        "to": change.to_place,
    }


# In the order of the tiles, each with its tone: what takes a contact from an event, or changes it, is red.
EFFECTS = {
    Effect.RESCUED: (_("Rescued"), _("Ignored for want of a contact; a replay after the change finds one."), "good"),
    Effect.NEWLY_UNMATCHED: (_("Lost"), _("They find a contact now, and nobody after the change."), "bad"),
    Effect.MOVED: (
        _("Moved to another contact"),
        _("They find one contact now, and another one after the change."),
        "bad",
    ),
    Effect.NEWLY_MATCHED: (
        _("Newly matched"),
        _("They find nobody now, but were not ignored for it; such events will."),
        "",
    ),
}


def impact_context(effect: RuleEffect | None) -> dict[str, Any]:
    if effect is None:
        return {"impact": None}
    return {
        "impact": {
            "examined": effect.examined,
            "of_a_type": effect.events_of_a_type,
            "unchanged": effect.counts[Effect.UNCHANGED],
            "replayable": effect.replayable,
            "rescued": effect.counts[Effect.RESCUED],
            "lost": effect.counts[Effect.NEWLY_UNMATCHED],
            "moved": effect.counts[Effect.MOVED],
            "is_harmful": bool(effect.counts[Effect.NEWLY_UNMATCHED] or effect.counts[Effect.MOVED]),
            "effects": list(_tiles(effect)),
            "types": [
                {"key": key, "examined": counts.total(), "cells": [counts[kind] for kind in EFFECTS]}
                for key, counts in sorted(effect.by_type.items())
                if counts.total() > counts[Effect.UNCHANGED]
            ],
        }
    }


def _tiles(effect: RuleEffect) -> Iterable[dict[str, Any]]:
    for kind, (title, sentence, tone) in EFFECTS.items():
        count = effect.counts[kind]
        yield {
            "key": kind.value,
            "title": title,
            "sentence": sentence,
            "tone": tone if count else "",
            "count": count,
            "examples": effect.examples.get(kind, []),
        }
