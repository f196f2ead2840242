"""Events in the console: the list that support works from, and the page that says what became of one and why."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from contacts.models import MatchingRule
from contract.reasons import SENTENCES, Reason
from events import processing
from events.inbox import store_many
from events.models import Event, EventType, Outcome, SourceKind, Waiting
from events.replay import replay_events
from orders.models import Order
from tests.console.reading import first_cells, links, markup, page_text, table_rows
from tests.events.building import ITEM, created, drain, make_source, new_event, post
from tests.factories import make_contact, make_rule

ADDRESS = "/admin/events/event/"
HOSTILE = "</pre><script>alert(1)</script>{{ 7|add:7 }}"


@pytest.fixture
def contact():
    return make_contact(external_customer_id="C1", first_name="Olha", last_name="Koval", email="olha@example.com")


def found(admin, **query) -> list[int]:
    return [int(cell) for cell in first_cells(admin.get(ADDRESS, query))]


def page_of(admin, event_id: int):
    return admin.get(reverse("admin:events_event_change", args=[event_id]))


def make_failed(monkeypatch) -> int:
    """An event that could not be processed."""
    event_id = post("orderDelivered", {"externalOrderId": "broken"})
    with monkeypatch.context() as patch:
        patch.setattr(processing, "apply_events", lambda events, basis: 1 // 0)
        drain()
    assert Outcome.objects.get(event_id=event_id).status == "failed"
    return event_id


# --- The list -----------------------------------------------------------------------------------------------------


def test_a_row_tells_what_came_from_where_and_what_became_of_it(admin, contact):
    applied = created("1001")
    ignored = created("1001")
    drain()
    waiting = post("productViewed", {"email": "olha@example.com"}, make_source("app", SourceKind.MOBILE_SDK))
    rows = table_rows(admin.get(ADDRESS))
    assert [row[:6] for row in rows] == [
        [str(waiting), "productViewed", "waiting", "olha@example.com", "", "app"],
        [str(ignored), "orderCreated", "ignored order_exists", "1001", "Olha Koval", "shop"],
        [str(applied), "orderCreated", "applied", "1001", "Olha Koval", "shop"],
    ]


def test_filters_find_events_by_outcome_reason_type_source_and_day(admin, contact, monkeypatch):
    failed = make_failed(monkeypatch)
    applied, ignored = created("1001"), created("1001")
    from_app = post("orderDelivered", {"externalOrderId": "nowhere"}, make_source("app"))
    drain()
    waiting = post("productViewed", {"email": "olha@example.com"})
    assert found(admin, outcome="waiting") == [waiting]
    assert found(admin, outcome="applied") == [applied]
    assert found(admin, outcome="ignored") == [from_app, ignored]
    assert found(admin, outcome="failed") == [failed]
    assert found(admin, reason="order_exists") == [ignored]
    assert found(admin, type="orderDelivered") == [from_app, failed]
    assert found(admin, type="orderdelivered") == []
    assert found(admin, source=make_source("app").pk) == [from_app]
    assert found(admin, outcome="ignored", source=make_source("shop").pk) == [ignored]
    odd = created("1002", date="2999-01-01T00:00:00")
    drain()
    assert found(admin, warning="date_in_future") == [odd]
    assert found(admin, warning="total_mismatch") == []
    Event.objects.filter(pk=odd).delete()
    Event.objects.filter(pk=failed).update(received_at=timezone.now() - timedelta(days=3))
    today, yesterday = timezone.localdate(), timezone.localdate() - timedelta(days=1)
    assert found(admin, received_from=today) == [waiting, from_app, ignored, applied]
    assert found(admin, received_to=yesterday) == [failed]


def test_the_search_box_finds_events_by_id_order_and_person(admin, contact):
    first = created("1001")
    second = post("productViewed", {"Email": "olha@example.com"})
    other = created("1002", externalCustomerId="C9")
    drain()
    assert found(admin, q=str(first)) == [first]
    assert found(admin, q="1002") == [other]
    assert found(admin, q="OLHA@example.com") == [second, first]
    assert found(admin, q="C1") == [second, first]
    for text in ("nothing", "9" * 30, "9" * 255, "٣", "-1"):
        assert found(admin, q=text) == [], text


@pytest.mark.parametrize("count", [1, 30])
def test_the_list_takes_the_same_few_queries_however_long_it_is(count, staff, contact, django_assert_num_queries):
    member = staff("events.view_event")
    for number in range(count):
        created(str(number))
    drain()
    # The session, its user and permissions, the events with all that a row tells, what the form offers: types, sources.
    with django_assert_num_queries(7):
        assert len(found(member)) == count


@pytest.mark.parametrize("contact_id", ["9" * 30, "٣", "abc", "-1"])
def test_an_address_with_a_contact_that_is_none_finds_nothing(contact_id, admin):
    created("1001")
    drain()
    assert found(admin, contact=contact_id) == []
    assert first_cells(admin.get("/admin/orders/order/", {"contact": contact_id})) == []


def test_a_body_of_a_megabyte_is_not_read_for_the_list(admin, django_assert_num_queries):
    post("productViewed", {"email": "a@b.c", "text": "x" * 900_000})
    assert "x" * 100 not in markup(admin.get(ADDRESS))


def test_an_empty_list_tells_how_the_first_event_comes(admin):
    response = admin.get(ADDRESS)
    assert "post an event with the curl line" in page_text(response)
    assert links(response, "Sources") == ["/admin/events/source/"]


# --- The page ------------------------------------------------------------------------------------------------------


def test_the_page_of_an_applied_event_leads_to_its_order_and_contact(admin, contact):
    event_id = created("1001")
    drain()
    response = page_of(admin, event_id)
    order = Order.objects.get()
    assert "orderCreated applied" in page_text(response)
    assert links(response, "1001") == [reverse("admin:orders_order_change", args=[order.pk])]
    assert set(links(response, "Olha Koval")) == {reverse("admin:contacts_contact_change", args=[contact.pk])}


def test_what_came_is_shown_with_its_own_digits_order_and_repeated_names(admin):
    body = '{"params":[{"name":"b","value":1.50},{"name":"b","value":1e2}],"eventTypeKey":"x","keyValue":"k"}'
    [event_id] = store_many([new_event(body)])
    words = page_text(page_of(admin, event_id))
    assert '{ "params": [ { "name": "b", "value": 1.50 }, { "name": "b", "value": 1e2 } ], "eventTypeKey": "x"' in words


def test_every_problem_stands_with_its_place_what_was_found_and_what_is_expected(admin, contact):
    event_id = created("1001", totalCost="much", status="NEARLY", date=None)
    drain()
    response = page_of(admin, event_id)
    assert SENTENCES[Reason.MISSING_PARAMETER] in page_text(response)
    problems = {row[0]: row[1:] for row in table_rows(response)}
    assert set(problems) == {"/params", "/params/2/value", "/params/3/value"}
    assert problems["/params/2/value"][1] == '"much"'
    assert "number" in problems["/params/2/value"][2]


def test_the_trace_tells_each_rule_what_it_found_and_who_decided(admin, contact):
    other = make_contact(phone="+380501234567", first_name="Petro")
    event_id = created("1001", Email="olha@example.com", SMS="050 123 45 67", Phone="0671112233")
    drain()
    response = page_of(admin, event_id)
    assert table_rows(response) == [
        ["Not in the event: ContactId, Contact_id"],
        ["3", "externalCustomerId", "externalCustomerId", "C1", "Olha Koval decided"],
        ["4", "Email", "email", "olha@example.com", "Olha Koval"],
        ["8", "Phone", "phone", "0671112233", "nobody"],
        ["9", "SMS", "phone", "050 123 45 67", "Petro another contact"],
    ]
    rule = MatchingRule.objects.get(parameter="SMS")
    assert links(response, "9") == [reverse("admin:contacts_matchingrule_change", args=[rule.pk])]
    assert links(response, "Petro") == [reverse("admin:contacts_contact_change", args=[other.pk])]
    assert "identifier_conflict" in page_text(response)


def test_an_event_that_found_nobody_shows_every_rule_it_was_looked_for_by(admin):
    event_id = created("1001", email="nobody@example.com")
    drain()
    rows = table_rows(page_of(admin, event_id), 1)  # below the problems
    assert rows[0] == ["Not in the event: ContactId, Contact_id"]
    assert rows[1] == ["3", "externalCustomerId", "externalCustomerId", "C1", "nobody"]
    assert rows[2] == ["4", "Email", "email", "nobody@example.com", "nobody"]
    assert rows[3][0].startswith("Not in the event: EmailAddress, UserEmail")


def test_a_waiting_event_says_that_it_waits(admin):
    event_id = created("1001")
    assert Waiting.objects.count() == 1
    words = page_text(page_of(admin, event_id))
    assert "orderCreated waiting" in words
    assert "Not decided yet" in words


def test_a_failed_event_shows_its_traceback(admin, monkeypatch):
    words = page_text(page_of(admin, make_failed(monkeypatch)))
    assert SENTENCES[Reason.INTERNAL_ERROR] in words
    assert "ZeroDivisionError" in words


def test_earlier_attempts_stay_to_be_seen_after_a_replay(admin, contact):
    event_id = created("1001", externalCustomerId="C9")
    drain()
    make_contact(external_customer_id="C9")
    replay_events([event_id])
    drain()
    words = page_text(page_of(admin, event_id))
    assert "orderCreated applied" in words
    assert "Earlier attempts ignored contact_not_found" in words
    assert "Attempt 2" in words


def test_a_rule_of_the_events_own_type_is_told_apart_from_the_list(admin, contact):
    rule = make_rule("buyer", "email", event_type_key="orderCreated")
    event_id = created("1001", buyer="olha@example.com")
    drain()
    response = page_of(admin, event_id)
    assert table_rows(response)[0] == ["its type's own", "buyer", "email", "olha@example.com", "Olha Koval decided"]
    assert links(response, "its type's own") == [reverse("admin:contacts_matchingrule_change", args=[rule.pk])]


def test_a_problem_leads_to_its_place_in_what_came_and_the_place_leads_back(admin, contact):
    event_id = created("1001", totalCost="much", status="NEARLY")
    drain()
    response = page_of(admin, event_id)
    assert links(response, "/params/2/value") == ["#place-1"]
    assert links(response, '"value": "much"') == ["#problem-1"]
    assert links(response, '"value": "NEARLY"') == ["#problem-2"]
    for anchor in ("place-1", "problem-1", "place-2", "problem-2"):
        assert markup(response).count(f'id="{anchor}"') == 1


def test_what_came_can_be_saved_byte_for_byte_and_no_browser_shows_it(admin):
    body = ' {"eventTypeKey":"x", "keyValue":"<script>","params":[{"name":"b","value":1.50}]}'
    [event_id] = store_many([new_event(body)])
    answer = admin.get(reverse("admin:events_event_sent", args=[event_id]))
    assert answer.content.decode() == body
    assert answer["Content-Type"] == "application/json"
    assert answer["Content-Disposition"] == f'attachment; filename="event-{event_id}.json"'
    assert admin.get(reverse("admin:events_event_sent", args=[999_999_999])).status_code == 404


def test_the_curl_line_names_this_installations_door_and_no_key(admin):
    event_id = post("it's", {"email": "a@b.c"})
    words = page_text(page_of(admin, event_id))
    assert "curl -X POST http://testserver/api/v1/event" in words
    assert 'Authorization: Bearer YOUR_API_KEY"' in words
    assert """it'"'"'s""" in words
    [deletion] = store_many([new_event('{"eventTypeKey":"orderDELETED","params":{"externalOrderId":"1"}}')])
    assert "YOUR_API_KEY" not in markup(page_of(admin, deletion))


