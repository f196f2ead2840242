"""Segments in the console: the list, the builder with and without a script, one segment, why, the export."""

import html
import json
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from account.models import AuditEntry
from contacts.models import Group
from insights.segments import bounded, people, refreshing
from insights.segments.models import Segment
from tests.factories import make_contact, make_order
from tests.insights.slow_counting import count_slowly

pytestmark = pytest.mark.django_db
BOUGHT = {"orders": {"item": "200600", "lastDays": 7, "status": ["INITIALIZED", "IN_PROGRESS"]}}
ADD, COUNT = "/admin/insights/segment/add/", "/admin/insights/segment/count/"
MAY_CHANGE = ("insights.view_segment", "insights.change_segment", "contacts.view_contact")


@pytest.fixture
def olha():
    contact = make_contact(first_name="=Olha()", email="olha@example.com")
    make_order("1001", contact=contact, date=timezone.now() - timedelta(days=1), items=[{}])
    return contact


@pytest.fixture
def segment(olha):
    made = Segment.objects.create(name="Waiting", conditions=BOUGHT, created_by="user olha")
    refreshing.refresh(made.pk)
    return made


def words_of(response) -> str:
    assert response.status_code == 200, response
    return html.unescape(response.content.decode())


def test_a_segment_is_built_counted_and_saved_without_a_script(admin, olha):
    page = words_of(admin.get(ADD))
    assert "Press “Count”" in page
    typed = {"name": "Waiting", "schedule": "60", "conditions": json.dumps(BOUGHT)}
    counted = words_of(admin.post(ADD, {**typed, "_count": "1"}))
    assert "1 person" in counted
    assert "olha@example.com" in counted
    assert Segment.objects.count() == 0
    saved = admin.post(ADD, {**typed, "_save": "1"})
    segment = Segment.objects.get()
    assert saved["Location"] == reverse("admin:insights_segment_change", args=[segment.pk])
    assert (segment.name, segment.conditions, segment.created_by) == ("Waiting", BOUGHT, "user admin")
    assert "“Waiting” already" in words_of(admin.post(ADD, {**typed, "_save": "1"}))
    edited = admin.post(f"/admin/insights/segment/{segment.pk}/edit/", {**typed, "name": "Still waiting", "_save": "1"})
    assert edited.status_code == 302
    segment.refresh_from_db()
    assert segment.name == "Still waiting"
    assert list(AuditEntry.objects.values_list("action", "actor")) == [("segment.changed", "user admin")] * 2


@pytest.mark.parametrize(
    ("conditions", "told"),
    [
        ("", "This field is required"),
        ("{", "This is not JSON"),
        ('{"orders": {"item": "a\\u0000b"}}', "/orders/item"),
        ('{"orders": {"lastDays": 1e400}}', "/orders/lastDays"),
        ('{"contact": {"field": "town", "equals": "x"}}', "/contact/field"),
        ('{"not": ' * 50 + '{"orders": {}}' + "}" * 50, "at most 10 groups deep"),
        ('{"not": ' * 5000 + '{"orders": {}}' + "}" * 5000, "levels of nesting"),
        ('{"orders": {"item": "' + "x" * 70_000 + '"}}', "at most 64000 characters"),
        ("\0", "Null characters"),
    ],
)
def test_what_is_wrong_with_conditions_is_told_and_nothing_is_saved(conditions, told, admin):
    typed = {"name": "x", "schedule": "60", "conditions": conditions}
    assert told in words_of(admin.post(COUNT, typed))
    assert Segment.objects.count() == 0
    assert admin.post(ADD, {**typed, "_save": "1"}).status_code == 200
    assert Segment.objects.count() == 0


def test_a_name_and_a_schedule_that_cannot_be_taken_are_told(admin):
    typed = {"conditions": json.dumps(BOUGHT), "_save": "1"}
    assert "at most 100 characters" in words_of(admin.post(ADD, {**typed, "name": "x" * 101, "schedule": "60"}))
    assert "7" in words_of(admin.post(ADD, {**typed, "name": "x", "schedule": "7"}))
    assert Segment.objects.count() == 0


def test_a_number_that_is_not_counted_in_time_is_told_as_an_estimate(admin, monkeypatch):
    for number in range(25):
        make_contact(first_name="Olha", email=f"olha{number}@example.com")
    count_slowly(monkeypatch)
    conditions = {"contact": {"field": "firstName", "equals": "Olha"}}
    told = words_of(admin.post(COUNT, {"conditions": json.dumps(conditions)}))
    assert "about 25 people" in told
    assert "Estimated by asking 25 contacts" in told
    assert "olha24@example.com" in told


