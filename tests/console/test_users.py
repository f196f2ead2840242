"""Users of the console: who may change them, and what no one of them can make of themselves."""

import pytest
from django.contrib.auth.models import User
from django.urls import reverse

pytestmark = pytest.mark.django_db
MAY = [f"auth.{action}_user" for action in ("view", "add", "change", "delete")]
FORM = {"is_active": "on", "is_staff": "on", "date_joined_0": "2026-05-14", "date_joined_1": "10:11:00"}


def page(name: str, user: User) -> str:
    return reverse(f"admin:auth_user_{name}", args=[user.pk])


def test_nobody_makes_a_superuser_who_is_none(staff):
    client = staff(*MAY)
    user = User.objects.get(username="staff")
    answer = client.post(page("change", user), {**FORM, "username": "renamed", "is_superuser": "on"})
    user.refresh_from_db()
    assert (answer.status_code, user.username, user.is_superuser) == (302, "renamed", False)


def test_nobody_changes_a_superuser_who_is_none(staff):
    boss = User.objects.create_user("boss", password="of the boss", is_superuser=True, is_staff=True)
    client = staff(*MAY)
    new = {"password1": "Of-a-thief-1", "password2": "Of-a-thief-1", "usable_password": "true"}
    posted = {"change": {**FORM, "username": "thief"}, "delete": {"post": "yes"}}
    assert {name: client.post(page(name, boss), data).status_code for name, data in posted.items()} == {
        "change": 403,
        "delete": 403,
    }
    assert client.post(reverse("admin:auth_user_password_change", args=[boss.pk]), new).status_code == 403
    assert client.get(page("change", boss)).status_code == 200  # to be looked at
    client.post(
        reverse("admin:auth_user_changelist"),
        {"action": "delete_selected", "_selected_action": [boss.pk], "post": "yes"},
    )
    boss.refresh_from_db()
    assert boss.username == "boss"
    assert boss.check_password("of the boss")


def test_a_superuser_makes_another_one(admin):
    user = User.objects.create(username="olha", is_staff=True)
    admin.post(page("change", user), {**FORM, "username": "olha", "is_superuser": "on"})
    user.refresh_from_db()
    assert user.is_superuser
