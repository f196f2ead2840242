"""The groups that stood as JSON in each contact are memberships after the migration; it can be run again."""

import importlib

import pytest
from django.db import connection

from contacts.models import Group, Membership
from tests.factories import make_contact

migration = importlib.import_module("contacts.migrations.0005_memberships_of_contacts")

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _column_of_the_release_before():
    """The column, which a later migration has taken away; the test's transaction takes it away again."""
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE contacts_contact ADD COLUMN groups jsonb NOT NULL DEFAULT '[]'")


def with_json(groups: str) -> int:
    """A contact as the release before wrote it."""
    contact = make_contact()
    with connection.cursor() as cursor:
        cursor.execute("UPDATE contacts_contact SET groups = %s::jsonb WHERE id = %s", [groups, contact.pk])
    return contact.pk


def test_groups_of_each_form_become_memberships_and_what_is_there_stays(monkeypatch):
    monkeypatch.setattr(migration, "BATCH", 2)
    named = with_json('["VIP", {"id": 4, "name": "Buyers"}, "VIP"]')
    by_id = with_json('[{"id": 7}, {"name": "Buyers", "type": "Static"}]')
    empty = with_json("[]")
    there = make_contact(groups=["News"]).pk
    last = with_json(f'["{"x" * 300}", "", "Ελλάδα"]')
    for _ in range(2):
        migration.move_groups(None, connection.schema_editor())
        found = {}
        for contact_id, name in Membership.objects.order_by("group__name").values_list("contact_id", "group__name"):
            found.setdefault(contact_id, []).append(name)
        assert found == {named: ["Buyers", "VIP"], by_id: ["7", "Buyers"], there: ["News"], last: ["Ελλάδα"]}
    assert empty not in found
    assert Group.objects.count() == 5
