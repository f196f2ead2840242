"""What is an envelope, and what keeps a message from being one: docs/rules.md, section 1."""

import json
from datetime import UTC, datetime
from types import SimpleNamespace
from zoneinfo import ZoneInfo

import pytest

from contacts.matching import Rule, RuleList, candidates_of
from contract.json_values import Number
from contract.parameters import Parameter
from contract.reasons import Caution, WarningCode
from events.envelope import MAX_EVENT_BYTES, MAX_PROBLEMS, Envelope, EnvelopeError, parse_envelope
from events.envelope_faults import MAX_PARAMETERS

ACCOUNT = SimpleNamespace(time_zone=ZoneInfo("Europe/Kyiv"))
ARTICLE_PARAMS = [
    {"name": "phone", "value": "380501234567"},
    {"name": "externalOrderId", "value": "12345679"},
    {"name": "totalCost", "value": "258.0"},
    {"name": "items", "value": [{"externalItemId": "200600", "quantity": 1, "cost": 990}]},
]


def parse(document):
    """`document`: JSON text or bytes as they are, or anything else to be written as JSON."""
    return parse_envelope(document if isinstance(document, str | bytes) else json.dumps(document), ACCOUNT)


def faults(document):
    """[(pointer, code)] of the refusal."""
    with pytest.raises(EnvelopeError) as refusal:
        parse(document)
    return [(problem.pointer, problem.code) for problem in refusal.value.problems]


def custom(**members):
    return {"eventTypeKey": "seen", "keyValue": "k", "params": [], **members}


# What is taken.


def test_the_articles_own_example_is_an_envelope():
    body = json.dumps({"eventTypeKey": "orderCreated", "keyValue": "380501234567", "params": ARTICLE_PARAMS}, indent=2)
    assert parse(body) == Envelope(
        event_type_key="orderCreated",
        key_value="380501234567",
        order_key="12345679",
        parameters={
            "phone": Parameter("/params/0/value", "380501234567"),
            "externalOrderId": Parameter("/params/1/value", "12345679"),
            "totalCost": Parameter("/params/2/value", "258.0"),
            "items": Parameter("/params/3/value", [{"externalItemId": "200600", "quantity": 1, "cost": 990}]),
        },
        occurred_at=None,
        warnings=(),
        body=body,
    )


def test_parameters_may_be_an_object_with_pointers_of_their_own():
    envelope = parse(custom(params={"a/b~c": 1, "d": None}))
    assert envelope.parameters == {"a/b~c": Parameter("/params/a~1b~0c", 1), "d": Parameter("/params/d", None)}


@pytest.mark.parametrize("members", [{}, {"params": None}, {"params": []}, {"params": {}}])
def test_an_event_may_have_no_parameters(members):
    assert parse({"eventTypeKey": "seen", "keyValue": "k", **members}).parameters == {}


def test_a_parameter_without_a_value_is_null():
    assert parse(custom(params=[{"name": "a"}])).parameters == {"a": Parameter("/params/0/value", None)}


def test_members_of_others_are_passed_over_wherever_they_stand_and_in_whatever_order():
    body = (
        '{"params":[{"value":1.50,"type":"text","name":"a"}],"x":{"y":[1]},"keyValue":"k","idempotencyKey":"i",'
        '"eventTypeKey":"seen"}'
    )
    envelope = parse(body)
    assert (envelope.event_type_key, envelope.key_value) == ("seen", "k")
    assert envelope.parameters == {"a": Parameter("/params/0/value", Number("1.50"))}
    assert envelope.body == body


def test_numbers_keep_their_digits():
    envelope = parse('{"eventTypeKey":"t","keyValue":"k","params":{"a":0.10,"b":1e400,"c":18446744073709551616}}')
    values = [parameter.value for parameter in envelope.parameters.values()]
    assert values == [Number("0.10"), Number("1e400"), 2**64]


@pytest.mark.parametrize("text", ["Ж", "😀", "\u2028", "\x7f", "١٢", "\ufffe", "e\u0301"])
def test_any_text_of_unicode_is_taken_escaped_or_not(text):
    for ascii_only in (True, False):
        body = json.dumps(custom(eventTypeKey=text, keyValue=text, params={text: text}), ensure_ascii=ascii_only)
        envelope = parse(body.encode())
        assert (envelope.event_type_key, envelope.key_value, envelope.body) == (text, text, body)
        assert envelope.parameters == {text: Parameter(f"/params/{text}", text)}


