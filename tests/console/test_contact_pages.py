"""People in the console: found by any identifier, and each with identifiers, orders, DELIVERED totals and events."""

import html
import re
from datetime import UTC, datetime

import pytest
from django.urls import reverse

from contacts.fields import declare_field
from contacts.models import ContactField, Identifier
from tests.console.reading import first_cells, links, markup, page_text, table_rows, text_of
from tests.events.building import created, drain, post
from tests.factories import make_contact, make_identifier, make_kind, make_order

ADDRESS = "/admin/contacts/contact/"
HOSTILE = '"><script>alert(1)</script>{{ 7|add:7 }}'


def page_of(admin, contact):
    return admin.get(reverse("admin:contacts_contact_change", args=[contact.pk]))


def found(admin, **query: str) -> list[int]:
    return [int(cell) for cell in first_cells(admin.get(ADDRESS, query))]


def test_a_contact_is_found_by_each_of_its_identifiers_in_any_spelling_that_matching_accepts(admin):
    make_kind("loyaltyCard")
    olha = make_contact(
        external_customer_id="C1",
        email="Olha@example.com",
        phone="+380501234567",
        push_token="t0k3n",
        contact_key="key-1",
        declared={"loyaltyCard": "4711"},
    )
    make_contact(email="other@example.com")
    for text in ["C1", "OLHA@example.com", "0501234567", "(050) 123-45-67", "t0k3n", "key-1", "4711", str(olha.pk)]:
        assert found(admin, q=text) == [olha.pk], text
    assert found(admin, q="c1") == []


def test_a_contact_is_found_by_its_name_in_either_order(admin):
    olha = make_contact(first_name="Olha", last_name="Koval")
    petro = make_contact(first_name="Petro", last_name="Koval")
    for text in ["Olha", "olha koval", "KOVAL OLHA", " Olha   Koval ", "olh", "Olha Kov", "koval olh"]:
        assert found(admin, q=text) == [olha.pk], text
    assert found(admin, q="koval") == found(admin, q="Kov") == [petro.pk, olha.pk]
    for text in ["nobody", "Ko", "val", "Petro Ol", "a b c d e f g", "9" * 30, "٣", "%%%", "K_val", "Kov\\"]:
        assert found(admin, q=text) == [], text


def test_a_name_that_very_many_have_shows_some_and_says_so(admin, monkeypatch):
    for _ in range(3):
        make_contact(first_name="Olha")
    monkeypatch.setattr("contacts.admin.contact.MOST_NAMESAKES", 2)
    response = admin.get(ADDRESS, {"q": "olha"})
    assert len(first_cells(response)) == 2
    assert "More than 2 people have this name" in page_text(response)


def test_deleted_contacts_are_marked_and_can_be_told_apart(admin):
    gone, here = make_contact(is_deleted=True, first_name="Petro"), make_contact(first_name="Olha")
    assert found(admin, state="deleted") == [gone.pk]
    assert found(admin, state="kept") == [here.pk]
    assert table_rows(admin.get(ADDRESS))[1][1] == "Petro deleted"


@pytest.mark.parametrize("count", [1, 30])
def test_the_list_takes_the_same_few_queries_however_long_it_is(count, staff, django_assert_num_queries):
    member = staff("contacts.view_contact")
    for number in range(count):
        contact = make_contact(external_customer_id=str(number), email=f"{number}@example.com")
        make_identifier(contact, "phone", f"+38050123{number:04d}")
    # The session, its user and permissions, groups to suggest, the contacts, all their identifiers.
    with django_assert_num_queries(7):
        assert len(found(member)) == count


