"""Reads pages as a person does: the text that is there, the rows of a table, the addresses behind the words."""

import html
import re
from typing import Any

from django.http import HttpResponse

TAG = re.compile(r"<[^>]+>")
BLANKS = re.compile(r"\s+")


def markup(response: HttpResponse) -> str:
    assert response.status_code == 200, response.status_code
    return response.content.decode()


def text_of(part: str) -> str:
    """The words of a piece of a page, entities resolved, blanks made single."""
    return BLANKS.sub(" ", html.unescape(TAG.sub(" ", part))).strip()


def page_text(response: HttpResponse) -> str:
    """The words between the frame's navigation and the end of the page."""
    return text_of(markup(response).split('id="content-main"', 1)[1])


def table_rows(response: HttpResponse, place: int = 0) -> list[list[str]]:
    """The cells of the place-th table's body, row by row."""
    body = re.findall(r"<tbody>(.*?)</tbody>", markup(response), re.DOTALL)[place]
    return [
        [text_of(cell) for cell in re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row, re.DOTALL)]
        for row in re.findall(r"<tr[^>]*>(.*?)</tr>", body, re.DOTALL)
    ]


def first_cells(response: HttpResponse) -> list[str]:
    """The first cell of each row of the page's first table, or nothing when the page has none."""
    return [row[0] for row in table_rows(response)] if "<tbody>" in markup(response) else []


def links(response: HttpResponse, words: str) -> list[str]:
    """Where the links with these words lead."""
    found: list[Any] = re.findall(r'<a\b[^>]*?href="([^"]*)"[^>]*>(.*?)</a>', markup(response), re.DOTALL)
    return [html.unescape(address) for address, inside in found if text_of(inside) == words]
