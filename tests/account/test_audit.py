"""The audit log: who had what done, in the transaction that does it."""

import pytest
from django.contrib.auth.models import AnonymousUser, User
from django.db import IntegrityError, transaction
from django.test import RequestFactory

from account.audit import AuditAction, actor_of, record_audit
from account.models import AuditEntry
from contract.scopes import Caller

pytestmark = pytest.mark.django_db


def test_an_entry_tells_who_did_what_to_how_many_and_when(django_assert_num_queries):
    with django_assert_num_queries(1):
        record_audit("key 7 of source “shop”", AuditAction.ORDERS_DELETED, "from=2026-05-01&to=2026-05-02", 12)
    entry = AuditEntry.objects.get()
    assert (entry.actor, entry.action, entry.what, entry.count) == (
        "key 7 of source “shop”",
        "orders.deleted",
        "from=2026-05-01&to=2026-05-02",
        12,
    )
    assert entry.at is not None


def test_an_entry_is_undone_with_what_it_tells():
    with transaction.atomic():
        record_audit("user olha", AuditAction.CONTACTS_DELETED, "contact 1")
        transaction.set_rollback(True)
    assert not AuditEntry.objects.exists()


def test_what_is_told_at_too_great_length_is_cut():
    record_audit("user olha", AuditAction.ORDERS_DELETED, "1" * 5_000, 5_000)
    assert AuditEntry.objects.get().what == "1" * 1_999 + "…"


@pytest.mark.parametrize("columns", [{"actor": ""}, {"action": ""}])
def test_an_entry_that_names_nobody_or_nothing_is_refused(columns):
    with pytest.raises(IntegrityError, match="audit_entry_names_who_did_what"), transaction.atomic():
        AuditEntry.objects.create(**{"actor": "user olha", "action": "orders.deleted", "count": 1, **columns})


def test_the_actor_is_the_key_with_its_source_or_the_console_user():
    request = RequestFactory().get("/")
    request.user = User(username="olha")
    assert actor_of(request) == "user olha"
    request.user = AnonymousUser()
    request.auth = Caller(key_id=7, source_id=1, source_name="shop", source_kind="backend", scopes=frozenset())
    assert actor_of(request) == "key 7 of source “shop”"
