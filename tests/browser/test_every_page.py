"""Every page in a real browser, light and dark, at a desk and on a phone, in a shop whose texts are hostile and long.

Each is loaded once: its colours are turned as the switch in the console turns them, and its window is made small.

No error of a script, nothing from elsewhere, no sideways scrolling, no text that turns the direction of its neighbours,
and nothing that axe-core knows to be against WCAG 2.2 AA. The pages are those of the URL resolver, so a page that is
added is walked by itself.
"""

from importlib.resources import files
from typing import Any

import pytest
from django.test import Client
from django.utils.http import urlencode

from tests.browser.chromium import DESKTOP, PHONE, ChromiumMissingError, is_wider_than_its_window, start_chromium
from tests.console.addresses import console_addresses
from tests.console.hostile import HOSTILE, ORDER_ID, make_hostile_shop

pytestmark = pytest.mark.browser

AXE = files("axe_playwright_python").joinpath("axe.min.js").read_text()
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22a", "wcag22aa"]
# What Django's own scripts draw and no setting, template or style of ours reaches, by rule and by the element's class.
OF_OTHERS = {"aria-prohibited-attr": ("help-tooltip",)}
LEAST = 35  # pages; there are more of them, and never fewer

RUN_AXE = """async (only) => {
    const found = await axe.run(document, {runOnly: only, resultTypes: ['violations']});
    return found.violations.map((one) => ({rule: one.id, nodes: one.nodes.map((node) => node.html.slice(0, 160)
        + ' | ' + (node.any[0] || node.all[0] || node.none[0] || {message: ''}).message.slice(0, 160))}));
}"""
# A mark that turns the direction holds to the end of what isolates it: nothing of ours may stand behind it in there.
TURNED = """() => {
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    const turned = [];
    while (walker.nextNode()) {
        const node = walker.currentNode;
        if (!node.data.includes('\\u202e') || node.parentElement.closest('script, option, textarea, pre')) continue;
        let element = node.parentElement;
        while (getComputedStyle(element).unicodeBidi === 'normal') element = element.parentElement;
        const behind = document.createRange();
        behind.setStartAfter(node);
        behind.setEndAfter(element.lastChild);
        if (behind.toString().trim() && !/zq9|long-/.test(behind.toString())) {
            turned.push(node.parentElement.outerHTML.slice(0, 100) + ' … ' + behind.toString().trim().slice(0, 60));
        }
    }
    return turned;
}"""


@pytest.fixture
def pages(transactional_db) -> list[str]:
    """The addresses of all pages about the hostile shop that show something to an administrator."""
    make_hostile_shop()
    reader = Client()
    reader.force_login(_administrator())
    # The history of a form is Django's own page, and nothing leads to it.
    walked = [a for a in console_addresses() if a.template != "logout/" and not a.name.endswith("_history")]
    found = [address.filled() for address in walked]
    asked = {"q": ORDER_ID, "status": "DELIVERED", "type": HOSTILE[:255]}
    found += [f"/admin/orders/order/?{urlencode(asked)}", f"/admin/events/event/?{urlencode(asked)}"]
    found += ["/admin/revenue/?by=month", f"/admin/events/replay/start/?{urlencode({'source': HOSTILE[:255]})}"]
    return [path for path in found if _is_a_page(reader.get(path))]


def _administrator() -> Any:
    from django.contrib.auth.models import User

    return User.objects.create(username="reader", is_staff=True, is_superuser=True)


def _is_a_page(answer: Any) -> bool:
    """A whole one: some addresses answer scripts with a part of a page."""
    return answer.status_code == 200 and not answer.streaming and b"<html" in answer.content


def _violations(page: Any, only: list[str] = RULES) -> list[str]:
    return [
        f"{one['rule']}: {node}"
        for one in page.evaluate(RUN_AXE, only)
        for node in one["nodes"]
        if not any(mark in node for mark in OF_OTHERS.get(one["rule"], ()))
    ]


def _faults(page: Any, address: str) -> list[str]:
    """What is wrong with a page, in every colour and width."""
    page.set_viewport_size(DESKTOP)
    page.goto(address)
    page.evaluate(AXE)
    faults = [f"turned: {text}" for text in page.evaluate(TURNED)] + _violations(page)
    faults += ["scrolls sideways at a desk"] if is_wider_than_its_window(page) else []
    page.evaluate("document.documentElement.classList.add('dark')")
    faults += [f"dark: {fault}" for fault in _violations(page, ["color-contrast"])]
    page.set_viewport_size(PHONE)
    faults += ["scrolls sideways on a phone"] if is_wider_than_its_window(page) else []
    return faults


def test_every_page_works_for_everybody_whatever_was_sent(visit, pages):
    page = visit()
    faults = {address: found for address in pages if (found := _faults(page, address))}
    assert faults == {}
    assert len(pages) >= LEAST


def test_pages_that_stand_alone_are_ours_too(chromium, live_server):
    context = chromium.new_context(base_url=live_server.url)
    page = context.new_page()
    answer = page.goto("/nowhere/")
    assert answer is not None
    assert answer.status == 404
    assert page.get_by_role("heading", name="There is no such page").is_visible()
    page.evaluate(AXE)
    assert _violations(page) == []
    page.goto("/admin/login/")
    page.evaluate(AXE)
    assert _violations(page) == []
    assert not is_wider_than_its_window(page)
    context.close()


def test_a_machine_without_chromium_is_told_what_to_install(monkeypatch):
    monkeypatch.setattr("shutil.which", lambda name: None)
    with pytest.raises(ChromiumMissingError, match="apt-get install chromium"), start_chromium():
        pass
