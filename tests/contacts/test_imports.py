"""An import of many contacts, from the request to the last contact: docs/rules.md, section 6."""

import pytest
from django.test import Client
from django.utils import timezone

from account.models import AuditEntry
from contacts.fields import declare_field
from contacts.import_results import remove_old_imports
from contacts.imports import NewContact, work_off_imports
from contacts.models import Contact, ContactImport, Erasure, Identifier, Membership
from events.models import Event, Source
from events.new_contacts import store_new_contact_events
from tests.callers import bearer, make_key
from tests.contacts.importing import PATH, email, send, sms, status_of, take, work_off
from tests.contacts.staging import in_thread
from tests.events.building import drain
from tests.factories import make_contact

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop():
    return Client(headers=bearer(make_key()))


def held(contact_id):
    return set(Identifier.objects.filter(contact_id=contact_id).values_list("kind_id", "normalized"))


def codes(status):
    return [(one["index"], [(error["pointer"], error["code"]) for error in one["errors"]]) for one in status["refused"]]


def groups_of(contact_id):
    return sorted(Membership.objects.filter(contact_id=contact_id).values_list("group__name", flat=True))


# --- from the request to the last contact --------------------------------------------------------------------------


def test_an_import_is_stored_before_it_is_answered_and_tells_how_far_it_is(shop):
    answer = send(shop, [{"channels": [email("a@b.c")], "firstName": "Anna"}, {"firstName": "Nobody"}])
    session_id = answer.json()["asyncSessionId"]
    assert answer.json() == {"asyncSessionId": session_id, "status": "STARTED", "total": 2}
    assert answer["Location"] == f"/api/v1/importstatus/{session_id}"
    waiting = {"asyncSessionId": session_id, "status": "STARTED", "total": 2, "done": 0, "created": 0, "updated": 0}
    assert status_of(shop, answer) == {**waiting, "mapping": [], "refused": []}
    assert Contact.objects.count() == 0

    assert work_off() is False
    status = status_of(shop, answer)
    contact = Contact.objects.get()
    assert contact.first_name == "Anna"
    assert (status["status"], status["total"], status["done"]) == ("FINISHED", 2, 2)
    assert (status["created"], status["updated"]) == (1, 0)
    assert status["mapping"] == [{"index": 0, "contactId": contact.pk}]
    assert codes(status) == [(1, [("/contacts/1", "missing_parameter")])]


def test_three_thousand_contacts_are_one_import_and_come_to_three_thousand_contacts(shop):
    status = take(shop, [{"externalCustomerId": f"C{n}"} for n in range(3_000)])
    assert (status["status"], status["created"]) == ("FINISHED", 3_000)
    assert [one["index"] for one in status["mapping"]] == list(range(3_000))
    assert Contact.objects.count() == 3_000


def test_a_batch_takes_as_many_statements_whatever_its_size(shop, django_assert_num_queries):
    def contacts(first, count):
        return [
            {"externalCustomerId": f"C{n}", "channels": [email(f"{n}@b.c")], "fields": [{"name": "a", "value": n}]}
            for n in range(first, first + count)
        ]

    for first, count in ((0, 2), (1_000, 400)):
        send(shop, contacts(first, count), groupNames=[f"VIP {count}"], eventKeyForNewContacts=f"new{count}")
        with django_assert_num_queries(33):
            work_off()
    assert Contact.objects.count() == 402
    assert Event.objects.count() == 402


def test_nothing_of_what_was_sent_is_kept_but_in_the_contacts(shop):
    send(shop, [{"channels": [email("anna@example.com")]}, {"channels": [{"type": "email", "value": "secretvalue"}]}])
    assert "anna@example.com" in ContactImport.objects.get().body
    work_off()
    [row] = ContactImport.objects.values()
    assert row["body"] == ""
    assert "secretvalue" not in str(row)


def test_imports_have_their_turns_in_the_order_of_acceptance(shop):
    first = send(shop, [{"externalCustomerId": "C1", "firstName": "First"}])
    second = send(shop, [{"externalCustomerId": "C1", "firstName": "Second"}])
    work_off()
    assert Contact.objects.get().first_name == "Second"
    assert (status_of(shop, first)["created"], status_of(shop, second)["updated"]) == (1, 1)


