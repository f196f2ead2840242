"""API keys in the console: shown once with a working curl line, revoked at once, and never shown again."""

import html
import re
from datetime import datetime, timedelta

import pytest
from django.contrib.admin.models import LogEntry
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from account.current import current_account
from account.models import AuditEntry
from contract.reasons import SENTENCES, Reason
from events.keys import authenticate, issue_key
from events.models import ApiKey, Event, Source, backend_scopes
from tests.console.reading import first_cells, links, markup, page_text, table_rows
from tests.events.building import drain, make_source, post

ADD = "/admin/events/apikey/add/"
KEY = re.compile(r"olk_[0-9a-f]{12}_[A-Za-z0-9_-]{43}")


def key_form(source: Source, /, **changes) -> dict:
    form = {"source": source.pk, "scopes": ["events:write", "read"], "expires_at_0": "", "expires_at_1": ""}
    return {**form, **changes}


def revoke_address(key: ApiKey) -> str:
    return reverse("admin:events_apikey_revoke", args=[key.pk])


def test_a_new_key_is_shown_once_and_works(admin):
    response = admin.post(ADD, key_form(make_source("shop")))
    [key] = set(KEY.findall(markup(response)))
    assert "shown only once" in page_text(response)
    assert "no-store" in response["Cache-Control"]
    caller = authenticate(key)
    assert (caller.source_name, caller.scopes) == ("shop", {"events:write", "read"})


def test_the_curl_line_that_stands_beside_it_posts_an_event(admin, client):
    response = admin.post(ADD, key_form(make_source("shop")))
    line = page_text(response).split("this posts one event", 1)[1]
    address = re.search(r"-X POST http://testserver(\S+)", line)[1]
    token = re.search(r'"Authorization: (Bearer \S+)"', line)[1]
    body = re.search(r"-d '([^']*)'", line)[1]
    answer = client.post(address, body, content_type="application/json", headers={"Authorization": token})
    assert answer.status_code == 200
    assert Event.objects.get().source.name == "shop"


def test_no_page_shows_a_key_or_its_hash_again(admin):
    [key] = set(KEY.findall(markup(admin.post(ADD, key_form(make_source("shop"))))))
    row = ApiKey.objects.get()
    secret = key.rsplit("_", 1)[1]
    for address in (
        "/admin/events/apikey/",
        reverse("admin:events_apikey_change", args=[row.pk]),
        reverse("admin:events_source_change", args=[row.source_id]),
        reverse("admin:events_apikey_history", args=[row.pk]),
        "/admin/",
    ):
        body = admin.get(address).content.decode()
        assert secret not in body
        assert row.digest not in body
    assert LogEntry.objects.get().object_repr == f"{row.prefix}…"


def test_a_key_starts_with_what_a_backend_needs_and_the_source_it_was_asked_for(admin):
    source = make_source("shop")
    response = admin.get(reverse("admin:events_source_new_key", args=[source.pk]), follow=True)
    body = markup(response)
    assert f'<option value="{source.pk}" selected' in body
    boxes = re.findall(r'<input[^>]*name="scopes"[^>]*>', body)
    assert [
        re.search('value="([^"]*)"', box)[1] for box in boxes if re.search(r"\schecked[\s>]", box)
    ] == backend_scopes()


def test_an_expiry_is_read_in_the_accounts_zone(admin):
    admin.post(ADD, key_form(make_source("shop"), expires_at_0="2099-06-01", expires_at_1="12:00:00"))
    assert ApiKey.objects.get().expires_at == datetime.fromisoformat("2099-06-01T12:00:00+03:00")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"expires_at_0": "2020-01-01", "expires_at_1": "00:00:00"}, "This moment is past"),
        ({"scopes": []}, "This field is required."),
        ({"scopes": ["everything"]}, "Select a valid choice."),
        ({"source": "0"}, "Select a valid choice."),
    ],
)
def test_a_key_that_could_not_be_used_is_not_made(change, words, admin):
    assert words in page_text(admin.post(ADD, key_form(make_source("shop"), **change)))
    assert not ApiKey.objects.exists()


