"""Bad input at the door of events: each gets its clear 4xx or its documented outcome, and nothing is half-stored.

Never a 500. Every request goes through the whole of Django, and the rows of every table are counted before and after.
"""

import base64
import gzip
import json

import pytest
from django.db import connection
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from contract.problems import MEDIA_TYPE
from events.keys import forget_keys
from events.models import Event
from tests.callers import basic, make_key
from tests.events.building import ITEM, drain, event_body, order_params, outcome_of
from tests.events.test_envelope_properties import bodies
from tests.factories import make_contact

pytestmark = pytest.mark.django_db

ONE = "/api/v1/event"
BULK = "/api/v1/events"
DRY_RUN = "/api/v1/events/validate"
MEGABYTE = 1_048_576


@pytest.fixture(autouse=True)
def _no_held_keys():
    forget_keys()


@pytest.fixture
def key() -> str:
    return make_key()


def count_rows() -> dict[str, int]:
    """The rows of every table."""
    with connection.cursor() as cursor:
        names = sorted(connection.introspection.table_names(cursor))
        cursor.execute(" UNION ALL ".join(f"SELECT '{name}', count(*) FROM \"{name}\"" for name in names))  # noqa: S608
        return dict(cursor.fetchall())


def request(path, body=b"", key="", method="POST", content_type="application/json", **headers):
    """The answer of the whole application; an error of our own is an answer with 500 and no exception."""
    client = Client(raise_request_exception=False)
    content = body if isinstance(body, str | bytes) else json.dumps(body)
    return client.generic(method, path, content, content_type, headers={**(basic(key) if key else {}), **headers})


def refused(answer):
    """(status, [(pointer, code)]) of a refusal in the one form of the contract."""
    assert answer.headers["Content-Type"] == MEDIA_TYPE
    problem = answer.json()
    assert problem["status"] == answer.status_code
    assert problem["message"] == problem["detail"] != ""
    return answer.status_code, [(error["pointer"], error["code"]) for error in problem["errors"]]


def event(**members) -> str:
    return json.dumps({"eventTypeKey": "seen", "keyValue": "k", **members})


def params(text: str) -> str:
    """An event with this JSON text as its params."""
    return f'{{"eventTypeKey":"seen","keyValue":"k","params":{text}}}'


def nested(levels: int, opening="[", closing="]") -> str:
    """An event of so many levels; the event and its params are the first two."""
    return params('{"a":' + opening * (levels - 2) + ("" if opening == "[" else "1") + closing * (levels - 2) + "}")


NOT_JSON = [("", "not_json")]

