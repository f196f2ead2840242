"""Replays in the console: found from the events, counted before they start, watched and cancelled."""

from datetime import UTC, datetime

import pytest
from django.urls import reverse

from account.current import current_account, forget_account
from account.models import AuditEntry
from events.models import Attempt, Event, Replay, Waiting
from events.replay_jobs import advance_replays, start_replay
from tests.console.reading import first_cells, links, markup, page_text, table_rows
from tests.events.building import created, drain, make_source, post
from tests.factories import make_contact

EVENTS = "/admin/events/event/"
LIST = "/admin/events/replay/"
START = "/admin/events/replay/start/"
REPLAY_THESE = "Replay what was ignored or failed of these…"
HOSTILE = "</pre><script>alert(1)</script>{{ 7|add:7 }}"


def page_of(client, replay_id: int):
    return client.get(reverse("admin:events_replay_change", args=[replay_id]))


def ignored(*order_ids: str) -> list[int]:
    """Events of nobody."""
    ids = [created(order_id, externalCustomerId="nobody") for order_id in order_ids]
    drain()
    return ids


def test_the_list_of_events_leads_to_a_replay_of_what_it_shows(admin):
    ids = ignored("1001", "1002")
    query = {"reason": "contact_not_found", "type": "orderCreated", "source": make_source().pk, "received_from": ""}
    [url] = links(admin.get(EVENTS, query), REPLAY_THESE)
    assert url == f"{START}?reason=contact_not_found&eventTypeKey=orderCreated&source=shop"
    page = admin.get(url)
    assert "2 events to replay" in page_text(page)
    assert Waiting.objects.count() == 0
    answer = admin.post(START, {"reason": "contact_not_found", "eventTypeKey": "orderCreated", "source": "shop"})
    replay = Replay.objects.get()
    assert answer["Location"] == reverse("admin:events_replay_change", args=[replay.pk])
    assert (replay.started_by, replay.replayed) == ("user admin", 2)
    assert sorted(Waiting.objects.values_list("event_id", flat=True)) == ids
    assert AuditEntry.objects.get().actor == "user admin"


def test_the_plan_tells_how_many_of_which_types_and_how_old_and_each_number_leads_to_its_rows(admin):
    first, second = ignored("1001", "1002")
    post("orderDelivered", {"externalOrderId": "nowhere"})
    drain()
    Event.objects.filter(pk=first).update(received_at=datetime(2026, 3, 29, 0, 30, tzinfo=UTC))
    created("1003", externalCustomerId="nobody")  # waits: no replay is about it
    page = admin.get(START, {"outcome": "ignored"})
    words = page_text(page)
    assert "3 events to replay" in words
    assert "The oldest was received 29 Mar 2026, 02:30" in words  # in the account's zone
    assert table_rows(page) == [["orderCreated", "contact_not_found", "2"], ["orderDelivered", "order_not_found", "1"]]
    [address] = links(page, "2")
    assert first_cells(admin.get(address)) == [str(second), str(first)]


def test_a_plan_of_very_many_counts_the_oldest_and_says_so(admin, monkeypatch):
    ignored("1001", "1002", "1003")
    for place in ("events.replay_plan", "events.admin.replay_start"):
        monkeypatch.setattr(f"{place}.MOST_COUNTED", 2)
    page = admin.get(START, {"outcome": "ignored"})
    assert "More than 2 events to replay" in page_text(page)
    assert table_rows(page) == [["orderCreated", "contact_not_found", "2"]]


def test_the_plan_takes_the_same_few_queries_however_many_events_there_are(staff, django_assert_num_queries):
    member = staff("events.add_replay")
    for number in range(12):
        post("orderDelivered", {"externalOrderId": f"nowhere{number}"})
    ignored(*map(str, range(12)))
    # The session, its user and permissions; ids, counts, and the ends.
    with django_assert_num_queries(7):
        assert "24 events to replay" in page_text(member.get(START, {"outcome": "ignored"}))


def test_what_a_search_found_can_be_replayed_and_nothing_else(admin):
    first, other = ignored("1001", "1002")
    [url] = links(admin.get(EVENTS, {"q": "1001", "outcome": "ignored"}), REPLAY_THESE)
    assert url == f"{START}?outcome=ignored&q=1001"
    assert "1 event to replay" in page_text(admin.get(url))
    assert links(admin.get(url), "1") == [f"{EVENTS}?outcome=ignored&q=1001&type=orderCreated&reason=contact_not_found"]
    admin.post(START, {"outcome": "ignored", "q": "1001"})
    replay = Replay.objects.get()
    assert list(Attempt.objects.values_list("event_id", "replay_id")) == [(first, replay.pk)]
    assert "those that were chosen when it was started" in page_text(page_of(admin, replay.pk))
    assert Waiting.objects.filter(event_id=other).count() == 0


