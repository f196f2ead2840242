"""Pages of one thing: read-only by permission, put together from panels.

A room adds panels to the pages of the rooms below it (the events of an order, the orders of a contact), so that no
room has to know the rooms above it.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.db.models import Model
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.template.response import TemplateResponse
from unfold.admin import ModelAdmin


class ReadOnlyAdmin(ModelAdmin):
    """Nobody types here, whatever their permissions: these rows are made by events, commands and the API."""

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


@dataclass(frozen=True, slots=True)
class Panel:
    """A part of a page: its template, what loads the template's context, and the permission it takes to see it.

    `load` takes the thing, and where `asks_request` also the request: for a part with an address of its own state, or
    that shows more to those who may see more.
    """

    template: str
    load: Callable[..., Mapping[str, Any]]
    permission: str
    aside: bool = False
    asks_request: bool = False


_panels: dict[type[Model], list[Panel]] = {}


def add_panels(model: type[Model], panels: Sequence[Panel]) -> None:
    """Adds panels to the end of the model's page. Called when an admin module is imported, once."""
    _panels.setdefault(model, []).extend(panels)


class PageAdmin(ReadOnlyAdmin):
    """A model whose rows have a page of their own instead of a form."""

    page_template = "console/page.html"

    def page_title(self, obj: Any) -> str:
        return str(obj)

    def page_context(self, request: HttpRequest, obj: Any) -> dict[str, Any]:
        """What the page's own template needs beside the panels."""
        return {}

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        if not self.has_view_permission(request):
            raise PermissionDenied
        if request.method not in ("GET", "HEAD"):
            return HttpResponseNotAllowed(["GET", "HEAD"])
        obj = self.get_object(request, unquote(object_id))
        if obj is None:
            return self._get_obj_does_not_exist_redirect(request, self.opts, object_id)
        panels = self._load_panels(request, obj)
        context = {
            **self.admin_site.each_context(request),
            "title": self.page_title(obj),
            "list_url": f"admin:{self.opts.app_label}_{self.opts.model_name}_changelist",
            "list_title": self.opts.verbose_name_plural,
            "panels": [panel for panel in panels if not panel["aside"]],
            "aside_panels": [panel for panel in panels if panel["aside"]],
            **self.page_context(request, obj),
            **(extra_context or {}),
        }
        request.current_app = self.admin_site.name
        return TemplateResponse(request, self.page_template, context)

    def _load_panels(self, request: HttpRequest, obj: Model) -> list[dict[str, Any]]:
        return [
            {
                **(panel.load(obj, request) if panel.asks_request else panel.load(obj)),
                "template": panel.template,
                "aside": panel.aside,
            }
            for panel in _panels.get(self.model, [])
            if request.user.has_perm(panel.permission)
        ]
