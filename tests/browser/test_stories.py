"""What each user of the console does, in a real browser, without typing an address."""

import json
import re
import shlex
import subprocess
import urllib.request

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from events.keys import issue_key
from events.models import ApiKey
from orders.summaries import rebuild_all
from tests.events.building import ITEM, created, drain, make_source, post
from tests.factories import make_contact

pytestmark = pytest.mark.browser


def main(page):
    return page.locator("#content-main")


def go_to(page, title: str) -> None:
    """Follows an entry of the navigation."""
    page.locator("#nav-sidebar").get_by_text(title, exact=True).click()


def test_a_marketer_comes_from_a_revenue_figure_to_its_orders_and_to_a_persons_history(visit):
    make_contact(external_customer_id="C1", first_name="Olha", last_name="Koval")
    today = timezone.localtime().replace(microsecond=0).isoformat()
    created("1001", totalCost="258.00", items=[ITEM], date=today)
    created("1002", totalCost="42.00", date=today)
    post("orderDelivered", {"externalOrderId": "1001"})
    drain()
    rebuild_all()
    page = visit()
    go_to(page, "Revenue")
    main(page).locator(".ol-figure").get_by_role("link", name="258.00 UAH").click()
    expect(main(page).locator("tbody tr")).to_have_count(1)
    main(page).get_by_role("link", name="1001").click()
    expect(main(page).get_by_role("region", name="History")).to_contain_text("INITIALIZED → DELIVERED")
    main(page).get_by_role("link", name="Olha Koval").click()
    expect(main(page).get_by_role("region", name="Delivered totals")).to_contain_text("258.00 UAH")
    expect(main(page).get_by_role("region", name="History")).to_contain_text("1002")


def test_a_marketer_finds_an_order_by_a_phone_in_a_local_spelling_and_takes_the_filter_off_again(visit):
    make_contact(external_customer_id="C1", phone="+380501234567")
    make_contact(external_customer_id="C2")
    created("1001")
    created("1002", externalCustomerId="C2")
    drain()
    page = visit("/admin/orders/order/")
    page.keyboard.press("/")
    page.get_by_label("Search").fill("050 123 45 67")
    page.keyboard.press("Enter")
    expect(main(page).locator("tbody tr")).to_have_count(1)
    expect(main(page).locator("tbody")).to_contain_text("1001")
    main(page).get_by_role("link", name=re.compile("Search:")).click()
    expect(main(page).locator("tbody tr")).to_have_count(2)


def test_a_backend_engineer_comes_from_a_new_source_by_its_curl_line_to_the_events_fate(visit, live_server):
    page = visit()
    go_to(page, "Sources")
    main(page).get_by_role("link", name="New source").first.click()
    page.get_by_label("Name").fill("My backend")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_label("Source")).to_have_value(re.compile(r"\d+"))
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("this key is shown only once")).to_be_visible()
    line = main(page).get_by_role("region", name=re.compile("Try it")).locator("pre").inner_text()
    assert run_curl(line)["status"] == "accepted"
    drain()
    main(page).get_by_role("link", name=re.compile("show the events")).click()
    expect(main(page).locator("tbody tr")).to_have_count(1)
    expect(main(page).locator("tbody tr")).to_contain_text("firstEvent applied hello")
    key = ApiKey.objects.get()
    go_to(page, "API keys")
    page.get_by_role("link", name=f"{key.prefix}…").click()
    main(page).get_by_text("Revoke this key…").click()
    main(page).get_by_role("button", name="Revoke it").click()
    expect(main(page).get_by_text("revoked", exact=True)).to_be_visible()
    key.refresh_from_db()
    assert key.revoked_at is not None


