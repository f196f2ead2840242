"""Deleting, restoring and erasing a person in the console: what the page says, who may, and what comes of it."""

import pytest
from django.urls import reverse

from account.models import AuditEntry
from contacts.models import Contact, Erasure
from events.erasure import advance_erasures
from orders.models import Order
from tests.console.reading import links, page_text
from tests.events.building import created, drain, post
from tests.factories import make_contact, make_order

ALL = ["contacts.view_contact", "contacts.delete_contact", "contacts.add_erasure"]


def address(contact: Contact, action: str = "change") -> str:
    return reverse(f"admin:contacts_contact_{action}", args=[contact.pk])


def told(response) -> str:
    return " ".join(map(str, response.context["messages"]))


def test_a_contact_is_deleted_and_restored_by_who_was_told_what_will_happen(staff):
    olha = make_contact(email="olha@example.com")
    member = staff(*ALL)
    words = page_text(member.get(address(olha)))
    assert "No event finds it any more" in words
    assert "Its orders and their revenue stay" in words
    answer = member.post(address(olha, "remove"), follow=True)
    assert "The contact is deleted" in told(answer)
    assert "Restored, it is found again by its identifiers" in page_text(answer)
    assert Contact.objects.get().deleted_at is not None
    assert "The contact is back" in told(member.post(address(olha, "restore"), follow=True))
    assert Contact.objects.get().deleted_at is None
    assert list(AuditEntry.objects.order_by("pk").values_list("actor", "action")) == [
        ("user staff", "contacts.deleted"),
        ("user staff", "contacts.restored"),
    ]


def test_a_person_is_erased_by_who_types_the_id_and_the_page_tells_how_far_it_is(staff):
    olha = make_contact(external_customer_id="C1", email="olha@example.com", first_name="Olha")
    created("1001", email="olha@example.com")
    drain()
    member = staff(*ALL)
    assert links(member.get(address(olha)), "Erase this person…") == [address(olha, "erase")]
    assert "It begins at once and cannot be undone" in page_text(member.get(address(olha, "erase")))
    for typed in ("", "1", "olha@example.com"):
        answer = member.post(address(olha, "erase"), {"contact_id": typed}, follow=True)
        assert f"type the contact's id, {olha.pk}" in told(answer)
    assert not Erasure.objects.exists()
    answer = member.post(address(olha, "erase"), {"contact_id": f" {olha.pk} "}, follow=True)
    words = page_text(answer)
    assert "being erased: the person's orders and their events" in words
    assert "olha@example.com" not in words
    assert "Delete this contact" not in words
    advance_erasures()
    words = page_text(member.get(address(olha)))
    assert "State erased" in words
    assert "Events erased in 1 Orders erased in 1" in words
    assert "erased contact" not in words


def test_the_review_of_an_erasure_shows_what_goes_and_what_stays_and_changes_nothing(staff, django_assert_num_queries):
    member = staff(*ALL)
    olha = make_contact(
        external_customer_id="C1",
        email="olha@example.com",
        first_name="Olha",
        last_name="Koval",
        address={"town": "Lviv"},
        fields={"size": "4", "note": "x" * 10_000},
        groups=["VIP"],
    )
    created("1001", totalCost="100.10")
    post("orderDelivered", {"externalOrderId": "1001"})
    drain()
    # The session, its user and permissions, the contact; identifiers, groups; orders, events, totals.
    with django_assert_num_queries(10):
        response = member.get(address(olha, "erase"))
    going, staying = (page_text(response).split(words)[1] for words in ("What goes", "What stays"))
    going = going.split("What stays")[0]
    for expected in ("Olha Koval", "olha@example.com", "C1", "Lviv", "4", "VIP", "of 1 order ", "of 2 events"):
        assert expected in going, expected
    assert "x" * 300 not in going
    for expected in ("Delivered 100.10 UAH", f"{olha.pk}, of nobody any more", "every figure of revenue", "Backups"):
        assert expected in staying, expected
    assert "olha@example.com" not in staying
    assert not Erasure.objects.exists()
    assert not AuditEntry.objects.exists()
    member.post(address(olha, "erase"), {"contact_id": olha.pk})
    assert member.get(address(olha, "erase"))["Location"] == address(olha)  # there is nothing left to review


