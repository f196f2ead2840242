"""Event types in the console: every name that events have carried, what became of them, and what they carry.

Events make them, so nobody types here; what may be typed is the schema of a custom type (events/admin/type_schema.py).
"""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.urls import path
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django_filters import FilterSet

from console import display
from console.filters import SearchFilter
from console.lists import Column, ListAdmin
from contacts.matching import load_rules
from contract.paging import SortKey, id_key
from events.admin.figures import SPANS, fate_rows, load_figures, percent, share_rows
from events.admin.type_schema import MAY_EDIT, schema_view
from events.last_events import load_last_by
from events.models import EventType, ParameterSchema, Source
from events.parameters_seen import load_sample, seen_in
from events.schemas import can_have_schema
from orders.rules import ORDER_EVENT_TYPES


class EventTypeFilters(FilterSet):
    q = SearchFilter(gettext_lazy("Part of a name"), field_name="key", lookup_expr="icontains")

    class Meta:
        model = EventType
        fields: list[str] = []


@admin.register(EventType)
class EventTypeAdmin(ListAdmin):
    filterset_class = EventTypeFilters
    columns = (
        Column(gettext_lazy("Type"), "type"),
        Column(gettext_lazy("First seen"), "firstSeen"),
        Column(gettext_lazy("Last received")),
        Column(gettext_lazy("Decided in 7 days"), is_number=True),
        Column(gettext_lazy("Applied"), is_number=True),
        Column(gettext_lazy("Ignored"), is_number=True),
        Column(gettext_lazy("Failed"), is_number=True),
        Column(gettext_lazy("Schema")),
        Column(""),
    )
    sort_keys = {"type": SortKey(column="key"), "firstSeen": id_key()}
    default_ordering = "type"
    row_template = "events/type_row.html"
    page_template = "events/type_page.html"
    intro = gettext_lazy("A name that was never seen before makes a new row here.")
    empty_title = gettext_lazy("No event types yet")
    empty_hint = gettext_lazy("The first event of each type makes it appear here.")

    def get_urls(self) -> list[Any]:
        schema = self.admin_site.admin_view(self.schema_view)
        return [path("<int:type_id>/schema/", schema, name="events_eventtype_schema"), *super().get_urls()]

    def schema_view(self, request: HttpRequest, type_id: int) -> HttpResponse:
        return schema_view(self.admin_site, request, type_id)

    def rows(self, request: HttpRequest) -> Any:
        return EventType.objects.select_related("parameter_schema")

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """The list with its figures: four statements more for a page, whatever is on it."""
        response = super().changelist_view(request, extra_context)
        if rows := (getattr(response, "context_data", None) or {}).get("rows"):
            keys = {row.pk: row.key for row in rows}
            last = load_last_by("event_type_id", list(keys))
            figures = load_figures(type_ids=list(keys))
            shares = share_rows(figures, lambda part: part.event_type_id, lambda type_id: {"type": keys[type_id]})
            for row in rows:
                row.last, row.shares = last.get(row.pk), shares.get(row.pk)
        return response

    def page_title(self, obj: EventType) -> str:
        return _("Event type %(key)s") % {"key": obj.key}

    def page_context(self, request: HttpRequest, obj: EventType) -> dict[str, Any]:
        rule = load_rules().by_event_type.get(obj.key)
        figures = load_figures(type_ids=[obj.pk])
        seen = seen_in(load_sample(obj.pk))
        last = load_last_by("event_type_id", [obj.pk]).get(obj.pk)
        is_custom = can_have_schema(obj.key)
        what = _("changes orders") if obj.key in ORDER_EVENT_TYPES else _("is kept with its contact")
        none = _("none: the account's list of matching rules holds")
        return {
            "type": obj,
            "facts": [
                (_("First seen"), display.moment(obj.created_at)),
                (_("Last received"), display.moment(last.received_at if last else None)),
                (_("What it does"), what),
                (_("Rule of its own"), f"{rule.parameter} → {rule.kind}" if rule else none),
            ],
            "span_titles": [title for title, _length in SPANS],
            "fates": [*fate_rows(figures, type=obj.key)],
            "sources": _sources_of(obj, figures),
            "seen": seen,
            "parameters": [
                (each, [kind for kind, _count in each.types.most_common()], percent(each.present, seen.newest))
                for each in seen.parameters
            ],
            "is_custom": is_custom,
            "schema": ParameterSchema.objects.filter(event_type=obj).first() if is_custom else None,
            "may_edit_schema": is_custom and request.user.has_perm(MAY_EDIT),
        }


def _sources_of(obj: EventType, figures: Any) -> list[dict[str, Any]]:
    """The sources that sent events of the type in the last days, who sent most of them first."""
    found = share_rows(
        figures, lambda part: part.source_id, lambda source_id: {"type": obj.key, "source": str(source_id)}
    )
    names = dict(Source.objects.filter(pk__in=found).values_list("pk", "name"))
    rows = [{"name": names.get(source_id, ""), **row} for source_id, row in found.items()]
    return sorted(rows, key=lambda row: (-row["decided"], row["name"]))
