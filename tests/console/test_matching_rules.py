"""The page of the matching rules: edited as a draft, tried, previewed, saved; and the kinds that staff declare."""

import re

import pytest
from django.urls import reverse

from account.models import AuditEntry
from contacts.matching import find_contacts, load_rules
from contacts.models import IdentifierKind, MatchingRule
from contacts.rule_list import load_entries, version_of
from contacts.rule_payload import MAX_RULES
from contract.reasons import Status
from events import decided
from events.models import Replay
from events.replay_jobs import advance_replays
from tests.console.reading import links, markup, page_text, table_rows
from tests.events.building import created, drain, make_source, outcome_of, post
from tests.factories import make_contact, make_kind, make_rule

LIST = "/admin/contacts/matchingrule/"
REPLAY = "/admin/contacts/matchingrule/replay/"
KINDS = "/admin/contacts/identifierkind/"
HOSTILE = "</td><script>alert(1)</script>{{ 7|add:7 }}"
MAY_EDIT = [f"contacts.{action}_matchingrule" for action in ("view", "add", "change", "delete")]


def rules_form(*added: dict, action: str = "save", **changes) -> dict:
    """What the page's form sends when nothing was touched, with rows added and some inputs changed or left out."""
    entries = load_entries()
    form: dict = {"version": version_of(entries), "action": action}
    number = 0
    for number, entry in enumerate(entries, 1):
        form |= {f"parameter-{number}": entry.parameter, f"kind-{number}": entry.kind}
        form |= {f"type-{number}": entry.event_type_key} if entry.event_type_key else {f"position-{number}": number}
        if entry.is_enabled:
            form[f"enabled-{number}"] = "1"
    for place, row in enumerate(added, number + 1):
        form |= {f"spare-{place}": "1", f"position-{place}": place, f"enabled-{place}": "1"}
        form |= {f"{name}-{place}": value for name, value in row.items()}
    return {name: value for name, value in {**form, **changes}.items() if value is not None}


BY_CLIENT_MAIL = {"parameter": "clientMail", "kind": "email"}


def parameters() -> list[str]:
    return [rule.parameter for rule in load_rules().general]


def tiles(response) -> dict[str, str]:
    found = re.findall(r'ol-label">([^<]*)</p><p class="ol-figure[^"]*">([^<]*)<', markup(response))
    return dict(found)


def page_html(response) -> str:
    return markup(response).split('id="content-main"', 1)[1]


def unmatched(number: int = 1, mail: str = "olha@example.com") -> int:
    return created(f"100{number}", externalCustomerId=None, clientMail=mail)


# --- Editing --------------------------------------------------------------------------------------------------------


def test_a_new_rule_takes_the_place_after_the_last_and_holds_for_the_next_event(admin):
    contact = make_contact(email="olha@example.com")
    before = unmatched(1)
    drain()
    answer = admin.post(LIST, rules_form(BY_CLIENT_MAIL))
    assert answer["Location"].startswith(f"{LIST}?saved=")
    after = unmatched(2)
    drain()
    assert outcome_of(before).reason == "contact_identifier_missing"
    assert (outcome_of(after).status, outcome_of(after).contact_id) == (Status.APPLIED, contact.pk)
    assert parameters()[-1] == "clientMail"


def test_what_the_page_shows_can_be_sent_back_as_it_is_and_changes_nothing(admin):
    make_rule("card", "contactKey", event_type_key="vip")
    MatchingRule.objects.filter(parameter="SMS").update(is_enabled=False)
    page = markup(admin.get(LIST))
    entries = load_entries()
    named = re.findall(r'<(?:input|option)[^>]*name="((?:parameter|type|position)-\d+)" value="([^"]*)"', page)
    kinds = re.findall(r'<select name="(kind-\d+)".*?<option value="([^"]*)" selected', page, re.DOTALL)
    checked = re.findall(r'name="(enabled-\d+)" value="1" class="ol-rule-check" checked', page)
    spare = re.findall(r'name="(spare-\d+)"', page)
    form = {**dict(named), **dict(kinds), **dict.fromkeys([*checked, *spare], "1")}
    answer = admin.post(LIST, {**form, "version": version_of(entries), "action": "save"}, follow=True)
    assert "Nothing was changed: these are the rules already." in answer.content.decode()
    assert load_entries() == entries
    assert not AuditEntry.objects.exists()


