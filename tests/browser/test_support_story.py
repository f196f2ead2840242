"""What support does, in a real browser and without typing an address, on the events of the demo's app."""

import time
from datetime import date

import pytest
from playwright.sync_api import Locator, Page, expect

from account.current import current_account
from contacts.models import MatchingRule
from demo.record import Channel
from demo.shop import open_shop
from events.inbox import store_many
from events.models import Outcome, SourceKind
from events.replay_jobs import advance_replays
from orders.models import Order
from tests.browser.chromium import PHONE, is_wider_than_its_window
from tests.browser.test_stories import go_to, main
from tests.events.building import created, drain, make_source, new_event
from tests.factories import make_contact, make_rule

pytestmark = pytest.mark.browser
MOST_CLICKS, MOST_SECONDS = 12, 60
COUNT_CLICKS = """
    document.addEventListener("click", (event) => {
        if (event.isTrusted) sessionStorage.clicks = Number(sessionStorage.clicks ?? 0) + 1;
    }, true);
"""


@pytest.fixture
def app() -> int:
    """The demo's contacts and what its app sent; how many events of the release that called the e-mail `clientMail`
    found nobody."""
    shop = open_shop(date(2026, 3, 31), current_account().time_zone)
    for contact in shop.contacts:
        channels = {channel["type"]: channel["value"] for channel in contact["channels"]}
        make_contact(
            external_customer_id=contact["externalCustomerId"],
            email=channels.get("email", ""),
            phone=channels.get("sms", ""),
            first_name=contact["firstName"],
            last_name=contact["lastName"],
        )
    source = make_source("app", SourceKind.MOBILE_SDK)
    # Pictures lie on the web, where no test looks for anything.
    sent = [
        message.body.decode().replace("https://", "at ")
        for message in shop.messages
        if message.act.channel is Channel.APP
    ]
    store_many([new_event(body, source) for body in sent])
    drain()
    return Outcome.objects.filter(reason="contact_identifier_missing", event__body__contains='"clientMail"').count()


def clicks(page: Page) -> int:
    return int(page.evaluate("Number(sessionStorage.clicks ?? 0)"))


def tile(page: Page, title: str) -> Locator:
    return main(page).locator(".ol-tile", has_text=title).locator(".ol-figure")


def test_support_comes_from_an_unmatched_event_by_the_suggested_rule_to_the_order(visit, app):
    assert app > 10
    page = visit()
    page.add_init_script(COUNT_CLICKS)
    page.reload()
    began = time.monotonic()
    main(page).get_by_role("row", name="contact_identifier_missing").get_by_role("link").first.click()
    main(page).locator("tbody tr th a").first.click()
    expect(main(page).locator(".ol-sentence")).to_contain_text("None of the parameters that the matching rules read")
    go_to(page, "Unmatched events")
    suggestion = main(page).get_by_role("row", name="clientMail").first
    expect(suggestion).to_contain_text("of app")
    suggestion.get_by_role("link", name="Draft this rule").click()
    rescued = int(tile(page, "Rescued").inner_text())
    assert 0 < rescued <= app
    expect(tile(page, "Lost")).to_have_text("0")
    page.get_by_role("button", name="Save these rules").click()
    page.get_by_role("button", name=f"Replay the {rescued} events now").click()
    expect(main(page)).to_contain_text(f"{rescued} of {rescued} events handed over")
    drain()
    advance_replays()
    expect(main(page).get_by_text("finished", exact=True)).to_be_visible()  # the page looks again by itself
    applied = Outcome.objects.filter(attempt=2, status="applied").count()
    assert applied > rescued * 0.9  # some of the demo's orders are wrong in themselves, which the page tells with why
    expect(main(page)).to_contain_text(f"{applied} applied")
    order_id = Order.objects.filter(outcome__attempt=2).latest("pk").external_order_id
    go_to(page, "Orders")
    page.get_by_label("Search").fill(order_id)
    page.keyboard.press("Enter")
    main(page).get_by_role("link", name=order_id, exact=True).click()
    expect(main(page).get_by_role("heading", name=order_id)).to_be_visible()
    assert 0 < clicks(page) <= MOST_CLICKS
    assert time.monotonic() - began < MOST_SECONDS


def parameters() -> list[str]:
    rules = MatchingRule.objects.filter(is_enabled=True, event_type_key="").order_by("position")
    return list(rules.values_list("parameter", flat=True))


def save(page: Page) -> None:
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("The rules are saved")).to_be_visible()


def test_support_moves_adds_and_switches_rules_by_the_keyboard_and_hears_what_happened(visit):
    make_rule("clientMail", "email", position=14)
    page = visit()
    go_to(page, "Matching rules")
    page.get_by_role("button", name="Move clientMail up").focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status").first).to_have_text(
        "clientMail stands at position 12 of 14 now. Nothing is saved yet."
    )
    expect(page.get_by_role("button", name="Move clientMail up")).to_be_focused()
    page.get_by_role("checkbox", name="UserEmail is on").focus()
    page.keyboard.press("Space")
    for parameter in ("card", "badge"):
        page.get_by_role("region", name="The list").get_by_role("button", name="Add a rule").press("Enter")
        page.keyboard.type(parameter)
    save(page)
    names = parameters()
    assert names[-4:] == ["ContactKey", "Contact_key", "card", "badge"]
    assert names[names.index("clientMail") + 1] == "ContactKey"
    assert "UserEmail" not in names


def test_support_drags_a_rule_to_another_place(visit):
    page = visit("/admin/contacts/matchingrule/")
    grips = page.locator("[data-grip]")
    grips.nth(2).drag_to(grips.nth(0), target_position={"x": 5, "y": 2})
    expect(page.get_by_role("status").first).to_contain_text("externalCustomerId stands at position 1 of 13 now.")
    save(page)
    assert parameters()[:3] == ["externalCustomerId", "ContactId", "Contact_id"]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_what_a_change_would_move_is_seen_and_confirmed_on_a_phone(scheme, visit):
    make_contact(external_customer_id="C1")
    make_contact(phone="+380501234567")
    created("1001", SMS="050 123 45 67")
    drain()
    page = visit("/admin/contacts/matchingrule/", scheme=scheme, viewport=PHONE)
    page.get_by_label("Position of SMS").fill("1")
    save_anyway = page.get_by_role("button", name="Save all the same")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_role("alert")).to_contain_text("0 would lose their contact, and 1 would move to another one.")
    page.get_by_label("A recent event").fill(str(Outcome.objects.get().event_id))
    page.get_by_role("button", name="Try it").click()
    expect(page.get_by_text("The edited rules find somebody else.")).to_be_visible()
    assert not is_wider_than_its_window(page)
    page.get_by_role("button", name="Preview the impact").click()
    save_anyway.click()
    expect(page.get_by_text("The rules are saved")).to_be_visible()
    assert parameters()[0] == "SMS"
