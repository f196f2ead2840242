"""Segments as they are kept: refreshed set-based, without anybody who was deleted or erased, and explained."""

import threading
from datetime import timedelta
from decimal import Decimal

import psycopg
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from account.current import forget_account
from account.models import AuditEntry
from contacts.deletion import delete_contacts, restore_contacts
from contacts.erasure import request_erasure
from contacts.models import Contact
from events.event_types import forget_event_types
from events.models import Event
from insights.segments import bounded, people, refreshing
from insights.segments.bounded import TookTooLongError
from insights.segments.loading import load_segment
from insights.segments.members import export_rows
from insights.segments.models import Schedule, Segment, SegmentMember, SegmentSize
from insights.segments.people import find_now
from insights.segments.reasons import explain
from insights.segments.saving import SegmentError, delete_segment, save_segment
from tests.events.building import ITEM, created, drain, post
from tests.factories import make_contact, make_order
from tests.insights.slow_counting import count_slowly

pytestmark = pytest.mark.django_db
BOUGHT = {"orders": {"item": "200600", "lastDays": 7, "status": ["INITIALIZED", "IN_PROGRESS"]}}


@pytest.fixture(autouse=True)
def _empty_caches():
    for forget in (forget_account, forget_event_types):
        forget()
    yield
    forget_account()


def make_segment(conditions=BOUGHT, name="Waiting for it", **columns) -> Segment:
    return Segment.objects.create(name=name, conditions=conditions, created_by="user olha", **columns)


def ordered(contact, external_order_id, **columns):
    values = {"date": timezone.now() - timedelta(days=2), "items": [{}], **columns}
    return make_order(external_order_id, contact=contact, **values)


def members(segment) -> list[int]:
    found = SegmentMember.objects.filter(segment=segment).order_by("contact_id")
    return list(found.values_list("contact_id", flat=True))


@pytest.fixture
def buyers():
    """Two who wait for the item, one who has it, one who bought another one."""
    waiting, also, has_it, other = (make_contact(external_customer_id=f"C{number}") for number in range(4))
    ordered(waiting, "1")
    ordered(also, "2", status="INITIALIZED")
    ordered(has_it, "3", status="DELIVERED")
    ordered(other, "4", items=[{"external_item_id": "300"}])
    return waiting, also, has_it, other


def test_a_refresh_stores_who_is_found_and_takes_out_who_is_not_any_more(buyers):
    segment = make_segment()
    refreshing.refresh(segment.pk)
    assert members(segment) == [buyers[0].pk, buyers[1].pk]
    segment.refresh_from_db()
    assert (segment.size, segment.refresh_problem) == (2, "")
    assert segment.due_at - segment.refreshed_at == timedelta(hours=1)
    buyers[0].orders.update(status="DELIVERED")
    ordered(buyers[3], "5")
    refreshing.refresh(segment.pk)
    assert members(segment) == [buyers[1].pk, buyers[3].pk]
    assert list(SegmentSize.objects.values_list("segment_id", "size")) == [(segment.pk, 2)]


def test_a_refresh_takes_the_same_number_of_statements_for_any_number_of_people(buyers):
    segment = make_segment()
    with CaptureQueriesContext(
        connection,
    ) as few:
        refreshing.refresh(segment.pk)
    for number in range(20):
        ordered(make_contact(), f"more {number}")
    with CaptureQueriesContext(connection) as many:
        refreshing.refresh(segment.pk)
    assert len(members(segment)) == 22
    assert len(many) <= len(few)


def test_only_segments_that_are_due_are_refreshed(buyers):
    due, later = make_segment(), make_segment(name="later", due_at=timezone.now() + timedelta(minutes=1))
    assert refreshing.refresh_due() == 1
    assert (members(due) != [], members(later)) == (True, [])
    assert refreshing.refresh_due() == 0


def test_a_segment_that_another_process_is_at_is_passed_by_and_not_asked_for_again_and_again(buyers):
    taken, free = make_segment(), make_segment(name="free")
    other = psycopg.connect(**connection.get_connection_params(), autocommit=True)
    other.execute("SELECT pg_advisory_lock(%s, %s)", [refreshing.ADVISORY_SPACE, taken.pk])
    has_ended = threading.Event()

    def end() -> None:
        has_ended.set()
        other.close()

    end_later = threading.Timer(5.0, end)
    end_later.start()
    assert refreshing.refresh_due() == 1
    assert not has_ended.is_set()
    end_later.cancel()
    other.close()
    assert (members(taken), members(free)) == ([], [buyers[0].pk, buyers[1].pk])