def test_a_turn_ends_when_its_time_is_over_and_says_that_there_is_more(shop):
    answers = [send(shop, [{"externalCustomerId": f"C{n}"} for n in range(501)]), send(shop, [{"contactKey": "K"}])]
    assert work_off(seconds=0) is True
    assert status_of(shop, answers[0])["status"] == "IMPORTING"
    assert status_of(shop, answers[0])["done"] == 500
    assert work_off(seconds=0) is True
    assert [status_of(shop, answer)["status"] for answer in answers] == ["FINISHED", "STARTED"]
    assert work_off(seconds=0) is False


@pytest.mark.django_db(transaction=True)
def test_one_worker_at_a_time_works_on_imports(shop):
    seen = []

    def meanwhile(event_key, source_id, contacts):
        in_thread(lambda: seen.append(work_off()))

    send(shop, [{"contactKey": "K1"}], eventKeyForNewContacts="newContact")
    send(shop, [{"contactKey": "K2"}])
    work_off_imports(0, meanwhile)
    assert seen == [False]
    assert Contact.objects.count() == 1


def test_what_is_told_of_an_import_is_kept_for_seven_days(shop):
    answers = [send(shop, [{"contactKey": f"K{n}"}]) for n in range(3)]
    work_off()
    waiting = send(shop, [{"contactKey": "K4"}])
    for answer, days in zip([*answers, waiting], (8, 6, 0, 30), strict=True):
        session = ContactImport.objects.filter(session_id=answer.json()["asyncSessionId"])
        session.exclude(finished_at=None).update(finished_at=timezone.now() - timezone.timedelta(days=days))
    assert remove_old_imports() == 1
    path = f"/api/v1/importstatus/{answers[0].json()['asyncSessionId']}"
    assert shop.get(path).status_code == 404
    assert [status_of(shop, answer)["status"] for answer in [*answers[1:], waiting]] == [
        "FINISHED", "FINISHED", "STARTED",
    ]  # fmt: skip


@pytest.mark.parametrize("session_id", ["x", "0", "00000000-0000-0000-0000-000000000000", "%00"])
def test_an_unknown_import_is_a_404(shop, session_id):
    assert shop.get(f"/api/v1/importstatus/{session_id}").status_code == 404


# --- whose a contact is --------------------------------------------------------------------------------------------


def test_without_dedupe_on_all_identifiers_decide_as_in_a_single_post(shop):
    contact = make_contact(email="a@b.c")
    status = take(shop, [{"channels": [email("A@b.c"), sms("0501234567")], "contactKey": "K1"}])
    assert status["mapping"] == [{"index": 0, "contactId": contact.pk}]
    assert held(contact.pk) == {("email", "a@b.c"), ("phone", "+380501234567"), ("contactKey", "K1")}


@pytest.mark.parametrize(
    ("dedupe_on", "expected"), [("email", "by email"), ("sms", "by phone"), ("email_or_sms", "by email")]
)
def test_dedupe_on_says_which_channel_decides(shop, dedupe_on, expected):
    """The other channel is not written, so that it is in nobody's way."""
    contacts = {
        make_contact(email="a@b.c").pk: "by email",
        make_contact(phone="0501234567").pk: "by phone",
    }
    row = {"channels": [email("A@B.C"), sms("+380 50 123 45 67")], "firstName": "Anna"}
    status = take(shop, [row], dedupeOn=dedupe_on, contactFields=["firstName"])
    assert [contacts[one["contactId"]] for one in status["mapping"]] == [expected]
    assert Contact.objects.get(first_name="Anna").pk == status["mapping"][0]["contactId"]


def test_email_or_sms_falls_back_to_the_phone_when_the_email_names_nobody(shop):
    contact = make_contact(phone="0501234567")
    rows = [{"channels": [email("a@b.c"), sms("0501234567")]}, {"channels": [sms("380501234567")]}]
    status = take(shop, rows, dedupeOn="email_or_sms")
    assert [one["contactId"] for one in status["mapping"]] == [contact.pk, contact.pk]
    assert held(contact.pk) == {("phone", "+380501234567"), ("email", "a@b.c")}


