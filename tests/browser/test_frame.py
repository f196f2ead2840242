"""The frame around every page, in a real browser: the keyboard, the palette, languages, and a second factor."""

import pytest
from django.contrib.auth.models import User
from django_otp.oath import TOTP
from django_otp.plugins.otp_totp.models import TOTPDevice
from playwright.sync_api import expect

from tests.factories import make_order

pytestmark = pytest.mark.browser


def test_the_keyboard_reaches_the_content_the_search_and_any_page_or_thing_by_its_id(visit):
    order = make_order("1001")
    page = visit("/admin/orders/order/")
    page.keyboard.press("Tab")
    skip = page.get_by_role("link", name="Skip to the content")
    expect(skip).to_be_focused()
    expect(skip).to_be_in_viewport()
    page.keyboard.press("/")
    search = page.locator("#searchbar")
    expect(search).to_be_focused()
    page.keyboard.type("a/b")  # in a box it is a letter
    expect(search).to_have_value("a/b")
    page.keyboard.press("Control+k")
    palette = page.locator("#search-input-command")
    expect(palette).to_be_focused()
    palette.press_sequentially("1001")
    found = page.locator("#command-results-list li")
    expect(found).to_have_count(1)
    expect(found).to_contain_text("order")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/admin/orders/order/{order.pk}/change/")
    page.keyboard.press("/")  # no search box here: the palette
    expect(page.locator("#search-input-command")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.locator("#search-input-command")).to_be_hidden()


def test_a_language_is_chosen_in_the_menu_of_ones_name_and_stays(visit):
    page = visit()
    page.locator("#nav-sidebar").get_by_text("olha").click()
    page.get_by_role("button", name="Українська").click()
    expect(page.locator("html")).to_have_attribute("lang", "uk")
    page.goto("/admin/orders/order/")
    expect(page.locator("html")).to_have_attribute("lang", "uk")


def test_a_second_factor_is_scanned_and_then_asked_for(visit, live_server):
    page = visit("/admin/second-factor/")
    picture = page.get_by_role("img", name="QR code of the secret below")
    expect(picture).to_be_visible()
    assert picture.evaluate("image => image.naturalWidth") > 100  # the policy lets it load
    page.get_by_label("Code").fill(_code_of("olha"))
    page.get_by_role("button", name="Turn the second factor on").click()
    expect(page.get_by_role("region", name="Recovery codes")).to_be_visible()
    recovery = page.locator(".ol-json").inner_text().split()
    assert len(recovery) == 10
    page.context.clear_cookies()
    page.goto("/admin/login/")
    page.get_by_label("Username").fill("olha")
    page.get_by_label("Password").fill("a long one")
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_role("heading", name="Second factor")).to_be_visible()
    expect(page.get_by_label("Code")).to_be_focused()
    page.get_by_label("Code").fill(recovery[0])
    page.get_by_role("button", name="Log in").click()
    page.wait_for_url(f"{live_server.url}/admin/")


def _code_of(username: str) -> str:
    device = TOTPDevice.objects.get(user=User.objects.get(username=username))
    return f"{TOTP(device.bin_key, device.step, device.t0, device.digits).token():06d}"