def test_the_page_tells_identifiers_totals_orders_and_events(admin):
    olha = make_contact(first_name="Olha", external_customer_id="C1", email="olha@example.com", groups=["VIP"])
    date = datetime(2026, 5, 14, tzinfo=UTC)
    make_order("1", contact=olha, status="DELIVERED", total="100.10", date=date)
    make_order("2", contact=olha, status="DELIVERED", total="0.05", date=date)
    make_order("3", contact=olha, status="DELIVERED", total="7", currency="EUR", date=date)
    make_order("4", contact=olha, status="CANCELLED", total="1000")
    make_order("5", status="DELIVERED", total="5000")
    event_id = post("productViewed", {"email": "olha@example.com"})
    drain()
    response = page_of(admin, olha)
    words = page_text(response)
    assert "Delivered 7.00 EUR 1 order Delivered 100.15 UAH 2 orders" in words
    assert "email olha@example.com" in words
    assert "external customer id C1" in words
    assert "Groups VIP" in words
    assert history_of(response) == [f"productViewed {event_id}", "order 4", "order 3", "order 2", "order 1"]
    assert links(response, "VIP") == [f"{ADDRESS}?group=VIP"]
    [of_eur, of_uah] = [link for link in all_links(response) if "currency=" in link]
    assert first_cells(admin.get(of_eur)) == ["3"]
    assert first_cells(admin.get(of_uah)) == ["2", "1"]


def test_totals_are_those_of_the_orders_as_they_stand_now(admin):
    olha = make_contact(external_customer_id="C1")
    created("1001", totalCost="10.00")
    post("orderDelivered", {"externalOrderId": "1001"})
    drain()
    assert "Delivered 10.00 UAH 1 order" in page_text(page_of(admin, olha))
    post("orderCancelled", {"externalOrderId": "1001"})
    drain()
    assert "Delivered none yet" in page_text(page_of(admin, olha))


def test_the_history_of_a_busy_contact_is_walked_page_by_page_and_nothing_is_shown_twice(
    admin, staff, django_assert_num_queries
):
    member = staff("contacts.view_contact", "orders.view_order", "events.view_event")
    olha = make_contact(external_customer_id="C1")
    for number in range(30):
        created(str(number), date=f"2026-05-14T10:{number:02}:00")
    drain()
    # The session, its user and permissions, the contact, identifiers, groups, totals; orders, ids of events, events,
    # changes; for duplicates its identifiers, its orders' addresses, kinds and who is named by them.
    with django_assert_num_queries(16):
        response = page_of(member, olha)
    assert len(history_of(response)) == 25
    [all_orders], [all_events] = (
        links(response, "All orders of this contact"),
        links(response, "All events of this contact"),
    )
    assert len(first_cells(admin.get(all_orders))) == 30
    assert len(first_cells(admin.get(all_events))) == 30
    address, walked = reverse("admin:contacts_contact_change", args=[olha.pk]), history_of(response)
    while next_page := links(response, "Earlier"):
        response = admin.get(address + next_page[0])
        walked += history_of(response)
    assert len(walked) == len(set(walked)) == 60
    assert [entry for entry in walked if entry.startswith("order ")] == [f"order {n}" for n in reversed(range(30))]
    assert links(response, "Newest") == ["?#history"]


def test_the_history_can_be_narrowed_to_a_kind_and_keeps_it_from_page_to_page(admin):
    olha = make_contact(external_customer_id="C1")
    for number in range(30):
        created(str(number))
    drain()
    address = reverse("admin:contacts_contact_change", args=[olha.pk])
    for kind, first in (("orders", "order "), ("events", "orderCreated ")):
        response = admin.get(address, {"kind": kind})
        assert [entry.startswith(first) for entry in history_of(response)] == [True] * 25
        rest = admin.get(address + links(response, "Earlier")[0])
        assert [entry.startswith(first) for entry in history_of(rest)] == [True] * 5


def test_an_events_line_tells_what_it_changed_in_which_order(admin):
    olha = make_contact(external_customer_id="C1")
    created("1001")
    post("orderDelivered", {"externalOrderId": "1001"})
    drain()
    words = page_text(page_of(admin, olha))
    assert "Order 1001 : INITIALIZED → DELIVERED" in words


def test_who_may_not_see_events_sees_a_history_of_orders(staff):
    olha = make_contact(external_customer_id="C1")
    created("1001")
    drain()
    response = page_of(staff("contacts.view_contact", "orders.view_order"), olha)
    assert history_of(response) == ["order 1001"]
    assert "All events of this contact" not in markup(response)


