"""Whatever a sender writes is shown as the text that it is, on every page that there is."""

import re
from html.parser import HTMLParser

from django.utils.http import urlencode

from tests.console.addresses import console_addresses
from tests.console.hostile import FORMULA, HOSTILE, MARK, MARKUP, ORDER_ID, SHORT, make_hostile_shop

RUNS = re.compile(r"(on|x-|@|:|hx-)")  # attributes whose text a browser, Alpine or htmx would run
LEADS = ("href", "src", "action", "formaction", "poster", "data")
HARMLESS = re.compile(r"(https?:|/|\?|#|\Z)", re.IGNORECASE)
LARGEST = 1_500_000  # bytes of a page: one event of a megabyte may be seen whole


class Page(HTMLParser):
    """What a browser would make of a page: what stands where it could run, and what is only text."""

    def __init__(self, markup: str) -> None:
        super().__init__(convert_charrefs=True)
        self.wrong: list[str] = []
        self.words: list[str] = []
        self._within: list[str] = []
        self.feed(markup)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._within.append(tag)
        if MARK in tag:
            self.wrong.append(f"<{tag}>")
        for name, value in attrs:
            text = value or ""
            if MARK in name or (MARK in text and RUNS.match(name)):
                self.wrong.append(f"<{tag} {name}={text[:80]!r}>")
            if name in LEADS and MARK in text and not HARMLESS.match(text.strip()):
                self.wrong.append(f"<{tag} {name}={text[:80]!r}>")

    def handle_data(self, data: str) -> None:
        self.words.append(data)
        if MARK in data and self._within and self._within[-1] in ("script", "style"):
            self.wrong.append(f"in <{self._within[-1]}>: {data[:80]!r}")

    def handle_endtag(self, tag: str) -> None:
        if tag in self._within:
            while self._within.pop() != tag:
                pass


def lists_that_were_asked_for() -> list[str]:
    """Lists that show again what was typed into their search and their filters."""
    asked = urlencode({"q": HOSTILE[:255], "status": HOSTILE, "type": HOSTILE[:255], "source": SHORT})
    return [f"/admin/{kind}/?{asked}" for kind in ("orders/order", "contacts/contact", "events/event")]


def test_no_page_makes_anything_of_what_a_sender_wrote_but_text(admin):
    make_hostile_shop()
    addresses = [address.filled() for address in console_addresses() if address.template != "logout/"]
    wrong, seen = {}, []
    for path in [*addresses, *lists_that_were_asked_for(), f"/admin/search/?{urlencode({'s': ORDER_ID})}"]:
        answer = admin.get(path)
        assert answer.status_code in (200, 302, 403, 404, 405), path
        if answer.status_code != 200 or not answer["Content-Type"].startswith("text/html"):
            continue
        markup = answer.content.decode()
        page = Page(markup)
        words = "".join(page.words)
        problems = [*page.wrong, *(["a template was run"] if f"14{MARK}" in markup else [])]
        problems += [f"{len(markup)} characters"] if len(markup) > LARGEST else []
        if problems:
            wrong[path] = problems
        seen += [path] if MARK in words else []
    assert wrong == {}
    assert len(seen) > 10  # the pages of the order, the contact, the events, their lists, the source, the type, …


def test_what_was_sent_is_there_to_be_read(admin):
    make_hostile_shop()
    [path] = [a.filled() for a in console_addresses() if a.name == "orders_order_change"]
    words = "".join(Page(admin.get(path).content.decode()).words)
    assert MARKUP in words
    assert FORMULA in words