def test_dedupe_on_external_customer_id_is_by_that_alone(shop):
    contact = make_contact(external_customer_id="C1", email="a@b.c")
    rows = [{"externalCustomerId": "C1", "channels": [email("b@b.c")]}, {"channels": [email("b@b.c")]}]
    status = take(shop, rows, dedupeOn="externalCustomerId")
    assert status["mapping"] == [{"index": 0, "contactId": contact.pk}]
    assert codes(status) == [(1, [("/contacts/1", "missing_parameter")])]
    assert held(contact.pk) == {("externalCustomerId", "C1"), ("email", "b@b.c")}


def test_an_external_customer_id_decides_whatever_dedupe_on_says(shop):
    by_id = make_contact(external_customer_id="C1")
    by_email = make_contact(email="a@b.c")
    rows = [
        {"externalCustomerId": "C1", "channels": [email("b@b.c")], "id": by_email.pk},
        {"externalCustomerId": "C2", "channels": [email("a@b.c")]},
    ]
    for dedupe_on in ("email", "id"):
        status = take(shop, rows, dedupeOn=dedupe_on)
        assert status["mapping"] == [{"index": 0, "contactId": by_id.pk}]
        assert codes(status) == [(1, [("/contacts/1/channels/0/value", "identifier_taken")])]
        assert status["refused"][0]["contactIds"] == [by_email.pk]
    assert held(by_email.pk) == {("email", "a@b.c")}


@pytest.mark.parametrize("field_id", [30, "30", "loyaltyCard"])
def test_dedupe_on_field_id_is_by_a_declared_identifier_kind(shop, field_id):
    declared = declare_kind_with_id(30)
    contact = make_contact(declared={declared: "77"})
    rows = [{"fields": [{"id": 30, "value": 77}], "firstName": "Anna"}, {"channels": [email("a@b.c")]}]
    status = take(shop, rows, dedupeOn="fieldId", fieldId=field_id)
    assert status["mapping"] == [{"index": 0, "contactId": contact.pk}]
    assert codes(status) == [(1, [("/contacts/1", "missing_parameter")])]
    assert "the field loyaltyCard" in status["refused"][0]["errors"][0]["expected"]


def declare_kind_with_id(number):
    from contacts.models import ContactField, IdentifierKind

    IdentifierKind.objects.create(key="loyaltyCard", name="card")
    ContactField.objects.create(id=number, key="loyaltyCard", name="card")
    return "loyaltyCard"


def test_dedupe_on_id_is_by_the_contact_id_alone(shop):
    contact = make_contact(email="a@b.c")
    rows = [
        {"id": contact.pk, "channels": [email("b@b.c")]},
        {"id": str(contact.pk), "firstName": "Anna"},
        {"id": contact.pk + 1_000, "channels": [email("c@b.c")]},
        {"channels": [email("b@b.c")]},
    ]
    status = take(shop, rows, dedupeOn="id")
    assert [one["contactId"] for one in status["mapping"]] == [contact.pk, contact.pk]
    assert codes(status) == [
        (2, [("/contacts/2/id", "contact_not_found")]),
        (3, [("/contacts/3", "missing_parameter")]),
    ]
    assert held(contact.pk) == {("email", "b@b.c")}


def test_an_id_is_looked_at_only_where_it_can_decide(shop):
    """Shops put numbers of their own there."""
    other = make_contact(contact_key="K1")
    rows = [{"id": other.pk, "channels": [email("a@b.c")]}, {"id": "shop-7", "channels": [email("b@b.c")]}]
    status = take(shop, rows, dedupeOn="email")
    assert (status["created"], status["refused"]) == (2, [])
    assert held(other.pk) == {("contactKey", "K1")}


# --- hard cases ----------------------------------------------------------------------------------------------------


