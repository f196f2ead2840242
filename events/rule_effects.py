"""How the effect of a change of the matching rules is told by the API (docs/api.md, Matching rules)."""

from contacts.matching import Step
from events.api_shapes import (
    DecidingStepShape,
    RuleEffectGroupShape,
    RuleEffectOfTypeShape,
    RuleEffectShape,
    RuleExampleShape,
)
from events.rule_preview import Effect, Example, RuleEffect


def present_effect(effect: RuleEffect) -> RuleEffectShape:
    return {
        "examined": effect.examined,
        "eventsOfAType": effect.events_of_a_type,
        "rescued": _group(effect, Effect.RESCUED),
        "newlyMatched": _group(effect, Effect.NEWLY_MATCHED),
        "newlyUnmatched": _group(effect, Effect.NEWLY_UNMATCHED),
        "movedToAnotherContact": _group(effect, Effect.MOVED),
        "unchanged": effect.counts[Effect.UNCHANGED],
        "replayable": effect.replayable,
        "eventTypes": [_of_type(key, effect) for key in sorted(effect.by_type)],
    }


def _group(effect: RuleEffect, kind: Effect) -> RuleEffectGroupShape:
    return {
        "count": effect.counts[kind],
        "examples": [_example(example) for example in effect.examples.get(kind, ())],
    }


def _example(example: Example) -> RuleExampleShape:
    return {
        "eventId": str(example.event_id),
        "eventTypeKey": example.event_type_key,
        "before": _step(example.before),
        "after": _step(example.after),
    }


def _step(step: Step | None) -> DecidingStepShape | None:
    if step is None or step.contact_id is None:
        return None
    return {
        "contactId": step.contact_id,
        "parameter": step.parameter,
        "kind": step.kind,
        "value": step.value,
    }


def _of_type(key: str, effect: RuleEffect) -> RuleEffectOfTypeShape:
    counts = effect.by_type[key]
    return {
        "eventTypeKey": key,
        "examined": counts.total(),
        "rescued": counts[Effect.RESCUED],
        "newlyMatched": counts[Effect.NEWLY_MATCHED],
        "newlyUnmatched": counts[Effect.NEWLY_UNMATCHED],
        "movedToAnotherContact": counts[Effect.MOVED],
        "unchanged": counts[Effect.UNCHANGED],
    }