# name: body, errors; each is posted as one event, with every version of the address, and as a dry run.
BODIES = {
    "nothing": ("", NOT_JSON),
    "white space": (" \n", NOT_JSON),
    "a text": ("hello", NOT_JSON),
    "a form": ("eventTypeKey=seen&keyValue=k", NOT_JSON),
    "XML": ("<event/>", NOT_JSON),
    "half an object": ('{"eventTypeKey":"seen"', NOT_JSON),
    "single quotes": ("{'eventTypeKey':'seen'}", NOT_JSON),
    "a comma too many": ('{"eventTypeKey":"seen","keyValue":"k",}', NOT_JSON),
    "something after the end": (event() + "x", NOT_JSON),
    "two documents": (event() + event(), NOT_JSON),
    "a comment": ("/* */" + event(), NOT_JSON),
    "NaN": (params('{"a":NaN}'), NOT_JSON),
    "Infinity": (params('{"a":-Infinity}'), NOT_JSON),
    "hexadecimal": (params('{"a":0x1F}'), NOT_JSON),
    "a leading zero": (params('{"a":01}'), NOT_JSON),
    "a leading plus": (params('{"a":+1}'), NOT_JSON),
    "no digit after the point": (params('{"a":1.}'), NOT_JSON),
    "digits of another script": (params('{"a":١٢}'), NOT_JSON),
    "an unknown escape": (params('{"a":"\\x41"}'), NOT_JSON),
    "a line break in a text": (params('{"a":"1\n2"}'), NOT_JSON),
    "a NUL byte": (event() + "\0", NOT_JSON),
    "a NUL byte in a text": (params('{"a":"\0"}'), NOT_JSON),
    "UTF-16": (event().encode("utf-16"), [("", "not_utf8")]),
    "another code page": ('{"eventTypeKey":"Ж","keyValue":"k"}'.encode("cp1251"), [("", "not_utf8")]),
    "a lone surrogate in bytes": (b'{"eventTypeKey":"\xed\xa0\x80","keyValue":"k"}', [("", "not_utf8")]),
    "an overlong byte": (b'{"eventTypeKey":"seen","keyValue":"\xc0\xaf"}', [("", "not_utf8")]),
    "bad bytes in a member of others": (b'{"eventTypeKey":"seen","keyValue":"k","x":"\xff"}', [("", "not_utf8")]),
    "a list": ("[]", [("", "not_an_object")]),
    "a list of events": (f"[{event()}]", [("", "not_an_object")]),
    "a number": ("1", [("", "not_an_object")]),
    "a number beyond floats": ("1e400", [("", "not_an_object")]),
    "a string": ('"seen"', [("", "not_an_object")]),
    "true": ("true", [("", "not_an_object")]),
    "null": ("null", [("", "not_an_object")]),
    "an empty object": ("{}", [("/eventTypeKey", "missing"), ("/keyValue", "missing")]),
    "a bulk sent as one": (f'{{"events":[{event()}]}}', [("/eventTypeKey", "missing"), ("/keyValue", "missing")]),
    "a type in other letters": ('{"eventtypekey":"seen","keyValue":"k"}', [("/eventTypeKey", "missing")]),
    "no type": (event(eventTypeKey=None), [("/eventTypeKey", "missing")]),
    "an empty type": (event(eventTypeKey=""), [("/eventTypeKey", "empty")]),
    "a type of 256 characters": (event(eventTypeKey="Ж" * 256), [("/eventTypeKey", "too_long")]),
    "a number as type": (event(eventTypeKey=1), [("/eventTypeKey", "wrong_type")]),
    "a fraction as type": (event(eventTypeKey=1.5), [("/eventTypeKey", "wrong_type")]),
    "a boolean as type": (event(eventTypeKey=True), [("/eventTypeKey", "wrong_type")]),
    "a list as type": (event(eventTypeKey=["seen"]), [("/eventTypeKey", "wrong_type")]),
    "an object as type": (event(eventTypeKey={"a": 1}), [("/eventTypeKey", "wrong_type")]),
    "NUL in the type": (event(eventTypeKey="a\0b"), [("/eventTypeKey", "invalid_text")]),
    "a lone surrogate in the type": (event(eventTypeKey="\ud800"), [("/eventTypeKey", "invalid_text")]),
    "a number as key": (event(keyValue=7), [("/keyValue", "wrong_type")]),
    "false as key": (event(keyValue=False), [("/keyValue", "wrong_type")]),
    "a list as key": (event(keyValue=[]), [("/keyValue", "wrong_type")]),
    "an object as key": (event(keyValue={}), [("/keyValue", "wrong_type")]),
    "a key of 256 characters": (event(keyValue="k" * 256), [("/keyValue", "too_long")]),
    "NUL in the key": (event(keyValue="\0"), [("/keyValue", "invalid_text")]),
    "surrogates the wrong way round": (event(keyValue="\udc00\ud800"), [("/keyValue", "invalid_text")]),
    "no key and nothing for it": ('{"eventTypeKey":"seen"}', [("/keyValue", "missing")]),
    "an empty key and nothing for it": (event(keyValue=""), [("/keyValue", "missing")]),
    "only empty texts for the key": (
        '{"eventTypeKey":"seen","params":{"email":"","phone":null}}', [("/keyValue", "missing")]),
    "a text that is too long for the key": (
        event(keyValue=None, params={"email": "x" * 256}), [("/keyValue", "too_long")]),
    "an order event without an order": ('{"eventTypeKey":"orderCreated"}', [("/keyValue", "missing")]),
    "an order event that names only a person": (
        '{"eventTypeKey":"orderCreated","params":{"email":"a@b.c"}}', [("/keyValue", "missing")]),
    "a list as the order's id": (
        '{"eventTypeKey":"orderCreated","params":{"externalOrderId":["1"]}}', [("/keyValue", "wrong_type")]),
    "an object as the order's id": (
        '{"eventTypeKey":"orderUpdated","params":[{"name":"externalOrderId","value":{}}]}',
        [("/keyValue", "wrong_type")]),
    "an order's id of 256 digits": (
        f'{{"eventTypeKey":"orderDelivered","params":{{"externalOrderId":{"9" * 256}}}}}', [("/keyValue", "too_long")]),
    "an order's id without characters": (
        '{"eventTypeKey":"orderCancelled","params":{"externalOrderId":""}}', [("/keyValue", "missing")]),
    "a text as params": (event(params="a"), [("/params", "wrong_type")]),
    "JSON in a text as params": (event(params='{"a":1}'), [("/params", "wrong_type")]),
    "a number as params": (event(params=0), [("/params", "wrong_type")]),
    "false as params": (event(params=False), [("/params", "wrong_type")]),
    "a text among the params": (event(params=["a"]), [("/params/0", "wrong_type")]),
    "null among the params": (event(params=[{"name": "a"}, None]), [("/params/1", "wrong_type")]),
    "a list among the params": (event(params=[["a", 1]]), [("/params/0", "wrong_type")]),
    "a number among the params": (event(params=[1.5]), [("/params/0", "wrong_type")]),
    "a parameter without a name": (event(params=[{"value": 1}]), [("/params/0/name", "missing")]),
    "null as a name": (event(params=[{"name": None}]), [("/params/0/name", "missing")]),
    "an empty name": (event(params=[{"name": ""}]), [("/params/0/name", "empty")]),
    "an empty name in an object": (event(params={"": 1}), [("/params/", "empty")]),
    "a number as a name": (event(params=[{"name": 1}]), [("/params/0/name", "wrong_type")]),
    "a boolean as a name": (event(params=[{"name": True}]), [("/params/0/name", "wrong_type")]),
    "a list as a name": (event(params=[{"name": ["a"]}]), [("/params/0/name", "wrong_type")]),
    "an object as a name": (event(params=[{"name": {}}]), [("/params/0/name", "wrong_type")]),
    "a name of 256 characters": (event(params=[{"name": "n" * 256}]), [("/params/0/name", "too_long")]),
    "a long name in an object": (event(params={"n" * 256: 1}), [("/params/" + "n" * 256, "too_long")]),
    "NUL in a name": (event(params=[{"name": "a\0"}]), [("/params/0/name", "invalid_text")]),
    "NUL in a name of an object": (event(params={"a\0": 1}), [("/params", "invalid_text")]),
    "NUL in a value": (event(params=[{"name": "a", "value": "\0"}]), [("/params/0/value", "invalid_text")]),
    "NUL deep in a value": (event(params={"a/b": [{"c~": "\0"}]}), [("/params/a~1b/0/c~0", "invalid_text")]),
    "a lone surrogate in a name": (event(params=[{"name": "\udfff"}]), [("/params/0/name", "invalid_text")]),
    "a lone surrogate in a name within": (event(params={"a": {"\ud800": 1}}), [("/params/a", "invalid_text")]),
    "a lone surrogate in a value": (event(params={"a": "x\ud83d"}), [("/params/a", "invalid_text")]),
    "a lone surrogate in a member of others": (event(x=["\ud800"]), [("/x/0", "invalid_text")]),
    "several texts that cannot be kept": (
        event(keyValue="\0", params=[{"name": "\ud800", "value": ["\udc00", "\0"]}]),
        [("/keyValue", "invalid_text"), ("/params/0/name", "invalid_text"), ("/params/0/value/0", "invalid_text"),
         ("/params/0/value/1", "invalid_text")]),
    "an integer of 5,000 digits": (params(f'{{"a":{"9" * 5000}}}'), [("/params/a", "number_too_long")]),
    "1,001 parameters": (event(params=[{"name": f"p{n}"} for n in range(1001)]), [("/params", "too_many")]),
    "1,001 members": (event(params={f"p{n}": n for n in range(1001)}), [("/params", "too_many")]),
    "1,001 times the same name": (params("{" + ",".join(['"a":1'] * 1001) + "}"), [("/params", "too_many")]),
    "65 levels of lists": (nested(65), [("/params/a" + "/0" * 62, "too_deep")]),
    "65 levels of objects": (nested(65, '{"b":', "}"), [("/params/a" + "/b" * 62, "too_deep")]),
    "1,000 levels": (nested(1000), [("", "too_deep")]),
    "200,000 brackets": ("[" * 200_000, [("", "too_deep")]),
    "100,000 objects never closed": ('{"a":' * 100_000, [("", "too_deep")]),
    "a number as moment": (event(occurred=1589440260), [("/occurred", "wrong_type")]),
    "a boolean as moment": (event(occurred=True), [("/occurred", "wrong_type")]),
    "a list as moment": (event(occurred=[]), [("/occurred", "wrong_type")]),
    "an object as moment": (event(occurred={}), [("/occurred", "wrong_type")]),
    "an empty moment": (event(occurred=""), [("/occurred", "invalid_date")]),
    "no moment": (event(occurred="yesterday"), [("/occurred", "invalid_date")]),
    "a day that is not": (event(occurred="2023-02-29"), [("/occurred", "invalid_date")]),
    "a time that is not": (event(occurred="2020-05-14T25:00:00"), [("/occurred", "invalid_date")]),
    "a moment without T": (event(occurred="2020-05-14 10:11:00"), [("/occurred", "invalid_date")]),
    "a moment in other digits": (event(occurred="٢٠٢٠-٠٥-١٤"), [("/occurred", "invalid_date")]),
    "a moment before 1900": (event(occurred="1899-12-31T23:59:59"), [("/occurred", "invalid_date")]),
    "a moment after 9998": (event(occurred="9999-01-01"), [("/occurred", "invalid_date")]),
    "all of it at once": (
        event(eventTypeKey=5, keyValue="k" * 256, params=[1, {"name": ""}], occurred="x"),
        [("/eventTypeKey", "wrong_type"), ("/keyValue", "too_long"), ("/params/0", "wrong_type"),
         ("/params/1/name", "empty"), ("/occurred", "invalid_date")]),
}  # fmt: skip


