"""Event types in the console: volume, outcomes, sources, the parameters seen, and the schema of a custom type."""

import html
import json
import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from account.current import current_account
from events import parameters_seen
from events.intake import count_marked
from events.models import EventType, ParameterSchema
from events.parameters_seen import load_sample, seen_in
from events.schemas import forget_schemas
from tests.console.reading import first_cells, links, markup, page_text, table_rows
from tests.events.building import created, drain, make_source, post
from tests.factories import make_contact

LIST = "/admin/events/eventtype/"


@pytest.fixture(autouse=True)
def _forget():
    forget_schemas()


@pytest.fixture
def viewed(db) -> EventType:
    """Three views of products by two sources, the oldest without a price."""
    make_contact(external_customer_id="C1")
    post("viewed", {"productId": "1"}, keyValue="k")
    post("viewed", {"productId": "2", "price": 5, "more": None}, keyValue="k")
    post("viewed", {"productId": "2", "price": 5.5, "more": {"a": [1]}}, source=make_source("app"), keyValue="k")
    drain()
    return EventType.objects.get(key="viewed")


def page_of(event_type: EventType) -> str:
    return reverse("admin:events_eventtype_change", args=[event_type.pk])


def schema_page_of(event_type: EventType) -> str:
    return reverse("admin:events_eventtype_schema", args=[event_type.pk])


def numbers_with_links(response) -> list[tuple[str, int]]:
    body = markup(response).split('id="content-main"', 1)[1]
    return [(html.unescape(url), int(count)) for url, count in re.findall(r'<a href="([^"]+)">(\d+)</a>', body)]


def test_the_list_tells_volume_and_outcomes_with_links_to_their_events(admin, viewed):
    created("1", externalCustomerId="nobody")
    drain()
    response = admin.get(LIST)
    cells = {row[0]: row[3:7] for row in table_rows(response)}
    assert cells == {"orderCreated": ["1", "0", "1 100.0 %", "0"], "viewed": ["3", "3 100.0 %", "0", "0"]}
    for address, count in numbers_with_links(response):
        assert len(first_cells(admin.get(address))) == count, address


def test_a_page_tells_outcomes_and_sources_with_links_to_their_events(admin, viewed):
    for _ in range(2):
        response = admin.get(page_of(viewed))
        assert table_rows(response)[0] == ["applied", "3", "3", "3"]
        assert table_rows(response, 1) == [
            ["shop", "2", "2 100.0 %", "0", "0"],
            ["app", "1", "1 100.0 %", "0", "0"],
        ]
        found = numbers_with_links(response)
        assert len(found) == 5
        for address, count in found:
            assert len(first_cells(admin.get(address))) == count, address
        count_marked()  # the same figures from the summary


def test_a_page_tells_the_parameters_seen(admin, viewed):
    rows = {row[0]: row[1:4] for row in table_rows(admin.get(page_of(viewed)), 2)}
    assert rows == {
        "productId": ["string", "100.0 %", "2 1"],
        "price": ["number integer", "66.7 %", "5.5 5"],
        "more": ["object null", "66.7 %", '{"a":[1]}'],
    }


def test_the_sample_is_bounded_and_reaches_from_the_first_to_the_last(viewed, monkeypatch):
    for name, value in (("NEWEST", 4), ("OLDEST", 2), ("BETWEEN", 2)):
        monkeypatch.setattr(parameters_seen, name, value)
    ids = [post("many", {f"p{number}": "x" * 100}, keyValue="k") for number in range(30)]
    event_type = EventType.objects.get(key="many")
    sample = load_sample(event_type.pk)
    found = [event.event_id for event in sample]
    assert [event.event_id for event in sample if event.is_new] == ids[::-1][:4]
    assert set(ids[:2]) < set(found)
    assert len(set(found)) == len(found) <= 8
    monkeypatch.setattr(parameters_seen, "MAX_BYTES", 400)
    assert [event.event_id for event in load_sample(event_type.pk)] == ids[::-1][: len(load_sample(event_type.pk))]
    assert len(load_sample(event_type.pk)) < 4
    monkeypatch.setattr(parameters_seen, "MAX_BYTES", 1)
    assert len(load_sample(event_type.pk)) == 1
    seen = seen_in(sample)
    first = next(each for each in seen.parameters if each.name == "p0")
    assert (first.first_event_id, first.present) == (ids[0], 0)


