"""A live server, a browser, and somebody who is signed in."""

from collections.abc import Callable, Iterator

import pytest
from django.contrib.auth.models import User
from django.db import connections
from playwright.sync_api import Browser, Page, expect

from account.current import forget_account
from events.basis import forget_basis
from events.event_types import forget_event_types
from events.keys import forget_keys
from tests.browser.chromium import DESKTOP, Trouble, sign_in, start_chromium

MILLISECONDS = 60_000  # for whatever is waited for: no page is timed, the machine may be busy with others
expect.set_options(timeout=MILLISECONDS)


@pytest.fixture
def chromium(transactional_db, monkeypatch) -> Iterator[Browser]:
    """A browser for one test.

    While it runs, Playwright keeps an event loop in this thread, so that Django takes it for asynchronous code and
    gives it connections of their own. It ends before the tables are emptied, and other tests never meet it.
    """
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
    with start_chromium() as browser:
        yield browser
        connections.close_all()


@pytest.fixture(autouse=True)
def _empty_caches(transactional_db) -> None:
    for forget in (forget_account, forget_basis, forget_event_types, forget_keys):
        forget()


@pytest.fixture
def visit(chromium, live_server) -> Iterator[Callable[..., Page]]:
    """Opens a page as an administrator; at the end of the test nothing may have gone wrong in any of them."""
    trouble = Trouble()
    contexts = []

    def open_page(path: str = "/admin/", scheme: str = "light", viewport: dict[str, int] = DESKTOP) -> Page:
        User.objects.filter(username="olha").exists() or User.objects.create_superuser("olha", password="a long one")
        context = chromium.new_context(viewport=viewport, color_scheme=scheme, base_url=live_server.url)
        contexts.append(context)
        context.set_default_timeout(MILLISECONDS)
        page = context.new_page()
        trouble.watch(page)
        sign_in(page, live_server.url, "olha", "a long one")
        if path != "/admin/":
            page.goto(path)
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert trouble.told == []