@pytest.mark.parametrize(
    ("changes", "first"),
    [
        ({"position-3": "1"}, ["externalCustomerId", "ContactId", "Contact_id"]),
        ({"position-1": "3"}, ["Contact_id", "externalCustomerId", "ContactId"]),
        ({"position-1": "2", "position-2": "1"}, ["Contact_id", "ContactId", "externalCustomerId"]),
        ({"remove-1": "1"}, ["Contact_id", "externalCustomerId", "Email"]),
        ({"position-4": "0"}, ["Email", "ContactId", "Contact_id"]),
    ],
)
def test_rules_are_put_into_order_by_their_numbers_without_any_script(changes, first, admin):
    admin.post(LIST, rules_form(**changes))
    assert parameters()[:3] == first


def test_rules_are_switched_off_and_on_again(admin):
    admin.post(LIST, rules_form(**{"enabled-4": None}))
    assert "Email" not in parameters()
    admin.post(LIST, rules_form(**{"enabled-4": "1"}))
    assert parameters()[3] == "Email"


def test_an_event_type_gets_a_rule_of_its_own(admin):
    admin.post(LIST, rules_form({**BY_CLIENT_MAIL, "type": " vip "}))
    assert load_rules().by_event_type["vip"].parameter == "clientMail"
    assert parameters()[-1] != "clientMail"


def test_the_same_parameter_may_name_contacts_by_another_kind(admin):
    admin.post(LIST, rules_form({"parameter": "Email", "kind": "externalCustomerId"}))
    assert parameters().count("Email") == 2


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ({"parameter": "EMAIL", "kind": "email"}, "The rule “EMAIL → email” is in the list already."),
        ({"parameter": "", "kind": "email", "type": "vip"}, "Name the parameter that identifies a contact."),
        ({"parameter": "card", "kind": "shoeSize"}, "There is no such identifier kind any more; choose another one."),
        ({"parameter": "a\0b", "kind": "email"}, "Null characters are not allowed."),
        ({"parameter": "x" * 256, "kind": "email"}, "A name has at most 255 characters."),
        ({"parameter": "card", "kind": "email", "type": ""}, "Name the event type that tries this rule first."),
        ({"parameter": "card", "kind": "email", "position": "first"}, "The position must be a whole number"),
        ({"parameter": "card", "kind": "email", "position": "-1"}, "The position must be a whole number"),
        ({"parameter": "card", "kind": "email", "position": "9" * 30}, "The position must be a whole number"),
    ],
)
@pytest.mark.parametrize("action", ["save", "preview"])
def test_a_rule_that_cannot_stand_is_told_in_its_row_and_nothing_is_saved(row, words, action, admin):
    page = admin.post(LIST, rules_form(row, action=action))
    wrong = [part for part in markup(page).split("<tr") if 'class="ol-rule-wrong"' in part]
    assert len(wrong) == 1
    assert words in wrong[0]
    assert MatchingRule.objects.count() == 13


def test_an_event_type_has_one_rule_of_its_own(admin):
    make_rule("card", "contactKey", event_type_key="vip")
    page = admin.post(LIST, rules_form({**BY_CLIENT_MAIL, "type": "vip"}))
    assert "“vip” has its own rule already: an event type has one." in page_text(page)


def test_all_that_is_wrong_is_told_at_once(admin):
    form = rules_form({"parameter": "EMAIL", "kind": "email"}, **{"parameter-1": " ", "kind-2": "shoeSize"})
    assert markup(admin.post(LIST, form)).count("ol-rule-wrong") == 2


def test_the_longest_list_there_may_be_is_read_and_one_rule_more_is_refused(admin):
    MatchingRule.objects.all().delete()
    rows = [{"parameter": f"p{number}", "kind": "email"} for number in range(MAX_RULES)]
    assert admin.post(LIST, rules_form(*rows)).status_code == 302
    assert len(parameters()) == MAX_RULES
    page = admin.post(LIST, rules_form({"parameter": "one more", "kind": "email"}))
    assert "A list has at most 500 rules; take some away first." in page_text(page)
    assert len(parameters()) == MAX_RULES


def test_what_the_form_never_sends_leads_back_to_the_rules(admin):
    assert admin.post(LIST, {"action": "save"})["Location"] == LIST
    assert MatchingRule.objects.count() == 13


