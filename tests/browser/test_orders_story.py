"""From a person's name to their orders, a view that is kept, a file of exactly what is shown, and a correction."""

import csv
import io
from pathlib import Path

import pytest
from playwright.sync_api import expect

from orders.item_names import note_item_names
from orders.models import Order
from tests.browser.chromium import PHONE, is_wider_than_its_window
from tests.events.building import ITEM, created, drain, post
from tests.factories import make_contact

pytestmark = pytest.mark.browser


def main(page):
    return page.locator("#content-main")


@pytest.fixture
def orders(transactional_db):
    make_contact(external_customer_id="C1", email="olha@example.com", first_name="Olha", last_name="Koval")
    for number in range(1, 5):
        created(f"100{number}", items=[ITEM], totalCost=f"{number}9.90", source="web")
    post("orderDelivered", {"externalOrderId": "1002"})
    post("orderDelivered", {"externalOrderId": "1003"})
    drain()
    note_item_names()


def test_a_marketer_finds_keeps_and_exports_orders_and_one_is_corrected(visit, orders):
    page = visit("/admin/orders/order/")
    page.keyboard.press("/")
    page.keyboard.type("koval olha")
    page.keyboard.press("Enter")
    expect(main(page).get_by_role("row")).to_have_count(5)
    main(page).get_by_label("Status", exact=True).select_option("DELIVERED")
    main(page).get_by_label("Total from").fill("30")
    main(page).get_by_role("button", name="Show").click()
    expect(main(page).get_by_role("row")).to_have_count(2)
    main(page).get_by_role("link", name="Total from: 30").click()
    expect(main(page).get_by_role("row")).to_have_count(3)

    main(page).get_by_text("Save this view…").click()
    main(page).get_by_label("Name of the view").fill("Olha, delivered")
    main(page).get_by_label("for everybody who sees this list").check()
    main(page).get_by_role("button", name="Save view").click()
    expect(page.get_by_text("The view “Olha, delivered” is saved.")).to_be_visible()
    main(page).get_by_role("link", name="Clear all").click()
    expect(main(page).get_by_role("row")).to_have_count(5)
    main(page).get_by_role("link", name="Olha, delivered").click()
    expect(main(page).get_by_role("row")).to_have_count(3)

    main(page).get_by_role("link", name="Export these orders…").click()
    with page.expect_download() as begun:
        main(page).get_by_role("button", name="Export as CSV").click()
    rows = list(csv.DictReader(io.StringIO(Path(begun.value.path()).read_text("utf-8-sig"))))
    assert [row["externalOrderId"] for row in rows] == ["1003", "1002"]
    expect(main(page)).to_contain_text("2 of 2 orders written. The file is complete.")  # the page looks again by itself

    main(page).get_by_role("link", name="Orders").click()
    main(page).get_by_role("link", name="1003").click()
    expect(main(page).locator("img.ol-picture")).to_have_js_property("naturalWidth", 40)
    main(page).get_by_role("link", name="Correct this order").click()
    main(page).get_by_label("Total", exact=True).fill("much")
    main(page).get_by_role("button", name="Send the correction").click()
    expect(main(page).get_by_role("alert")).to_have_text("Enter a number.")
    main(page).get_by_label("Total", exact=True).fill("19.90")
    main(page).get_by_label("Status", exact=True).select_option("CANCELLED")
    main(page).get_by_role("button", name="Send the correction").click()
    history = main(page).get_by_role("region", name="History")
    expect(history.get_by_role("listitem").first).to_contain_text("from console by olha")
    expect(history.get_by_role("listitem").first).to_contain_text("DELIVERED → CANCELLED")
    assert Order.objects.get(external_order_id="1003").status == "CANCELLED"


def test_an_order_on_paper_has_what_it_tells_and_nothing_to_click(visit, orders):
    page = visit(f"/admin/orders/order/{Order.objects.get(external_order_id='1003').pk}/change/", scheme="dark")
    page.evaluate("window.print = () => { document.title = 'printed' }")
    main(page).get_by_role("button", name="Print").click()
    expect(page).to_have_title("printed")
    page.emulate_media(media="print")
    for shown in ("Super Device", "39.90", "DELIVERED", "Koval"):
        expect(main(page).get_by_text(shown).first).to_be_visible()
    for hidden in (
        page.locator("#nav-sidebar"),
        main(page).get_by_text("Correct this order"),
        main(page).get_by_text("As JSON"),
    ):
        expect(hidden).to_be_hidden()
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert page.evaluate("getComputedStyle(document.querySelector('.ol-head h2')).color") == "rgb(0, 0, 0)"


@pytest.mark.parametrize("path", ["", "{pk}/change/", "{pk}/correct/", "export/"])
def test_its_pages_fit_a_phone(path, visit, orders):
    pk = Order.objects.latest("pk").pk
    assert not is_wider_than_its_window(visit(f"/admin/orders/order/{path.format(pk=pk)}", viewport=PHONE))
