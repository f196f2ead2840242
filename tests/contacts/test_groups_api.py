"""Groups, contact fields, forms: what is told of them, and how a contact gets into a group."""

import json

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client

from contacts.fields import declare_field
from contacts.models import Contact, Group, Membership
from contacts.people import MAX_GROUPS
from tests.callers import bearer, make_key
from tests.contacts.importing import email, sms
from tests.factories import make_contact

pytestmark = pytest.mark.django_db
SUBSCRIBE = "/api/v1/contact/subscribe"


@pytest.fixture
def shop():
    return Client(headers=bearer(make_key()))


def post(client, path, payload, **extra):
    return client.post(path, json.dumps(payload), "application/json", **extra)


def groups_of(contact_id):
    return sorted(Membership.objects.filter(contact_id=contact_id).values_list("group__name", flat=True))


def problems(answer):
    assert answer["Content-Type"] == "application/problem+json"
    return answer.status_code, [(error["pointer"], error["code"]) for error in answer.json()["errors"]]


# --- groups --------------------------------------------------------------------------------------------------------


def test_groups_are_told_with_their_ids_by_name(shop, django_assert_num_queries):
    for name in ("VIP", "Buyers", "Ελλάδα"):
        make_contact(groups=[name])
    ids = dict(Group.objects.values_list("name", "id"))
    shop.get("/api/v1/groups")
    with django_assert_num_queries(1):
        answer = shop.get("/api/v1/groups/")
    assert answer.json() == [{"id": ids[name], "name": name, "type": "Static"} for name in ("Buyers", "VIP", "Ελλάδα")]


def test_a_contact_is_in_the_groups_that_it_is_posted_with_by_name_or_id(shop):
    vip = Group.objects.create(name="VIP")
    sent = {"contactKey": "K1", "groups": ["New", {"id": vip.pk}, {"id": 5, "name": "Named"}, {"id": str(vip.pk)}]}
    contact_id = post(shop, "/api/v1/contact", sent).json()["id"]
    assert groups_of(contact_id) == ["Named", "New", "VIP"]
    assert [one["name"] for one in shop.get(f"/api/v1/contact/{contact_id}").json()["groups"]] == [
        "Named", "New", "VIP",
    ]  # fmt: skip
    assert post(shop, "/api/v1/contact", {"contactKey": "K1", "groups": []}).status_code == 200
    assert groups_of(contact_id) == []
    assert Group.objects.count() == 3


def test_a_group_by_an_id_that_there_is_not_is_a_400_and_changes_nothing(shop):
    answer = post(shop, "/api/v1/contact", {"contactKey": "K1", "groups": ["New", {"id": 7_000_000}]})
    assert problems(answer) == (400, [("/groups/1", "group_not_found")])
    assert (Contact.objects.count(), Group.objects.count()) == (0, 0)


def test_there_is_room_for_ten_thousand_groups(shop):
    Group.objects.bulk_create(Group(name=f"Group {number}") for number in range(MAX_GROUPS - 1))
    assert post(shop, "/api/v1/contact", {"contactKey": "K1", "groups": ["The last"]}).status_code == 200
    answer = post(shop, "/api/v1/contact", {"contactKey": "K1", "groups": ["The last", "One more"]})
    assert problems(answer) == (400, [("/groups/1", "too_many_groups")])
    assert Group.objects.count() == MAX_GROUPS


def test_at_most_a_thousand_fields_gather_in_a_contact(shop):
    make_contact(contact_key="K1", fields={str(number): 1 for number in range(1, 1_001)})
    answer = post(shop, "/api/v1/contact", {"contactKey": "K1", "fields": [{"name": "one more", "value": 1}]})
    assert problems(answer) == (400, [("/fields", "too_many_fields")])
    answer = post(shop, "/api/v1/contact", {"contactKey": "K1", "fields": [{"id": 5, "value": 2}]})
    assert answer.status_code == 200
    assert Contact.objects.get().fields["5"] == 2


# --- contact fields ------------------------------------------------------------------------------------------------


def test_the_address_book_tells_the_declared_fields_with_their_types(shop):
    declare_field("size", "Size", "integer", 30)
    declare_field("born", "Born on", "date", 7)
    assert shop.get("/api/v1/addressbooks").json() == {
        "addressBook": {
            "addressBookId": 1,
            "name": "My shop",
            "fieldGroups": [
                {
                    "name": "Contact fields",
                    "fields": [
                        {
                            "id": 7,
                            "name": "Born on",
                            "fieldKey": "born",
                            "description": {"type": "date", "required": False, "readonly": False},
                        },
                        {
                            "id": 30,
                            "name": "Size",
                            "fieldKey": "size",
                            "description": {"type": "integer", "required": False, "readonly": False},
                        },
                    ],
                }
            ],
        }
    }


def test_a_single_contact_is_posted_and_shown_by_the_types_of_its_fields(shop):
    declare_field("size", "Size", "integer", 30)
    answer = post(shop, "/api/v1/contact", {"contactKey": "K1", "fields": [{"id": 30, "value": "big"}]})
    assert problems(answer) == (400, [("/fields/0/value", "invalid_parameter")])
    contact_id = post(shop, "/api/v1/contact", {"contactKey": "K1", "fields": [{"id": 30, "value": "4"}]}).json()["id"]
    path = f"/api/v1/contact/{contact_id}"
    assert shop.get(path).json()["fields"] == [{"id": 30, "name": "size", "value": 4}]
    answer = shop.put(path, json.dumps({"fields": [{"name": "size", "value": ""}]}), "application/json")
    assert answer.json()["fields"] == []