def test_a_count_that_takes_too_long_says_so(admin, monkeypatch, olha):
    count_slowly(monkeypatch)
    quick, slow = people.compile_predicate, " AND (SELECT TRUE FROM pg_sleep(10))"
    monkeypatch.setattr(people, "compile_predicate", lambda *given: quick(*given).inside("", slow))
    monkeypatch.setattr(people, "bounded", lambda *_: bounded.bounded(1))
    assert "took too long" in words_of(admin.post(COUNT, {"conditions": json.dumps(BOUGHT)}))


def test_the_rfm_page_leads_to_a_builder_that_is_filled_in(admin):
    conditions = {"rfm": {"currency": "UAH", "segment": "champions"}}
    page = words_of(admin.get(ADD, {"conditions": json.dumps(conditions)}))
    assert json.dumps(conditions) in page


def test_the_page_of_a_segment_tells_who_is_in_it_in_words_and_leads_to_them(admin, segment, olha):
    page = words_of(admin.get(reverse("admin:insights_segment_change", args=[segment.pk])))
    assert "has orders that are INITIALIZED or IN_PROGRESS, with the item 200600, in the last 7 days" in page
    assert reverse("admin:insights_segment_why", args=[segment.pk, olha.pk]) in page
    assert "People on each day" in page
    lost = admin.get(reverse("admin:insights_segment_change", args=[segment.pk]), {"cursor": "x"})
    assert lost.status_code == 302
    listed = words_of(admin.get("/admin/insights/segment/", {"q": "wait"}))
    assert "Waiting" in listed


def test_pages_take_the_same_number_of_statements_for_any_number_of_people(
    admin, segment, django_assert_max_num_queries
):
    for number in range(30):
        contact = make_contact(email=f"{number}@example.com")
        make_order(f"more {number}", contact=contact, date=timezone.now(), items=[{}])
    refreshing.refresh(segment.pk)
    with django_assert_max_num_queries(12):
        assert "29@example.com" in words_of(admin.get(reverse("admin:insights_segment_change", args=[segment.pk])))


def test_why_shows_the_order_of_each_condition(admin, segment, olha):
    page = words_of(admin.get(reverse("admin:insights_segment_why", args=[segment.pk, olha.pk])))
    assert "fulfils it now" in page
    assert reverse("admin:orders_order_change", args=[olha.orders.get().pk]) in page
    olha.orders.update(status="DELIVERED")
    assert "does not fulfil it now" in words_of(
        admin.get(reverse("admin:insights_segment_why", args=[segment.pk, olha.pk]))
    )
    for nobody in (0, 99999999999999999999):
        assert admin.get(f"/admin/insights/segment/{segment.pk}/why/{nobody}/").status_code == 302


def test_why_keeps_orders_from_who_may_not_see_them(staff, segment, olha):
    client = staff("insights.view_segment", "contacts.view_contact")
    page = words_of(client.get(reverse("admin:insights_segment_why", args=[segment.pk, olha.pk])))
    assert "1001" not in page


def test_the_export_is_safe_for_spreadsheets_and_told(admin, segment, olha):
    response = admin.get(reverse("admin:insights_segment_export", args=[segment.pk]))
    lines = b"".join(response.streaming_content).decode().splitlines()
    assert lines[1:] == [f"{olha.pk},,'=Olha(),,olha@example.com,"]
    assert list(AuditEntry.objects.values_list("action", "count")) == [("segment.exported", 1)]


def test_a_segment_is_refreshed_and_deleted_by_its_buttons(admin, segment):
    Segment.objects.update(due_at=timezone.now() + timedelta(days=1))
    assert admin.post(reverse("admin:insights_segment_refresh", args=[segment.pk])).status_code == 302
    assert Segment.objects.get().due_at <= timezone.now()
    delete = reverse("admin:insights_segment_delete", args=[segment.pk])
    assert "Delete Waiting?" in words_of(admin.get(delete))
    assert Segment.objects.count() == 1
    assert admin.post(delete).status_code == 302
    assert Segment.objects.count() == 0


def test_a_segment_whose_group_is_gone_says_so_and_can_be_repaired(admin, segment):
    group = Group.objects.create(name="VIP")
    segment.conditions = {"contact": {"group": "VIP"}}
    segment.save()
    group.delete()
    refreshing.refresh(segment.pk)
    page = words_of(admin.get(reverse("admin:insights_segment_change", args=[segment.pk])))
    assert "the name of a group that there is" in page
    assert admin.get(f"/admin/insights/segment/{segment.pk}/edit/").status_code == 200


def test_who_may_only_read_segments_changes_none(staff, segment):
    client = staff("insights.view_segment")
    page = words_of(client.get(reverse("admin:insights_segment_change", args=[segment.pk])))
    assert "olha@example.com" not in page
    assert "Delete" not in page
    for address in (ADD, COUNT, f"/admin/insights/segment/{segment.pk}/edit/"):
        assert client.post(address).status_code == 403