@pytest.mark.parametrize("name", BODIES)
def test_a_body_that_is_no_event_is_refused_with_its_place_and_nothing_is_stored(key, name):
    body, errors = BODIES[name]
    before = count_rows()
    for path in (ONE, "/api/v2/event", "/api/v3/event/", DRY_RUN):
        assert refused(request(path, body, key)) == (400, errors)
    assert count_rows() == before


@pytest.mark.parametrize(
    "name", [name for name, (_, errors) in BODIES.items() if errors[0][1] not in ("not_json", "not_utf8")]
)
def test_the_same_body_is_refused_alone_among_others(key, name):
    body, errors = BODIES[name]
    before = count_rows()
    if name in ("200,000 brackets", "100,000 objects never closed"):  # which leave no end to the list either
        return
    answer = request(BULK, f'{{"events":[{body},{event()}]}}', key)
    assert answer.status_code == 200
    [bad, good] = answer.json()["results"]
    assert [(error["pointer"], error["code"]) for error in bad["errors"]] == errors
    assert Event.objects.get().pk == int(good["id"])
    changed = {table for table, rows in count_rows().items() if rows != before[table]}
    assert changed == {"events_event", "events_waiting", "events_eventtype"}


# name: body, errors; each is posted to every address that takes many events.
BULKS = {
    "nothing": ("", NOT_JSON),
    "not JSON": ("{events:[]}", NOT_JSON),
    "NaN in one of them": (f'{{"events":[{event()},{params("NaN")}]}}', NOT_JSON),
    "not UTF-8": (b'{"events":[{"eventTypeKey":"\xff","keyValue":"k"}]}', [("", "not_utf8")]),
    "not UTF-8 beside the events": (b'{"x":"\xff","events":[' + event().encode() + b"]}", [("", "not_utf8")]),
    "a list": (f"[{event()}]", [("", "not_an_object")]),
    "one event": (event(), [("/events", "missing")]),
    "an empty object": ("{}", [("/events", "missing")]),
    "null as events": ('{"events":null}', [("/events", "missing")]),
    "an object as events": (f'{{"events":{event()}}}', [("/events", "wrong_type")]),
    "a text as events": ('{"events":"[]"}', [("/events", "wrong_type")]),
    "a number as events": ('{"events":1e400}', [("/events", "wrong_type")]),
    "an empty list": ('{"events":[]}', [("/events", "empty")]),
    "1,001 events": ('{"events":[' + ",".join([event()] * 1001) + "]}", [("/events", "too_many")]),
    "only malformed events": (
        '{"events":[null,{"eventTypeKey":"","keyValue":"k"},{"eventTypeKey":"seen"}]}',
        [("/events/0", "not_an_object"), ("/events/1/eventTypeKey", "empty"), ("/events/2/keyValue", "missing")]),
    "only lone surrogates": ('{"events":["\\ud800"]}', [("/events/0", "invalid_text"), ("/events/0", "not_an_object")]),
    "an event of more than a megabyte": (
        f'{{"events":[{event(x="x" * MEGABYTE)}]}}', [("/events/0", "too_large")]),
    "200,000 brackets": ('{"events":[' + "[" * 200_000, [("", "too_deep")]),
    "200,000 brackets and their ends": ('{"events":[' + "[" * 200_000 + "]" * 200_000 + "]}", [("", "too_deep")]),
}  # fmt: skip


