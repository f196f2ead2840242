"""From an event that found nobody to the rule that finds the next one: the page that support works from."""

import pytest

from contacts.matching import load_rules
from tests.console.reading import links, markup, page_text, table_rows
from tests.console.test_matching_rules import BY_CLIENT_MAIL, LIST, REPLAY, rules_form, tiles
from tests.events.building import created, drain, outcome_of
from tests.factories import make_contact

PAGE = "/admin/unmatched/"
MAY_READ = ("events.view_event", "contacts.view_matchingrule")
HOSTILE = "</td><script>alert(1)</script>{{ 7|add:7 }}"


@pytest.fixture
def olha(db):
    """A contact whose address stands in a parameter that no rule reads."""
    contact = make_contact(email="olha@example.com")
    event_id = created("1001", externalCustomerId=None, clientMail="olha@example.com")
    drain()
    return contact, event_id


def test_a_suggestion_says_what_it_rests_on_and_leads_to_a_rule_already_filled_in(admin, olha):
    contact, event_id = olha
    page = admin.get(PAGE)
    [row] = table_rows(page)
    assert row[:2] == ["clientMail", "names a contact by email in 1 of 1 event of shop"]
    assert row[2] == f"event {event_id} : “olha@example.com” → contact {contact.pk}"
    assert links(page, f"event {event_id}") == [f"/admin/events/event/{event_id}/change/"]
    [draft] = links(page, "Draft this rule")
    assert draft == f"{LIST}?parameter=clientMail&kind=email"
    assert tiles(admin.get(draft))["Rescued"] == "1"


def test_the_suggestion_taken_the_rule_finds_the_next_event(admin, olha):
    assert admin.post(LIST, rules_form(BY_CLIENT_MAIL)).status_code == 302
    assert load_rules().general[-1].parameter == "clientMail"
    assert "Suggested rules" not in page_text(admin.get(PAGE))


def test_a_value_to_mend_is_told_apart_and_drafts_no_rule(admin):
    make_contact(email="olha@example.com")
    created("1001", externalCustomerId=None, email="mailto:olha@example.com")
    drain()
    page = admin.get(PAGE)
    words = page_text(page)
    assert "Values to mend where they are sent from" in words
    assert "names a contact by email in 1 of 1 event of shop , once it is cleaned" in words
    assert links(page, "Draft this rule") == []


def test_each_cause_leads_to_exactly_its_events(admin):
    lone = created("1001", externalCustomerId="C9")
    several = [created("1002", externalCustomerId=None), created("1003", externalCustomerId=None)]
    created("1004", externalCustomerId=None, zone="north")  # other parameters: another cause
    drain()
    page = admin.get(PAGE)
    assert [row[:4] for row in table_rows(page)] == [
        ["2", "contact_identifier_missing", "orderCreated", "shop"],
        ["1", "contact_identifier_missing", "orderCreated", "shop"],
        ["1", "contact_not_found", "orderCreated", "shop"],
    ]
    [address] = links(page, "2")
    of_group = admin.get(address)
    assert [row[0] for row in table_rows(of_group)] == [str(event_id) for event_id in reversed(several)]
    assert "None of the parameters that the matching rules read" in page_text(of_group)
    assert [row[0] for row in table_rows(admin.get(links(page, "1")[1]))] == [str(lone)]
    assert "import the contacts, then replay" in page_text(page)


@pytest.mark.parametrize("key", ["", "gone", "%00", "x" * 5_000])
def test_a_cause_that_is_no_more_says_so(key, admin):
    assert "There are no such events any more" in page_text(admin.get(f"{PAGE}?group={key}"))


def test_what_finds_its_contact_by_now_is_replayed_from_the_page(admin):
    event_id = created("1001")
    drain()
    assert "Replay those that find their contact by now" in page_text(admin.get(PAGE))
    assert "nothing was replayed" in admin.post(REPLAY, follow=True).content.decode()
    make_contact(external_customer_id="C1")
    admin.post(REPLAY)
    drain()
    assert outcome_of(event_id).status == "applied"


def test_where_every_event_found_its_contact_the_page_says_so(admin):
    assert "Every event found its contact" in page_text(admin.get(PAGE))


def test_who_may_not_add_rules_or_see_contacts_is_led_to_neither(staff, olha):
    page = staff(*MAY_READ).get(PAGE)
    assert "clientMail" in page_text(page)
    assert REPLAY not in markup(page)
    assert links(page, "Draft this rule") == []
    assert "contact " + str(olha[0].pk) not in page_text(page)


@pytest.mark.parametrize("permission", MAY_READ)
def test_the_page_takes_both_permissions(permission, staff):
    assert staff(permission).get(PAGE).status_code == 403


def test_hostile_values_are_text(admin):
    make_contact(external_customer_id=HOSTILE)
    created("1001", externalCustomerId=None, **{HOSTILE[:200]: HOSTILE})
    drain()
    words = markup(admin.get(PAGE))
    assert "<script>alert" not in words
    assert "{{ 7|add:7 }}" in words


def test_any_number_of_causes_takes_the_same_number_of_queries(admin, django_assert_max_num_queries):
    for number in range(20):
        created(f"10{number}", externalCustomerId=None, **{f"mail{number}": "x@example.com"})
    make_contact(email="x@example.com")
    drain()
    with django_assert_max_num_queries(12):
        admin.get(PAGE)
