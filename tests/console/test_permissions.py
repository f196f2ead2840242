"""Who may see which page: nobody without signing in, and no member of staff without the page's own permission."""

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from account.audit import AuditAction, record_audit
from account.models import AuditEntry
from config.api_urls import urlpatterns as api_patterns
from events.keys import issue_key
from events.models import ApiKey, EventType, Replay, Source
from tests.console.addresses import PARAMETER, Address, console_addresses, open_to_all
from tests.console.things import make_things
from tests.events.building import created
from tests.factories import make_contact, make_order

SAYS_GOOD_BYE = {"logout/"}  # to whoever comes
NEVER_ADDED = [
    "admin:orders_order_add",
    "admin:contacts_contact_add",
    "admin:contacts_group_add",
    "admin:events_event_add",
    "admin:events_eventtype_add",
    "admin:events_replay_add",
    "admin:account_account_add",
    "admin:account_auditentry_add",
]


@pytest.fixture
def things(db) -> dict[str, tuple[str, int]]:
    """One of each thing that has a page: the address of the page, by the permission that it takes."""
    make_contact(external_customer_id="C1")
    event_id = created()
    issue_key(Source.objects.get())
    replay = Replay.objects.create(filters={}, matched=0, next_event_id=0, last_event_id=0, started_by="user olha")
    record_audit("user olha", AuditAction.ORDERS_DELETED, "externalOrderId=1001")
    return {
        "orders.view_order": ("admin:orders_order_change", make_order().pk),
        "contacts.view_contact": ("admin:contacts_contact_change", make_contact().pk),
        "events.view_event": ("admin:events_event_change", event_id),
        "events.view_replay": ("admin:events_replay_change", replay.pk),
        "events.view_eventtype": ("admin:events_eventtype_change", EventType.objects.get().pk),
        "events.view_source": ("admin:events_source_change", Source.objects.get().pk),
        "events.view_apikey": ("admin:events_apikey_change", ApiKey.objects.get().pk),
        "account.view_account": ("admin:account_account_change", 1),
        "account.view_auditentry": ("admin:account_auditentry_change", AuditEntry.objects.get().pk),
    }


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_who_is_not_signed_in_is_sent_to_the_login_from_every_address(method, client, db):
    make_things()
    asked = [
        address.filled() for address in console_addresses() if address.template not in open_to_all() | SAYS_GOOD_BYE
    ]
    answers = {path: client.generic(method, path) for path in asked}
    assert {path: (answer.status_code, answer.get("Location")) for path, answer in answers.items()} == {
        path: (302, f"/admin/login/?next={path}") for path in asked
    }
    assert len(asked) > 60


def test_who_is_signed_in_without_being_staff_is_sent_to_the_login_from_every_address(client, db):
    make_things()
    client.force_login(User.objects.create(username="customer"))
    asked = [
        address.filled() for address in console_addresses() if address.template not in open_to_all() | SAYS_GOOD_BYE
    ]
    assert [path for path in asked if client.get(path).get("Location") != f"/admin/login/?next={path}"] == []


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_staff_without_any_permission_are_refused_at_every_address_that_takes_one(method, staff):
    make_things()
    nobody = staff()
    takers = [address for address in console_addresses() if address.permissions(method)]
    statuses = {path: nobody.generic(method, path).status_code for path in map(Address.filled, takers)}
    assert [path for path, status in statuses.items() if status not in (403, 405)] == ["/admin/account/account/"]
    assert nobody.get("/admin/account/account/", follow=True).status_code == 403  # it leads to its one page
    assert "You may not see this page" in nobody.get("/admin/orders/order/").content.decode()


def test_the_api_reads_for_a_signed_in_user_only_what_the_console_would_show_them(staff, client):
    """Whatever needs a key is refused without one; what the permission of a page opens is refused without it."""
    nobody = staff()
    closed, opened = [], []
    for pattern in api_patterns:
        path = "/api/" + PARAMETER.sub("1", str(pattern.pattern))
        answers = (client.get(path).status_code, nobody.get(path).status_code)
        (closed if set(answers) <= {401, 403, 405} else opened).append(path.rstrip("/"))
    assert set(opened) == {"/api/schema", "/api/docs"}
    assert len(closed) > 60


def test_the_page_of_each_thing_takes_its_own_permission(things, staff):
    for name, pk in things.values():
        address = reverse(name, args=[pk])
        assert Client().get(address).status_code == 302, address
    nobody = staff()
    assert {nobody.get(reverse(name, args=[pk])).status_code for name, pk in things.values()} == {403}


@pytest.mark.parametrize("permission", ["orders.view_order", "contacts.view_contact", "events.view_event"])
def test_who_may_see_one_kind_of_thing_sees_its_page_and_no_other(permission, things, staff):
    member = staff(permission)
    answers = {wanted: member.get(reverse(name, args=[pk])).status_code for wanted, (name, pk) in things.items()}
    assert answers == {wanted: 200 if wanted == permission else 403 for wanted in things}


@pytest.mark.parametrize("name", NEVER_ADDED)
def test_nobody_types_what_events_and_the_api_make(name, admin):
    assert admin.get(reverse(name)).status_code == 403


@pytest.mark.parametrize(
    "thing",
    ["orders_order", "contacts_contact", "events_event", "events_eventtype", "events_replay", "account_auditentry"],
)
def test_nobody_changes_or_deletes_what_events_and_the_api_made(thing, things, admin):
    pk = next(pk for name, pk in things.values() if name == f"admin:{thing}_change")
    assert admin.post(reverse(f"admin:{thing}_change", args=[pk]), {"status": "DELIVERED"}).status_code == 405
    assert admin.post(reverse(f"admin:{thing}_delete", args=[pk]), {"post": "yes"}).status_code == 403
    assert admin.get(reverse(f"admin:{thing}_change", args=[pk])).status_code == 200


def test_the_first_page_shows_only_what_its_reader_may_see(things, staff):
    words = staff("orders.view_order").get(reverse("admin:index")).content.decode()
    assert "Latest orders" in words
    assert "Delivered revenue" not in words
    assert "Waiting now" not in words


def test_the_first_page_tells_who_has_no_permission_whom_to_ask(staff):
    assert "Ask an administrator" in staff().get(reverse("admin:index")).content.decode()


def test_a_panel_of_another_room_takes_that_rooms_permission(things, staff):
    name, pk = things["orders.view_order"]
    words = staff("orders.view_order").get(reverse(name, args=[pk])).content.decode()
    assert "History" in words
    assert "Events behind it" not in words


@pytest.mark.parametrize(
    "name", ["admin:orders_order_change", "admin:events_event_change", "admin:contacts_contact_change"]
)
@pytest.mark.parametrize("pk", ["0", "99999999999999999999", "abc", "1'", "%00"])
def test_a_page_of_nothing_leads_back_to_the_overview(name, pk, admin):
    response = admin.get(reverse(name, args=["1"]).replace("/1/", f"/{pk}/"))
    assert (response.status_code, response["Location"]) == (302, reverse("admin:index"))


def test_the_root_leads_to_the_console_and_a_lost_address_to_a_page_of_ours(client, admin):
    assert client.get("/")["Location"] == "/admin/"
    assert client.get("/admin")["Location"] == "/admin/"
    response = admin.get("/admin/nowhere/")
    assert response.status_code == 404
    assert "There is no such page" in response.content.decode()