def test_the_body_is_kept_as_it_was_sent_but_for_a_byte_order_mark():
    body = ' {"eventTypeKey" : "t",\t"keyValue":"\\u0416" } \n'
    assert parse(b"\xef\xbb\xbf" + body.encode()).body == body
    assert parse("\ufeff" + body).body == body


def test_names_and_keys_of_255_characters_are_taken():
    longest = "Ж" * 255
    envelope = parse(custom(eventTypeKey=longest, keyValue=longest, params=[{"name": longest}]))
    assert (envelope.event_type_key, envelope.key_value, list(envelope.parameters)) == (longest, longest, [longest])


def test_a_thousand_parameters_are_taken():
    assert len(parse(custom(params={f"p{n}": n for n in range(MAX_PARAMETERS)})).parameters) == MAX_PARAMETERS
    assert len(parse(custom(params=[{"name": f"p{n}"} for n in range(MAX_PARAMETERS)])).parameters) == MAX_PARAMETERS


def test_an_event_of_just_the_greatest_size_is_taken():
    empty = json.dumps(custom(params={"a": ""}))
    largest = json.dumps(custom(params={"a": "a" * (MAX_EVENT_BYTES - len(empty))}))
    assert len(largest) == MAX_EVENT_BYTES
    assert parse(largest).body == largest


# Duplicate names.


@pytest.mark.parametrize(
    "params",
    ['[{"name":"a","value":1},{"name":"b","value":2},{"name":"a","value":3}]', '{"a":1,"b":2,"a":3}'],
)
@pytest.mark.parametrize("extra", ["", ',"x":1'])
def test_of_a_name_given_twice_the_last_wins_with_a_warning(params, extra):
    envelope = parse(f'{{"eventTypeKey":"t","keyValue":"k","params":{params}{extra}}}')
    assert {name: parameter.value for name, parameter in envelope.parameters.items()} == {"a": 3, "b": 2}
    detail = "Given more than once, and the last one was taken: “a”."
    assert envelope.warnings == (Caution(code=WarningCode.DUPLICATE_PARAMETER, detail=detail),)


def test_the_pointer_of_a_duplicate_is_the_last_ones():
    envelope = parse(custom(params=[{"name": "a", "value": 1}, {"name": "a", "value": 2}]))
    assert envelope.parameters == {"a": Parameter("/params/1/value", 2)}


def test_names_that_differ_in_case_are_two_names():
    envelope = parse(custom(params={"a": 1, "A": 2}))
    assert (len(envelope.parameters), envelope.warnings) == (2, ())


@pytest.mark.parametrize(
    "body",
    [
        '{"eventTypeKey":"t","keyValue":"k","params":{"Email":1,"email":2,"Email":3}}',
        '{"eventTypeKey":"t","keyValue":"k","params":{"Email":1,"email":2,"Email":3},"ours":"not"}',
        custom(params=[{"name": "Email", "value": 1}, {"name": "email", "value": 2}, {"name": "Email", "value": 3}]),
    ],
)
def test_a_name_given_twice_stands_where_it_was_given_last(body):
    """Matching takes the last of the names that differ in case only: here the third."""
    envelope = parse(body)
    assert [(name, parameter.value) for name, parameter in envelope.parameters.items()] == [("email", 2), ("Email", 3)]
    [email] = candidates_of(envelope.parameters, "t", RuleList((Rule("Email", "email", "email"),), {}), "UA")
    assert email.value == "3"


def test_many_duplicates_make_one_warning_of_bounded_length():
    envelope = parse(custom(params=[{"name": f"name {n % 100}"} for n in range(300)]))
    [warning] = envelope.warnings
    assert len(warning.detail) <= 400
    assert warning.detail.endswith("….")


def test_duplicates_count_as_parameters():
    too_many = ",".join(['"a":1'] * (MAX_PARAMETERS + 1))
    assert faults(f'{{"eventTypeKey":"t","keyValue":"k","params":{{{too_many}}}}}') == [("/params", "too_many")]
    assert faults(custom(params=[{"name": "a"}] * (MAX_PARAMETERS + 1))) == [("/params", "too_many")]


# The key value.


