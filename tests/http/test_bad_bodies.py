"""Bad bodies, by endpoint. Each gets its status, the place in it and the code of every problem, and changes nothing.

Those of events: tests/events/test_bad_input.py. `{event}` and `{contact}` are ids of one that there is.
"""

import json

import pytest

from tests.http.refusals import Caller, refused, row_counts

pytestmark = pytest.mark.django_db


def customer(**members) -> str:
    """A contact that would be taken without these members."""
    return json.dumps({"externalCustomerId": "x", **members})


def contact(**members) -> str:
    return json.dumps(members)


def imported(**members) -> str:
    return json.dumps({"contacts": [{"externalCustomerId": "x"}], **members})


# (method, address): [(body, status, what is wrong)]
BODIES = {
    ("POST", "/api/v1/events/replay"): [
        ("", 400, "not_json"),
        ("[]", 400, "not_an_object"),
        ("{}", 400, "missing"),
        ('{"dryRun":true}', 400, "missing"),
        ('{"dryRun":"yes","reason":"stale"}', 400, "/dryRun wrong_type"),
        ('{"reason":"nothing"}', 400, "/reason invalid_parameter"),
        ('{"reason":null}', 400, "/reason wrong_type"),
        ('{"reason":true}', 400, "/reason wrong_type"),
        ('{"reason":["stale"]}', 400, "/reason wrong_type"),
        ('{"reason":""}', 400, "/reason invalid_parameter"),
        ('{"nothing":1}', 400, "/nothing unknown_parameter"),
        ('{"outcome":"sent"}', 400, "/outcome invalid_parameter"),
        ('{"contactId":"x"}', 400, "/contactId invalid_parameter"),
        ('{"contactId":1.5}', 400, "/contactId wrong_type"),
        ('{"contactId":-1}', 400, "/contactId invalid_parameter"),
        ('{"receivedFrom":"yesterday"}', 400, "/receivedFrom invalid_parameter"),
        ('{"receivedFrom":{}}', 400, "/receivedFrom wrong_type"),
        ('{"keyValue":"\\u0000"}', 400, "/keyValue invalid_text"),
        ('{"a/b~c":"x"}', 400, "/a~1b~0c unknown_parameter"),
        (
            '{"reason":"nothing","outcome":"sent","contactId":"x"}',
            400,
            "/outcome invalid_parameter; /reason invalid_parameter; /contactId invalid_parameter",
        ),
        ('{"limit":5}', 400, "/limit unknown_parameter"),
    ],
    ("POST", "/api/v1/events/0/replay"): [
        ("", 404, "not_found"),
    ],
    ("POST", "/api/v1/events/x/replay"): [
        ("", 404, "not_found"),
    ],
    ("POST", "/api/v1/events/0/render"): [
        ('{"template":"a"}', 404, "not_found"),
    ],
    ("POST", "/api/v1/events/{event}/render"): [
        ("", 400, "not_json"),
        ("{}", 400, "/template missing"),
        ('{"template":1}', 400, "/template wrong_type"),
        ('{"template":null}', 400, "/template missing"),
        ('{"template":["a"]}', 400, "/template wrong_type"),
        ('{"template":"\\u0000"}', 400, "/template invalid_text"),
        ("[]", 400, "not_an_object"),
        (json.dumps({"template": "x" * 200_001}), 400, "/template too_long"),
    ],
    ("POST", "/api/v1/replays/0/cancel"): [
        ("", 404, "not_found"),
    ],
    ("POST", "/api/v1/replays/x/cancel"): [
        ("", 404, "not_found"),
    ],
    ("PUT", "/api/v1/matching-rules"): [
        ("", 400, "not_json"),
        ("[]", 400, "not_an_object"),
        ("{}", 400, "/rules missing"),
        ('{"rules":{}}', 400, "/rules wrong_type"),
        ('{"rules":null}', 400, "/rules missing"),
        ('{"rules":[1]}', 400, "/rules/0 not_an_object"),
        ('{"rules":[{}]}', 400, "/rules/0/parameter missing; /rules/0/kind missing"),
        ('{"rules":[{"parameter":"","kind":"email"}]}', 400, "/rules/0/parameter empty"),
        ('{"rules":[{"parameter":"a","kind":"nothing"}]}', 400, "/rules/0/kind unknown_kind"),
        ('{"rules":[{"parameter":1,"kind":"email"}]}', 400, "/rules/0/parameter wrong_type"),
        (json.dumps({"rules": [{"parameter": "a" * 256, "kind": "email"}]}), 400, "/rules/0/parameter too_long"),
        ('{"rules":[{"parameter":"a","kind":"email"},{"parameter":"A","kind":"email"}]}', 400, "/rules/1 duplicate"),
        ('{"rules":[{"parameter":"a","kind":"email","isActive":"yes"}]}', 400, "/rules/0/isActive unknown_member"),
    ],
    ("PUT", "/api/v1/matching-rules?preview=yes"): [
        ('{"rules":[]}', 400, "preview invalid_parameter"),
    ],
    ("POST", "/api/v1/contact"): [
        ("", 400, "not_json"),
        ("null", 400, "not_an_object"),
        ("[]", 400, "not_an_object"),
        ("{}", 400, "missing_parameter"),
        ('{"firstName":"A"}', 400, "missing_parameter"),
        ('{"channels":{}}', 400, "/channels invalid_parameter; missing_parameter"),
        ('{"channels":"a"}', 400, "/channels invalid_parameter; missing_parameter"),
        ('{"channels":[1]}', 400, "/channels/0 invalid_parameter"),
        ('{"channels":[{}]}', 400, "/channels/0 invalid_parameter"),
        ('{"channels":[{"type":"fax","value":"1"}]}', 400, "/channels/0 invalid_parameter"),
        ('{"channels":[{"type":"email"}]}', 400, "missing_parameter"),
        ('{"channels":[{"type":"email","value":"no address"}]}', 400, "/channels/0/value invalid_parameter"),
        ('{"channels":[{"type":"email","value":"a@b.c\\u0000"}]}', 400, "/channels/0/value invalid_text"),
        ('{"channels":[{"type":"email","value":{}}]}', 400, "/channels/0/value invalid_parameter"),
        (
            contact(channels=[{"type": "email", "value": "a" * 250 + "@b.example"}]),
            400,
            "/channels/0/value invalid_parameter",
        ),
        (
            contact(channels=[{"type": "sms", "value": "1"}] * 101),
            400,
            "/channels invalid_parameter; missing_parameter",
        ),
        ('{"channels":[{"type":"sms","value":"no digits"}]}', 400, "/channels/0/value invalid_parameter"),
        ('{"externalCustomerId":[]}', 400, "/externalCustomerId invalid_parameter"),
        ('{"externalCustomerId":{}}', 400, "/externalCustomerId invalid_parameter"),
        (contact(externalCustomerId="x" * 256), 400, "/externalCustomerId invalid_parameter"),
        ('{"externalCustomerId":"x","firstName":[]}', 400, "/firstName invalid_parameter"),
        (customer(lastName="x" * 2001), 400, "/lastName invalid_parameter"),
        ('{"externalCustomerId":"x","address":"Kyiv"}', 400, "/address invalid_parameter"),
        ('{"externalCustomerId":"x","address":{"town":[]}}', 400, "/address/town invalid_parameter"),
        (customer(address={f"line{number}": "a" for number in range(101)}), 400, "/address invalid_parameter"),
        ('{"externalCustomerId":"x","fields":{}}', 400, "/fields invalid_parameter"),
        ('{"externalCustomerId":"x","fields":[1]}', 400, "/fields/0 invalid_parameter"),
        ('{"externalCustomerId":"x","fields":[{"value":1}]}', 400, "/fields/0 invalid_parameter"),
        ('{"externalCustomerId":"x","fields":[{"name":"","value":1}]}', 400, "/fields/0 invalid_parameter"),
        (customer(fields=[{"name": "a", "value": "x" * 2001}]), 400, "/fields/0/value invalid_parameter"),
        (
            customer(fields=[{"name": f"f{number}", "value": 1} for number in range(1001)]),
            400,
            "/fields invalid_parameter",
        ),
        ('{"externalCustomerId":"x","groups":"a"}', 400, "/groups invalid_parameter"),
        ('{"externalCustomerId":"x","groups":[1.5]}', 400, "/groups/0 invalid_parameter"),
        ('{"externalCustomerId":"x","groups":[{}]}', 400, "/groups/0 invalid_parameter"),
        (customer(groups=["g" * 256]), 400, "/groups/0 invalid_parameter"),
        ('{"id":"x"}', 400, "/id invalid_parameter"),
        ('{"id":-1}', 400, "/id invalid_parameter"),
        ('{"id":9223372036854775807}', 400, "/id contact_not_found"),
        ('{"id":1e3}', 400, "/id invalid_parameter"),
        ('{"externalCustomerId":"\\ud800"}', 400, "/externalCustomerId invalid_text"),
        ('{"a":' + "[" * 70 + "]" * 70 + "}", 400, f"/a{'/0' * 63} too_deep"),
    ],
    ("PUT", "/api/v1/contact/0"): [
        ("{}", 404, "not_found"),
    ],
    ("PUT", "/api/v1/contact/x"): [
        ("{}", 404, "not_found"),
    ],
    ("PUT", "/api/v1/contact/9223372036854775807"): [
        ('{"firstName":"A"}', 404, "/id contact_not_found"),
    ],
    ("PUT", "/api/v1/contact/{contact}"): [
        ("", 400, "not_json"),
        ("[]", 400, "not_an_object"),
        ('{"channels":"a"}', 400, "/channels invalid_parameter"),
        ('{"firstName":{}}', 400, "/firstName invalid_parameter"),
        ('{"id":"x"}', 400, "/id invalid_parameter"),
    ],
    ("DELETE", "/api/v1/contact/0"): [
        ("", 404, "not_found"),
    ],
    ("DELETE", "/api/v1/contact/{contact}?erase=maybe"): [
        ("", 400, "erase invalid_parameter"),
    ],
    ("DELETE", "/api/v1/contact"): [
        ("", 400, "externalCustomerId invalid_parameter"),
    ],
    ("DELETE", "/api/v1/contact?externalCustomerId="): [
        ("", 400, "externalCustomerId invalid_parameter"),
    ],
    ("DELETE", "/api/v1/contact?externalCustomerId=nobody"): [
        ("", 404, "not_found"),
    ],
    ("POST", "/api/v1/contact/subscribe"): [
        ("", 400, "not_json"),
        ("{}", 400, "/contact invalid_parameter"),
        ('{"contact":1}', 400, "/contact invalid_parameter"),
        ('{"contact":{}}', 400, "/contact missing_parameter"),
        (
            '{"contact":{"channels":[{"type":"email","value":"a"}]},"groups":"x"}',
            400,
            "/contact/channels/0/value invalid_parameter; /groups invalid_parameter",
        ),
    ],
    ("POST", "/api/v1/contacts"): [
        ("", 400, "not_json"),
        ("[]", 400, "not_an_object"),
        ("{}", 400, "/contacts missing"),
        ('{"contacts":{}}', 400, "/contacts wrong_type"),
        ('{"contacts":[]}', 400, "/contacts empty"),
        ('{"contacts":[{}],"dedupeOn":"nothing"}', 400, "/dedupeOn invalid_parameter"),
        ('{"contacts":[{"externalCustomerId":"x"}],"dedupeOn":1}', 400, "/dedupeOn invalid_parameter"),
        ('{"contacts":[{"externalCustomerId":"x"}],"dedupeOn":"fieldId"}', 400, "/fieldId invalid_parameter"),
        ('{"contacts":[{"externalCustomerId":"x"}],"groupNames":"a"}', 400, "/groupNames invalid_parameter"),
        ('{"contacts":[{"externalCustomerId":"x"}],"contactFields":1}', 400, "/contactFields invalid_parameter"),
        ('{"contacts":[{"externalCustomerId":"x"}],"restoreDeleted":"yes"}', 400, "/restoreDeleted invalid_parameter"),
        (
            '{"contacts":[{"externalCustomerId":"x"}],"eventKeyForNewContacts":1}',
            400,
            "/eventKeyForNewContacts invalid_parameter",
        ),
        (imported(contacts=[{"externalCustomerId": "x"}] * 3001), 400, "/contacts too_many"),
    ],
    ("POST", "/api/v1/orders"): [
        ("", 400, "not_json"),
        ("null", 400, "not_an_object"),
        ("[]", 400, "not_an_object"),
        ("{}", 400, "/orders missing"),
        ('{"orders":null}', 400, "/orders missing"),
        ('{"orders":{}}', 400, "/orders wrong_type"),
        ('{"orders":"[]"}', 400, "/orders wrong_type"),
        ('{"orders":1e400}', 400, "/orders wrong_type"),
        (json.dumps({"orders": [{}] * 1001}), 400, "/orders too_many"),
        ('{"orders":[NaN]}', 400, "not_json"),
        ("{orders:[]}", 400, "not_json"),
        ('{"orders":[{"externalOrderId":"1"}', 400, "not_json"),
    ],
    ("DELETE", "/api/v1/orders"): [
        ("", 400, "externalOrderId invalid_parameter"),
    ],
    ("DELETE", "/api/v1/orders?externalOrderId="): [
        ("", 400, "externalOrderId invalid_parameter"),
    ],
    ("DELETE", "/api/v1/orders?from=2026-05-14T00:00:00"): [
        ("", 400, "to invalid_parameter"),
    ],
    ("DELETE", "/api/v1/orders?from=2026-05-14T00:00:00&to=2026-05-15T00:00:01"): [
        ("", 400, "to invalid_parameter"),
    ],
    ("DELETE", "/api/v1/orders?from=2026-05-15T00:00:00&to=2026-05-14T00:00:00"): [
        ("", 400, "to invalid_parameter"),
    ],
    ("DELETE", "/api/v1/orders?from=x&to=y"): [
        ("", 400, "from invalid_parameter; to invalid_parameter"),
    ],
    ("DELETE", "/api/v1/orders?externalOrderId=1&from=2026-05-14T00:00:00&to=2026-05-14T01:00:00"): [
        ("", 400, "from invalid_parameter; to invalid_parameter"),
    ],
    ("DELETE", "/api/v1/orders?x=1"): [
        ("", 400, "x unknown_parameter"),
    ],
}