@pytest.mark.parametrize("name", BULKS)
def test_a_body_that_is_no_list_of_events_is_refused_whole(key, name):
    body, errors = BULKS[name]
    before = count_rows()
    for path in (BULK, "/api/v1/past_events", "/api/v2/past_events/"):
        assert refused(request(path, body, key)) == (400, errors)
    assert count_rows() == before


def encoded(credentials: bytes) -> str:
    return "Basic " + base64.b64encode(credentials).decode()


# name: arguments of request(), status, code; none of them comes as far as the event.
REQUESTS = {
    "no key": ({"key": ""}, 401, "not_authenticated"),
    "a wrong key": ({"key": "olk_0123456789ab_" + "x" * 43}, 401, "not_authenticated"),
    "a key of nobody": ({"key": "secret"}, 401, "not_authenticated"),
    "an empty key": ({"Authorization": encoded(b"user:")}, 401, "not_authenticated"),
    "no colon": ({"Authorization": encoded(b"user")}, 401, "not_authenticated"),
    "not base64": ({"Authorization": "Basic ???"}, 401, "not_authenticated"),
    "base64 of other bytes": ({"Authorization": encoded(b"\xff:\xff")}, 401, "not_authenticated"),
    "NUL in the key": ({"Authorization": encoded(b"user:olk_\0")}, 401, "not_authenticated"),
    "a scheme without a key": ({"Authorization": "Bearer"}, 401, "not_authenticated"),
    "another scheme": ({"Authorization": "Digest x"}, 401, "not_authenticated"),
    "a key that may only read": ({"key": "reader"}, 403, "permission_denied"),
    "a body of 10 MB": ({"body": b" " * 10_000_000}, 413, "body_too_large"),
    "a byte more than an event may have": ({"body": event().ljust(MEGABYTE + 1)}, 413, "body_too_large"),
    "a bulk of 10 MB": ({"path": BULK, "body": b" " * 10_000_000}, 413, "body_too_large"),
    "10 MB, compressed": (
        {"body": gzip.compress(b" " * 10_000_000), "Content-Encoding": "gzip"}, 413, "body_too_large"),
    "not compressed, though it says so": ({"Content-Encoding": "gzip"}, 400, "invalid_request"),
    "compressed, but not to its end": (
        {"body": gzip.compress(event().encode())[:-5], "Content-Encoding": "gzip"}, 400, "invalid_request"),
    "an unknown compression": ({"Content-Encoding": "br"}, 415, "unsupported_media_type"),
    "a form": ({"content_type": "application/x-www-form-urlencoded"}, 415, "unsupported_media_type"),
    "text": ({"content_type": "text/plain"}, 415, "unsupported_media_type"),
    "XML": ({"content_type": "application/xml"}, 415, "unsupported_media_type"),
    "GET": ({"method": "GET", "body": b""}, 405, "method_not_allowed"),
    "PUT": ({"method": "PUT"}, 405, "method_not_allowed"),
    "DELETE": ({"method": "DELETE"}, 405, "method_not_allowed"),
    "PATCH of the list": ({"method": "PATCH", "path": BULK}, 405, "method_not_allowed"),
    "POST to an event": ({"path": "/api/v1/events/1"}, 405, "method_not_allowed"),
    "GET of the dry run": ({"method": "GET", "path": DRY_RUN, "body": b""}, 405, "method_not_allowed"),
    "a version that is not": ({"path": "/api/v4/event"}, 404, "not_found"),
    "a bulk version that is not": ({"path": "/api/v3/past_events"}, 404, "not_found"),
    "a path that is not": ({"path": "/api/v1/event/s"}, 404, "not_found"),
    "two slashes": ({"path": "/api/v1/event//"}, 404, "not_found"),
}  # fmt: skip