@pytest.mark.parametrize("absent", [{}, {"keyValue": None}, {"keyValue": ""}])
@pytest.mark.parametrize("event_type", ["orderCreated", "orderUpdated", "orderDelivered", "orderCancelled"])
@pytest.mark.parametrize(
    ("order_id", "text"),
    [('"A-1"', "A-1"), ("42", "42"), ("1.0", "1.0"), ("true", "true"), ("36893488147419103232", str(2**65))],
)
def test_an_order_event_without_a_key_takes_its_order_id(absent, event_type, order_id, text):
    members = "".join(f',"{name}":{json.dumps(value)}' for name, value in absent.items())
    envelope = parse(
        f'{{"eventTypeKey":"{event_type}","params":{{"email":"e","externalOrderId":{order_id}}}{members}}}'
    )
    assert (envelope.key_value, envelope.order_key) == (text, text)


@pytest.mark.parametrize(
    "name", ["contactId", "externalCustomerId", "email", "phone", "pushToken", "EMAIL", "pushtoken"]
)
def test_another_event_without_a_key_takes_what_names_its_contact(name):
    envelope = parse({"eventTypeKey": "seen", "params": [{"name": "x", "value": 1}, {"name": name, "value": 7}]})
    assert (envelope.key_value, envelope.order_key) == ("7", "")


def test_of_several_the_first_in_the_order_of_the_contract_is_taken():
    names = ["pushToken", "PHONE", "email", "ExternalCustomerId", "contactId"]
    for count in range(len(names), 0, -1):
        params = {name: f"the {name}" for name in names[:count]}
        assert parse({"eventTypeKey": "seen", "params": params}).key_value == f"the {names[count - 1]}"


@pytest.mark.parametrize("nothing", [None, "", [], {}, ["c"]])
def test_what_is_no_text_does_not_stand_for_the_key_of_another_event(nothing):
    assert parse({"eventTypeKey": "seen", "params": {"contactId": nothing, "email": "e"}}).key_value == "e"
    assert faults({"eventTypeKey": "seen", "params": {"contactId": nothing}}) == [("/keyValue", "missing")]


def test_the_order_of_an_order_event_is_known_with_another_key_too():
    envelope = parse({"eventTypeKey": "orderUpdated", "keyValue": "k", "params": {"externalOrderId": 5}})
    assert (envelope.key_value, envelope.order_key) == ("k", "5")


@pytest.mark.parametrize("unusable", [None, "", [], {"a": 1}, "x" * 256])
def test_an_order_event_without_a_usable_order_id_is_taken_when_it_has_a_key(unusable):
    envelope = parse({"eventTypeKey": "orderCreated", "keyValue": "k", "params": {"externalOrderId": unusable}})
    assert (envelope.key_value, envelope.order_key) == ("k", "")


def test_a_custom_event_is_about_no_order():
    assert parse(custom(params={"externalOrderId": "1"})).order_key == ""
    assert faults({"eventTypeKey": "seen", "params": {"externalOrderId": "1"}}) == [("/keyValue", "missing")]
    assert faults({"eventTypeKey": "ordercreated", "params": {"externalOrderId": "1"}}) == [("/keyValue", "missing")]


@pytest.mark.parametrize(
    ("event_type", "params", "code"),
    [
        ("orderCreated", {}, "missing"),
        ("orderCreated", {"email": "e", "phone": "p"}, "missing"),
        ("orderCreated", {"ExternalOrderId": "1"}, "missing"),
        ("orderCreated", {"externalOrderId": None}, "missing"),
        ("orderCreated", {"externalOrderId": ""}, "missing"),
        ("orderCreated", {"externalOrderId": ["1"]}, "wrong_type"),
        ("orderCreated", {"externalOrderId": {"id": "1"}}, "wrong_type"),
        ("orderCreated", {"externalOrderId": "x" * 256}, "too_long"),
        ("orderCreated", {"externalOrderId": int("9" * 256)}, "too_long"),
        ("seen", {"email": "x" * 256, "phone": "p"}, "too_long"),
        ("seen", {}, "missing"),
    ],
)
def test_an_event_whose_key_cannot_be_filled_is_refused(event_type, params, code):
    assert faults({"eventTypeKey": event_type, "params": params}) == [("/keyValue", code)]


