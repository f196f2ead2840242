"""Segments in the console: the list, and the page of one with its size, its people and what is done with it."""

from datetime import timedelta
from decimal import Decimal
from functools import partial
from typing import Any

from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import path, reverse
from django.utils import formats, timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django_filters import FilterSet

from console import display
from console.chart import BarChart, Slot, draw_bars
from console.filters import SearchFilter
from console.lists import Column, ListAdmin
from contract.paging import cut_page
from contract.problems import ApiError
from insights.segments import builder, pages
from insights.segments.found_people import present_people
from insights.segments.loading import load_segment
from insights.segments.members import BY_ID, members_of
from insights.segments.models import Segment
from insights.segments.words import lines_of

CHARTED = timedelta(days=90)


class SegmentFilters(FilterSet):
    q = SearchFilter(gettext_lazy("A part of the name"), field_name="name", lookup_expr="icontains")

    class Meta:
        model = Segment
        fields: list[str] = []


@admin.register(Segment)
class SegmentAdmin(ListAdmin):
    filterset_class = SegmentFilters
    columns = (
        Column(gettext_lazy("Name")),
        Column(gettext_lazy("People"), is_number=True),
        Column(gettext_lazy("As of")),
        Column(gettext_lazy("Refreshed")),
        Column(gettext_lazy("State")),
    )
    row_template = "insights/segment_row.html"
    page_template = "insights/segment_page.html"
    intro = gettext_lazy("People chosen by what they ordered, did and are. Each segment is refreshed on its schedule.")
    empty_title = gettext_lazy("No segments yet")
    empty_hint = gettext_lazy("Say who should be in one, see at once how many they are, and save it under a name.")
    empty_link = ("add/", gettext_lazy("Make the first segment"), "insights.change_segment")

    def get_urls(self) -> list[Any]:
        wrap = self.admin_site.admin_view
        framed = [
            ("add/", builder.builder, "insights_segment_add"),
            ("<int:segment_id>/edit/", builder.builder, "insights_segment_edit"),
            ("<int:segment_id>/why/<int:contact_id>/", pages.why, "insights_segment_why"),
            ("<int:segment_id>/delete/", pages.delete, "insights_segment_delete"),
        ]
        plain = [
            ("count/", builder.count, "insights_segment_count"),
            ("<int:segment_id>/export/", pages.export, "insights_segment_export"),
            ("<int:segment_id>/refresh/", pages.refresh, "insights_segment_refresh"),
        ]
        return [
            *(path(route, wrap(partial(self._framed, view)), name=name) for route, view, name in framed),
            *(path(route, wrap(view), name=name) for route, view, name in plain),
            *super().get_urls(),
        ]

    def _framed(self, view: Any, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        """A view that draws a whole page gets the context of every page."""
        request.current_app = self.admin_site.name
        answer: HttpResponse = view(request, self.admin_site.each_context(request), **kwargs)
        return answer

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        action = ("add/", _("New segment")) if builder.may_change(request) else None
        return super().changelist_view(request, {"list_action": action, **(extra_context or {})})

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        try:
            return super().change_view(request, object_id, form_url, extra_context)
        except ApiError as refusal:  # an address that was not made here: the people from the first one
            messages.warning(request, refusal.detail)
            return HttpResponseRedirect(reverse("admin:insights_segment_change", args=[object_id]))

    def page_context(self, request: HttpRequest, obj: Segment) -> dict[str, Any]:
        node = load_segment(obj.conditions)
        context = {
            "segment": obj,
            "lines": [] if isinstance(node, list) else list(lines_of(node)),
            "problems": node if isinstance(node, list) else [],
            "may_change": builder.may_change(request),
            "may_see_people": request.user.has_perm(builder.VIEW_CONTACTS),
            "chart": _size_chart(obj),
        }
        if context["may_see_people"]:
            page = cut_page(request, members_of(obj), BY_ID, "id")
            context |= {
                "people": present_people(page.rows, obj.pk),
                "previous_url": page.previous_url,
                "next_url": page.next_url,
                "first_url": "?" if "cursor" in request.GET else "",
            }
        return context


def _size_chart(segment: Segment) -> BarChart | None:
    """The size on each day of the last three months that it was refreshed on."""
    since = timezone.localdate() - CHARTED
    return draw_bars(
        [
            Slot(
                label=formats.date_format(each.day, "j M"),
                tooltip=f"{formats.date_format(each.day, 'j M Y')}: {display.number(each.size)}",
                values=(Decimal(each.size),),
            )
            for each in segment.sizes.filter(day__gte=since).order_by("day")
        ]
    )
