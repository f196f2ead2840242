"""What an import is refused for at the door, and that nothing is stored then."""

import gzip
import json

import pytest
from django.test import Client

from contacts.fields import declare_field
from contacts.models import Contact, ContactImport, Group
from tests.callers import bearer, make_key
from tests.contacts.importing import PATH, email, send, status_of, work_off

pytestmark = pytest.mark.django_db

ANNA = {"channels": [email("anna@example.com")]}


@pytest.fixture
def shop():
    return Client(headers=bearer(make_key()))


def refusal(answer):
    body = answer.json()
    assert answer["Content-Type"] == "application/problem+json"
    assert all(error["detail"] for error in body["errors"])
    return answer.status_code, [(error["pointer"], error["code"]) for error in body["errors"]]


@pytest.mark.parametrize(
    ("options", "problems"),
    [
        ({"dedupeOn": "phone"}, [("/dedupeOn", "invalid_parameter")]),
        ({"dedupeOn": "Email"}, [("/dedupeOn", "invalid_parameter")]),
        ({"dedupeOn": ["email"]}, [("/dedupeOn", "invalid_parameter")]),
        ({"dedupeOn": "fieldId"}, [("/fieldId", "invalid_parameter")]),
        ({"dedupeOn": "fieldId", "fieldId": 30}, [("/fieldId", "invalid_parameter")]),
        ({"dedupeOn": "fieldId", "fieldId": {"id": 30}}, [("/fieldId", "invalid_parameter")]),
        ({"contactFields": "email"}, [("/contactFields", "invalid_parameter")]),
        ({"contactFields": [1, "email", None]}, [("/contactFields/0", "invalid_parameter"),
                                                 ("/contactFields/2", "invalid_parameter")]),
        ({"customFieldsIDs": {"id": 1}}, [("/customFieldsIDs", "invalid_parameter")]),
        ({"customFieldsIDs": [0, -1, [1]]}, [(f"/customFieldsIDs/{n}", "invalid_parameter") for n in range(3)]),
        ({"customFieldsIDs": [1] * 1_001}, [("/customFieldsIDs", "invalid_parameter")]),
        ({"groupNames": ["x" * 256]}, [("/groupNames/0", "invalid_parameter")]),
        ({"groupNames": ["x"] * 1_001}, [("/groupNames", "invalid_parameter")]),
        ({"groupNamesExclude": 5}, [("/groupNamesExclude", "invalid_parameter")]),
        ({"restoreDeleted": "yes"}, [("/restoreDeleted", "invalid_parameter")]),
        ({"eventKeyForNewContacts": "x" * 256}, [("/eventKeyForNewContacts", "invalid_parameter")]),
        ({"eventKeyForNewContacts": 5}, [("/eventKeyForNewContacts", "invalid_parameter")]),
        ({"dedupeOn": 5, "restoreDeleted": 1}, [("/dedupeOn", "invalid_parameter"),
                                               ("/restoreDeleted", "invalid_parameter")]),
    ],
)  # fmt: skip
def test_options_that_cannot_be_taken_are_a_400_with_every_place(shop, options, problems):
    declare_field("size", "Size", "integer", 30)
    assert refusal(send(shop, [ANNA], **options)) == (400, problems)
    assert ContactImport.objects.count() == 0