def test_a_search_of_many_is_replayed_the_oldest_first_and_says_so(admin, monkeypatch):
    first, *_ = ignored("1001", "1002", "1003")
    for place in ("replay_links", "replay_start"):
        monkeypatch.setattr(f"events.admin.{place}.MOST_CHOSEN", 1)
    replay_id = start_replay({"outcome": "ignored"}, "user anna")
    drain()
    assert "1 events at a time" in page_text(admin.get(START, {"replay": str(replay_id)}))
    admin.post(START, {"replay": str(replay_id)})
    assert list(Waiting.objects.values_list("event_id", flat=True)) == [first]


def test_every_result_leads_to_exactly_the_events_of_this_replay(admin):
    make_contact(external_customer_id="C1")
    before = created("1000", totalCost="much")
    drain()
    ids = ignored("1001", "1002", "1003")
    post_id = post("orderUpdated", {"externalCustomerId": "C1", "externalOrderId": "1004"})
    drain()
    make_contact(external_customer_id="nobody")
    replay_id = start_replay({"reason": "contact_not_found"}, "user anna")
    drain()
    advance_replays()
    page = page_of(admin, replay_id)
    [address] = links(page, "3")
    assert address == f"{EVENTS}?outcome=applied&replay={replay_id}"
    assert first_cells(admin.get(address)) == [str(event_id) for event_id in reversed(ids)]
    assert first_cells(admin.get(EVENTS, {"outcome": "ignored", "replay": str(replay_id)})) == []
    assert {str(before), str(post_id)}.isdisjoint(first_cells(admin.get(EVENTS, {"replay": str(replay_id)})))
    walked = []
    address = f"{EVENTS}?replay={replay_id}&limit=2"
    for _ in range(2):
        answer = admin.get(address)
        walked += first_cells(answer)
        address = next(iter(links(answer, "Next")), "")
    assert walked == [str(event_id) for event_id in reversed(ids)]
    assert address == ""
    assert first_cells(admin.get(EVENTS, {"replay": "x"})) == []


@pytest.mark.parametrize(
    "query",
    [
        {},
        {"outcome": "applied"},
        {"outcome": "waiting", "q": "1001"},
        {"source": "x"},
        {"source": "9" * 30},
        {"decided_by": "3"},
    ],
)
def test_a_list_that_no_replay_can_be_about_leads_to_none(query, admin):
    assert links(admin.get(EVENTS, query), REPLAY_THESE) == []


def test_every_filter_of_the_list_has_its_name_in_the_replay(admin):
    query = {
        "outcome": "ignored",
        "warning": "total_mismatch",
        "contact": "5",
        "received_from": "2026-05-01",
        "received_to": "2026-05-02",
    }
    [url] = links(admin.get(EVENTS, query), REPLAY_THESE)
    assert (
        url
        == f"{START}?outcome=ignored&warning=total_mismatch&contactId=5&receivedFrom=2026-05-01&receivedTo=2026-05-02"
    )
    words = page_text(admin.get(url))
    assert "0 events to replay" in words
    assert "There is nothing to replay" in words
    assert "Replay them" not in words


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ({}, "There is no filter"),
        ({"reason": "no"}, "reason cannot be read"),
        ({"colour": "red"}, "There is no parameter “colour”"),
        ({"contactId": "x"}, "contactId cannot be read"),
        ({"q": "a\0b"}, "q cannot be read"),
        ({"q": "x" * 300}, "q cannot be read"),
        ({"replay": "9" * 30}, "replay cannot be read"),
    ],
)
def test_a_replay_of_what_cannot_be_read_is_refused_in_words(query, words, admin):
    ignored("1001")
    for answer in (admin.get(START, query), admin.post(START, query)):
        assert (answer.status_code, answer["Location"]) == (302, EVENTS)
    assert not Replay.objects.exists()
    assert words in markup(admin.get(EVENTS))


