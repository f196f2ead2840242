"""A key's rate limit and last use in the console: given with a new key, changed later, seen where keys are listed."""

import re
from datetime import UTC, datetime

import pytest
from django.contrib.admin.models import LogEntry
from django.urls import reverse
from django.utils import timezone

from events.keys import authenticate, issue_key
from events.models import ApiKey
from tests.console.reading import markup, page_text, text_of
from tests.events.building import make_source

ADD = "/admin/events/apikey/add/"


def page_of(key: ApiKey) -> str:
    return reverse("admin:events_apikey_change", args=[key.pk])


def limit_address(key: ApiKey) -> str:
    return reverse("admin:events_apikey_limit", args=[key.pk])


def cell(response, name: str) -> str:
    """The words of this column in the only row of a list."""
    return text_of(re.search(rf'<td class="field-{name} [^>]*>(.*?)</td>', markup(response), re.DOTALL)[1])


def new_key(admin, limit: str):
    form = {"source": make_source("shop").pk, "scopes": ["read"], "expires_at_0": "", "expires_at_1": ""}
    return admin.post(ADD, {**form, "requests_per_minute": limit})


@pytest.mark.parametrize(("typed", "limit"), [("", None), ("600", 600), ("1", 1), ("1000000", 1_000_000)])
def test_a_new_key_has_the_limit_that_was_typed(admin, typed, limit):
    [key] = set(re.findall(r"olk_[0-9a-f]{12}_[A-Za-z0-9_-]{43}", markup(new_key(admin, typed))))
    assert authenticate(key).requests_per_minute == limit


@pytest.mark.parametrize("typed", ["0", "-1", "1000001", "1.5", "many", "9" * 5000])
def test_a_limit_that_means_nothing_makes_no_key(admin, typed):
    assert "Requests per minute" in page_text(new_key(admin, typed))
    assert not ApiKey.objects.exists()


def test_the_form_says_what_a_limit_does(admin):
    assert "refused with 429" in page_text(admin.get(ADD))


def test_the_limit_of_a_key_in_use_is_changed_and_holds_at_once(admin):
    key = issue_key(make_source("shop"))
    row = ApiKey.objects.get()
    assert authenticate(key).requests_per_minute is None
    answer = admin.post(limit_address(row), {"requests_per_minute": "1200"}, follow=True)
    assert "The rate limit of the key" in text_of(markup(answer))
    assert "1,200 requests a minute" in page_text(answer)
    assert authenticate(key).requests_per_minute == 1200
    admin.post(limit_address(row), {"requests_per_minute": ""})
    assert authenticate(key).requests_per_minute is None
    assert [entry.get_change_message() for entry in LogEntry.objects.order_by("pk")] == [
        "Rate limit: 1,200 requests a minute.",
        "Rate limit: none.",
    ]


@pytest.mark.parametrize("typed", ["0", "-5", "x", "1000001"])
def test_a_limit_that_means_nothing_changes_nothing_and_says_why(admin, typed):
    issue_key(make_source("shop"), requests_per_minute=7)
    row = ApiKey.objects.get()
    answer = admin.post(limit_address(row), {"requests_per_minute": typed}, follow=True)
    assert "The rate limit was not changed." in text_of(markup(answer))
    assert ApiKey.objects.get().requests_per_minute == 7
    assert not LogEntry.objects.exists()


def test_changing_a_limit_takes_its_permission_a_post_and_a_key_that_lives(admin, staff):
    issue_key(make_source("shop"))
    row = ApiKey.objects.get()
    member = staff("events.view_apikey")
    assert "Change its rate limit" not in page_text(member.get(page_of(row)))
    assert member.post(limit_address(row), {"requests_per_minute": "1"}).status_code == 403
    assert admin.get(limit_address(row)).status_code == 405
    ApiKey.objects.update(revoked_at=timezone.now())
    assert admin.post(limit_address(row), {"requests_per_minute": "1"}).status_code == 404
    assert "Change its rate limit" not in page_text(admin.get(page_of(row)))
    assert ApiKey.objects.get().requests_per_minute is None


def test_the_last_use_stands_in_the_list_and_on_the_page(admin):
    issue_key(make_source("shop"), requests_per_minute=60)
    listed = admin.get("/admin/events/apikey/")
    assert (cell(listed, "limit"), cell(listed, "last_used")) == ("60 requests a minute", "never")
    ApiKey.objects.update(last_used_at=datetime(2026, 5, 14, 7, 11, tzinfo=UTC))
    assert cell(admin.get("/admin/events/apikey/"), "last_used") == "14 May 2026, 10:11"
    assert "Last used 14 May 2026, 10:11" in page_text(admin.get(page_of(ApiKey.objects.get())))
