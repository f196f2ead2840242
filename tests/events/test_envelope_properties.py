"""Whatever the bytes: an envelope, or a refusal with pointers. And an envelope that is stored reads the same again."""

import json
from contextlib import suppress
from types import SimpleNamespace
from unittest import mock
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from contract.json_values import encode, is_storable
from events import envelope as module
from events.envelope import EnvelopeError, parse_envelope

ACCOUNT = SimpleNamespace(time_zone=ZoneInfo("Europe/Kyiv"))

hostile_text = st.sampled_from(
    ["", "a", "Ж" * 255, "a" * 256, "\0", "\ud800", "\udc00", "\ud83d\ude00", "١٢", "2020-05-14", "[", '"', "\\"]
) | st.text(max_size=8)
names = st.sampled_from(
    ["eventTypeKey", "keyValue", "params", "occurred", "name", "value", "externalOrderId", "email", "x", "", "a/b~"]
)
event_types = st.sampled_from(["orderCreated", "orderDelivered", "seen"])
scalars = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | hostile_text
    | event_types
)
anything = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(names | hostile_text, inner, max_size=4)
)
entries = st.fixed_dictionaries({}, optional={"name": names | anything, "value": anything, "x": anything})
documents = anything | st.fixed_dictionaries(
    {},
    optional={
        "eventTypeKey": event_types | anything,
        "keyValue": st.just("k") | anything,
        "params": st.lists(entries | anything, max_size=6) | st.dictionaries(names, anything) | anything,
        "occurred": st.just("2020-05-14T10:11:00") | anything,
        "x": anything,
    },
)

sound_names = st.sampled_from(["externalOrderId", "email", "x", "a/b~", "Ж"]) | st.text("abЖ😀", min_size=1, max_size=9)
sound_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(-1e9, 1e9) | sound_names,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(sound_names, inner, max_size=4),
)
sound_entries = st.fixed_dictionaries({"name": sound_names}, optional={"value": sound_values, "x": sound_values})
sound_documents = st.fixed_dictionaries(
    {"eventTypeKey": event_types, "keyValue": st.just("k")},
    optional={
        "params": st.lists(sound_entries, max_size=6) | st.dictionaries(sound_names, sound_values, max_size=6),
        "occurred": st.sampled_from(["2020-05-14", "2020-05-14T10:11:00", "2020-05-14T10:11:00.5Z", None]),
        "x": sound_values,
    },
)


@st.composite
def bodies(draw):
    """JSON texts of sound and of hostile documents, some of them damaged, some with members twice."""
    text = json.dumps(draw(sound_documents | documents), ensure_ascii=draw(st.booleans()))
    if draw(st.integers(0, 3)) == 0:
        text = text.replace('"x"', draw(st.sampled_from(['"params"', '"eventTypeKey"', '"name"', '"email"'])))
    if draw(st.integers(0, 9)) == 0:
        at = draw(st.integers(0, len(text)))
        text = (
            text[:at] + draw(st.sampled_from(["", "\\u0000", "]", '"', "9" * 5000, "1e400", "\ufeff"])) + text[at + 1 :]
        )
    return text


@settings(max_examples=400)
@given(bodies() | bodies().map(lambda text: text.encode("utf-8", "surrogatepass")) | st.binary(max_size=40))
@example("[" * 200_000)
@example(b'{"eventTypeKey":"t","keyValue":"k","params":{"a":' + b"[" * 9000)
@example('{"eventTypeKey":"t","keyValue":"k","params":5,"params":[]}')
def test_hostile_bytes_give_an_envelope_or_problems_and_nothing_else(body):
    try:
        envelope = parse_envelope(body, ACCOUNT)
    except EnvelopeError as error:
        refused = error.problems
    else:
        refused = ()
        texts = [envelope.event_type_key, envelope.key_value, envelope.body, *envelope.parameters]
        assert all(map(is_storable, texts))
        assert 1 <= len(envelope.event_type_key) <= 255
        assert 1 <= len(envelope.key_value) <= 255
        assert parse_envelope(envelope.body, ACCOUNT) == envelope
        assert parse_envelope(envelope.body.encode(), ACCOUNT) == envelope
    for problem in refused:
        assert problem.code
        assert problem.detail
        assert encode([problem.pointer, problem.detail, problem.found, problem.expected])


def read_both_ways(body):
    """What the plain and the exact way make of a body; None for a refusal."""
    results = []
    for plain in (module._read_plainly, lambda _raw: None):
        with mock.patch.object(module, "_read_plainly", plain):
            try:
                envelope = parse_envelope(body, ACCOUNT)
                results.append((envelope, list(envelope.parameters)))  # == of dicts sees no order
            except EnvelopeError as error:
                results.append(error.problems)
    return results


@settings(max_examples=400)
@given(bodies())
@example('{"eventTypeKey":1,"eventTypeKey":"t","keyValue":"k","params":5,"params":{"a":1,"a":2},"params":[]}')
@example('{"eventTypeKey":"t","keyValue":"k","params":[{"name":"a","name":"b","value":1,"value":2}]}')
@example('{"eventTypeKey":"t","keyValue":"k","params":{"a":1,"a":2}}')
@example('{"\\u0065ventTypeKey":"t","keyValue":"k"}')
def test_the_plain_and_the_exact_way_read_the_same(body):
    plainly, exactly = read_both_ways(body)
    assert plainly == exactly


@given(sound_documents, st.booleans())
def test_a_sound_envelope_is_taken_and_read_the_same_both_ways(document, ascii_only):
    plainly, exactly = read_both_ways(json.dumps(document, ensure_ascii=ascii_only))
    assert plainly == exactly
    envelope, _names = plainly
    assert (envelope.event_type_key, envelope.key_value) == (document["eventTypeKey"], "k")


@pytest.mark.parametrize("cut", range(140))
def test_a_body_cut_anywhere_is_refused(cut):
    body = '{"eventTypeKey":"orderCreated","params":[{"name":"externalOrderId","value":1.5},{"name":"x","value":{"Ж":["\\u0416"]}}]}  '.encode()  # fmt: skip  # noqa: E501
    complete = len(body.rstrip())
    if cut < complete:
        with pytest.raises(EnvelopeError):
            parse_envelope(body[:cut], ACCOUNT)
    else:
        assert parse_envelope(body[:cut], ACCOUNT).key_value == "1.5"


@given(st.binary(max_size=3), st.integers(0, 200))
def test_damaged_bytes_are_refused_or_read_but_never_break_anything(damage, at):
    body = '{"eventTypeKey":"seen","keyValue":"Ж","params":{"a":1.50,"b":["\\ud83d\\ude00"]},"occurred":null}'.encode()
    with suppress(EnvelopeError):
        parse_envelope(body[:at] + damage + body[at + len(damage) :], ACCOUNT)
