"""The endpoint of the matching rules: read the list, replace it, or see first what that would do (docs/api.md)."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, cast

from django.http import HttpRequest, HttpResponse

from account.audit import actor_of
from contacts.rule_changes import entries_to_json
from contacts.rule_list import RuleEntry, VersionConflictError, load_entries, load_normal_forms, version_of
from contacts.rule_payload import MAX_NAME_LENGTH, MAX_RULES, read_rules, read_version
from contract.filters import check_names
from contract.http import ApiView, json_response, read_object
from contract.openapi import WRITE_ERRORS, component, describe, query_parameter
from contract.problems import ApiError, refuse, refuse_parameter
from contract.reasons import Problem
from contract.scopes import Scope
from events.api_shapes import MatchingRuleShape, RuleEffectShape, RuleListShape
from events.rule_effects import present_effect
from events.rule_preview import EVENTS_OF_A_TYPE
from events.rule_saving import effect_of, store_rules

RULE = {
    "type": "object",
    "required": ["parameter", "kind"],
    "additionalProperties": False,
    "properties": {
        "parameter": {"type": "string", "minLength": 1, "maxLength": MAX_NAME_LENGTH},
        "kind": {"type": "string", "description": "The key of an identifier kind."},
        "enabled": {"type": "boolean", "default": True},
        "eventTypeKey": {
            "type": ["string", "null"],
            "maxLength": MAX_NAME_LENGTH,
            "description": "Absent, null or empty: a rule of the account's list. Else the one rule that events of this "
            "type try first.",
        },
    },
}
RULES_TO_PUT: Mapping[str, Any] = {
    "type": "object",
    "required": ["rules"],
    "properties": {
        "version": {
            "type": ["string", "null"],
            "description": "That of the list which was read. When the rules have changed since, the answer is a 409. "
            "Without it the list is replaced whatever it says.",
        },
        "rules": {"type": "array", "maxItems": MAX_RULES, "items": RULE},
    },
    "examples": [{"rules": [{"parameter": "ContactId", "kind": "contactId"}, {"parameter": "Email", "kind": "email"}]}],
}


class RulesView(ApiView):
    scopes: ClassVar = {"GET": Scope.READ, "PUT": Scope.SETTINGS_WRITE}
    console_permission = "contacts.view_matchingrule"

    @describe(
        "Read the matching rules",
        "The account's rules in the order in which they are walked, then those of event types.",
        tag="settings",
        answers={200: component(RuleListShape)},
        operation_id="readMatchingRules",
    )
    def get(self, request: HttpRequest) -> HttpResponse:
        if problems := check_names(request.GET, ()):
            raise refuse(problems)
        return json_response(present_rules(load_entries()))

    @describe(
        "Replace the matching rules, or see what that would do",
        "Replaces the whole list, in the order given. With `preview=true` nothing is stored, and the answer is what "
        f"that would do to the latest {EVENTS_OF_A_TYPE:,} events of each type, with the contacts as they are now.",
        tag="settings",
        body=dict(RULES_TO_PUT),
        answers={200: {"oneOf": [component(RuleListShape), component(RuleEffectShape)]}},
        errors=(*WRITE_ERRORS, 409),
        parameters=[
            query_parameter("preview", "true: answer what the change would do, and store nothing.", {"type": "boolean"})
        ],
        operation_id="replaceMatchingRules",
    )
    def put(self, request: HttpRequest) -> HttpResponse:
        is_preview = _read_preview(request)
        body = read_object(request)
        normal_forms = load_normal_forms()
        entries, version = read_rules(body, normal_forms.keys()), read_version(body)
        if is_preview:
            _check_version(version)
            return json_response(present_effect(effect_of(entries)))
        try:
            store_rules(entries, version, actor_of(request))
        except VersionConflictError as error:
            raise _changed_since(str(version)) from error
        return json_response(present_rules(load_entries()))


def _read_preview(request: HttpRequest) -> bool:
    """Raises ApiError 400."""
    if problems := check_names(request.GET, ("preview",)):
        raise refuse(problems)
    text = request.GET.get("preview", "false")
    if text not in ("true", "false"):
        raise refuse_parameter("preview", text, "true or false")
    return text == "true"


def _check_version(version: str | None) -> None:
    if version is not None and version != version_of(load_entries()):
        raise _changed_since(version)


def _changed_since(version: str) -> ApiError:
    detail = "The rules were changed since they were read; read them again. Nothing was changed."
    found, expected = version[:80], f"the version {version_of(load_entries())}"
    return refuse(
        [Problem(pointer="/version", code="version_conflict", detail=detail, found=found, expected=expected)], 409
    )


def present_rules(entries: Sequence[RuleEntry]) -> RuleListShape:
    return {
        "version": version_of(entries),
        "rules": cast("list[MatchingRuleShape]", entries_to_json(entries)),
    }