def test_who_opened_an_older_list_sees_it_compared_with_the_rules_as_they_are(admin):
    form = rules_form(BY_CLIENT_MAIL)
    admin.post(LIST, rules_form({"parameter": "card", "kind": "contactKey"}))
    page = admin.post(LIST, form)
    assert "Somebody else has changed the rules since you opened them" in page_text(page)
    assert "“card → contactKey” is removed from position 14." in page_text(page)
    assert parameters()[-1] == "card"
    admin.post(LIST, {**form, "version": version_of(load_entries())})
    assert parameters()[-1] == "clientMail"


def test_who_may_only_look_previews_and_saves_nothing(staff):
    member = staff("contacts.view_matchingrule")
    page = member.get(LIST)
    assert "externalCustomerId" in markup(page)
    assert 'value="save"' not in markup(page)
    assert "is added at position 14" in page_text(member.post(LIST, rules_form(BY_CLIENT_MAIL, action="preview")))
    for form in (rules_form(BY_CLIENT_MAIL), rules_form(BY_CLIENT_MAIL, action="", confirmed="x")):
        assert member.post(LIST, form).status_code == 403
    assert MatchingRule.objects.count() == 13


def test_adding_and_removing_take_their_own_permissions(staff):
    member = staff("contacts.view_matchingrule", "contacts.change_matchingrule")
    assert member.post(LIST, rules_form(BY_CLIENT_MAIL)).status_code == 403
    assert member.post(LIST, rules_form(**{"remove-1": "1"})).status_code == 403
    assert member.post(LIST, rules_form(**{"position-3": "1"})).status_code == 302
    assert parameters()[0] == "externalCustomerId"


def test_addresses_of_single_rules_lead_to_the_page(admin):
    rule = MatchingRule.objects.get(parameter="Email")
    for name in ("change", "delete", "history"):
        assert admin.get(reverse(f"admin:contacts_matchingrule_{name}", args=[rule.pk]))["Location"] == LIST
    assert admin.get(f"{LIST}add/?parameter=x&kind=email")["Location"] == f"{LIST}?parameter=x&kind=email"
    assert MatchingRule.objects.filter(pk=rule.pk).exists()


@pytest.mark.parametrize("count", [0, 30])
def test_the_page_takes_the_same_few_queries_however_many_rules_there_are(count, admin, django_assert_max_num_queries):
    for number in range(count):
        make_rule(f"p{number}", "email", position=100 + number)
        created(str(number))
    drain()
    admin.get(LIST)
    with django_assert_max_num_queries(10):  # two are of who asks, two of the frame
        admin.get(LIST)


# --- Impact ---------------------------------------------------------------------------------------------------------


def test_a_suggested_rule_opens_as_a_draft_with_whom_it_would_rescue(admin):
    contact = make_contact(email="olha@example.com")
    event_id = unmatched()
    drain()
    page = admin.get(f"{LIST}?parameter=clientMail&kind=email")
    assert tiles(page) == {"Rescued": "1", "Lost": "0", "Moved to another contact": "0", "Newly matched": "0"}
    assert table_rows(page)[0] == [
        str(event_id),
        "orderCreated",
        "nobody",
        f"contact {contact.pk} by clientMail olha@example.com",
    ]
    assert links(page, str(event_id)) == [reverse("admin:events_event_change", args=[event_id])]
    assert "“clientMail → email” is added at position 14." in page_text(page)
    assert MatchingRule.objects.count() == 13


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("parameter=Email&kind=email", "is in the list already."),
        ("parameter=x&kind=shoeSize", "There is no such identifier kind any more"),
        ("parameter=%00&kind=email", "tried in this order"),
        (f"parameter={'x' * 300}&kind=email", "tried in this order"),
        ("undo=99999999999999999999", "There is no change of the rules to undo here."),
        ("undo=x", "There is no change of the rules to undo here."),
        ("saved=x&bench_event=99999999999999999999", "There is no event 99999999999999999999."),
        ("bench_event=x", "There is no event x."),
    ],
)
def test_an_address_that_means_nothing_shows_the_rules(query, words, admin):
    assert words in page_text(admin.get(f"{LIST}?{query}"))