def test_what_a_refresh_has_found_meanwhile_stays_when_the_segment_is_saved(buyers):
    segment = make_segment()
    form = Segment.objects.get(pk=segment.pk)
    refreshing.refresh(segment.pk)
    save_segment(form, name="Still waiting", conditions=BOUGHT, schedule=Schedule.HOURLY, actor="user olha")
    segment.refresh_from_db()
    assert (segment.name, segment.size) == ("Still waiting", 2)
    assert segment.refreshed_at is not None


def test_who_is_deleted_or_erased_leaves_every_segment_at_once_and_appears_nowhere(buyers):
    segment = make_segment()
    refreshing.refresh(segment.pk)
    request_erasure(buyers[0].pk, "user olha")
    assert members(segment) == [buyers[1].pk]
    delete_contacts([buyers[1].pk], "user olha")
    assert members(segment) == []
    node = load_segment(BOUGHT)
    assert find_now(node).number == 0
    buyers[1].refresh_from_db()
    assert not explain(node, buyers[1]).is_found
    SegmentMember.objects.create(segment=segment, contact=buyers[1])  # whatever should be stored
    assert list(export_rows(segment)) == []
    restore_contacts([buyers[1].pk], "user olha")
    refreshing.refresh(segment.pk)
    assert members(segment) == [buyers[1].pk]


def test_a_segment_that_takes_too_long_keeps_its_people_and_says_so(buyers, monkeypatch):
    segment = make_segment()
    refreshing.refresh(segment.pk)
    monkeypatch.setattr(refreshing, "SETTINGS", "SET LOCAL statement_timeout = '1ms'")
    monkeypatch.setattr(refreshing, "KEEP_FOUND", "SELECT pg_sleep(10) -- {found}")
    refreshing.refresh(segment.pk)
    segment.refresh_from_db()
    assert "took longer" in segment.refresh_problem
    assert segment.due_at > timezone.now() + timedelta(minutes=59)
    assert members(segment) == [buyers[0].pk, buyers[1].pk]


def test_a_segment_whose_names_are_gone_keeps_its_people_and_says_why(buyers):
    segment = make_segment({"contact": {"group": "gone"}})
    refreshing.refresh(segment.pk)
    segment.refresh_from_db()
    assert segment.refresh_problem.startswith("/contact/group: ")
    assert segment.size is None


def test_a_count_stops_at_its_limit_and_after_its_time(buyers, monkeypatch):
    node = load_segment({"orders": {}})
    assert (find_now(node).number, find_now(node).is_more) == (4, False)
    monkeypatch.setattr(people, "MOST_COUNTED", 3)
    found = find_now(node)
    assert (found.number, found.is_more, len(found.sample)) == (3, True, 4)
    with pytest.raises(TookTooLongError), bounded.bounded(1) as cursor:
        cursor.execute("SELECT pg_sleep(10)")
    with connection.cursor() as cursor:
        cursor.execute("SHOW statement_timeout")
        assert cursor.fetchone() == ("0",)


def test_why_tells_the_orders_and_events_of_each_condition():
    contact = make_contact(external_customer_id="C1", email="olha@example.com", fields={"city": "Kyiv"})
    make_contact(external_customer_id="C2")
    for order_id, customer in (("1001", "C1"), ("1002", "C1"), ("1003", "C2")):
        created(order_id, externalCustomerId=customer, items=[ITEM], date=timezone.now().isoformat())
    for price in (5, 50):
        post("viewed", {"externalCustomerId": "C1", "price": price, "items": [{"id": "7"}]})
    drain()
    segment = {
        "all": [
            {"orders": {"item": "200600", "lastDays": 7}},
            {"orders": {"item": "other", "count": {"atMost": 0}}},
            {"events": {"type": "viewed", "lastDays": 7, "where": [{"parameter": "price", "greater": 10}]}},
            {
                "events": {
                    "type": "viewed",
                    "lastDays": 7,
                    "where": [{"parameter": "items", "member": "id", "equals": "8"}],
                }
            },
            {"contact": {"has": "email"}},
        ]
    }
    found = explain(load_segment(segment), contact)
    assert [reason.is_fulfilled for reason in found.reasons] == [True, True, True, False, True]
    assert not found.is_found
    assert [order.external_order_id for order in found.reasons[0].orders] == ["1002", "1001"]
    assert (found.reasons[0].number, found.reasons[1].number) == (2, 0)
    assert [event.pk for event in found.reasons[2].events] == [Event.objects.order_by("-id").first().pk]
    del segment["all"][3]
    assert explain(load_segment(segment), contact).is_found