def test_variables_stand_on_the_page_the_first_of_many(admin, contact):
    event_id = post("x", {"email": "olha@example.com", "numbers": list(range(500))})
    drain()
    words = page_text(page_of(admin, event_id))
    assert "${email} olha@example.com" in words
    assert "${numbers[3]} 3" in words
    assert "more" in words
    assert "${numbers[499]}" not in words


# --- Validate again -----------------------------------------------------------------------------------------------


def validated(admin, event_id: int):
    return admin.get(reverse("admin:events_event_validate", args=[event_id]))


def test_an_event_validated_again_shows_what_the_rules_of_today_would_change(admin, contact):
    event_id = created("1001", externalCustomerId=None, clientMail="olha@example.com")
    drain()
    response = validated(admin, event_id)
    assert "It would be decided the same way now" in page_text(response)
    make_rule("clientMail", "email")
    response = validated(admin, event_id)
    assert "It would be decided otherwise now applied It would be applied to the order." in page_text(response)
    assert table_rows(response) == [
        ["Outcome", "ignored", "applied", "changed"],
        ["Reason", "contact_identifier_missing", "none", "changed"],
        ["Contact", "nobody", "Olha Koval", "changed"],
        ["Warnings", "none", "none", ""],
        ["Problems", "1", "0", "changed"],
    ]
    order = {row[0]: row[1:] for row in table_rows(response, 1)}
    assert order["totalCost"] == ["", "19.90"]
    assert "items" not in order
    assert "Replay it" in markup(response)
    assert not Order.objects.exists()
    assert Outcome.objects.get().reason == "contact_identifier_missing"


