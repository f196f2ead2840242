"""Saved views: filters under a name, of one's own or for everybody, within limits, and told in the audit log."""

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client

from account.models import AuditEntry
from console.models import SavedView
from console.saved_views import MOST_OWN
from tests.console.reading import first_cells, links, page_text
from tests.factories import make_order

LIST, ADDRESS = "/admin/orders/order/", "/admin/saved-views/"


def save(client, query: str = "status=DELIVERED&date_from=2026-05-14", name: str = "Delivered", **given: str):
    return client.post(ADDRESS, {"list": "orders.order", "query": query, "name": name, **given}, follow=True)


@pytest.fixture
def colleague(db) -> Client:
    user = User.objects.create(username="colleague", is_staff=True)
    user.user_permissions.add(Permission.objects.get(codename="view_order"))
    client = Client()
    client.force_login(user)
    return client


def test_a_view_keeps_the_filters_and_the_ordering_and_not_the_place_in_the_list(admin):
    make_order("1001", status="DELIVERED")
    response = save(admin, "status=DELIVERED&ordering=-totalCost&cursor=abc&limit=5&currency=")
    assert response.redirect_chain == [(f"{LIST}?ordering=-totalCost&status=DELIVERED", 302)]
    assert SavedView.objects.get().parameters == {"status": ["DELIVERED"], "ordering": ["-totalCost"]}
    [url] = links(admin.get(LIST), "Delivered")
    assert url == "?status=DELIVERED&ordering=-totalCost"
    assert first_cells(admin.get(LIST + url)) == ["1001"]
    assert 'aria-current="true"' in admin.get(LIST + url).content.decode()


def test_one_of_the_same_name_is_replaced_and_somebody_elses_is_not_seen(admin, colleague):
    save(colleague, "status=CANCELLED", "Mine")
    save(admin, "status=DELIVERED", "Mine")
    save(admin, "status=IN_PROGRESS", "Mine")
    assert links(admin.get(LIST), "Mine") == ["?status=IN_PROGRESS"]
    assert links(colleague.get(LIST), "Mine") == ["?status=CANCELLED"]


def test_a_shared_view_is_everybodys_and_stands_in_the_audit_log(admin, colleague):
    save(admin, "status=DELIVERED", "For all", is_shared="on")
    assert links(colleague.get(LIST), "For all group") == ["?status=DELIVERED"]
    view = SavedView.objects.get()
    assert AuditEntry.objects.values_list("actor", "action", "what").get() == (
        "user admin",
        "view.shared",
        f"view {view.pk} of orders.order",
    )
    assert colleague.post(ADDRESS, {"remove": view.pk}).status_code == 403
    assert "The view “For all” is removed." in admin.post(ADDRESS, {"remove": view.pk}, follow=True).content.decode()
    assert not SavedView.objects.exists()
    assert AuditEntry.objects.latest("pk").action == "view.unshared"


def test_sharing_takes_a_permission(colleague):
    assert "Name of the view" in page_text(colleague.get(LIST, {"status": "DELIVERED"}))
    assert "for everybody who sees this list" not in page_text(colleague.get(LIST, {"status": "DELIVERED"}))
    assert "You may not share views" in save(colleague, is_shared="on").content.decode()
    assert not SavedView.objects.exists()


def test_only_its_owner_removes_a_view_that_is_not_shared(admin, colleague):
    save(colleague)
    view = SavedView.objects.get()
    assert admin.post(ADDRESS, {"remove": view.pk}).status_code == 403
    assert colleague.post(ADDRESS, {"remove": view.pk}).status_code == 302
    assert not SavedView.objects.exists()


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"name": ""}, "A view needs a name"),
        ({"name": "x" * 81}, "at most 80 characters"),
        ({"query": ""}, "No filter is on, so there is nothing to save."),
        ({"query": "q=" + "x" * 3000}, "at most 2000 characters"),
        ({"name": "\0"}, "Null characters are not allowed."),
    ],
)
def test_what_cannot_be_saved_is_said(given, words, admin):
    assert words in save(admin, **given).content.decode()
    assert not SavedView.objects.exists()


def test_a_user_has_so_many_views_of_a_list_and_no_more(admin):
    user = User.objects.get()
    SavedView.objects.bulk_create(
        SavedView(list_name="orders.order", name=f"{number}", owner=user, parameters={"q": ["1"]})
        for number in range(MOST_OWN)
    )
    assert f"You have {MOST_OWN} views of this list; remove one first." in save(admin).content.decode()
    save(admin, "status=DELIVERED", "1")  # replacing one is no more
    assert SavedView.objects.get(name="1").parameters == {"status": ["DELIVERED"]}


@pytest.mark.parametrize("list_name", ["auth.user", "nonsense", "", "account.auditentry"])
def test_only_lists_with_saved_views_take_them(list_name, admin):
    assert admin.post(ADDRESS, {"list": list_name, "query": "q=1", "name": "x"}).status_code == 302
    assert not SavedView.objects.exists()


def test_who_may_not_see_the_list_saves_nothing_for_it(staff):
    stranger = staff()
    assert stranger.post(ADDRESS, {"list": "orders.order", "query": "q=1", "name": "x"}).status_code == 403
    assert stranger.post(ADDRESS, {"remove": "99999999999999999999"}).status_code == 302
    assert stranger.get(ADDRESS).status_code == 405