# The moment.


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2020-05-14T10:11:00", datetime(2020, 5, 14, 7, 11, tzinfo=UTC)),
        ("2020-05-14T10:11:00.25+00:00", datetime(2020, 5, 14, 10, 11, 0, 250_000, tzinfo=UTC)),
        ("2020-05-14", datetime(2020, 5, 13, 21, tzinfo=UTC)),
    ],
)
def test_occurred_is_a_moment_or_a_day_in_the_accounts_zone(text, moment):
    assert parse(custom(occurred=text)).occurred_at == moment


@pytest.mark.parametrize("occurred", ["", "yesterday", "2020-05-14 10:11:00", "1899-12-31", "9999-01-01", "1589440260"])
def test_what_is_no_moment_is_refused(occurred):
    assert faults(custom(occurred=occurred)) == [("/occurred", "invalid_date")]


# What is refused.


@pytest.mark.parametrize("scalar", ["[]", "[{}]", "1", "1.5", '"text"', "true", "null"])
def test_a_document_that_is_no_object_is_refused(scalar):
    assert faults(scalar) == [("", "not_an_object")]


@pytest.mark.parametrize("data", [b"", b"{", b"NaN", b'{"a":NaN}', b"\x00", b"eventTypeKey=a", b"<a/>"])
def test_what_is_not_json_is_refused(data):
    assert faults(data) == [("", "not_json")]


def test_bytes_that_are_not_utf_8_are_refused_also_in_members_of_others():
    assert faults(b'{"eventTypeKey":"t","keyValue":"k","x":"\xff"}') == [("", "not_utf8")]
    assert faults('{"eventTypeKey":"t","keyValue":"Ж"}'.encode("cp1251")) == [("", "not_utf8")]


WRONG_TYPES = [1, 1.5, True, [], ["a"], {}, {"a": 1}]


@pytest.mark.parametrize("value", WRONG_TYPES)
@pytest.mark.parametrize("member", ["eventTypeKey", "keyValue", "occurred"])
def test_a_text_of_another_type_is_refused(member, value):
    assert faults(custom(**{member: value})) == [(f"/{member}", "wrong_type")]


@pytest.mark.parametrize("value", [1, 1.5, True, False, "", "a", "[]"])
def test_parameters_that_are_neither_a_list_nor_an_object_are_refused(value):
    assert faults(custom(params=value)) == [("/params", "wrong_type")]


@pytest.mark.parametrize("value", [1, 1.5, True, None, "a", [], ["name", "value"]])
def test_an_entry_that_is_no_object_is_refused(value):
    assert faults(custom(params=[{"name": "a"}, value])) == [("/params/1", "wrong_type")]


@pytest.mark.parametrize(
    ("entry", "code"),
    [({}, "missing"), ({"value": 1}, "missing"), ({"name": None}, "missing"), ({"Name": "a"}, "missing")]
    + [({"name": value}, "wrong_type") for value in WRONG_TYPES]
    + [({"name": ""}, "empty"), ({"name": "a" * 256}, "too_long")],
)  # fmt: skip
def test_a_name_that_cannot_be_taken_is_refused(entry, code):
    assert faults(custom(params=[{"name": "a"}, entry])) == [("/params/1/name", code)]


def test_names_of_the_object_form_are_held_to_the_same_length():
    assert faults(custom(params={"": 1, "a" * 256: 2, "b": 3})) == [
        ("/params/", "empty"),
        (f"/params/{'a' * 256}", "too_long"),
    ]


@pytest.mark.parametrize(
    ("members", "fault"),
    [
        ({"eventTypeKey": None}, ("/eventTypeKey", "missing")),
        ({"eventTypeKey": ""}, ("/eventTypeKey", "empty")),
        ({"eventTypeKey": "a" * 256}, ("/eventTypeKey", "too_long")),
        ({"keyValue": "a" * 256}, ("/keyValue", "too_long")),
    ],
)
def test_a_type_or_a_key_that_cannot_be_taken_is_refused(members, fault):
    assert faults(custom(**members)) == [fault]