@pytest.fixture
def shop(db):
    """Events of which one finds its contact by e-mail, and one would find another person by its phone."""
    make_contact(external_customer_id="C1")
    make_contact(phone="+380501234567")
    make_contact(email="olha@example.com")
    created("1001", SMS="050 123 45 67")
    post("seen", {"Email": "olha@example.com"}, keyValue="k")
    drain()
    names = [entry.parameter for entry in load_entries()]
    return {f"position-{names.index('SMS') + 1}": "0", f"enabled-{names.index('Email') + 1}": None}


def test_a_change_that_loses_or_moves_events_is_saved_only_when_that_is_confirmed(admin, shop):
    page = admin.post(LIST, rules_form(**shop))
    assert (tiles(page)["Moved to another contact"], tiles(page)["Lost"]) == ("1", "1")
    assert 'ol-figure ol-bad">1<' in markup(page)
    words = page_text(page)
    assert "Of these events 1 would lose their contact, and 1 would move to another one." in words
    assert table_rows(page, 2) == [["orderCreated", "1", "0", "0", "1", "0"], ["seen", "1", "0", "1", "0", "0"]]
    assert parameters()[0] == "ContactId"
    digest = re.search(r'name="confirmed" value="([0-9a-f]+)"', markup(page))[1]
    other = {**shop, "enabled-1": None}  # what is confirmed is the list that was shown, and no other one
    assert admin.post(LIST, rules_form(action="", confirmed=digest, **other)).status_code == 200
    assert parameters()[0] == "ContactId"
    assert admin.post(LIST, rules_form(action="", confirmed=digest, **shop)).status_code == 302
    assert parameters()[0] == "SMS"
    assert "Email" not in parameters()


def test_a_change_that_takes_nobody_away_is_saved_at_once(admin, shop):
    assert admin.post(LIST, rules_form(BY_CLIENT_MAIL)).status_code == 302


def test_a_preview_of_the_rules_as_they_are_says_that_nothing_would_change(admin):
    assert "Nothing would change" in page_text(admin.post(LIST, rules_form(action="preview")))


def test_after_saving_what_is_found_by_now_is_replayed_and_nothing_else(admin):
    make_contact(email="olha@example.com")
    rescued = [unmatched(1), unmatched(2)]
    stays = unmatched(3, mail="nobody@example.com")
    drain()
    page = admin.post(LIST, rules_form(BY_CLIENT_MAIL), follow=True)
    assert "2 events that were ignored for want of a contact find one now." in page_text(page)
    assert "Replay the 2 events now" in page_text(page)
    assert f'action="{REPLAY}"' in markup(page)
    answer = admin.post(REPLAY)
    replay = Replay.objects.get()
    assert answer["Location"] == reverse("admin:events_replay_change", args=[replay.pk])
    drain()
    advance_replays()
    assert [outcome_of(each).status for each in (*rescued, stays)] == ["applied", "applied", "ignored"]
    assert outcome_of(stays).attempt == 1
    assert "2 of 2 events handed over" in page_text(admin.get(answer["Location"]))
    assert "None of the events that were ignored" in page_text(admin.get(f"{LIST}?saved=1"))


def test_who_may_not_replay_is_offered_no_replay(staff):
    make_contact(email="olha@example.com")
    unmatched()
    drain()
    member = staff(*MAY_EDIT)
    page = member.post(LIST, rules_form(BY_CLIENT_MAIL), follow=True)
    assert "The rules are saved" in page_text(page)
    assert REPLAY not in markup(page)
    assert (member.post(REPLAY).status_code, Replay.objects.count()) == (403, 0)


def test_whatever_was_sent_is_shown_and_does_nothing(admin):
    make_contact(email=HOSTILE)
    post(HOSTILE, {HOSTILE: HOSTILE}, make_source(HOSTILE), keyValue="k")
    drain()
    row = {"parameter": HOSTILE, "kind": "email"}
    page = admin.post(LIST, rules_form(row, action="bench", bench_text=f'{{"{HOSTILE}": "x"', bench_type=HOSTILE))
    assert "<script>alert(1)" not in markup(page)
    page = admin.post(LIST, rules_form(row, action="preview", bench_event="1"))
    assert tiles(page)["Newly matched"] == "1"
    assert "<script>alert(1)" not in markup(page)
    assert "7|add:7" in markup(page)


# --- How many a rule decided ----------------------------------------------------------------------------------------