def test_an_event_that_is_applied_or_waits_can_be_validated_too(admin, contact):
    applied = created("1001")
    drain()
    waiting = created("1002")
    assert "order_exists" in page_text(validated(admin, applied))
    assert "Outcome waiting applied changed" in page_text(validated(admin, waiting))
    assert "Replay it" not in markup(validated(admin, applied))
    assert validated(admin, 999_999_999).status_code == 404


def test_validating_again_takes_a_fixed_number_of_queries(staff, contact, django_assert_num_queries):
    member = staff("events.view_event", "contacts.view_matchingrule")
    event_id = created("1001", Email="olha@example.com", Phone="1")
    drain()
    # The session, its user and permissions, the event, its fate and basis; account, rules, identifiers, order, items;
    # contacts of both, contacts of the trace, the rules' forms, account and rules once more to name them.
    with django_assert_num_queries(17):
        validated(member, event_id)


# --- A message ----------------------------------------------------------------------------------------------------


def message(admin, event_id: int, template: str):
    return admin.post(reverse("admin:events_event_message", args=[event_id]), {"template": template})


def test_a_message_has_the_events_values_and_marks_the_names_that_are_not_there(admin, contact):
    event_id = created("1001", items=[ITEM])
    drain()
    response = message(admin, event_id, "Order ${eventKey}: ${items[0].name}, ${nmae} & ${nmae}")
    words = page_text(response)
    assert "Order 1001: Super Device, ${nmae} & ${nmae}" in words
    assert "stay in the text as they were written: ${nmae}" in words
    assert markup(response).count('<mark class="ol-place">${nmae}</mark>') == 2
    assert "Preview" in page_text(admin.get(reverse("admin:events_event_message", args=[event_id])))