@pytest.mark.parametrize("name", REQUESTS)
def test_a_request_that_does_not_reach_the_event_is_refused_and_nothing_is_stored(key, name):
    arguments, status, code = REQUESTS[name]
    keys = {"reader": make_key(scopes=["read"])}
    given = arguments.get("key", "" if "Authorization" in arguments else key)
    before = count_rows()
    answer = request(**{"path": ONE, "body": event(), **arguments, "key": keys.get(given, given)})
    assert refused(answer) == (status, [("", code)])
    assert ("WWW-Authenticate" in answer.headers) == (status == 401)
    assert ("Allow" in answer.headers) == (status == 405)
    assert count_rows() == before


# What is a sound envelope and still makes no sense: taken, and ignored with every problem in its place.
INVALID = {
    "totalCost": [-1, "-0.01", "1e400", "NaN", "Infinity", "١٢", "12,50", "0x10", " ", "1" * 19, "0.00001", True, []],
    "status": ["delivered", "DONE", "DELIVERED ", "\u0130", 1, True, [], {}],
    "date": ["2020-05-14", "yesterday", "2020-02-30T00:00:00", "14.05.2020 10:11", "9999-01-01T00:00:00", 1, True, []],
    "currency": ["uah", "UA", "₴", "грн", "UAHX", 980, True, [], {}],
    "storeId": ["x" * 2001],
    "items": ["no JSON", 5, {"externalItemId": "1"}],
}  # fmt: skip
VALUES = [(name, value, "invalid_parameter") for name, values in INVALID.items() for value in values] + [
    (name, None, "missing_parameter") for name in ("totalCost", "status", "date")
]