@pytest.mark.parametrize("text", ["Київ", 'a "quoted" \\ text', "a/b", "42"])
def test_a_parameter_is_found_however_its_text_is_escaped(text):
    contact = make_contact(external_customer_id="C1")
    spelled = "".join(f"\\u{ord(character):04x}" for character in text)
    plain = post("viewed", {"externalCustomerId": "C1", "сторінка": [{"назва": text}]})
    Event.objects.filter(pk=plain).update(
        body='{"eventTypeKey": "viewed", "params": {"externalCustomerId": "C1",'
        f' "\\u0441торінка": {{"назва": "{spelled}"}}}}}}'
    )
    post("viewed", {"externalCustomerId": "C1", "сторінка": [{"назва": text}]})
    drain()
    test = {"parameter": "сторінка", "member": "назва", "equals": text}
    condition = {"events": {"type": "viewed", "lastDays": 1, "where": [test], "count": {"atLeast": 2}}}
    assert find_now(load_segment(condition)).sample == [contact.pk]


def test_segments_are_saved_under_names_of_their_own_and_told_in_the_audit_log():
    segment = save_segment(Segment(), name="Buyers", conditions=BOUGHT, schedule=Schedule.DAILY, actor="user olha")
    with pytest.raises(SegmentError, match="“Buyers” already"):
        save_segment(Segment(), name="Buyers", conditions=BOUGHT, schedule=Schedule.DAILY, actor="user olha")
    save_segment(segment, name="All buyers", conditions=BOUGHT, schedule=Schedule.HOURLY, actor="user petro")
    segment.refresh_from_db()
    delete_segment(segment, "user petro")
    assert Segment.objects.count() == 0
    told = list(AuditEntry.objects.order_by("id").values_list("action", "actor", "details"))
    assert told == [
        ("segment.changed", "user olha", {"before": None, "after": {"name": "Buyers", "scheduleMinutes": 1440}}),
        (
            "segment.changed",
            "user petro",
            {
                "before": {"name": "Buyers", "scheduleMinutes": 1440},
                "after": {"name": "All buyers", "scheduleMinutes": 60},
            },
        ),
        ("segment.deleted", "user petro", {"before": {"name": "All buyers", "scheduleMinutes": 60}, "after": None}),
    ]


def test_a_refresh_whose_segment_was_changed_meanwhile_stores_nothing(buyers, monkeypatch):
    segment = make_segment()
    compile_now = refreshing.compile_now

    def changed_meanwhile(node):
        Segment.objects.filter(pk=segment.pk).update(changed_at=timezone.now() + timedelta(seconds=1))
        return compile_now(node)

    monkeypatch.setattr(refreshing, "compile_now", changed_meanwhile)
    refreshing.refresh(segment.pk)
    segment.refresh_from_db()
    assert (members(segment), segment.refreshed_at) == ([], None)
    assert Decimal(segment.schedule_minutes) == 60


# --- Estimates ------------------------------------------------------------------------------------------------------


@pytest.fixture
def many():
    """3,000 people, a third of whom are called Third and five Rare."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO contacts_contact (first_name, last_name, address, fields, created_at)
            SELECT CASE WHEN n %% 3 = 0 THEN 'Third' ELSE 'Other' END, CASE WHEN n <= 5 THEN 'Rare' ELSE '' END,
                   '{}', '{}', now()
              FROM generate_series(1, 3000) AS n
            """,
            [],
        )


def named(field: str, name: str):
    return load_segment({"contact": {"field": field, "equals": name}})


def test_what_is_not_counted_in_time_is_estimated_from_some_contacts(many, monkeypatch):
    count_slowly(monkeypatch)
    found = find_now(named("firstName", "Third"))
    assert 900 <= found.number <= 1_100
    assert (found.is_more, found.is_fewer, len(found.sample)) == (False, False, people.SAMPLE)
    assert 1_500 <= found.of_asked <= people.ASKED
    called = Contact.objects.filter(pk__in=found.sample).values_list("first_name", flat=True)
    assert set(called) == {"Third"}


def test_of_hardly_anybody_an_estimate_says_little_so_they_are_counted_after_all(many, monkeypatch):
    count_slowly(monkeypatch, seconds=0.3, bound=10_000)
    found = find_now(named("lastName", "Rare"))
    assert (found.number, found.is_fewer, found.of_asked) == (5, False, 0)


def test_hardly_anybody_whom_no_count_finds_in_time_are_fewer_than_a_bound(many, monkeypatch):
    count_slowly(monkeypatch)
    found = find_now(named("lastName", "Rare"))
    assert found.is_fewer
    assert 5 < found.number < 100
    assert found.of_asked > 0


def test_an_estimate_asks_each_contact_once_and_of_few_all_of_them(buyers, monkeypatch):
    count_slowly(monkeypatch)
    monkeypatch.setattr(people, "FEWEST_FOUND", 1)
    assert find_now(load_segment(BOUGHT)) == people.Found(number=2, of_asked=4, sample=[buyers[1].pk, buyers[0].pk])