def decided_of(page, parameter: str) -> str:
    row = next(
        part
        for part in markup(page).split("<tr")
        if re.search(rf'name="(parameter|type)-\d+" value="{parameter}"', part)
    )
    return re.search(r'<td class="ol-number">\s*(?:<[^>]*>)?([^<\s]*)', row)[1]


def test_each_rule_says_how_many_events_it_decided(admin):
    make_contact(external_customer_id="C1", email="olha@example.com")
    make_rule("Email", "email", event_type_key="vip")
    created("1001")
    created("1002", externalCustomerId=None, email="olha@example.com")
    unmatched()
    for key in ("vip", "seen"):
        post(key, {"Email": "olha@example.com"}, keyValue="k")
    drain()
    page = admin.get(LIST)
    assert "“Decided” counts the 5 events of the last 7 days." in page_text(page)
    assert [decided_of(page, name) for name in ("externalCustomerId", "Email", "vip", "SMS")] == ["1", "3", "1", "0"]


def test_each_number_leads_to_exactly_the_events_that_it_counts(admin, monkeypatch):
    monkeypatch.setattr(decided, "MOST_EVENTS", 4)
    make_contact(external_customer_id="C1", email="olha@example.com")
    make_rule("Email", "email", event_type_key="vip")
    ids = [created("1001"), created("1002"), post("vip", {"Email": "olha@example.com"}, keyValue="k")]
    unmatched()
    ids.append(post("seen", {"Email": "olha@example.com"}, keyValue="k"))
    drain()
    page = admin.get(LIST)
    addresses = {link: links(page, link) for link in ("1", "2")}
    (by_customer, of_vip), (by_email,) = addresses["1"], addresses["2"]
    shown = [[row[0] for row in table_rows(admin.get(address))] for address in (by_customer, by_email, of_vip)]
    assert shown == [[str(ids[1])], [str(ids[3]), str(ids[2])], [str(ids[2])]]


@pytest.mark.parametrize("rule", ["x", "x → y", " → ", "%00", "'\" → email"])
def test_a_rule_that_decided_nothing_leads_to_no_events(rule, admin):
    make_contact(external_customer_id="C1")
    created("1001")
    drain()
    page = admin.get("/admin/events/event/", {"decided_by": rule})
    assert "<tbody>" not in markup(page)


def test_of_many_events_the_latest_are_counted_and_the_page_says_so(admin, monkeypatch):
    monkeypatch.setattr(decided, "MOST_EVENTS", 2)
    make_contact(external_customer_id="C1")
    for number in range(3):
        created(str(number))
    drain()
    page = admin.get(LIST)
    assert "“Decided” counts the latest 2 events of the last 7 days." in page_text(page)
    assert decided_of(page, "externalCustomerId") == "2"


# --- The bench ------------------------------------------------------------------------------------------------------


def walks(page) -> list[str]:
    text = page_text(page)
    return re.findall(r"(?:By the rules as they are|As edited): (\S+(?: Koval)?)", text)


def test_a_recent_event_is_walked_by_the_rules_as_they_are_and_as_edited(admin):
    make_contact(email="olha@example.com", first_name="Olha", last_name="Koval")
    event_id = unmatched()
    drain()
    assert f'<option value="{event_id}">orderCreated, shop: contact_identifier_missing' in markup(admin.get(LIST))
    page = admin.post(LIST, rules_form(BY_CLIENT_MAIL, action="bench", bench_event=str(event_id)))
    assert walks(page) == ["nobody", "Olha Koval"]
    assert "The edited rules find somebody else." in page_text(page)
    assert "clientMail → email olha@example.com Olha Koval decided" in page_text(page)
    assert MatchingRule.objects.count() == 13