@pytest.mark.parametrize(
    "query", ["before=x", "before=W10", "before=" + "A" * 3_000, "kind=9", "before=%00", "before=٣"]
)
def test_an_odd_address_of_a_history_shows_it_from_its_beginning(query, admin):
    olha = make_contact(external_customer_id="C1")
    created("1001")
    drain()
    response = admin.get(f"{reverse('admin:contacts_contact_change', args=[olha.pk])}?{query}")
    assert len(history_of(response)) == 2


# --- Possible duplicates ------------------------------------------------------------------------------------------


def duplicates_of(response) -> str:
    return text_of(markup(response).split("Possible duplicates", 1)[1].split("</section>")[0])


def has_duplicates(response) -> bool:
    return "Possible duplicates" in markup(response)


def test_an_e_mail_or_phone_under_another_identifier_of_another_contact_is_told_with_its_reason(admin):
    olha = make_contact(email="olha@example.com", phone="+380501234567", first_name="Olha", last_name="Koval")
    by_customer_id = make_contact(external_customer_id="olha@example.com", first_name="Other")
    by_field = make_contact(fields={"mobile": "050 123 45 67"}, first_name="Olha", last_name="Koval")
    make_contact(email="else@example.com", fields={"note": "call me"})
    words = duplicates_of(page_of(admin, olha))
    assert "Other" in words
    assert "olha@example.com is here as “email” and is the external customer id of that contact" in words
    assert "Koval" not in words  # who has a phone in a field is told on that contact's own page
    words = duplicates_of(page_of(admin, by_field))
    assert "Olha Koval the same name" in words
    assert "050 123 45 67 is here as “mobile” and is the phone of that contact" in words
    assert "is here as “external customer id” and is the email" in duplicates_of(page_of(admin, by_customer_id))


def test_what_orders_say_names_possible_duplicates_on_both_pages(admin):
    olha = make_contact(email="olha@example.com", first_name="Olha")
    guest = make_contact(phone="+380501234567", first_name="Guest")
    order = make_order("1001", contact=guest, email="OLHA@example.com")
    make_order("1002", contact=olha, phone="(050) 123-45-67")
    response = page_of(admin, olha)
    words = duplicates_of(response)
    assert "Guest" in words
    assert "(050) 123-45-67 is here as “1002” and is the phone of that contact" in words
    assert "OLHA@example.com names this contact and stands in an order of that one: 1001" in words
    assert reverse("admin:orders_order_change", args=[order.pk]) in links(response, "1001")
    words = duplicates_of(page_of(admin, guest))
    assert "(050) 123-45-67 names this contact and stands in an order of that one: 1002" in words
    assert "OLHA@example.com is here as “1001” and is the email of that contact" in words


def test_a_value_that_would_match_after_cleaning_names_a_duplicate(admin):
    make_contact(email="olha@example.com", first_name="Olha")
    other = make_contact(email="mailto:olha@example.com")
    assert "Olha" in duplicates_of(page_of(admin, other))


def test_nobody_is_told_who_only_has_the_same_name_or_is_deleted_or_is_the_contact_itself(admin):
    olha = make_contact(email="olha@example.com", phone="0501234567", first_name="Olha", last_name="Koval")
    make_contact(first_name="Olha", last_name="Koval")
    make_contact(external_customer_id="olha@example.com", is_deleted=True)
    make_order("1", contact=olha, email="olha@example.com", phone="+380501234567")
    make_order("2", email="olha@example.com")
    assert not has_duplicates(page_of(admin, olha))


def test_orders_name_no_duplicates_to_who_may_not_see_orders(staff):
    olha = make_contact(email="olha@example.com")
    make_order("1001", contact=make_contact(first_name="Guest"), email="olha@example.com")
    assert not has_duplicates(page_of(staff("contacts.view_contact"), olha))


def test_very_many_duplicates_take_the_same_few_queries_and_are_cut(staff, django_assert_num_queries):
    member = staff("contacts.view_contact", "orders.view_order")
    olha = make_contact(email="olha@example.com")
    for number in range(30):
        make_order(str(number), contact=make_contact(), email="olha@example.com")
    with django_assert_num_queries(16):
        response = page_of(member, olha)
    assert duplicates_of(response).count("stands in an order of that one") == 20


