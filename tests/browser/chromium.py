"""The Chromium of this machine, and pages that tell whatever goes wrong in them."""

import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from playwright.sync_api import Browser, Page, Request, sync_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome")
MISSING = f"Chromium is needed and none of {', '.join(NAMES)} is on the PATH. Debian: apt-get install chromium"
PICTURE = '<svg xmlns="http://www.w3.org/2000/svg" width="40" height="40"><rect width="40" height="40"/></svg>'
ELSEWHERE = re.compile("https://")
DESKTOP = {"width": 1440, "height": 900}
PHONE = {"width": 390, "height": 844}


class ChromiumMissingError(RuntimeError):
    pass


@contextmanager
def start_chromium() -> Iterator[Browser]:
    """A browser without a window. Raises ChromiumMissingError with what to install."""
    program = next(filter(None, map(shutil.which, NAMES)), None)
    if program is None:
        raise ChromiumMissingError(MISSING)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        try:
            yield browser
        finally:
            browser.close()


@dataclass
class Trouble:
    """What a page complained of: its scripts, what its policy refused, answers from 400 on, unasked dialogs."""

    told: list[str] = field(default_factory=list)

    def watch(self, page: Page) -> None:
        page.on("pageerror", lambda error: self.told.append(f"script: {error}"))
        page.on("console", lambda said: self.told.append(f"said: {said.text}") if said.type == "error" else None)
        page.on("dialog", lambda dialog: (self.told.append(f"dialog: {dialog.message}"), dialog.dismiss()))
        page.on(
            "response",
            lambda answer: self.told.append(f"{answer.status}: {answer.url}") if answer.status >= 400 else None,
        )
        page.route(ELSEWHERE, lambda route: route.fulfill(status=200, content_type="image/svg+xml", body=PICTURE))
        page.on("request", lambda request: self._check_host(request))

    def _check_host(self, request: Request) -> None:
        """The console loads nothing from elsewhere but the pictures of a shop's items, without telling from where."""
        if request.url.startswith(("http://localhost", "http://127.0.0.1", "data:", "blob:")):
            return
        is_picture = request.resource_type == "image" and request.url.startswith("https://")
        if not is_picture or "referer" in request.headers:
            self.told.append(f"elsewhere: {request.url}")


def sign_in(page: Page, address: str, user: str, password: str) -> None:
    """Goes through the login form to the first page."""
    page.goto(f"{address}/admin/login/")
    page.get_by_label("Username").fill(user)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Log in").click()
    page.wait_for_url(f"{address}/admin/")


def is_wider_than_its_window(page: Page) -> bool:
    """Whether the page as a whole scrolls sideways."""
    return bool(page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth + 1"))
