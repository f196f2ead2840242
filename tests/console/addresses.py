"""Every address of the console as the URL resolver has it, so that a page that is added later is walked by itself.

What each takes: a kind of thing's list, page, form and deletion take its `view`, `add`, `change` and `delete`
permission; all other addresses stand in the second table of docs/operations.md (People).
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.contrib import admin
from django.db.models import Model
from django.urls import URLResolver, get_resolver

from config.environment import BASE_DIR
from tests.console.things import pk_of

PARAMETER = re.compile(r"<[^>]+>")
TABLE = re.compile(r"\| page or action \| address \| takes \|\n\|[-|]+\|\n((?:\|.*\n)+)")
OPEN = ("staff", "nobody")  # what takes no permission: for every member of staff, or without signing in
# Django's own: the redirect of a thing to its page, the one from a model's absolute address, which ours have not got,
# the choices of a field, which is refused without naming one, and what answers 404 below /admin/.
WITHOUT_A_PAGE = re.compile(r"(\w+/\w+/<id>/|r/<id>/<id>/|autocomplete/|\^\(\?P<app_label>.*|\(\?P<url>.*)\Z")


@dataclass(frozen=True, slots=True)
class Address:
    """`template` is the part below /admin/ with `<id>` for each parameter; `model` is what it is about, if any."""

    template: str
    name: str
    model: type[Model] | None

    def filled(self) -> str:
        """The path, about the first thing of its kind; about one that is not there while there is none."""
        pk = (pk_of(self.model) or "1") if self.model and "<id>" in self.template else "1"
        return f"/admin/{self.template.replace('<id>', str(pk))}"

    def permissions(self, method: str) -> frozenset[str] | None:
        """What it takes, or None when the documentation does not tell."""
        told = documented().get(f"{method} {self.template}", documented().get(self.template))
        if told is not None or self.model is None:
            return told
        options = self.model._meta
        actions = {"changelist": "view", "history": "view", "add": "add", "delete": "delete"}
        actions["change"] = "view" if method == "GET" else "change"
        action = actions.get(self.name.removeprefix(f"{options.app_label}_{options.model_name}_"))
        return frozenset({f"{options.app_label}.{action}_{options.model_name}"}) if action else None


def console_addresses() -> list[Address]:
    models = {f"{model._meta.app_label}/{model._meta.model_name}/": model for model in admin.site._registry}
    found = {}
    below_admin = [pattern for pattern in get_resolver().url_patterns if str(pattern.pattern).startswith("admin/")]
    for route, name in ((route.removeprefix("admin/"), name) for route, name in _walk(below_admin)):
        template = PARAMETER.sub("<id>", route)
        if WITHOUT_A_PAGE.match(route if route.startswith(("^", "(")) else template):
            continue
        model = next((models[start] for start in models if template.startswith(start)), None)
        found[template] = Address(template, name, model)
    return list(found.values())


def _walk(patterns: list[Any], before: str = "") -> Iterator[tuple[str, str]]:
    for pattern in patterns:
        route = f"{before}{pattern.pattern}"
        if isinstance(pattern, URLResolver):
            yield from _walk(pattern.url_patterns, route)
        else:
            yield route, pattern.name or ""


def open_to_all() -> set[str]:
    """The templates of what nobody has to be signed in for: signing in itself."""
    takers = (
        line.split("|") for line in TABLE.search((BASE_DIR / "docs" / "operations.md").read_text())[1].splitlines()
    )
    return {name for cells in takers if cells[3].strip() == "nobody" for name in re.findall(r"`([^`]*)`", cells[2])}


def documented() -> dict[str, frozenset[str]]:
    """`contacts/contact/<id>/erase/` (or `POST …`, where posting takes more than reading) → what it takes."""
    rows = TABLE.search((BASE_DIR / "docs" / "operations.md").read_text())[1].splitlines()
    told = {}
    for row in rows:
        _, _, addresses, takes, _ = (cell.strip() for cell in row.split("|"))
        permissions = frozenset(re.findall(r"`([^`]+)`", takes))
        assert permissions or takes in OPEN, row
        for address in re.findall(r"`([^`]*)`", addresses):
            told[address.replace("/admin/", "")] = permissions
    return told