@pytest.mark.parametrize(
    ("text", "event_type"),
    [
        ('{"clientMail": "olha@example.com"}', "seen"),
        ('[{"name": "clientMail", "value": "olha@example.com"}]', ""),
        ('{"eventTypeKey": "seen", "params": {"clientMail": "olha@example.com"}}', ""),
    ],
)
def test_pasted_parameters_are_walked_in_each_of_their_forms(text, event_type, admin):
    make_contact(email="olha@example.com", first_name="Olha", last_name="Koval")
    form = rules_form(BY_CLIENT_MAIL, action="bench", bench_text=text, bench_type=event_type)
    assert walks(admin.post(LIST, form)) == ["nobody", "Olha Koval"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{", "This is not JSON: truncated."),
        ('[{"name": "a", "value": 1}, {"value": 2}]', "/1/name"),
        ('{"a": "x\\u0000"}', "/a"),
        ('{"eventTypeKey": "", "params": []}', "/eventTypeKey"),
        ("[" * 5_000, ""),
        ("7", ""),
    ],
)
def test_what_cannot_be_read_is_told_with_its_place(text, words, admin):
    page = admin.post(LIST, rules_form(action="bench", bench_text=text))
    problems = re.search(r'id="bench-problems".*?</ul>', markup(page), re.DOTALL)
    assert problems is not None
    assert words in problems[0]
    assert walks(page) == []


def test_who_may_not_see_events_and_contacts_has_no_bench_and_is_led_to_neither(staff):
    contact = make_contact(email="olha@example.com", first_name="Olha")
    event_id = unmatched()
    drain()
    member = staff(*MAY_EDIT)
    assert 'id="bench"' not in markup(member.post(LIST, rules_form(action="bench", bench_event=str(event_id))))
    page = member.get(f"{LIST}?parameter=clientMail&kind=email")
    assert table_rows(page)[0][0] == str(event_id)
    assert f"contact {contact.pk} by clientMail" in table_rows(page)[0][3]
    assert not re.search(r"/admin/(events/event|contacts/contact)/", page_html(page))


def test_who_may_see_events_but_no_contacts_learns_no_name_on_the_bench(staff):
    contact = make_contact(email="olha@example.com", first_name="Olha")
    event_id = unmatched()
    drain()
    page = staff(*MAY_EDIT, "events.view_event").get(f"{LIST}?parameter=clientMail&kind=email&bench_event={event_id}")
    assert f"As edited: contact {contact.pk}" in page_text(page)
    assert "Olha" not in page_text(page)


def test_an_events_page_leads_who_may_see_the_rules_to_the_bench_with_it(staff, admin):
    event_id = unmatched()
    drain()
    address = reverse("admin:events_event_change", args=[event_id])
    [bench] = links(admin.get(address), "Try other rules on this event")
    assert walks(admin.get(bench)) == ["nobody", "nobody"]
    assert LIST not in page_html(staff("events.view_event").get(address))


# --- The audit log --------------------------------------------------------------------------------------------------


def test_a_change_stands_in_the_audit_log_with_what_was_before_after_and_its_impact(admin):
    make_contact(email="olha@example.com")
    unmatched()
    drain()
    admin.post(LIST, rules_form(BY_CLIENT_MAIL))
    entry = AuditEntry.objects.get()
    assert (entry.actor, entry.action, entry.count) == ("user admin", "matching_rules.changed", 14)
    assert entry.what.endswith(": added clientMail → email")
    assert entry.details["impact"] == {
        "examined": 1,
        "rescued": 1,
        "newlyMatched": 0,
        "newlyUnmatched": 0,
        "movedToAnotherContact": 0,
    }
    page = admin.get(reverse("admin:account_auditentry_change", args=[entry.pk]))
    words = page_text(page)
    assert "“clientMail → email” is added at position 14." in words
    assert "14. clientMail → email" in words
    assert "olha@example.com" not in words
    assert links(page, "Undo this change…") == [f"{LIST}?undo={entry.pk}"]


def test_a_change_is_undone_with_its_own_impact_confirmation_and_entry(admin):
    make_contact(email="olha@example.com")
    admin.post(LIST, rules_form(BY_CLIENT_MAIL))
    unmatched()
    drain()
    first = AuditEntry.objects.get()
    admin.post(LIST, rules_form(**{"position-3": "1"}))
    page = admin.get(f"{LIST}?undo={first.pk}")
    assert "The rules were changed 1 time since: saving takes that back, too." in page_text(page)
    assert tiles(page)["Lost"] == "1"
    assert parameters()[-1] == "clientMail"
    digest = re.search(r'name="confirmed" value="([0-9a-f]+)"', markup(page))[1]
    without = {"remove-14": "1", "position-1": "3"}
    form = rules_form(undoes=str(first.pk), **without)
    assert admin.post(LIST, form).status_code == 200  # it asks first
    assert admin.post(LIST, {**form, "action": "", "confirmed": digest}).status_code == 302
    assert parameters()[:3] == ["ContactId", "Contact_id", "externalCustomerId"]
    assert "clientMail" not in parameters()
    last = AuditEntry.objects.latest("id")
    assert last.what.startswith(f"undo of entry {first.pk}, version ")
    assert last.details["undoes"] == first.pk
    page = admin.get(reverse("admin:account_auditentry_change", args=[last.pk]))
    assert links(page, f"Audit entry {first.pk}") == [reverse("admin:account_auditentry_change", args=[first.pk])]