# --- forms ---------------------------------------------------------------------------------------------------------


def test_a_form_makes_a_contact_and_puts_it_into_groups(shop):
    sent = {"contact": {"firstName": "Anna", "channels": [email("a@b.c")], "groups": [{"name": "Web Site"}]},
            "groups": ["Subscribers"], "formType": "footer"}  # fmt: skip
    answer = post(shop, SUBSCRIBE, sent)
    contact = Contact.objects.get()
    assert (answer.status_code, answer.json()) == (200, {"id": contact.pk})
    assert answer["Location"] == f"/api/v1/contact/{contact.pk}"
    assert groups_of(contact.pk) == ["Subscribers", "Web Site"]


def test_a_form_updates_the_contact_that_it_names_and_takes_it_out_of_no_group(shop):
    contact = make_contact(email="a@b.c", first_name="Old", groups=["VIP"])
    answer = post(shop, SUBSCRIBE, {"contact": {"channels": [email("A@b.c"), sms("0501234567")], "firstName": "Anna"},
                                    "groups": ["News"]})  # fmt: skip
    assert answer.json() == {"id": contact.pk}
    contact.refresh_from_db()
    assert contact.first_name == "Anna"
    assert groups_of(contact.pk) == ["News", "VIP"]


def test_an_id_in_a_form_is_the_shops_own_and_not_looked_at(shop):
    other = make_contact(contact_key="K1")
    for number in (other.pk, "shop-7", 10**30):
        answer = post(shop, SUBSCRIBE, {"contact": {"id": number, "channels": [email("a@b.c")]}})
        assert answer.status_code == 200
        assert answer.json()["id"] != other.pk


def test_who_fills_in_a_form_after_being_deleted_is_back(shop):
    contact = make_contact(email="a@b.c", is_deleted=True)
    assert post(shop, SUBSCRIBE, {"contact": {"channels": [email("a@b.c")]}}).json() == {"id": contact.pk}
    contact.refresh_from_db()
    assert contact.deleted_at is None


def test_all_that_is_wrong_with_a_form_is_told_at_once(shop):
    sent = {"contact": {"firstName": [], "channels": [email("x")]}, "groups": [5], "formType": 7}
    assert problems(post(shop, SUBSCRIBE, sent)) == (
        400,
        [
            ("/formType", "invalid_parameter"),
            ("/contact/channels/0/value", "invalid_parameter"),
            ("/contact/firstName", "invalid_parameter"),
            ("/groups/0", "invalid_parameter"),
        ],
    )
    for contact in (None, [], "x"):
        assert problems(post(shop, SUBSCRIBE, {"contact": contact})) == (400, [("/contact", "invalid_parameter")])
    assert Contact.objects.count() == 0


def test_a_form_sent_again_with_its_idempotency_key_is_taken_once(shop):
    sent = {"contact": {"channels": [email("a@b.c")]}}
    first, second = (post(shop, SUBSCRIBE, sent, headers={"Idempotency-Key": "k"}) for _ in range(2))
    assert first.json() == second.json()
    assert second["Idempotent-Replayed"] == "true"


# --- the account, and who may --------------------------------------------------------------------------------------


def test_version_and_account_are_told(shop):
    assert shop.get("/api/v1/version").json() == {"version": "0.1.0", "protocolVersion": "1.0"}
    assert shop.get("/api/v1/account/info/").json() == {
        "orgId": 1,
        "organisationName": "My shop",
        "userEmail": None,
        "timeZone": "Europe/Kyiv",
        "currency": "UAH",
        "phoneRegion": "UA",
    }


READS = ["/api/v1/groups", "/api/v1/addressbooks", "/api/v1/version", "/api/v1/account/info"]


@pytest.mark.parametrize(("scope", "reading", "writing"), [("read", 200, 403), ("contacts:write", 403, 200)])
def test_reading_and_writing_need_a_scope_each(scope, reading, writing):
    client = Client(headers=bearer(make_key(scopes=[scope])))
    assert [client.get(path).status_code for path in READS] == [reading] * 4
    assert post(client, SUBSCRIBE, {"contact": {"channels": [email("a@b.c")]}}).status_code == writing


def test_a_console_user_reads_with_the_permission(client):
    user = User.objects.create_user("anna", "anna@shop.example")
    client.force_login(user)
    assert [client.get(path).status_code for path in READS] == [403] * 4
    codes = ["view_group", "view_contactfield", "view_account"]
    user.user_permissions.set(Permission.objects.filter(codename__in=codes))
    assert [client.get(path).status_code for path in READS] == [200] * 4
    assert client.get("/api/v1/account/info").json()["userEmail"] == "anna@shop.example"


def test_without_a_key_nothing_is_told_or_taken(client):
    assert [client.get(path).status_code for path in READS] == [401] * 4
    assert post(client, SUBSCRIBE, {"contact": {"channels": [email("a@b.c")]}}).status_code == 401
    assert Contact.objects.count() == 0