def test_what_a_message_and_its_values_hold_does_nothing(admin):
    event_id = post("x", {"email": "a@b.c", "text": HOSTILE, "more": "${text}", "long": "x" * 100_000})
    response = message(admin, event_id, f"{HOSTILE} ${{text}} ${{more}} ${{{HOSTILE}}} ${{long}}")
    assert "<script>alert(1)" not in markup(response)
    assert "7|add:7" in markup(response)
    assert len(markup(response)) < 200_000
    assert "more characters" in page_text(response)
    assert '<mark class="ol-place">${text}' not in markup(response)  # a value is no template


@pytest.mark.parametrize("template", ["", "x" * 200_001, "a\0b"])
def test_a_template_that_cannot_be_taken_is_told_at_its_place(template, admin):
    response = message(admin, post("x", {"email": "a@b.c"}), template)
    assert "ol-error" in markup(response)


def test_a_message_that_would_fill_the_memory_is_refused_in_words(admin):
    event_id = post("x", {"email": "a@b.c", "long": "x" * 900_000})
    response = message(admin, event_id, "${long}" * 10)
    assert "the text has more than 4,000,000 characters" in page_text(response)


def test_the_pages_of_an_event_take_the_permission_to_see_events(staff):
    event_id = created("1001")
    member = staff("contacts.view_contact")
    for name in ("validate", "message", "sent"):
        address = reverse(f"admin:events_event_{name}", args=[event_id])
        assert member.get(address).status_code == 403
    assert member.post(reverse("admin:events_event_message", args=[event_id]), {"template": "x"}).status_code == 403


