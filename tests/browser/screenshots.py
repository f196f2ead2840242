"""Pictures of the console for README.md and docs/console.md: `python -m tests.browser.screenshots`, while `make demo`
runs.

Signs in as the demo's user and writes docs/images/*.png, light, and the overview dark, on a phone and in Ukrainian as
well. PORT and DATA_DIR say which demo, as for `make demo`. What a picture shows is found through the pages themselves,
so the same demo gives the same pictures. Names after the command take only these pictures.
"""

import json
import sys
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, Route

from config.environment import BASE_DIR, ENVIRONMENT
from tests.browser.chromium import DESKTOP, ELSEWHERE, PHONE, ChromiumMissingError, sign_in, start_chromium

IMAGES = BASE_DIR / "docs" / "images"
KEYS = "demo-keys.json"  # demo/memory.py keeps the password of the console's user there
# What stands for the pictures of the demo's items, whose shop there is not.
ITEM = """<svg xmlns="http://www.w3.org/2000/svg" width="40" height="40"><rect width="40" height="40" fill="#e0e7ff"/>
<path d="M12 16h16l2 14H10z M16 16a4 4 0 0 1 8 0" fill="none" stroke="#4f46e5" stroke-width="2"/></svg>"""


@dataclass(frozen=True, slots=True)
class Picture:
    """What one picture shows: the page at `path`, or where `leads` leads from there."""

    name: str
    path: str
    leads: Callable[[Page], None] | None = None


def first_row(page: Page) -> None:
    """To the page of the first thing in the list."""
    page.locator("#result_list tbody tr").first.get_by_role("link").first.click()
    page.wait_for_url("**/change/**")


def contact_of_first_row(page: Page) -> None:
    """To the person who made the first order of the list."""
    page.locator("#result_list tbody tr").first.locator("a[href*='/contact/']").click()
    page.wait_for_url("**/contact/*/change/")


def suggested_rule(page: Page) -> None:
    """To the draft of the suggested matching rule, with its impact."""
    page.get_by_role("link", name="Draft this rule").first.click()
    page.get_by_text("Rescued").first.scroll_into_view_if_needed()


PICTURES: Sequence[Picture] = (
    Picture("overview-light", "/admin/"),
    Picture("orders", "/admin/orders/order/"),
    Picture("order", "/admin/orders/order/?warning=total_mismatch&status=DELIVERED", first_row),
    Picture("revenue", "/admin/revenue/?by=month"),
    Picture("contacts", "/admin/contacts/contact/"),
    Picture("contact", "/admin/orders/order/?warning=total_mismatch&status=DELIVERED", contact_of_first_row),
    Picture("rfm", "/admin/rfm/"),
    Picture("segment", "/admin/insights/segment/add/"),
    Picture("analytics", "/admin/analytics/"),
    Picture("funnel", "/admin/analytics/funnel/"),
    Picture("carts", "/admin/analytics/carts/"),
    Picture("items", "/admin/analytics/items/"),
    Picture("events", "/admin/events/event/?outcome=ignored"),
    Picture("event", "/admin/events/event/?reason=contact_not_found", first_row),
    Picture("replay", "/admin/events/replay/start/?outcome=ignored"),
    Picture("event-types", "/admin/events/eventtype/"),
    Picture("event-type", "/admin/events/eventtype/", first_row),
    Picture("unmatched", "/admin/unmatched/"),
    Picture("matching-rules", "/admin/contacts/matchingrule/"),
    Picture("matching-impact", "/admin/unmatched/", suggested_rule),
    Picture("sources", "/admin/events/source/"),
    Picture("source", "/admin/events/source/", first_row),
    Picture("keys", "/admin/events/apikey/"),
    Picture("key", "/admin/events/apikey/", first_row),
    Picture("webhook", "/admin/webhooks/subscription/add/"),
    Picture("account", "/admin/account/account/1/change/"),
)
# Once more in another light, on a phone and in another language; the address of each is that of the first.
OTHERS: Sequence[tuple[str, dict[str, Any]]] = (
    ("overview-dark", {"color_scheme": "dark"}),
    ("overview-phone", {"viewport": PHONE}),
    ("overview-uk", {"extra_http_headers": {"Accept-Language": "uk"}}),
)


def main(names: Sequence[str]) -> int:
    known = {picture.name for picture in PICTURES} | {name for name, _ in OTHERS}
    if unknown := sorted(set(names) - known):
        words = f"There is no picture {', '.join(unknown)}; there are {', '.join(sorted(known))}."
        print(words, file=sys.stderr)  # noqa: T201
        return 1
    address = f"http://127.0.0.1:{ENVIRONMENT.port}"
    try:
        password = json.loads((ENVIRONMENT.data_dir / KEYS).read_text())["password"]
    except OSError:
        print(f"There is no {KEYS} in {ENVIRONMENT.data_dir}: start `make demo` first.", file=sys.stderr)  # noqa: T201
        return 1
    try:
        take_pictures(address, password, set(names) or known)
    except ChromiumMissingError as error:
        print(error, file=sys.stderr)  # noqa: T201
        return 1
    return 0


def take_pictures(address: str, password: str, wanted: Collection[str]) -> None:
    IMAGES.mkdir(parents=True, exist_ok=True)
    with start_chromium() as browser:
        if shown := [picture for picture in PICTURES if picture.name in wanted]:
            page = _signed_in(browser, address, password)
            for picture in shown:
                page.goto(picture.path)
                if picture.leads is not None:
                    picture.leads(page)
                take(page, picture.name)
            page.context.close()
        for name, options in OTHERS:
            if name in wanted:
                page = _signed_in(browser, address, password, **options)
                take(page, name)
                page.context.close()


def _signed_in(browser: Browser, address: str, password: str, **options: Any) -> Page:
    """A page of the overview."""
    headers = options.pop("extra_http_headers", {})
    context = browser.new_context(**{"viewport": DESKTOP, "color_scheme": "light", "base_url": address, **options})
    page = context.new_page()
    page.set_default_timeout(120_000)
    page.route(ELSEWHERE, _item_picture)
    sign_in(page, address, "demo", password)
    if headers:  # the login form is found by its English words
        page.set_extra_http_headers(headers)
        page.reload()
    return page


def _item_picture(route: Route) -> None:
    route.fulfill(status=200, content_type="image/svg+xml", body=ITEM)


def take(page: Page, name: str) -> None:
    """One picture, once fonts are there: icons are words until then."""
    page.wait_for_load_state()
    page.evaluate("document.fonts.ready")
    path: Path = IMAGES / f"{name}.png"
    page.screenshot(path=path)
    print(path.relative_to(BASE_DIR))  # noqa: T201


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
