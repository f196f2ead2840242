"""A marketer builds a segment by its forms, sees why a person is in it, and exports it: in a real browser."""

import json
import re
from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from insights.segments import refreshing
from insights.segments.models import Segment
from tests.browser.chromium import PHONE, is_wider_than_its_window
from tests.factories import make_contact, make_order

pytestmark = pytest.mark.browser


@pytest.fixture
def shop() -> None:
    """Olha waits for the item, Petro has it, and Ivan's order of it is a month old."""
    for number, (name, status, days) in enumerate(
        [("Olha", "IN_PROGRESS", 2), ("Petro", "DELIVERED", 2), ("Ivan", "IN_PROGRESS", 30)]
    ):
        contact = make_contact(first_name=name, email=f"{name.lower()}@example.com")
        date = timezone.now() - timedelta(days=days)
        make_order(f"100{number}", contact=contact, status=status, date=date, items=[{}])


def main(page):
    return page.locator("#content-main")


def test_a_marketer_finds_who_waits_for_an_item_sees_why_and_exports_them(visit, shop):
    page = visit()
    page.locator("#nav-sidebar").get_by_text("Segments", exact=True).click()
    main(page).get_by_role("link", name="Make the first segment").click()
    main(page).get_by_label("Name").fill("Waiting for the Super Device")
    orders = main(page).get_by_role("group", name="Orders")
    orders.get_by_label("Item ids").fill("200600")
    orders.get_by_label("Days", exact=True).fill("week")
    found = main(page).get_by_role("region", name="Now")
    expect(found).to_contain_text("/all/0/orders/lastDays")
    expect(orders.get_by_text("It must be a whole number of days")).to_be_visible()
    orders.get_by_label("Days", exact=True).fill("7")
    expect(found).to_contain_text("2 people")
    orders.get_by_label("INITIALIZED").check()
    orders.get_by_label("IN_PROGRESS").check()
    expect(found).to_contain_text("1 person")
    expect(found).to_contain_text("olha@example.com")
    # Another condition, by the keyboard alone, and away with it again.
    main(page).get_by_role("button", name="Add a condition on the contact").press("Enter")
    contact = main(page).get_by_role("group", name="Contact")
    expect(contact.get_by_label("Not")).to_be_focused()
    page.keyboard.press("Space")
    expect(found).to_contain_text("0 people")
    contact.get_by_role("button", name="Remove").press("Enter")
    expect(found).to_contain_text("1 person")
    main(page).get_by_role("button", name="Save").click()
    expect(page.get_by_text("The segment is saved.")).to_be_visible()
    refreshing.refresh(Segment.objects.get().pk)
    page.reload()
    main(page).get_by_role("link", name="Why Olha?").click()
    expect(main(page).get_by_text("fulfils it now", exact=True)).to_be_visible()
    expect(main(page).get_by_role("link", name="1000")).to_be_visible()
    page.go_back()
    with page.expect_download() as download:
        main(page).get_by_role("link", name="Export as CSV").click()
    assert re.search(r"^\d+,,Olha,,olha@example.com,", download.value.path().read_text(), re.MULTILINE)


def test_whatever_is_written_as_json_is_shown_whole_and_changed_in_one_place_alone(visit, shop):
    conditions = {
        "all": [
            {"contact": {"field": "firstName", "contains": "lh", "equals": ["Olha", "Petro, the second"]}},
            {"contact": {"has": ["email", "phone"]}},
            {"orders": {"item": ["200600", "a,b"]}},
        ]
    }
    page = visit("/admin/insights/segment/add/")
    main(page).get_by_text("Conditions as JSON").click()
    area = main(page).locator("#id_conditions")
    area.fill(json.dumps(conditions))
    found = main(page).get_by_role("region", name="Now")
    expect(found).to_contain_text("1 person")
    name, has = (main(page).get_by_role("group", name="Contact", exact=True).nth(place) for place in (0, 1))
    expect(name.get_by_label("Comparison")).to_have_count(2)
    expect(name.get_by_label("Value").nth(0)).to_have_value('Olha, "Petro, the second"')
    expect(name.get_by_label("Value").nth(1)).to_have_value("lh")
    expect(has.get_by_label("email")).to_be_checked()
    expect(has.get_by_label("phone")).to_be_checked()
    expect(main(page).get_by_label("Item ids")).to_have_value('200600, "a,b"')
    name.get_by_label("Value").nth(1).fill("xx")
    expect(found).to_contain_text("0 people")
    name.get_by_role("button", name="Remove").nth(2).click()  # the first takes away the whole condition
    expect(found).to_contain_text("1 person")
    name.get_by_role("button", name="And also").click()
    name.get_by_label("Value").nth(1).fill("OLHA")
    expect(found).to_contain_text("1 person")
    conditions["all"][0]["contact"]["contains"] = "OLHA"
    assert json.loads(area.input_value()) == conditions


def test_the_builder_fits_a_phone_in_the_dark(visit, shop):
    page = visit("/admin/insights/segment/add/", scheme="dark", viewport=PHONE)
    for kind in ("on events", "on the contact", "on RFM"):
        main(page).get_by_role("button", name=f"Add a condition {kind}").click()
    main(page).get_by_role("button", name="Add a group").click()
    main(page).get_by_role("button", name="Add a test of a parameter").click()
    expect(main(page).get_by_role("group", name="Test of a parameter")).to_be_visible()
    assert not is_wider_than_its_window(page)
