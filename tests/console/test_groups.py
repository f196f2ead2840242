"""What each group of people may do, at every address: the tables of docs/operations.md, held address by address."""

import re

import pytest
from django.contrib.auth.models import Group, Permission, User
from django.db import transaction
from django.test import Client
from django.urls import reverse

from config.environment import BASE_DIR
from config.groups import GROUPS, grant_permissions
from tests.console.addresses import Address, console_addresses, open_to_all
from tests.console.things import make_things, pk_of

TABLE = re.compile(r"\| what people may do \|.*\n\|[-|]+\|\n((?:\|.*\n)+)")
METHODS = ("GET", "POST")
ENDS_THE_SESSION = {"logout/"}
REFUSED = (403, 405)  # 405: the address does nothing with that method, for anybody
DONE = {"GET": (200, 405), "POST": (200, 302, 400, 405)}  # what is posted is empty, so some forms come back


@pytest.fixture
def member(db):
    """A client signed in as a member of the group."""

    def sign_in(group: str) -> Client:
        user = User.objects.create(username="member", is_staff=True)
        user.groups.add(Group.objects.get(name=group))
        client = Client()
        client.force_login(user)
        return client

    return sign_in


def ask(client: Client, method: str, address: str, *, follows: bool = True) -> int:
    """The status of the answer, behind redirects within the console; whatever the request did is undone."""
    before = transaction.savepoint_create()
    answer = client.generic(method, address)
    while follows and answer.status_code == 302 and "/login/" not in answer["Location"]:
        answer = client.get(answer["Location"])
    transaction.savepoint_rollback(before)
    return int(answer.status_code)


def walk(client: Client, permissions: frozenset[str], everybody: Client) -> list[str]:
    """What is wrong: addresses that open without their permissions, and those that refuse in spite of them."""
    wrong, passed_by = [], open_to_all() | ENDS_THE_SESSION
    for address in console_addresses():
        for method in METHODS if address.template not in passed_by else ():
            path, takes = address.filled(), address.permissions(method)
            assert takes is not None, f"docs/operations.md (People) does not tell what {method} {path} takes"
            may = takes <= permissions
            status = ask(client, method, path, follows=method == "GET" or not may)
            if not may:
                is_right = status in REFUSED
            elif status == 403:  # then it is what nobody may do: an administrator of everything is refused, too
                is_right = ask(everybody, method, path) == 403
            else:
                is_right = status in DONE[method]
            if not is_right:
                wrong.append(f"{method} {path} answered {status}")
    return wrong


@pytest.mark.parametrize("group", GROUPS)
def test_a_group_opens_and_does_exactly_what_its_permissions_allow(group, member, admin):
    make_things()
    assert walk(member(group), GROUPS[group], admin) == []


def test_the_walk_finds_every_page_there_is_and_the_documentation_tells_what_each_takes():
    addresses = console_addresses()
    assert [address.template for address in addresses if address.permissions("GET") is None] == []
    assert {"", "revenue/", "orders/order/", "contacts/contact/<id>/erase/"} <= {a.template for a in addresses}


def test_the_walk_opens_every_page_on_something(db):
    """A kind of thing that is new takes a line in tests/console/things.py."""
    make_things()
    about = {address.model for address in console_addresses() if address.model and "<id>" in address.template}
    assert [model._meta.label for model in about if pk_of(model) is None] == []


@pytest.mark.parametrize("group", GROUPS)
def test_the_navigation_leads_a_group_to_no_page_that_refuses_it(group, member):
    client = member(group)
    words = client.get(reverse("admin:index")).content.decode()
    lists = [address for address in console_addresses() if "<id>" not in address.template]
    linked = {path for path in map(Address.filled, lists) if f'href="{path}"' in words}
    assert linked
    assert {ask(client, "GET", address) for address in linked} == {200}


def test_the_groups_are_there_after_the_migrations_with_all_that_is_declared(db):
    granted = {
        group.name: {
            f"{p.content_type.app_label}.{p.codename}" for p in group.permissions.select_related("content_type")
        }
        for group in Group.objects.prefetch_related("permissions")
    }
    assert granted == GROUPS


def test_granting_again_makes_no_second_group_and_takes_nothing_away(db):
    more = Permission.objects.get(codename="view_auditentry")
    Group.objects.get(name="Marketers").permissions.add(more)
    grant_permissions()
    assert Group.objects.count() == len(GROUPS)
    assert more in Group.objects.get(name="Marketers").permissions.all()


def test_only_administrators_erase_people_and_give_permissions():
    for permission in ("contacts.add_erasure", "auth.change_user", "auth.change_group", "account.change_account"):
        assert [name for name, permissions in GROUPS.items() if permission in permissions] == ["Administrators"]


def test_the_documentation_tells_what_each_group_may_do():
    rows = TABLE.search((BASE_DIR / "docs" / "operations.md").read_text())[1].splitlines()
    told: dict[str, set[str]] = {name: set() for name in GROUPS}
    for row in rows:
        _, _, permissions, *marks, _ = (cell.strip() for cell in row.split("|"))
        for name, mark in zip(GROUPS, marks, strict=True):
            if mark:
                told[name] |= set(re.findall(r"`([^`]+)`", permissions))
    assert told == GROUPS