def test_pages_take_the_same_queries_whatever_the_number_of_types_and_sources(admin, viewed):
    def cost(address: str) -> int:
        current_account()
        with CaptureQueriesContext(connection) as captured:
            assert admin.get(address).status_code == 200
        return len(captured)

    before = cost(LIST), cost(page_of(viewed))
    for number in range(12):
        post("viewed", {f"p{number}": number}, source=make_source(f"shop {number}"), keyValue="k")
        post(f"other {number}", {"a": 1}, keyValue="k")
    drain()
    assert (cost(LIST), cost(page_of(viewed))) == before
    # The session and its user, the types; the last event of each; the ids of days and what became of their events.
    assert before[0] <= 7


# --- The schema ----------------------------------------------------------------------------------------------------

PRICED = '{"required": ["price"], "properties": {"price": {"type": "number"}}}'


def test_a_schema_is_tried_saved_shown_and_removed(admin, viewed):
    address = schema_page_of(viewed)
    tried = admin.post(address, {"text": PRICED, "try": "1"})
    assert "1 of 3 events that were looked at would carry a warning." in page_text(tried)
    assert not ParameterSchema.objects.exists()
    saved = admin.post(address, {"text": PRICED, "save": "1"}, follow=True)
    assert "held against it" in saved.content.decode()
    assert html.escape(PRICED) in markup(saved)
    [events] = links(saved, "Events that break it")
    post("viewed", {"productId": "3"}, keyValue="k")
    drain()
    assert len(first_cells(admin.get(events))) == 1
    assert "schema_violation" in page_text(admin.get(events))
    assert ParameterSchema.objects.get().changed_by == "user admin"
    admin.post(address, {"text": "", "save": "1"})
    assert not ParameterSchema.objects.exists()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{", "It is not JSON: Expecting property name enclosed in double quotes (line 1, column 2)."),
        ('{"properties": {"price": {"$ref": "#"}}}', "At /properties/price/$ref: “$ref” is not taken"),
        ("x" * 20_001, "at most 20000 characters"),
        ('{"a": "\x00"}', "Null characters are not allowed."),
    ],
)
def test_what_is_no_schema_is_refused_in_words_and_stays_in_the_form(text, words, admin, viewed):
    response = admin.post(schema_page_of(viewed), {"text": text, "save": "1"})
    assert words in page_text(response)
    assert not ParameterSchema.objects.exists()


def test_a_draft_begins_with_what_is_seen(admin, viewed):
    [address] = links(admin.get(page_of(viewed)), "Begin with what is seen")
    shown = re.search(r"<textarea[^>]*>(.*?)</textarea>", markup(admin.get(address)), re.DOTALL)[1]
    draft = json.loads(html.unescape(shown))
    assert draft["required"] == ["productId"]
    assert draft["properties"]["price"] == {"type": "number"}


def test_only_custom_types_have_one_and_only_some_people_change_it(admin, staff, viewed):
    created("1")
    own = EventType.objects.get(key="orderCreated")
    assert admin.get(schema_page_of(own))["Location"] == page_of(own)
    assert "checks it itself" in page_text(admin.get(page_of(own)))
    member = staff("events.view_eventtype")
    assert "Write a schema" not in page_text(member.get(page_of(viewed)))
    assert member.get(schema_page_of(viewed)).status_code == 403
    assert member.post(schema_page_of(viewed), {"text": PRICED, "save": "1"}).status_code == 403
    assert admin.put(schema_page_of(viewed)).status_code == 405
    assert not ParameterSchema.objects.exists()