@pytest.mark.parametrize(("name", "value", "code"), VALUES)
def test_a_value_that_makes_no_sense_is_taken_and_ignored_with_its_place(key, name, value, code):
    make_contact(external_customer_id="C1")
    parameters = order_params(**{name: value})
    before = count_rows()
    answer = request(ONE, event_body("orderCreated", parameters), key)
    assert answer.status_code == 200
    drain()
    outcome = outcome_of(int(answer.json()["id"]))
    assert (outcome.status, outcome.reason) == ("ignored", code)
    pointers = [problem["pointer"] for problem in outcome.problems]
    if code == "invalid_parameter":
        assert pointers == [f"/params/{list(parameters).index(name)}/value"]
    changed = {table for table, rows in count_rows().items() if rows != before[table]}
    assert changed <= {"events_event", "events_eventtype", "events_outcome", "events_basis", "events_intakemark"}


# As JSON text, since no Python value says them.
NUMBERS = ["1e400", "1e-400", "-0.01", "1E999999999", "123456789012345678901234567890", "0.00001", "9" * 4300]


@pytest.mark.parametrize("number", NUMBERS)
def test_a_number_beyond_all_bounds_is_ignored_as_an_amount_and_kept_as_a_custom_field(key, number):
    make_contact(external_customer_id="C1")
    sound = json.dumps(order_params())
    amount = sound.replace('"totalCost": "19.90"', f'"totalCost": {number}')
    field = sound.replace('"totalCost": "19.90"', f'"totalCost": "19.90", "loyalty": {number}')
    fates = []
    for order, text in (("amount", amount), ("field", field)):
        body = f'{{"eventTypeKey":"orderCreated","params":{text.replace("1001", order)}}}'
        fates.append(request(ONE, body, key))
    drain()
    amount_outcome, field_outcome = (outcome_of(int(answer.json()["id"])) for answer in fates)
    assert (amount_outcome.reason, field_outcome.status) == ("invalid_parameter", "applied")
    for answer in fates:
        assert request(answer.headers["Location"], key=key, method="GET").status_code == 200


