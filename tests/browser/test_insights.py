"""What marketers do with insights, in a real browser."""

from datetime import date, datetime

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from insights.rfm.refresh import compute
from orders import customer_counts, summaries
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


def test_a_marketer_comes_from_a_dip_of_the_revenue_to_the_orders_of_both_months(visit):
    months = {"2025-09": ["60.00", "40.00"], "2025-10": ["25.00"], "2025-11": ["100.00"]}
    for month, totals in months.items():
        for place, total in enumerate(totals, start=1):
            sold_at = datetime.fromisoformat(f"{month}-1{place}T12:00:00").astimezone(timezone.get_default_timezone())
            make_order(f"{month} {place}", status="DELIVERED", total=total, date=sold_at, contact=make_contact())
    summaries.rebuild_all()
    customer_counts.rebuild(counts_all=True)
    page = visit()
    go_to(page, "Revenue")
    main(page).get_by_role("link", name="Month", exact=True).click()
    page.get_by_label("From").fill(date(2025, 9, 1).isoformat())
    page.get_by_label("To", exact=True).fill(date(2025, 11, 30).isoformat())
    main(page).get_by_role("button", name="Show").click()
    october = main(page).get_by_role("row", name="October 2025")
    expect(october).to_contain_text("-75.0 %")
    expect(main(page).get_by_role("row", name="November 2025")).to_contain_text("+300.0 %")
    october.get_by_role("link", name="100.00 UAH").click()  # the month before, which it fell from
    expect(main(page).locator("tbody tr")).to_have_count(2)
    page.go_back()
    bar = main(page).get_by_role("link", name="October 2025: 25.00 UAH delivered")
    bar.click()
    expect(main(page).locator("tbody tr")).to_have_count(1)
    main(page).get_by_role("link", name="2025-10 1").click()
    expect(main(page).get_by_role("heading", name="2025-10 1", exact=True)).to_be_visible()


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
