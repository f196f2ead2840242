"""Schemas of custom events: what is taken as one, and that an event which breaks it is warned of and never refused."""

import json

import pytest

from account.current import load_account
from account.models import AuditEntry
from contract.parameters import Parameter
from contract.reasons import Status
from events.admin.event_filters import EventFilters
from events.envelope import parse_envelope
from events.models import Event, EventType, Outcome, ParameterSchema
from events.preview import preview
from events.replay import replay_events
from events.schema_check import (
    MAX_CHARACTERS,
    MAX_DETAIL,
    MAX_VIOLATIONS,
    SchemaError,
    draft_of,
    read_schema,
    type_of,
)
from events.schemas import save_schema
from tests.events.building import created, drain, event_body, post

PRICED = json.dumps(
    {
        "type": "object",
        "required": ["productId", "price"],
        "properties": {
            "productId": {"type": "string", "minLength": 1},
            "price": {"type": "number", "minimum": 0, "multipleOf": 0.01},
            "buyer": {"type": "object", "properties": {"emails": {"type": "array", "items": {"format": "email"}}}},
        },
    }
)


class Zone:
    time_zone = None


def parameters_of(body: str) -> dict[str, Parameter]:
    return parse_envelope(body, Zone()).parameters


def warned(params: object, schema: str = PRICED) -> list[tuple[str, str]]:
    """The pointers and details of the warnings about an event with these params."""
    body = json.dumps({"eventTypeKey": "viewed", "keyValue": "k", "params": params})
    return [(found.pointer, found.detail) for found in read_schema(schema).violations(parameters_of(body))]


def test_an_event_that_fits_is_not_warned_of():
    assert warned({"productId": "1", "price": 19.90, "more": None}) == []


@pytest.mark.parametrize(
    ("params", "expected"),
    [
        ({"productId": "1"}, [("/params", '"price" is a required property.')]),
        ({"productId": "1", "price": "19"}, [("/params/price", '“price”: The value is not of type "number".')]),
        (
            [{"name": "productId", "value": ""}, {"name": "price", "value": 1}],
            [("/params/0/value", "“productId”: The value is shorter than 1 character.")],
        ),
        (
            [{"name": "price", "value": 1}, {"name": "price", "value": True}, {"name": "productId", "value": "1"}],
            [("/params/1/value", '“price”: The value is not of type "number".')],
        ),
        (
            {"productId": "1", "price": 1, "buyer": {"emails": ["a@example.com", "x"]}},
            [("/params/buyer/emails/1", '“buyer”: The value is not a "email".')],
        ),
    ],
)
def test_a_warning_names_its_place_in_the_event_as_it_was_sent(params, expected):
    assert warned(params) == expected


def test_numbers_are_held_against_it_by_their_digits():
    assert warned({"productId": "1", "price": 0.07}) == []  # 0.07 is no multiple of 0.01 in binary floats
    assert [pointer for pointer, _ in warned({"productId": "1", "price": 0.071})] == ["/params/price"]


def test_no_detail_quotes_a_value_and_none_is_long():
    secret = "olha@example.com" * 1000
    [(_, detail)] = warned({"productId": "1", "price": secret})
    assert "olha" not in detail
    many = {f"p{number}": number for number in range(500)}
    found = warned(many, json.dumps({"additionalProperties": {"type": "string"}}))
    assert len(found) == MAX_VIOLATIONS
    [(_, detail)] = warned(many, json.dumps({"properties": {"a": {}}, "additionalProperties": False}))
    assert len(detail) == MAX_DETAIL


@pytest.mark.parametrize(
    ("text", "pointer", "words"),
    [
        ("{", "", "line 1, column 2"),
        ("[]", "", "has to be an object"),
        ("true", "", "has to be an object"),
        ('{"minimum": NaN}', "", "NaN is no JSON number"),
        ("[" * 500, "", "levels of nesting"),
        (" " * (MAX_CHARACTERS + 1), "", "at most 20,000"),
        ('{"type": "array"}', "/type", "has to be “object”"),
        ('{"type": "objct"}', "/type", "has to be “object”"),
        ('{"properties": {"price": {"type": "numbre"}}}', "/properties/price/type", "not valid"),
        ('{"properties": {"a/b": {"minLength": -1}}}', "/properties/a~1b/minLength", "less than the minimum"),
        ('{"properties": {"p": {"$ref": "https://x.example/s"}}}', "/properties/p/$ref", "is not taken"),
        ('{"allOf": [{"$ref": "#"}]}', "/allOf/0/$ref", "is not taken"),
        ('{"not": {"$dynamicRef": "#a"}}', "/not/$dynamicRef", "is not taken"),
        ('{"$id": "https://x.example/s"}', "/$id", "is not taken"),
        ('{"$schema": "http://json-schema.org/draft-04/schema#"}', "/$schema", "2020-12"),
        ('{"properties": {"p": {"pattern": "(?=a)b"}}}', "/properties/p/pattern", "no look-around"),
        ('{"properties": {"p": {"pattern": "("}}}', "/properties/p/pattern", "pattern"),
    ],
)
def test_what_is_no_schema_is_refused_with_its_place(text, pointer, words):
    with pytest.raises(SchemaError) as refused:
        read_schema(text)
    assert refused.value.problem.pointer == pointer
    assert words in refused.value.problem.detail


