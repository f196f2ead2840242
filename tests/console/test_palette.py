"""The command palette: pages by name and things by id, for those who may see them, whatever is typed."""

import pytest
from django.urls import reverse

from tests.console.reading import links, markup, text_of
from tests.events.building import created, drain
from tests.factories import make_contact, make_order

ADDRESS = "/admin/search/"


def found(client, typed: str, **parameters: str) -> list[str]:
    """Where the lines of the palette lead."""
    answer = client.get(ADDRESS, {"s": typed, **parameters})
    return [line.split('"')[0] for line in markup(answer).split(' href="')[1:]]


def test_a_page_is_found_by_a_part_of_its_name(admin):
    assert found(admin, "aUdIt") == [reverse("admin:account_auditentry_changelist")]


def test_an_order_a_contact_and_an_event_are_found_by_their_ids(admin):
    order = make_order("1001")
    contact = make_contact(email="olha@example.com", external_customer_id="C1")
    event_id = created("1002")
    drain()
    assert found(admin, "1001") == [reverse("admin:orders_order_change", args=[order.pk])]
    of_contact = reverse("admin:contacts_contact_change", args=[contact.pk])
    assert of_contact in found(admin, "OLHA@example.com")
    assert of_contact in found(admin, str(contact.pk))
    assert reverse("admin:events_event_change", args=[event_id]) in found(admin, str(event_id))


def test_who_may_not_see_a_thing_does_not_find_it(staff):
    make_order("1001")
    make_contact(email="olha@example.com")
    reader = staff("contacts.view_contact")
    assert found(reader, "1001") == []
    assert len(found(reader, "olha@example.com")) == 1
    assert found(reader, "orders") == []


def test_a_finding_costs_the_same_number_of_statements_however_much_there_is(admin, django_assert_max_num_queries):
    for n in range(20):
        make_order(f"10{n}")
    with django_assert_max_num_queries(10):
        found(admin, "105")


@pytest.mark.parametrize("typed", ["\0", "x" * 256, "9" * 200, "9" * 5000, "1'", "'; --", "%", "\\", "<b>", "{{ 7 }}"])
def test_what_nobody_is_called_by_finds_nothing_and_breaks_nothing(typed, admin):
    assert found(admin, typed, page="-1") == []


def test_what_was_sent_stands_escaped_in_the_palette(admin):
    make_order("<img src=x onerror=alert(1)>")
    words = markup(admin.get(ADDRESS, {"s": "<img src=x onerror=alert(1)>"}))
    assert "<img" not in words
    assert "<img src=x onerror=alert(1)>" in text_of(words)


def test_nothing_typed_shows_nothing(admin):
    assert admin.get(ADDRESS).content == admin.get(ADDRESS, {"s": "  "}).content == b""


def test_every_page_has_a_link_past_the_navigation(admin):
    for address in ("/admin/", "/admin/orders/order/", "/admin/events/source/add/"):
        answer = admin.get(address)
        assert links(answer, "Skip to the content") == ["#content"]
        assert 'id="content"' in markup(answer)