def test_a_revoked_key_is_refused_at_once_and_says_when_it_ended(admin):
    key = issue_key(make_source("shop"))
    assert authenticate(key) is not None
    row = ApiKey.objects.get()
    response = admin.post(revoke_address(row), follow=True)
    assert authenticate(key) is None
    assert "revoked" in page_text(response)
    assert "Revoke this key" not in page_text(response)
    assert LogEntry.objects.get().get_change_message() == "Revoked."


def test_revoking_twice_keeps_the_first_moment(admin):
    issue_key(make_source("shop"))
    row = ApiKey.objects.get()
    ended = timezone.now() - timedelta(days=1)
    ApiKey.objects.update(revoked_at=ended)
    admin.post(revoke_address(row))
    assert ApiKey.objects.get().revoked_at == ended
    assert not LogEntry.objects.exists()


def test_revoking_takes_its_own_permission_and_a_post(admin, staff):
    key = issue_key(make_source("shop"))
    row = ApiKey.objects.get()
    member = staff("events.view_apikey")
    assert "Revoke this key" not in page_text(member.get(reverse("admin:events_apikey_change", args=[row.pk])))
    assert member.post(revoke_address(row)).status_code == 403
    assert admin.get(revoke_address(row)).status_code == 405
    assert admin.post(revoke_address(row).replace(str(row.pk), "0")).status_code == 404
    assert authenticate(key) is not None


def test_a_key_is_never_changed_or_deleted(admin):
    issue_key(make_source("shop"))
    row = ApiKey.objects.get()
    assert admin.post(reverse("admin:events_apikey_change", args=[row.pk]), {"scopes": []}).status_code == 405
    assert admin.post(reverse("admin:events_apikey_delete", args=[row.pk]), {"post": "yes"}).status_code == 403
    assert ApiKey.objects.count() == 1


def test_a_source_is_made_and_named_but_keeps_its_kind_and_stays(admin):
    response = admin.post(
        "/admin/events/source/add/", {"name": "app", "kind": "mobile_sdk", "_save": "1", **keys_inline()}
    )
    source = Source.objects.get()
    assert response["Location"] == f"{ADD}?source={source.pk}"  # on to its first key
    address = reverse("admin:events_source_change", args=[source.pk])
    assert admin.post(address, {"name": "App", "kind": "backend", **keys_inline()}).status_code == 302
    assert (Source.objects.get().name, Source.objects.get().kind) == ("App", "mobile_sdk")
    assert admin.post(reverse("admin:events_source_delete", args=[source.pk]), {"post": "yes"}).status_code == 403


def test_who_may_make_sources_and_no_keys_stays_with_the_sources(staff):
    member = staff("events.add_source", "events.view_source")
    response = member.post(
        "/admin/events/source/add/", {"name": "app", "kind": "backend", "_save": "1", **keys_inline()}
    )
    assert response["Location"] == "/admin/events/source/"


def keys_inline() -> dict:
    """What the read-only table of keys on a source's page sends along."""
    return {f"keys-{name}": 0 for name in ("TOTAL_FORMS", "INITIAL_FORMS", "MIN_NUM_FORMS", "MAX_NUM_FORMS")}


def test_a_sources_page_offers_a_key_only_to_who_may_make_one(admin, staff):
    source = make_source("shop")
    address = reverse("admin:events_source_change", args=[source.pk])
    assert "New API key" in admin.get(address).content.decode()
    member = staff("events.view_source")
    assert "New API key" not in member.get(address).content.decode()
    assert member.get(reverse("admin:events_source_new_key", args=[source.pk])).status_code == 403