def test_two_channels_of_one_type_are_both_the_contacts(shop):
    row = {"channels": [email("a@b.c"), email("b@b.c")]}
    status = take(shop, [row, {"channels": [email("b@b.c")], "firstName": "Anna"}], dedupeOn="email")
    contact_id = status["mapping"][0]["contactId"]
    assert (status["created"], status["updated"], status["mapping"][1]["contactId"]) == (1, 1, contact_id)
    # Those given replace all of their type: the second row names one.
    assert held(contact_id) == {("email", "b@b.c")}


def test_two_channels_of_one_type_that_name_two_contacts_are_refused_naming_both(shop):
    one, two = make_contact(email="a@b.c"), make_contact(email="b@b.c")
    status = take(shop, [{"channels": [email("a@b.c"), email("b@b.c")], "firstName": "Anna"}], dedupeOn="email")
    [refused] = status["refused"]
    assert refused["contactIds"] == [one.pk, two.pk]
    assert [(error["pointer"], error["code"]) for error in refused["errors"]] == [
        ("/contacts/0/channels/0/value", "identifier_taken"),
        ("/contacts/0/channels/1/value", "identifier_taken"),
    ]
    assert not Contact.objects.filter(first_name="Anna").exists()


def test_a_channel_taken_by_another_contact_is_refused_naming_both(shop):
    one, two = make_contact(email="a@b.c"), make_contact(phone="0501234567")
    row = {"channels": [email("a@b.c"), sms("380501234567")], "firstName": "Anna"}
    status = take(shop, [row, {"channels": [email("c@b.c")]}], dedupeOn="email")
    [refused] = status["refused"]
    assert refused["contactIds"] == [one.pk, two.pk]
    [error] = refused["errors"]
    assert (error["pointer"], error["code"]) == ("/contacts/0/channels/1/value", "identifier_taken")
    assert f"contact {two.pk}" in error["detail"]
    assert f"contact {one.pk}" in error["detail"]
    assert (held(one.pk), held(two.pk)) == ({("email", "a@b.c")}, {("phone", "+380501234567")})
    assert not Contact.objects.filter(first_name="Anna").exists()
    assert status["created"] == 1, "one that is refused holds back none of the others"


def test_two_rows_that_name_one_person_are_taken_one_after_the_other(shop):
    rows = [
        {"channels": [email("a@b.c")], "firstName": "Anna", "lastName": "Koval"},
        {"channels": [email("A@B.C"), sms("0501234567")], "firstName": "Hanna"},
        {"channels": [sms("0501234567")], "fields": [{"name": "size", "value": 4}]},
    ]
    status = take(shop, rows, dedupeOn="email_or_sms")
    contact = Contact.objects.get()
    assert [one["contactId"] for one in status["mapping"]] == [contact.pk] * 3
    assert (status["created"], status["updated"]) == (1, 2)
    assert (contact.first_name, contact.last_name, contact.fields) == ("Hanna", "Koval", {"size": 4})


def test_five_hundred_rows_of_one_person_are_one_contact_and_no_more_statements(shop, django_assert_num_queries):
    send(shop, [{"contactKey": "K1", "firstName": f"Anna {n}"} for n in range(500)])
    with django_assert_num_queries(20):
        work_off()
    assert Contact.objects.get().first_name == "Anna 499"


def test_a_phone_in_five_spellings_is_one_contact(shop):
    spellings = ["+380501234567", "380501234567", "0501234567", "+38 (050) 123-45-67", "050 123 45 67"]
    status = take(shop, [{"channels": [sms(spelling)]} for spelling in spellings], dedupeOn="sms")
    assert (status["created"], status["updated"], Contact.objects.count()) == (1, 4, 1)
    assert Identifier.objects.get().value == "050 123 45 67"


def test_an_email_in_two_cases_is_one_contact(shop):
    status = take(shop, [{"channels": [email("Анна@Example.com")]}, {"channels": [email("анна@example.COM")]}])
    assert (status["created"], status["updated"], Contact.objects.count()) == (1, 1, 1)