@pytest.mark.parametrize("escape", [r"\u0000", r"\ud800", r"\udc00", r"\uDBFFx", r"\udfff\ud800"])
@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ('{"eventTypeKey":"a%s","keyValue":"k"}', "/eventTypeKey"),
        ('{"eventTypeKey":"t","keyValue":"%s"}', "/keyValue"),
        ('{"eventTypeKey":"t","keyValue":"k","params":[{"name":"%s"}]}', "/params/0/name"),
        ('{"eventTypeKey":"t","keyValue":"k","params":[{"name":"a","value":{"b":["%s"]}}]}', "/params/0/value/b/0"),
        ('{"eventTypeKey":"t","keyValue":"k","params":[{"name":"a","value":{"%s":1}}]}', "/params/0/value"),
        ('{"eventTypeKey":"t","keyValue":"k","params":{"%s":1}}', "/params"),
        ('{"eventTypeKey":"t","keyValue":"k","params":{"a/b":"%s"}}', "/params/a~1b"),
        ('{"eventTypeKey":"t","keyValue":"k","x":["%s"]}', "/x/0"),
        ('{"eventTypeKey":"t","keyValue":"k","%s":1}', ""),
    ],
)
def test_text_that_cannot_be_stored_is_refused_with_its_place(body, pointer, escape):
    assert faults(body % escape) == [(pointer, "invalid_text")]


def test_an_integer_that_is_too_long_is_refused_with_its_place():
    assert faults(f'{{"eventTypeKey":"t","keyValue":"k","params":{{"a":[{"9" * 5000}]}}}}') == [
        ("/params/a/0", "number_too_long")
    ]


def test_sixty_four_levels_are_taken_and_sixty_five_refused():
    def nested(levels):  # the event and its params are the first two
        return '{"eventTypeKey":"t","keyValue":"k","params":{"a":' + "[" * (levels - 2) + "]" * (levels - 2) + "}}"

    parse(nested(64))
    assert faults(nested(65)) == [("/params/a" + "/0" * 62, "too_deep")]


def test_an_event_that_is_too_large_is_refused_and_not_read():
    assert faults(b"[" * (MAX_EVENT_BYTES + 1)) == [("", "too_large")]


def test_everything_that_is_wrong_is_said_at_once():
    body = (
        '{"eventTypeKey":"","keyValue":7,"occurred":"now","x":"\\u0000",'
        '"params":[1,{"name":"\\ud800","value":"\\udc00"},{"name":"a"},{"name":[]}]}'
    )
    assert faults(body) == [
        ("/x", "invalid_text"),
        ("/params/1/name", "invalid_text"),
        ("/params/1/value", "invalid_text"),
        ("/eventTypeKey", "empty"),
        ("/keyValue", "wrong_type"),
        ("/params/0", "wrong_type"),
        ("/params/3/name", "wrong_type"),
        ("/occurred", "invalid_date"),
    ]


def test_an_empty_object_lacks_a_type_and_a_key():
    assert faults({}) == [("/eventTypeKey", "missing"), ("/keyValue", "missing")]


def test_a_key_is_not_missed_while_the_type_that_decides_about_it_is_not_known():
    assert faults({"params": {"externalOrderId": 1}}) == [("/eventTypeKey", "missing")]
    assert faults({"eventTypeKey": 5, "params": {"email": "e"}}) == [("/eventTypeKey", "wrong_type")]


def test_no_more_than_a_hundred_problems_of_one_event_are_listed():
    assert len(faults(custom(params=[1] * 1000))) == MAX_PROBLEMS
    assert len(faults('{"eventTypeKey":[' + ",".join(['"\\u0000"'] * 1000) + "]}")) == MAX_PROBLEMS


def test_a_problem_says_what_was_found_and_what_is_expected():
    with pytest.raises(EnvelopeError) as refusal:
        parse(custom(params=[{"name": 12}]))
    [problem] = refusal.value.problems
    assert problem.detail == "params/0/name is a number; expected is a text of 1 to 255 characters."
    assert (problem.found, problem.expected) == ("12", "a text of 1 to 255 characters")


def test_the_payload_of_the_original_is_taken_in_both_forms():
    payload = {"eventTypeKey": "orderCreated", "params": ARTICLE_PARAMS}
    as_object = {**payload, "params": {entry["name"]: entry["value"] for entry in ARTICLE_PARAMS}}
    by_list, by_object = parse(payload), parse(as_object)
    assert by_list.key_value == by_object.key_value == "12345679"
    assert [(name, p.value) for name, p in by_list.parameters.items()] == [
        (name, p.value) for name, p in by_object.parameters.items()
    ]