def test_the_list_of_keys_tells_state_and_leads_to_each(admin, django_assert_num_queries):
    for name in ("a", "b", "c"):
        issue_key(make_source(name))
    ApiKey.objects.filter(source__name="a").update(revoked_at=timezone.now())
    ApiKey.objects.filter(source__name="b").update(expires_at=timezone.now())
    # The session, its user, two counts of the pages, the keys with their sources, webhooks that are off.
    with django_assert_num_queries(6):
        response = admin.get("/admin/events/apikey/")
    for state in ("in use", "expired", "revoked"):
        assert f">{state}<" in response.content.decode()
    row = ApiKey.objects.get(source__name="c")
    assert links(response, f"{row.prefix}…") == [reverse("admin:events_apikey_change", args=[row.pk])]


# --- Rotation ------------------------------------------------------------------------------------------------------


def rotate(admin, row: ApiKey, overlap: str):
    return admin.post(reverse("admin:events_apikey_rotate", args=[row.pk]), {"overlap": overlap})


def test_a_rotated_key_holds_beside_the_new_one_for_as_long_as_was_chosen(admin):
    old = issue_key(make_source("shop"), ["read"], None, 7)
    row = ApiKey.objects.get()
    response = rotate(admin, row, "24")
    [new] = set(KEY.findall(markup(response)))
    assert "no-store" in response["Cache-Control"]
    for key in (old, new):
        caller = authenticate(key)
        assert (caller.source_name, caller.scopes, caller.requests_per_minute) == ("shop", {"read"}, 7)
    row.refresh_from_db()
    assert timedelta(hours=23) < row.expires_at - timezone.now() <= timedelta(hours=24)
    entry = AuditEntry.objects.get(action="api_key.rotated")
    assert (entry.actor, entry.what) == (
        "user admin",
        f"key {row.pk} of source {row.source_id}, which ends after 1 day, 0:00:00",
    )


def test_without_an_overlap_the_old_key_ends_at_once(admin):
    old = issue_key(make_source("shop"))
    [new] = set(KEY.findall(markup(rotate(admin, ApiKey.objects.get(), "0"))))
    assert authenticate(old) is None
    assert authenticate(new) is not None


def test_an_expiry_is_never_put_off_and_the_new_key_lives_as_long(admin):
    issue_key(make_source("shop"), expires_at=timezone.now() + timedelta(hours=2))
    row = ApiKey.objects.get()
    rotate(admin, row, "168")
    new = ApiKey.objects.exclude(pk=row.pk).get()
    assert ApiKey.objects.get(pk=row.pk).expires_at == row.expires_at
    assert abs((new.expires_at - timezone.now()) - (row.expires_at - row.created_at)) < timedelta(minutes=1)


@pytest.mark.parametrize(("change", "overlap"), [({"revoked_at": timezone.now()}, "24"), ({}, "999999999"), ({}, "")])
def test_what_cannot_be_rotated_is_told_and_left_alone(change, overlap, admin):
    issue_key(make_source("shop"))
    ApiKey.objects.update(**change)
    response = rotate(admin, ApiKey.objects.get(), overlap)
    assert "was not rotated" in admin.get(response["Location"]).content.decode()
    assert ApiKey.objects.count() == 1


def test_rotating_takes_both_permissions_and_a_post(admin, staff):
    issue_key(make_source("shop"))
    row = ApiKey.objects.get()
    member = staff("events.view_apikey", "events.change_apikey")
    assert rotate(member, row, "24").status_code == 403
    assert "Rotate this key" not in page_text(member.get(reverse("admin:events_apikey_change", args=[row.pk])))
    assert admin.get(reverse("admin:events_apikey_rotate", args=[row.pk])).status_code == 405
    assert ApiKey.objects.count() == 1


