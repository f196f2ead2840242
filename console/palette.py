"""The command palette (Ctrl/Cmd-K): pages by their names, and things by their ids, each only for who may see it.

Unfold draws the palette and asks for what is typed; its own answer looks through every model, keeps results of one's
permissions for minutes and fails on an odd page number, so the answer is ours. A room offers what it finds with
add_finder(); a finder is a fixed number of look-ups by index, whatever is typed.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse

from contract.json_values import is_storable

MAX_TYPED = 255  # characters, as in every search box


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A line of the palette: what it is called, what kind of thing it is, its icon, and where it leads."""

    title: str
    description: Any
    icon: str
    link: Any


type Finder = Callable[[str], Iterable[Found]]
_finders: list[tuple[str, Finder]] = []


def add_finder(permission: str, finder: Finder) -> None:
    """Lets the palette find one more kind of thing. Called when an admin module is imported, once."""
    _finders.append((permission, finder))


def as_row_id(typed: str) -> int | None:
    """The text as the id of a row of ours, or None; an id that is too large for one finds nothing."""
    return int(typed) if typed.isascii() and typed.isdigit() else None


def palette(request: HttpRequest) -> HttpResponse:
    """What Unfold's palette shows for `?s=`; nothing at all for an empty text."""
    typed = request.GET.get("s", "").strip()
    if not typed:
        return HttpResponse()
    found = list(_find(request, typed)) if len(typed) <= MAX_TYPED and is_storable(typed) else []
    context = {"results": found}
    return TemplateResponse(request, "console/palette.html", context, headers={"HX-Trigger": "search"})


def _find(request: HttpRequest, typed: str) -> Iterable[Found]:
    for permission, finder in _finders:
        if request.user.has_perm(permission):
            yield from finder(typed)
    site: Any = admin.site  # Unfold's
    wanted = typed.casefold()
    for group in site.get_sidebar_list(request):
        for item in group["items"]:
            if item["has_permission"] and wanted in str(item["title"]).casefold():
                description = group.get("title", "")
                yield Found(title=item["title"], description=description, icon=item["icon"], link=item["link"])