def test_names_and_data_that_look_like_keywords_are_neither():
    schema = {"properties": {"$ref": {"type": "string"}, "p": {"const": {"$ref": "x"}, "enum": [{"$id": 1}]}}}
    assert warned({"$ref": "here"}, json.dumps(schema)) == []


def test_no_pattern_runs_away():
    schema = json.dumps({"properties": {"p": {"pattern": "^(a+)+$"}}})
    assert len(warned({"p": "a" * 100_000 + "!"}, schema)) == 1


def test_a_draft_says_what_was_seen():
    seen = {
        "productId": {"string": 3},
        "price": {"integer": 1, "number": 2},
        "shop": {"string": 1, "null": 1},
    }
    draft = draft_of(seen, events=3)
    assert json.loads(draft) == {
        "type": "object",
        "properties": {
            "price": {"type": "number"},
            "productId": {"type": "string"},
            "shop": {"type": ["null", "string"]},
        },
        "required": ["price", "productId"],
    }
    read_schema(draft)


def test_types_have_the_names_of_json_schema():
    body = event_body("viewed", {"a": None, "b": True, "c": 1, "d": 1.5, "e": "x", "f": [], "g": {}}, keyValue="k")
    found = [type_of(parameter.value) for parameter in parameters_of(body).values()]
    assert found == ["null", "boolean", "integer", "number", "string", "array", "object"]


# --- Events --------------------------------------------------------------------------------------------------------


@pytest.fixture
def priced(db) -> EventType:
    """The type “viewed” with its schema."""
    event_type = EventType.objects.create(key="viewed")
    save_schema(event_type, PRICED, "user olha")
    return event_type


def view(**params: object) -> int:
    return post("viewed", params, keyValue="k")


def test_an_event_that_breaks_its_schema_is_applied_with_warnings(priced):
    bad, good = view(productId="1", price="x"), view(productId="1", price=1)
    drain()
    outcome = Outcome.objects.get(pk=bad)
    assert outcome.status == Status.APPLIED
    assert outcome.warnings == [
        {
            "code": "schema_violation",
            "detail": '“price”: The value is not of type "number".',
            "pointer": "/params/1/value",
        }
    ]
    assert Outcome.objects.get(pk=good).warnings == []


def test_a_schema_holds_from_the_next_batch_on_and_until_it_is_removed(priced):
    save_schema(priced, '{"required": ["colour"]}', "user olha")
    first = view(productId="1", price=1)
    drain()
    assert [each["detail"] for each in Outcome.objects.get(pk=first).warnings] == ['"colour" is a required property.']
    save_schema(priced, "", "user olha")
    second = view(productId="1", price=1)
    drain()
    assert Outcome.objects.get(pk=second).warnings == []


def test_a_dry_run_warns_as_the_event_would(priced):
    body = event_body("viewed", {"productId": "1"}, keyValue="k")
    told = preview(parse_envelope(body, load_account()), "backend", "shop")
    assert told["warnings"] == [
        {"code": "schema_violation", "detail": '"price" is a required property.', "pointer": "/params"}
    ]


def test_events_of_an_order_are_held_against_no_schema(priced):
    created()
    drain()
    event_type = EventType.objects.get(key="orderCreated")
    ParameterSchema.objects.create(
        event_type=event_type, text='{"required": ["x"]}', changed_at=priced.created_at, changed_by="user olha"
    )
    event_id = created("1002")
    drain()
    assert "schema_violation" not in [each["code"] for each in Outcome.objects.get(pk=event_id).warnings]


def test_a_schema_that_is_not_taken_any_more_keeps_no_event(priced):
    ParameterSchema.objects.update(text='{"type": 5}')
    event_id = view(productId="1")
    drain()
    assert (Outcome.objects.get(pk=event_id).status, Outcome.objects.get(pk=event_id).warnings) == ("applied", [])


def test_types_without_a_schema_cost_no_statement(priced, django_assert_max_num_queries):
    def cost() -> int:
        with django_assert_max_num_queries(40) as captured:
            drain()
        return len(captured)

    counts = []
    for type_key in ("other", "other", "viewed", "viewed"):
        post(type_key, {"productId": "1"}, keyValue="k")
        counts.append(cost())
    assert counts[2] == counts[1] + 1  # the text of the schema, once
    assert counts[3] == counts[1]


def test_every_change_stands_in_the_audit_log_and_no_change_does_not(priced):
    save_schema(priced, f"  {PRICED}\n", "user olha")
    save_schema(priced, "", "user petro")
    with pytest.raises(SchemaError):
        save_schema(priced, "{", "user petro")
    entries = AuditEntry.objects.order_by("pk").values_list("actor", "action", "what", "details")
    assert list(entries) == [
        ("user olha", "event_schema.changed", "event type viewed", {"before": "", "after": PRICED}),
        ("user petro", "event_schema.changed", "event type viewed", {"before": PRICED, "after": ""}),
    ]


def test_events_are_found_by_the_warning(priced):
    bad = view(productId="1")
    view(productId="1", price=1)
    drain()
    found = EventFilters({"warning": "schema_violation"}, queryset=Event.objects.all()).qs
    assert list(found.values_list("pk", flat=True)) == [bad]
    assert replay_events([bad]) == 0  # it was applied: there is nothing to hand over again