def test_what_is_done_to_keys_and_sources_stands_in_the_audit_log_without_a_secret(admin):
    admin.post("/admin/events/source/add/", {"name": "app", "kind": "mobile_sdk", "_save": "1", **keys_inline()})
    source = Source.objects.get()
    admin.post(reverse("admin:events_source_change", args=[source.pk]), {"name": "App", **keys_inline()})
    [key] = set(KEY.findall(markup(admin.post(ADD, key_form(source)))))
    row = ApiKey.objects.get()
    admin.post(reverse("admin:events_apikey_limit", args=[row.pk]), {"requests_per_minute": "9"})
    admin.post(revoke_address(row))
    entries = AuditEntry.objects.order_by("pk").values_list("action", "details")
    assert list(entries) == [
        ("source.created", None),
        ("source.changed", {"before": {"name": "app"}, "after": {"name": "App"}}),
        ("api_key.created", None),
        ("api_key.changed", {"before": {"requests_per_minute": None}, "after": {"requests_per_minute": 9}}),
        ("api_key.revoked", None),
    ]
    assert key.rsplit("_", 1)[1] not in str(list(AuditEntry.objects.values()))


# --- What sources sent ---------------------------------------------------------------------------------------------


@pytest.fixture
def busy() -> Source:
    """A source with two applied events and one that is ignored, of two types; another one that sent nothing."""
    make_source("silent")
    shop = make_source("shop")
    post("viewed", {"a": 1}, source=shop, keyValue="k")
    post("viewed", {"a": 1}, source=shop, keyValue="k")
    post("orderDelivered", {"externalOrderId": "9"}, source=shop)
    drain()
    return shop


def numbers_with_links(response) -> list[tuple[str, int]]:
    body = markup(response).split('id="content', 1)[1]
    return [(html.unescape(url), int(count)) for url, count in re.findall(r'<a href="([^"]+)">(\d+)</a>', body)]


def test_the_list_of_sources_tells_rate_and_shares_with_links_to_their_events(admin, busy):
    issue_key(busy)
    response = admin.get("/admin/events/source/")
    cells = {row[0]: [row[2], *row[5:]] for row in table_rows(response)}
    assert cells == {"shop": ["1", "3", "2 66.7 %", "1 33.3 %", "0"], "silent": ["0", "0", "0", "0", "0"]}
    found = numbers_with_links(response)
    assert [count for _, count in found] == [2, 1]
    for address, count in found:
        assert len(first_cells(admin.get(address))) == count, address


def test_the_pages_of_a_source_and_its_key_tell_what_became_of_its_events(admin, busy):
    issue_key(busy)
    for address in (
        reverse("admin:events_source_change", args=[busy.pk]),
        reverse("admin:events_apikey_change", args=[ApiKey.objects.get().pk]),
    ):
        response = admin.get(address)
        rows = table_rows(response)
        assert rows[:3] == [
            ["applied", "2", "2", "2"],
            ["ignored", "1", "1", "1"],
            [f"order_not_found {SENTENCES[Reason.ORDER_NOT_FOUND]}", "1", "1", "1"],
        ]
        for url, count in numbers_with_links(response):
            assert len(first_cells(admin.get(url))) == count, url


def test_lists_and_pages_take_the_same_queries_whatever_the_number_of_sources_and_types(admin, busy):
    issue_key(busy)
    addresses = [
        "/admin/events/source/",
        reverse("admin:events_source_change", args=[busy.pk]),
        reverse("admin:events_apikey_change", args=[ApiKey.objects.get().pk]),
    ]

    def costs() -> list[int]:
        found = []
        for address in addresses:
            current_account()
            with CaptureQueriesContext(connection) as captured:
                assert admin.get(address).status_code == 200
            found.append(len(captured))
        return found

    costs()
    before = costs()
    for number in range(12):
        issue_key(make_source(f"shop {number}"))
        post(f"type {number}", {"a": 1}, source=make_source(f"shop {number}"), keyValue="k")
        post(f"type {number}", {"a": 1}, source=busy, keyValue="k")
    drain()
    assert costs() == before
    # The session, its user, the sources with their keys; the last event of each; ids of days, and their outcomes;
    # webhooks that are off.
    assert before[0] == 7


def test_a_source_that_is_not_there_is_told(admin):
    for pk in ("999999999999999999999", "0", "x"):
        assert admin.get(f"/admin/events/source/{pk}/change/").status_code == 302