def test_who_may_not_change_rules_is_led_to_no_undo(staff, admin):
    admin.post(LIST, rules_form(BY_CLIENT_MAIL))
    entry = AuditEntry.objects.get()
    page = staff("account.view_auditentry").get(reverse("admin:account_auditentry_change", args=[entry.pk]))
    assert "is added at position 14" in page_text(page)
    assert links(page, "Undo this change…") == []


# --- Kinds ----------------------------------------------------------------------------------------------------------


def test_a_declared_kind_can_be_used_by_a_rule(admin):
    assert (
        admin.post(f"{KINDS}add/", {"key": "loyaltyCard", "name": "loyalty card", "normal_form": "exact"}).status_code
        == 302
    )
    contact = make_contact(declared={"loyaltyCard": "4711"})
    admin.post(LIST, rules_form({"parameter": "card", "kind": "loyaltyCard"}))
    event_id = created("1001", externalCustomerId=None, card="4711")
    drain()
    assert outcome_of(event_id).contact_id == contact.pk


def test_a_kind_that_staff_declare_names_the_contacts_that_have_its_field_already(admin):
    contact = make_contact(fields={"loyaltyCard": "4711"})
    admin.post(f"{KINDS}add/", {"key": "loyaltyCard", "name": "card", "normal_form": "exact"})
    assert find_contacts([("loyaltyCard", "4711")]) == {("loyaltyCard", "4711"): contact.pk}


def test_a_field_that_has_one_value_in_two_contacts_is_not_declared_and_both_are_named(admin):
    one, two = make_contact(fields={"loyaltyCard": "4711"}), make_contact(fields={"loyaltyCard": "4711"})
    response = admin.post(f"{KINDS}add/", {"key": "loyaltyCard", "name": "card", "normal_form": "exact"})
    assert f"“4711” names more than one contact: {one.pk}, {two.pk}." in page_text(response)
    assert IdentifierKind.objects.count() == 6


@pytest.mark.parametrize("key", ["email", "EMAIL", " phone "])
def test_a_kind_that_is_there_already_is_refused(key, admin):
    response = admin.post(f"{KINDS}add/", {"key": key, "name": "x", "normal_form": "exact"})
    assert "already; choose another key." in page_text(response)
    assert IdentifierKind.objects.count() == 6


def test_a_kind_that_the_product_knows_is_neither_changed_nor_deleted(admin):
    address = reverse("admin:contacts_identifierkind_change", args=["email"])
    assert admin.get(address).status_code == 200
    assert admin.post(address, {"name": "x", "normal_form": "exact"}).status_code == 403
    assert (
        admin.post(reverse("admin:contacts_identifierkind_delete", args=["email"]), {"post": "yes"}).status_code == 403
    )
    assert IdentifierKind.objects.get(pk="email").normal_form == "email"


def test_a_declared_kind_keeps_its_key_and_its_way_of_comparing(admin):
    make_kind("loyaltyCard")
    address = reverse("admin:contacts_identifierkind_change", args=["loyaltyCard"])
    assert admin.post(address, {"key": "other", "name": "card", "normal_form": "phone"}).status_code == 302
    kind = IdentifierKind.objects.get(name="card")
    assert (kind.pk, kind.normal_form) == ("loyaltyCard", "exact")


def test_a_kind_that_a_rule_or_an_identifier_needs_is_not_deleted(admin):
    make_kind("loyaltyCard")
    make_contact(declared={"loyaltyCard": "4711"})
    address = reverse("admin:contacts_identifierkind_delete", args=["loyaltyCard"])
    assert "would require deleting" in admin.post(address, {"post": "yes"}).content.decode()
    assert IdentifierKind.objects.filter(pk="loyaltyCard").exists()