def test_a_backend_engineer_reads_why_an_event_was_ignored_and_what_would_become_of_it_now(visit):
    event_id = created("1001", totalCost="much", items=[ITEM], clientMail="olha@example.com")
    drain()
    page = visit()
    go_to(page, "Events")
    main(page).get_by_role("link", name=str(event_id)).click()
    expect(main(page).locator(".ol-sentence")).to_contain_text("nothing was changed")
    main(page).get_by_role("link", name="/params/2/value").click()
    place = main(page).get_by_role("link", name='"value": "much"')
    expect(place).to_be_in_viewport()
    place.click()
    expect(page).to_have_url(re.compile(r"#problem-1$"))
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    main(page).get_by_role("link", name="Copy as curl").click()
    main(page).get_by_role("region", name="Send it again").get_by_role("button", name="Copy").click()
    line = page.evaluate("navigator.clipboard.readText()")
    sent = subprocess.run(shlex.split(line.replace("YOUR_API_KEY", issue_key(make_source()))), capture_output=True)
    assert json.loads(sent.stdout)["status"] == "accepted", sent.stderr
    make_contact(external_customer_id="C1", first_name="Olha")
    main(page).get_by_role("link", name="Validate again").click()
    expect(main(page).get_by_role("region", name="Then and now")).to_contain_text("invalid_parameter")
    page.go_back()
    main(page).get_by_role("link", name="Preview a message").click()
    main(page).get_by_label("Text with").fill("Order ${eventKey}: ${items[0].name} ${nmae}")
    main(page).get_by_role("button", name="Preview").click()
    expect(main(page).get_by_role("region", name="The message")).to_contain_text("Order 1001: Super Device ${nmae}")
    expect(main(page).locator("mark")).to_have_text("${nmae}")


def test_a_marketer_walks_a_persons_history_to_its_orders_and_to_a_possible_duplicate(visit):
    make_contact(external_customer_id="C1", email="olha@example.com", first_name="Olha", last_name="Koval")
    make_contact(external_customer_id="olha@example.com", first_name="Olga", last_name="Koval")
    for number in range(15):
        created(str(number))
    post("orderDelivered", {"externalOrderId": "7"})
    drain()
    page = visit("/admin/contacts/contact/")
    page.keyboard.press("/")
    page.get_by_label("Search").fill("olha kov")
    page.keyboard.press("Enter")
    main(page).locator("tbody a").first.click()
    expect(main(page).get_by_role("region", name="Possible duplicates")).to_contain_text("Olga Koval")
    history = main(page).get_by_role("region", name="History")
    expect(history).to_contain_text("INITIALIZED → DELIVERED")
    expect(history.locator("li")).to_have_count(25)
    history.get_by_role("link", name="Earlier").click()
    expect(history.locator("li")).to_have_count(6)
    history.get_by_role("link", name="Orders", exact=True).click()
    expect(history.locator("li")).to_have_count(15)
    main(page).get_by_role("region", name="Delivered totals").get_by_role("link").click()
    expect(main(page).locator("tbody tr")).to_have_count(1)
    main(page).get_by_role("link", name="7", exact=True).click()
    expect(main(page).get_by_role("heading", name="7", exact=True)).to_be_visible()


def run_curl(line: str) -> dict:
    """What the shell would send for the line that the page shows."""
    address = re.search(r"-X POST (\S+)", line)[1]
    headers = dict(header.split(": ", 1) for header in re.findall(r'-H "([^"]*)"', line))
    body = re.search(r"-d '([^']*)'", line)[1].encode()
    with urllib.request.urlopen(urllib.request.Request(address, body, headers), timeout=10) as answer:  # noqa: S310
        return json.load(answer)


def test_what_came_can_be_copied(visit):
    event_id = created("1001")
    page = visit(f"/admin/events/event/{event_id}/change/")
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    main(page).get_by_role("region", name="What came").get_by_role("button", name="Copy").click()
    expect(main(page).get_by_role("region", name="What came").get_by_text("Copied")).to_be_visible()
    assert json.loads(page.evaluate("navigator.clipboard.readText()"))["eventTypeKey"] == "orderCreated"


def test_dark_mode_follows_the_machine_and_the_readers_choice(visit):
    page = visit(scheme="dark")
    background = "getComputedStyle(document.querySelector('#main')).backgroundColor"
    dark = page.evaluate(background)
    page.emulate_media(color_scheme="light")
    page.reload()
    assert page.evaluate(background) != dark