# --- Whatever is sent ---------------------------------------------------------------------------------------------

ODD = "\u202egnp.exe\u2066 \u2028 \\u0000 =cmd|' /C calc'!A0 ${eventKey} {% load x %}"


def test_what_no_eye_sees_is_shown_as_its_escape_and_what_is_long_is_cut(admin, contact):
    long = "x" * 100_000
    event_id = created("1001", totalCost=long, status=ODD, **{"a" * 255: long, "b": ODD, "Email": long})
    custom = post("x", {"email": long, "c": [ODD] * 2_000, "d": {"e" * 5_000: {"f": long}}}, keyValue=ODD)
    drain()
    for asked in (event_id, custom):
        for page in (page_of(admin, asked), validated(admin, asked), message(admin, asked, "${b} ${c}")):
            body = markup(page)
            assert len(body) < 400_000, len(body)
    shown = markup(page_of(admin, event_id)).split('class="ol-json"')[1].split("</pre>")[0]
    assert "\\u202egnp.exe\\u2066 \\u2028" in shown
    assert "\u202e" not in shown
    assert "99,002 more characters" in shown
    assert links(page_of(admin, event_id), "Save it byte for byte as it was sent")
    assert "writeText" not in markup(page_of(admin, event_id)).split("What came")[1].split("</section>")[0]


def test_whatever_was_sent_is_shown_and_does_nothing(admin, contact):
    event_id = post(HOSTILE, {HOSTILE: HOSTILE, "email": HOSTILE, "externalCustomerId": "C1"}, keyValue=HOSTILE)
    order_event = created(HOSTILE, totalCost=HOSTILE, status=HOSTILE)
    drain()
    type_id = EventType.objects.get(key=HOSTILE).pk
    pages = [
        page_of(admin, event_id),
        page_of(admin, order_event),
        admin.get(ADDRESS),
        admin.get("/admin/events/eventtype/"),
        admin.get(reverse("admin:events_eventtype_change", args=[type_id])),
        admin.get(ADDRESS, {"q": HOSTILE, "type": HOSTILE}),
    ]
    for page in pages:
        body = markup(page)
        assert "<script>alert(1)" not in body
        assert "7|add:7" in body


def test_the_page_takes_a_fixed_number_of_queries(staff, contact, django_assert_num_queries):
    member = staff("events.view_event", "contacts.view_matchingrule")
    event_id = created("1001", totalCost="much", Email="olha@example.com", Phone="1")
    drain()
    # The session, its user and permissions, the event with all beside it, its fate and that fate's basis, contacts, the
    # rules of today, earlier attempts, the contact's addresses for its variables.
    with django_assert_num_queries(11):
        page_of(member, event_id)


def test_event_types_lead_to_their_events(admin, contact):
    created("1001")
    seen = post("product viewed & liked", {"email": "a@b.c"})
    response = admin.get("/admin/events/eventtype/")
    assert first_cells(response) == ["orderCreated", "product viewed & liked"]
    assert found_at(admin, links(response, "Its events")[1]) == [str(seen)]
    key = EventType.objects.get(key="orderCreated")
    words = page_text(admin.get(reverse("admin:events_eventtype_change", args=[key.pk])))
    assert "changes orders" in words


def found_at(admin, address: str) -> list[str]:
    return first_cells(admin.get(address))