def test_an_address_of_a_megabyte_is_refused_naming_its_place(shop):
    rows = [
        {"contactKey": "K1", "address": {"town": "x" * 1_048_576}},
        {"contactKey": "K2", "address": "x" * 1_048_576},
        {"contactKey": "K3"},
    ]
    status = take(shop, rows)
    assert codes(status) == [
        (0, [("/contacts/0/address/town", "invalid_parameter")]),
        (1, [("/contacts/1/address", "invalid_parameter")]),
    ]
    assert "2,000 characters" in status["refused"][0]["errors"][0]["expected"]
    assert status["created"] == 1


def test_of_a_contact_at_most_ten_problems_are_told(shop):
    status = take(shop, [{"contactKey": "K1", "fields": [5] * 1_000}])
    assert len(status["refused"][0]["errors"]) == 10


def test_a_number_that_is_too_long_is_its_contacts_problem_alone(shop):
    body = b'{"contacts": [{"contactKey": ' + b"9" * 5_000 + b'}, {"contactKey": "K1"}]}'
    answer = shop.post(PATH, body, "application/json")
    work_off()
    assert codes(status_of(shop, answer)) == [(0, [("/contacts/0/contactKey", "number_too_long")])]
    assert Contact.objects.count() == 1


# --- what may be written -------------------------------------------------------------------------------------------


def test_contact_fields_and_custom_fields_limit_what_is_written(shop):
    declare_field("size", "Size", "integer", 30)
    contact = make_contact(
        email="a@b.c", first_name="Old", address={"town": "Kyiv", "region": "Kyiv"}, fields={"size": 1, "x": 1}
    )
    row = {
        "firstName": "New",
        "lastName": "New",
        "channels": [email("a@b.c"), sms("0501234567")],
        "contactKey": "K1",
        "address": {"town": "Lviv", "region": "Lviv", "address": "Street 1"},
        "fields": [{"id": 30, "value": "2"}, {"name": "x", "value": 2}],
    }
    take(shop, [row], dedupeOn="email", contactFields=["lastName", "town", "address"], customFieldsIDs=[30])
    contact.refresh_from_db()
    assert (contact.first_name, contact.last_name) == ("Old", "New")
    assert contact.address == {"town": "Lviv", "region": "Kyiv", "address": "Street 1"}
    assert contact.fields == {"size": 2, "x": 1}
    assert held(contact.pk) == {("email", "a@b.c")}


@pytest.mark.parametrize("nothing", [[], None])
def test_without_them_all_is_written(shop, nothing):
    take(shop, [{"contactKey": "K1", "firstName": "Anna", "fields": [{"name": "x", "value": 1}]}],
         contactFields=nothing, customFieldsIDs=nothing)  # fmt: skip
    assert (Contact.objects.get().first_name, Contact.objects.get().fields) == ("Anna", {"x": 1})


def test_a_new_contact_has_what_it_was_told_apart_by_though_it_may_not_be_written(shop):
    status = take(shop, [{"channels": [email("a@b.c"), sms("0501234567")], "firstName": "Anna"}], dedupeOn="email",
                  contactFields=["firstName"])  # fmt: skip
    assert held(status["mapping"][0]["contactId"]) == {("email", "a@b.c")}


def test_all_contacts_of_an_import_join_and_leave_groups(shop):
    contact = make_contact(email="a@b.c", groups=["Old", "Kept", "Gone"])
    rows = [{"channels": [email("a@b.c")]}, {"channels": [email("b@b.c")], "groups": ["Own", {"name": "Gone"}]}]
    status = take(shop, rows, groupNames=["VIP", "Kept"], groupNamesExclude=["Gone", "Old", "Unknown"])
    assert groups_of(contact.pk) == ["Kept", "VIP"]
    assert groups_of(status["mapping"][1]["contactId"]) == ["Kept", "Own", "VIP"]


def test_a_group_named_by_an_id_that_there_is_not_is_refused(shop):
    status = take(shop, [{"contactKey": "K1", "groups": [{"id": 7_000_000}]}])
    assert codes(status) == [(0, [("/contacts/0/groups/0", "group_not_found")])]
    assert Contact.objects.count() == 0