@pytest.mark.parametrize(
    ("body", "status", "problem"),
    [
        (b"", 400, ("", "not_json")),
        (b"[]", 400, ("", "not_an_object")),
        (b"5", 400, ("", "not_an_object")),
        (b"{}", 400, ("/contacts", "missing")),
        (b'{"contacts": null}', 400, ("/contacts", "missing")),
        (b'{"contacts": {}}', 400, ("/contacts", "wrong_type")),
        (b'{"contacts": []}', 400, ("/contacts", "empty")),
        (b'{"contacts": [' + b"{}," * 3_000 + b"{}]}", 400, ("/contacts", "too_many")),
        (b'{"contacts": [{"firstName": "\xff"}]}', 400, ("", "not_utf8")),
        (b'{"contacts": [{"firstName": "\\u0000"}]}', 400, ("/contacts/0/firstName", "invalid_text")),
        (b'{"contacts": [{"firstName": "\\ud800"}]}', 400, ("/contacts/0/firstName", "invalid_text")),
        (b'{"contacts": [{}], "groupNames": ["\\u0000"]}', 400, ("/groupNames/0", "invalid_text")),
        (b'{"contacts": [{}', 400, ("", "not_json")),
        (b'{"contacts": [{"a": ' + b"[" * 70 + b"]" * 70 + b"}]}", 400,
         ("/contacts/0/a" + "/0" * 61, "too_deep")),
        (b'{"contacts": [' + b"[" * 100_000 + b"]}", 400, ("", "too_deep")),
        (b" " * 16_777_217, 413, ("", "body_too_large")),
        (gzip.compress(b" " * 16_777_217), 413, ("", "body_too_large")),
    ],
    ids=range(17),
)  # fmt: skip
def test_a_body_that_is_no_list_of_contacts_is_refused_whole(shop, body, status, problem):
    extra = {"headers": {"Content-Encoding": "gzip"}} if body[:2] == b"\x1f\x8b" else {}
    assert refusal(shop.post(PATH, body, "application/json", **extra)) == (status, [problem])
    assert ContactImport.objects.count() == 0


@pytest.mark.parametrize("contact", [None, 5, "x", [], {}, {"channels": [{"type": "fax", "value": "1"}]}])
def test_what_is_no_contact_is_taken_and_refused_in_its_place(shop, contact):
    answer = send(shop, [contact, ANNA])
    work_off()
    status = status_of(shop, answer)
    assert [one["index"] for one in status["refused"]] == [0]
    assert status["refused"][0]["errors"][0]["pointer"].startswith("/contacts/0")
    assert Contact.objects.count() == 1


def test_a_gzipped_import_with_a_byte_order_mark_is_taken(shop):
    body = b"\xef\xbb\xbf" + json.dumps({"contacts": [ANNA]}).encode()
    answer = shop.post(f"{PATH}/", gzip.compress(body), "application/json", headers={"Content-Encoding": "gzip"})
    assert answer.status_code == 200
    work_off()
    assert Contact.objects.count() == 1


def test_an_import_sent_again_with_its_idempotency_key_is_stored_once(shop):
    answers = [
        shop.post(PATH, json.dumps({"contacts": [ANNA]}), "application/json", headers={"Idempotency-Key": "k1"})
        for _ in range(2)
    ]
    assert answers[0].json() == answers[1].json()
    assert answers[1]["Idempotent-Replayed"] == "true"
    assert ContactImport.objects.count() == 1


def test_members_of_others_are_passed_over(shop):
    assert send(shop, [ANNA], addressBookId=5, whatever=[1], dedupeOn="", fieldId=None).status_code == 200


@pytest.mark.parametrize(("scope", "statuses"), [("read", (403, 200)), ("contacts:write", (200, 403))])
def test_writing_and_reading_need_a_scope_each(shop, scope, statuses):
    status = f"/api/v1/importstatus/{send(shop, [ANNA]).json()['asyncSessionId']}"
    client = Client(headers=bearer(make_key(scopes=[scope])))
    assert (send(client, [ANNA]).status_code, client.get(status).status_code) == statuses


def test_without_a_key_nothing_is_taken_or_told(client):
    assert send(client, [ANNA]).status_code == 401
    assert client.get("/api/v1/importstatus/x").status_code == 401
    assert ContactImport.objects.count() == 0


def test_no_group_is_made_for_contacts_that_are_refused(shop):
    send(shop, [{"firstName": "Nobody", "groups": ["One"]}], groupNames=["Two"])
    work_off()
    assert Group.objects.count() == 0
