"""Pictures of the console for README.md: `python -m tests.browser.screenshots`, while `make demo` runs.

Signs in as the demo's user and writes docs/images/*.png, light, and the overview dark as well. PORT and DATA_DIR say
which demo, as for `make demo`. What a picture shows is found through the pages themselves, so the same demo gives the
same pictures.
"""

import json
import sys
from pathlib import Path

from playwright.sync_api import Page

from config.environment import BASE_DIR, ENVIRONMENT
from tests.browser.chromium import ChromiumMissingError, sign_in, start_chromium

IMAGES = BASE_DIR / "docs" / "images"
KEYS = "demo-keys.json"  # demo/memory.py keeps the password of the console's user there
WINDOW = {"width": 1440, "height": 900}


def main() -> int:
    address = f"http://127.0.0.1:{ENVIRONMENT.port}"
    try:
        password = json.loads((ENVIRONMENT.data_dir / KEYS).read_text())["password"]
    except OSError:
        print(f"There is no {KEYS} in {ENVIRONMENT.data_dir}: start `make demo` first.", file=sys.stderr)  # noqa: T201
        return 1
    try:
        take_pictures(address, password)
    except ChromiumMissingError as error:
        print(error, file=sys.stderr)  # noqa: T201
        return 1
    return 0


def take_pictures(address: str, password: str) -> None:
    IMAGES.mkdir(parents=True, exist_ok=True)
    with start_chromium() as browser:
        for scheme in ("light", "dark"):
            context = browser.new_context(viewport=WINDOW, color_scheme=scheme, base_url=address)
            page = context.new_page()
            sign_in(page, address, "demo", password)
            take(page, f"overview-{scheme}")
            if scheme == "light":
                take_the_rest(page)
            context.close()


def take_the_rest(page: Page) -> None:
    """Each page as a person comes to it."""
    open_list(page, "/admin/orders/order/", "orders")
    open_first(page, "/admin/orders/order/?warning=total_mismatch&status=DELIVERED", "order")
    open_list(page, "/admin/revenue/?by=month", "revenue")
    open_list(page, "/admin/events/event/?outcome=ignored", "events")
    open_first(page, "/admin/events/event/?reason=contact_not_found", "event")
    open_list(page, "/admin/contacts/matchingrule/", "matching-rules")
    open_list(page, "/admin/unmatched/", "unmatched")
    open_first(page, "/admin/contacts/contact/?q=a", "contact")
    open_list(page, "/admin/events/eventtype/", "event-types")
    open_list(page, "/admin/events/source/", "sources")
    open_list(page, "/admin/rfm/", "rfm")
    open_list(page, "/admin/analytics/funnel/", "funnel")
    open_list(page, "/admin/insights/segment/add/", "segment")


def open_list(page: Page, path: str, name: str) -> None:
    page.goto(path)
    take(page, name)


def open_first(page: Page, path: str, name: str) -> None:
    page.goto(path)
    page.locator("#result_list tbody th a").first.click()
    page.locator(".ol-back").wait_for()
    take(page, name)


def take(page: Page, name: str) -> None:
    """One picture, once fonts are there: icons are words until then."""
    page.evaluate("document.fonts.ready")
    path: Path = IMAGES / f"{name}.png"
    page.screenshot(path=path)
    print(path.relative_to(BASE_DIR))  # noqa: T201


if __name__ == "__main__":
    sys.exit(main())