def test_a_deleted_contact_is_refused_unless_it_is_to_be_restored(shop):
    contact = make_contact(email="a@b.c", is_deleted=True)
    rows = [{"channels": [email("a@b.c")], "firstName": "Anna"}]
    status = take(shop, rows, dedupeOn="email")
    assert "is deleted" in status["refused"][0]["errors"][0]["detail"]
    assert status["refused"][0]["contactIds"] == [contact.pk]
    status = take(shop, rows, dedupeOn="email", restoreDeleted=True)
    assert status["mapping"] == [{"index": 0, "contactId": contact.pk}]
    contact.refresh_from_db()
    assert (contact.deleted_at, contact.first_name) == (None, "Anna")


# --- events of new contacts ----------------------------------------------------------------------------------------


def test_an_event_is_stored_for_each_new_contact_and_finds_it(shop):
    known = make_contact(email="a@b.c")
    rows = [{"channels": [email("a@b.c")]}, {"channels": [email("New@b.c")], "contactKey": "K1"}]
    status = take(shop, rows, eventKeyForNewContacts="newContact")
    new = status["mapping"][1]["contactId"]
    event = Event.objects.select_related("event_type", "source").get()
    assert (event.event_type.key, event.key_value, event.source.name) == ("newContact", str(new), "shop")
    drain()
    fate = shop.get(f"/api/v1/events/{event.pk}").json()
    assert (fate["outcome"], fate["contactId"]) == ("applied", new)
    assert fate["params"] == {"contactId": str(new), "email": "New@b.c", "contactKey": "K1"}
    assert new != known.pk


# --- what goes wrong -----------------------------------------------------------------------------------------------


def test_a_contact_that_makes_our_code_fail_is_refused_and_holds_back_none_of_the_others(shop):
    def announce(event_key, source_id, contacts: list[NewContact]):
        if any(contact.change.first_name == "Culprit" for contact in contacts):
            raise ValueError("a bug")
        store_new_contact_events(event_key, source_id, contacts)

    rows = [{"contactKey": f"K{n}", "firstName": "Culprit" if n == 1 else "Anna"} for n in range(4)]
    answer = send(shop, rows, eventKeyForNewContacts="newContact")
    work_off_imports(60, announce)
    status = status_of(shop, answer)
    assert codes(status) == [(1, [("/contacts/1", "internal_error")])]
    assert (status["status"], status["created"]) == ("FINISHED", 3)
    assert (Contact.objects.count(), Event.objects.count()) == (3, 3)


def test_an_import_whose_options_are_sound_no_longer_is_given_up_and_says_so(shop):
    from contacts.models import ContactField

    declare_kind_with_id(30)
    answer = send(shop, [{"fields": [{"id": 30, "value": 77}]}], dedupeOn="fieldId", fieldId=30)
    ContactField.objects.all().delete()
    work_off()
    status = status_of(shop, answer)
    assert status["status"] == "ERROR"
    assert "fieldId" in status["description"]
    assert Contact.objects.count() == 0
    assert ContactImport.objects.get().body == ""


def test_an_import_whose_source_is_gone_still_takes_its_contacts(shop):
    send(shop, [{"contactKey": "K1"}], eventKeyForNewContacts="newContact")
    Source.objects.all().delete()
    work_off()
    assert (Contact.objects.count(), Event.objects.count()) == (1, 0)
    assert ContactImport.objects.get().refused == []


def test_who_had_a_contact_restored_stands_in_the_audit_log_and_an_erased_one_stays_away(shop):
    deleted, erased = make_contact(email="a@b.c", is_deleted=True), make_contact(is_deleted=True)
    Erasure.objects.create(contact=erased)
    rows = [{"id": deleted.pk, "firstName": "Anna"}, {"id": erased.pk, "firstName": "Petro"}]
    status = take(shop, rows, dedupeOn="id", restoreDeleted=True)
    assert [one["contactId"] for one in status["mapping"]] == [deleted.pk]
    assert codes(status) == [(1, [("/contacts/1/id", "contact_not_found")])]
    [entry] = AuditEntry.objects.all()
    assert (entry.action, entry.what) == ("contacts.restored", f"contact {deleted.pk}")
    assert "source “shop”" in entry.actor
    assert not Contact.objects.filter(first_name="Petro").exists()