@pytest.mark.parametrize(
    ("method", "address", "body", "status", "wrong"),
    [(*endpoint, *row) for endpoint, rows in BODIES.items() for row in rows],
    ids=lambda part: str(part)[:60],
)
def test_a_body_that_is_wrong_is_refused_with_every_place_and_changes_nothing(
    caller: Caller, method, address, body, status, wrong
):
    before = row_counts()
    assert refused(caller.send(method, address, body)) == (status, wrong)
    assert row_counts() == before


NEEDED = {
    ("POST", "/api/v1/event"): "events:write",
    ("POST", "/api/v1/events"): "events:write",
    ("POST", "/api/v1/past_events"): "events:write",
    ("POST", "/api/v1/events/validate"): "events:write",
    ("GET", "/api/v1/events"): "read",
    ("GET", "/api/v1/events/{event}"): "read",
    ("POST", "/api/v1/events/{event}/render"): "read",
    ("POST", "/api/v1/events/{event}/replay"): "settings:write",
    ("POST", "/api/v1/events/replay"): "settings:write",
    ("POST", "/api/v1/replays/1/cancel"): "settings:write",
    ("PUT", "/api/v1/matching-rules"): "settings:write",
    ("POST", "/api/v1/contact"): "contacts:write",
    ("POST", "/api/v1/contacts"): "contacts:write",
    ("POST", "/api/v1/contact/subscribe"): "contacts:write",
    ("PUT", "/api/v1/contact/{contact}"): "contacts:write",
    ("DELETE", "/api/v1/contact/{contact}"): "contacts:write",
    ("GET", "/api/v1/contact/{contact}"): "read",
    ("POST", "/api/v1/orders"): "orders:write",
    ("DELETE", "/api/v1/orders"): "orders:write",
    ("GET", "/api/v1/orders"): "read",
    ("GET", "/api/v1/revenue"): "read",
}


@pytest.mark.parametrize(("method", "address"), NEEDED)
def test_a_key_without_the_scope_and_no_key_at_all_change_nothing(caller: Caller, method, address):
    scope = NEEDED[method, address]
    before = row_counts()
    answer = caller.without(scope).send(method, address, "{}")
    assert refused(answer) == (403, "permission_denied")
    assert f"“{scope}”" in answer.json()["detail"]
    assert refused(caller.nobody().send(method, address, "{}")) == (401, "not_authenticated")
    assert row_counts() == before