def history_of(response) -> list[str]:
    """The first link of each line of the history."""
    section = markup(response).split('id="history"')[1].split("</section>")[0]
    lines = re.findall(r"<li>(.*?)</li>", section, re.DOTALL)
    return [text_of(re.search(r"<a [^>]*>(.*?)</a>", line, re.DOTALL)[1]) for line in lines]


def all_links(response) -> list[str]:
    return [html.unescape(address) for address in re.findall(r'href="([^"]*)"', markup(response))]


def test_a_contact_that_only_its_id_names_and_with_nothing_yet_says_so(admin):
    words = page_text(page_of(admin, make_contact()))
    for expected in ("can only find this contact by its contact id", "none yet", "Nothing yet"):
        assert expected in words


def test_whatever_was_imported_is_shown_and_does_nothing(admin):
    contact = make_contact(
        first_name=HOSTILE,
        email=f"{HOSTILE}@example.com",
        external_customer_id=HOSTILE,
        fields={HOSTILE: HOSTILE, "site": "javascript:alert(1)", "shop": "https://shop.example/"},
        address={"town": HOSTILE},
        groups=[HOSTILE, 7],
    )
    for page in (page_of(admin, contact), admin.get(ADDRESS)):
        body = markup(page)
        assert "<script>alert(1)" not in body
        assert "7|add:7" in body
    assert links(page_of(admin, contact), "javascript:alert(1)") == []
    assert links(page_of(admin, contact), "https://shop.example/") == ["https://shop.example/"]


def test_a_contact_with_very_many_identifiers_and_long_fields_is_shown_in_bounds(admin):
    contact = make_contact(first_name="N" * 2_000, fields={"F" * 5_000: "V" * 100_000, "\u202efield": ["x" * 100_000]})
    Identifier.objects.bulk_create(
        Identifier(contact=contact, kind_id="pushToken", value=f"t{n}" + "x" * 1_500, normalized=f"t{n}")
        for n in range(300)
    )
    for page in (page_of(admin, contact), admin.get(reverse("admin:contacts_contact_erase", args=[contact.pk]))):
        assert len(markup(page)) < 250_000
    assert "There are more" in page_text(page_of(admin, contact))


def test_the_contacts_of_a_group_are_found_from_the_list_of_groups(admin):
    olha, petro = make_contact(groups=["VIP & co"]), make_contact(groups=["VIP & co", "News"])
    make_contact(groups=["News"])
    response = admin.get("/admin/contacts/group/")
    assert page_text(response).index("News") < page_text(response).index("VIP &")
    address = next(address for address in links(response, "Contacts in it") if "VIP" in address)
    assert first_cells(admin.get(address)) == [str(petro.pk), str(olha.pk)]


def test_staff_declare_a_contact_field_with_its_type_and_its_id(admin):
    contact = make_contact(fields={"30": "4"})
    given = {"id": "30", "key": " size ", "name": "Size", "type": "integer"}
    assert admin.post("/admin/contacts/contactfield/add/", given).status_code == 302
    field = ContactField.objects.get()
    assert (field.pk, field.key, field.name, field.type) == (30, "size", "Size", "integer")
    contact.refresh_from_db()
    assert contact.fields == {"size": "4"}
    change = {"id": "31", "key": "other", "name": "Shoe size", "type": "text"}
    assert admin.post("/admin/contacts/contactfield/30/change/", change).status_code == 302
    field.refresh_from_db()
    assert (field.pk, field.key, field.name, field.type) == (30, "size", "Shoe size", "integer")
    assert ContactField.objects.count() == 1


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"id": "30"}, "There is a field with the id 30 already"),
        ({"key": "size"}, "already exists"),
        ({"key": "42"}, "A key of digits alone"),
        ({"id": "0"}, "greater than or equal to 1"),
        ({"type": "colour"}, "not one of the available choices"),
    ],
)
def test_a_contact_field_that_cannot_be_declared_is_told_why(admin, given, words):
    declare_field("size", "Size", "integer", 30)
    response = admin.post(
        "/admin/contacts/contactfield/add/", {"id": "", "key": "new", "name": "New", "type": "text", **given}
    )
    assert response.status_code == 200
    assert words in page_text(response)
    assert ContactField.objects.count() == 1
