"""What marketers do with insights, in a real browser."""

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from insights.rfm.refresh import compute
from tests.browser.test_stories import go_to, main
from tests.factories import make_contact, make_order

pytestmark = pytest.mark.browser


def test_a_marketer_comes_from_the_rfm_grid_to_the_people_and_saves_them_as_a_segment(visit):
    now = timezone.now()
    for number, name in enumerate(["Olha", "Ihor", "Vira"]):
        contact = make_contact(first_name=name)
        for order in range(number + 1):
            make_order(f"{name} {order}", contact=contact, status="DELIVERED", total="100", date=now)
    compute(timezone.localdate())
    page = visit()
    go_to(page, "RFM")
    grid = main(page).get_by_role("region", name="Grid")
    expect(grid).to_contain_text("300.00 UAH")
    grid.get_by_role("link", name="1").first.click()
    expect(main(page).locator("tbody tr")).to_have_count(1)
    page.go_back()
    champions = main(page).get_by_role("row", name="Champions").filter(has_text="recency 5")
    champions.get_by_role("link", name="Save as a segment").click()
    expect(page.get_by_label("Name")).to_have_value("Champions, UAH")
    main(page).get_by_role("button", name="Save", exact=False).first.click()
    expect(page.locator("body")).to_contain_text("Champions, UAH")


def test_a_boundary_out_of_order_is_said_beside_it(visit):
    make_order("1", contact=make_contact(), status="DELIVERED", date=timezone.now())
    compute(timezone.localdate())
    page = visit("/admin/rfm/?currency=UAH")
    main(page).get_by_text("Set boundaries for UAH").click()
    values = {"recency": (30, 10, 60, 90), "frequency": (1, 2, 3, 4), "monetary": (1, 2, 3, 4)}
    for measure, four in values.items():
        for place, value in enumerate(four, start=1):
            page.locator(f"[name={measure}_{place}]").fill(str(value))
    main(page).get_by_role("button", name="Use these boundaries").click()
    expect(main(page).get_by_role("alert")).to_have_text("It must be above the boundary before it, 30.")
    page.locator("[name=recency_1]").fill("5")
    main(page).get_by_role("button", name="Use these boundaries").click()
    expect(page.locator("body")).to_contain_text("Scores follow these boundaries")