@pytest.mark.parametrize(
    ("held", "refused"),
    [
        (["contacts.view_contact"], ["remove", "restore", "erase"]),
        (["contacts.view_contact", "contacts.delete_contact"], ["erase"]),
        (["contacts.view_contact", "contacts.add_erasure"], ["remove", "restore"]),
    ],
)
def test_each_action_takes_its_permission(held, refused, staff):
    olha = make_contact(is_deleted=True)
    member = staff(*held)
    words = page_text(member.get(address(olha)))
    assert ("Erase this person" in words) == ("erase" not in refused)
    assert ("Restore it" in words) == ("restore" not in refused)
    for action in refused:
        assert member.get(address(olha, action)).status_code == 403
        assert member.post(address(olha, action), {"contact_id": olha.pk}).status_code == 403
    assert Contact.objects.get().deleted_at is not None
    assert not Erasure.objects.exists()
    assert not AuditEntry.objects.exists()


@pytest.mark.parametrize("action", ["remove", "restore", "erase"])
def test_an_address_alone_does_nothing(action, admin, client):
    olha = make_contact()
    assert admin.get(address(olha, action)).status_code == (200 if action == "erase" else 405)
    assert admin.put(address(olha, action)).status_code == 405
    assert client.post(address(olha, action)).status_code == 302
    assert admin.post(reverse(f"admin:contacts_contact_{action}", args=[999_999])).status_code == 404
    assert Contact.objects.get().deleted_at is None


def test_doing_it_twice_says_that_nothing_was_done(admin):
    olha = make_contact()
    make_order(contact=olha)
    assert "Nothing was done" in told(admin.post(address(olha, "restore"), follow=True))
    admin.post(address(olha, "remove"))
    assert "Nothing was done" in told(admin.post(address(olha, "remove"), follow=True))
    admin.post(address(olha, "erase"), {"contact_id": olha.pk})
    assert "Nothing was done" in told(admin.post(address(olha, "restore"), follow=True))


def test_the_pages_of_an_erased_persons_orders_and_events_are_still_there_and_name_nobody(admin):
    olha = make_contact(external_customer_id="C1", email="olha@example.com", first_name="Olha")
    ids = [
        created("1001", email="olha@example.com", firstName="Olha"),
        post("orderUpdated", {"externalOrderId": "1001", "email": "OLHA@example.com"}),
        post("orderDelivered", {"externalOrderId": "none", "email": "olha@example.com"}),
        post("productViewed", {"email": "olha@example.com"}),
    ]
    drain()
    admin.post(address(olha, "erase"), {"contact_id": olha.pk})
    advance_erasures()
    order = Order.objects.get()
    pages = [
        address(olha),
        reverse("admin:orders_order_change", args=[order.pk]),
        *(reverse("admin:events_event_change", args=[event_id]) for event_id in ids),
        reverse("admin:events_event_changelist"),
        reverse("admin:orders_order_changelist"),
        reverse("admin:contacts_contact_changelist"),
        f"/api/v1/orders/{order.pk}",
        f"/api/v1/orders/{order.pk}/changes",
        *(f"/api/v1/events/{event_id}" for event_id in ids),
    ]
    for page in pages:
        response = admin.get(page)
        assert response.status_code == 200, page
        assert "olha" not in response.content.decode().casefold(), page
    # Whoever looks at the event sees that a rule found the contact, and no longer by what.
    trace = admin.get(f"/api/v1/events/{ids[3]}").json()["trace"]
    assert [(step["parameter"], step["value"]) for step in trace if step["contactId"] == olha.pk] == [("Email", None)]
