"""What the tests of the console share: signed-in people, and processes without memories of another test."""

from collections.abc import Callable

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client

from account.current import current_account, forget_account
from events.basis import forget_basis
from events.event_types import forget_event_types
from events.keys import forget_keys


@pytest.fixture(autouse=True)
def _empty_caches(db, monkeypatch):
    # On a slow machine a test takes longer than settings are held, and would count the query that reads them again.
    monkeypatch.setattr("account.current.MAX_AGE_SECONDS", 3_600.0)
    for forget in (forget_account, forget_basis, forget_event_types, forget_keys):
        forget()
    current_account()  # read now, so that no test counts this query


@pytest.fixture
def staff(db) -> Callable[..., Client]:
    """A client signed in as a member of staff with these permissions ("orders.view_order") and no others."""

    def sign_in(*permissions: str) -> Client:
        user = User.objects.create(username="staff", is_staff=True)
        for permission in permissions:
            app, codename = permission.split(".")
            user.user_permissions.add(Permission.objects.get(content_type__app_label=app, codename=codename))
        client = Client()
        client.force_login(user)
        return client

    return sign_in


@pytest.fixture
def admin(db) -> Client:
    """A client signed in as somebody who may do everything."""
    client = Client()
    client.force_login(User.objects.create(username="admin", is_staff=True, is_superuser=True))
    return client