def test_the_page_tells_how_far_it_is_and_looks_again_until_it_has_ended(admin):
    make_contact(external_customer_id="C1")
    ignored("1001")
    post("orderUpdated", {"externalCustomerId": "C1", "externalOrderId": "1002"})
    drain()
    make_contact(external_customer_id="nobody")
    replay_id = start_replay({"outcome": "ignored"}, "user anna")
    page = page_of(admin, replay_id)
    assert "2 of 2 events handed over, 2 of them wait. 0 applied, 0 ignored, 0 failed." in page_text(page)
    assert "data-refresh" in markup(page)
    drain()
    advance_replays()
    page = page_of(admin, replay_id)
    assert "Replay" in page_text(page)
    assert "finished" in page_text(page)
    assert "0 of them wait. 1 applied, 1 ignored, 0 failed." in page_text(page)
    assert [(row[0], row[2]) for row in table_rows(page)] == [
        ("waiting", "0"),
        ("applied", "1"),
        ("ignored", "1"),
        ("failed", "0"),
        ("missing_parameter", "1"),
    ]
    [address] = links(page, "missing_parameter")
    assert address == f"{EVENTS}?reason=missing_parameter&replay={replay_id}"
    assert "data-refresh" not in markup(page)
    assert "Cancel it" not in markup(page)


def test_a_replay_is_cancelled_by_its_button(admin):
    ignored("1001")
    replay_id = start_replay({"outcome": "ignored"}, "user anna")
    assert "Cancel it" in markup(page_of(admin, replay_id))
    address = reverse("admin:events_replay_cancel", args=[replay_id])
    assert admin.get(address).status_code == 405
    answer = admin.post(address, follow=True)
    assert "No more of its events are handed over." in markup(answer)
    assert Replay.objects.get().cancelled_by == "user admin"
    assert "Cancel it" not in markup(page_of(admin, replay_id))
    assert admin.post(reverse("admin:events_replay_cancel", args=[999_999]))["Location"] == LIST


def test_the_list_takes_the_same_few_queries_however_many_replays_there_are(admin, staff, django_assert_num_queries):
    member = staff("events.view_replay")
    for number in range(12):
        ignored(str(number))
        start_replay({"externalOrderId": str(number)}, "user anna")
        drain()
        advance_replays()
    forget_account()
    current_account()  # read again after a second, so read it now
    with django_assert_num_queries(5):  # the session, its user and permissions, the replays; none is under way
        rows = table_rows(member.get(LIST, {"status": "finished"}))
    assert len(rows) == 12
    assert rows[0][1:8] == ["finished", "Order: 11", "1", "1", "0", "1", "0"]
    assert "No row matches" in page_text(admin.get(LIST, {"status": "running"}))


def test_one_event_is_replayed_by_its_button_once(admin):
    [event_id] = ignored("1001")
    page = admin.get(reverse("admin:events_event_change", args=[event_id]))
    assert "Replay it" in markup(page)
    address = reverse("admin:events_event_replay", args=[event_id])
    assert "The event waits to be processed once more." in markup(admin.post(address, follow=True))
    assert "Nothing was done" in markup(admin.post(address, follow=True))
    assert "Replay it" not in markup(admin.get(reverse("admin:events_event_change", args=[event_id])))
    assert Attempt.objects.count() == 1
    assert admin.get(address).status_code == 405


def test_an_event_that_a_replay_handed_over_leads_to_it(admin):
    [event_id] = ignored("1001")
    replay_id = start_replay({"outcome": "ignored"}, "user anna")
    page = admin.get(reverse("admin:events_event_change", args=[event_id]))
    assert links(page, f"replay {replay_id}") == [reverse("admin:events_replay_change", args=[replay_id])]


def test_staff_see_only_the_buttons_that_they_may_press(staff):
    [event_id] = ignored("1001")
    replay_id = start_replay({"externalOrderId": "nowhere", "outcome": "ignored"}, "user anna")
    Replay.objects.filter(pk=replay_id).update(ended_at=None)
    member = staff("events.view_event", "events.view_replay")
    assert "Cancel it" not in markup(page_of(member, replay_id))
    assert links(member.get(EVENTS, {"outcome": "ignored"}), REPLAY_THESE) == []
    assert "Replay it" not in markup(member.get(reverse("admin:events_event_change", args=[event_id])))
    for address in (
        START,
        reverse("admin:events_replay_cancel", args=[replay_id]),
        reverse("admin:events_event_replay", args=[event_id]),
    ):
        assert member.post(address, {"outcome": "ignored"}).status_code == 403
    assert not Attempt.objects.exists()


def test_whatever_a_filter_holds_is_shown_and_does_nothing(admin):
    replay_id = start_replay({"keyValue": HOSTILE, "source": HOSTILE}, "user anna")
    for page in (page_of(admin, replay_id), admin.get(LIST), admin.get(START, {"source": HOSTILE})):
        assert "<script>alert(1)" not in markup(page)
        assert "7|add:7" in markup(page)
