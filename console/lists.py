"""Lists of many rows: one filter form, keyset pages, no count, and an address for every state of the list."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.forms import BoundField
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.template.response import TemplateResponse
from django.utils.translation import gettext_lazy as _
from django_filters import FilterSet

from console.pages import PageAdmin
from console.saved_views import SHARE, load_views
from contract.paging import Page, SortKey, cut_page, id_key
from contract.problems import ApiError

CURSOR, ORDERING, LIMIT = "cursor", "ordering", "limit"  # the same names as in the API


@dataclass(frozen=True, slots=True)
class Column:
    """A column's heading; `sort_key` is the name of what a click on it orders by, if anything."""

    title: Any  # a text, or one that is translated when it is shown
    sort_key: str = ""
    is_number: bool = False


@dataclass(frozen=True, slots=True)
class Chip:
    """A filter that is on, in words, and the address of the list without it."""

    label: str
    value: str
    url: str


@dataclass(frozen=True, slots=True)
class Note:
    """What to know of the rows that are shown, with links: [(words, address)]. A filter set may have `notes`."""

    words: str
    links: Sequence[tuple[str, str]] = ()


class ListAdmin(PageAdmin):
    """A list and a page of each of its rows. Subclasses say what to show; the templates draw it."""

    filterset_class: type[FilterSet]
    columns: Sequence[Column]
    row_template: str
    sort_keys: Mapping[str, SortKey] = {"id": id_key()}  # each needs an index on (column, id)
    default_ordering = "-id"
    intro: Any = ""
    empty_title: Any = _("Nothing here yet")
    empty_hint: Any = ""
    has_saved_views = False  # one query more
    empty_link: tuple[Any, Any, str] | None = None  # (address, words, the permission that its page takes)

    def rows(self, request: HttpRequest) -> QuerySet[Any]:
        """The rows of the list with all that a row shows: a fixed number of queries, whatever the page's size."""
        return self.get_queryset(request)

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        if not self.has_view_permission(request):
            raise PermissionDenied
        filterset = self.filterset_class(request.GET, queryset=self.rows(request), request=request)
        try:
            page = self._cut_page(request, filterset)
        except ApiError as refusal:  # an address that was not made here: the list from its beginning
            messages.warning(request, refusal.detail)
            return HttpResponseRedirect(changed_url(request.GET, **dict.fromkeys((CURSOR, ORDERING, LIMIT), "")))
        ordering = request.GET.get(ORDERING, self.default_ordering)
        context = {
            **self.admin_site.each_context(request),
            "title": str(self.opts.verbose_name_plural).capitalize(),
            "intro": self.intro,
            "form": filterset.form,
            "chips": chips_of(filterset, request.GET),
            "notes": getattr(filterset, "notes", ()),
            "ordering": request.GET.get(ORDERING, ""),
            "columns": [_heading(column, ordering, request.GET) for column in self.columns],
            "row_template": self.row_template,
            "rows": page.rows,
            "previous_url": page.previous_url,
            "next_url": page.next_url,
            "first_url": changed_url(request.GET, **{CURSOR: ""}) if CURSOR in request.GET else "",
            "empty": {"title": self.empty_title, "hint": self.empty_hint, "link": self._empty_link(request)},
            **self._saved_views(request),
            **(extra_context or {}),
        }
        request.current_app = self.admin_site.name
        return TemplateResponse(request, "console/list.html", context)

    def _saved_views(self, request: HttpRequest) -> dict[str, Any]:
        if not self.has_saved_views:
            return {}
        query = request.GET.copy()
        query.pop(CURSOR, None)
        return {
            "views": load_views(request, self.opts.label_lower),
            "view_list": self.opts.label_lower,
            "view_query": query.urlencode(),
            "may_share_views": request.user.has_perm(SHARE),
        }

    def _empty_link(self, request: HttpRequest) -> tuple[Any, Any] | None:
        if self.empty_link is None:
            return None
        address, words, permission = self.empty_link
        return (address, words) if request.user.has_perm(permission) else None

    def _cut_page(self, request: HttpRequest, filterset: FilterSet) -> Page[Any]:
        """One page; an empty one while the form says what is wrong with a filter. Raises ApiError."""
        rows = filterset.qs if filterset.is_valid() else filterset.queryset.none()
        return cut_page(request, rows, self.sort_keys, self.default_ordering, filterset.queryset)


def changed_url(query: QueryDict, **changes: str) -> str:
    """The list's address with some parameters changed, and taken out where the new value is empty."""
    changed = query.copy()
    for name, value in changes.items():
        changed.pop(name, None)
        if value:
            changed[name] = value
    return f"?{changed.urlencode()}"


def _heading(column: Column, ordering: str, query: QueryDict) -> dict[str, Any]:
    """A column's heading with the address that orders by it; a second click turns the order around."""
    is_sorted = bool(column.sort_key) and ordering.removeprefix("-") == column.sort_key
    is_descending = ordering.startswith("-")
    other = column.sort_key if is_sorted and is_descending else f"-{column.sort_key}"
    return {
        "title": column.title,
        "is_number": column.is_number,
        "url": changed_url(query, **{ORDERING: other, CURSOR: ""}) if column.sort_key else "",
        "sorted": ("descending" if is_descending else "ascending") if is_sorted else "",
    }


def chips_of(filterset: FilterSet, query: QueryDict) -> list[Chip]:
    """A chip for each value of a filter that the address has."""
    chips = []
    for field in filterset.form:
        for value in filter(None, query.getlist(field.html_name)):
            without = query.copy()
            without.pop(CURSOR, None)
            without.setlist(field.html_name, [other for other in query.getlist(field.html_name) if other != value])
            chips.append(Chip(label=str(field.label), value=_words(field, value), url=f"?{without.urlencode()}"))
    return chips


def _words(field: BoundField, value: str) -> str:
    """What a filter's value is called in its form."""
    return str(dict(getattr(field.field, "choices", ())).get(value, value))