@pytest.mark.parametrize(
    ("member", "pointer"),
    [({"quantity": 0}, "quantity"), ({"quantity": "١"}, "quantity"), ({"cost": -1}, "cost"),
     ({"cost": "1e400"}, "cost"), ({"url": ""}, "url"), ({"name": []}, "name"), ({"imageUrl": "x" * 2049}, "imageUrl"),
     ({"externalItemId": {}}, "externalItemId")],
)  # fmt: skip
def test_an_item_that_makes_no_sense_is_ignored_with_its_place(key, member, pointer):
    make_contact(external_customer_id="C1")
    parameters = order_params(items=[ITEM, {**ITEM, **member}])
    answer = request(ONE, event_body("orderCreated", parameters), key)
    drain()
    outcome = outcome_of(int(answer.json()["id"]))
    assert outcome.reason in ("invalid_parameter", "missing_parameter")
    assert [problem["pointer"] for problem in outcome.problems] == [f"/params/6/value/1/{pointer}"]
    assert count_rows()["orders_order"] == 0


def test_a_name_given_twice_is_taken_with_a_warning(key):
    answer = request(ONE, params('{"a":1,"b":2,"a":3}'), key)
    drain()
    [warning] = outcome_of(int(answer.json()["id"])).warnings
    assert warning["code"] == "duplicate_parameter"


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(body=bodies() | bodies().map(lambda text: f'{{"events":[{text},{text}]}}') | st.binary(max_size=60))
def test_whatever_is_sent_is_taken_or_refused_and_whatever_is_taken_is_stored(key, body):
    content = body.encode("utf-8", "surrogatepass") if isinstance(body, str) else body
    for path in (ONE, BULK, DRY_RUN):
        before = Event.objects.count()
        answer = request(path, content, key)
        assert answer.status_code in (200, 400)
        accepted = {ONE: 1, DRY_RUN: 0}.get(path, answer.json().get("accepted")) if answer.status_code == 200 else 0
        assert Event.objects.count() == before + accepted
