"""Sources in the console: the systems that post to us. A source that has sent something cannot be taken away."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import Count, Max, Q, QuerySet
from django.forms import ModelForm
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse, reverse_lazy
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django_filters import FilterSet
from unfold.admin import ModelAdmin, TabularInline
from unfold.decorators import action

from account.audit import AuditAction, actor_of, record_audit
from console import display
from console.filters import SearchFilter
from console.lists import Column, ListAdmin
from contract.paging import SortKey, id_key
from events.admin.figures import SHOWN_DAYS, SPANS, events_url, fate_rows, load_figures, share_rows
from events.last_events import load_last_by
from events.models import ApiKey, EventType, Source


def new_key_url(source_id: int | str) -> str:
    """The form for a new key with the source chosen already."""
    return f"{reverse('admin:events_apikey_add')}?{urlencode({'source': source_id})}"


class KeysOfSource(TabularInline):
    """The source's keys, for reading; they are made, rotated and revoked on their own page."""

    model = ApiKey
    fields = ("begins_with", "may_do", "created", "expires", "revoked", "last_used")
    readonly_fields = fields
    extra = 0
    can_delete = False
    show_change_link = True
    verbose_name_plural = gettext_lazy("API keys")

    @admin.display(description=gettext_lazy("Begins with"))
    def begins_with(self, key: ApiKey) -> str:
        return f"olk_{key.prefix}"

    @admin.display(description=gettext_lazy("Scopes"))
    def may_do(self, key: ApiKey) -> str:
        return ", ".join(key.scopes)

    @admin.display(description=gettext_lazy("Created"))
    def created(self, key: ApiKey) -> str:
        return display.moment(key.created_at)

    @admin.display(description=gettext_lazy("Expires"))
    def expires(self, key: ApiKey) -> str:
        return display.moment(key.expires_at)

    @admin.display(description=gettext_lazy("Revoked"))
    def revoked(self, key: ApiKey) -> str:
        return display.moment(key.revoked_at)

    @admin.display(description=gettext_lazy("Last used"))
    def last_used(self, key: ApiKey) -> str:
        return display.moment(key.last_used_at)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class SourceFilters(FilterSet):
    q = SearchFilter(gettext_lazy("Part of a name"), field_name="name", lookup_expr="icontains")

    class Meta:
        model = Source
        fields: list[str] = []


@admin.register(Source)
class SourceAdmin(ListAdmin):
    """The list is one of ours; the page is a form for the name, below the figures of the source."""

    filterset_class = SourceFilters
    columns = (
        Column(gettext_lazy("Source"), "name"),
        Column(gettext_lazy("Kind")),
        Column(gettext_lazy("Keys in use"), is_number=True),
        Column(gettext_lazy("Key last used")),
        Column(gettext_lazy("Last event")),
        Column(gettext_lazy("Decided in 7 days"), is_number=True),
        Column(gettext_lazy("Applied"), is_number=True),
        Column(gettext_lazy("Ignored"), is_number=True),
        Column(gettext_lazy("Failed"), is_number=True),
    )
    sort_keys = {"name": SortKey(column="name"), "created": id_key()}
    default_ordering = "name"
    row_template = "events/source_row.html"
    intro = gettext_lazy(
        "A source is a system that posts events: the shop's backend, a mobile SDK, an import. Each has API keys of its "
        "own."
    )
    empty_title = gettext_lazy("No sources yet")
    empty_hint = gettext_lazy("Make one for each system that posts events; its first key comes right after it.")
    empty_link = (reverse_lazy("admin:events_source_add"), gettext_lazy("New source"), "events.add_source")
    fields = ("name", "kind")
    inlines = (KeysOfSource,)
    actions_detail = ("new_key",)
    change_form_before_template = "events/source_figures.html"

    def rows(self, request: HttpRequest) -> QuerySet[Source]:
        is_live = Q(keys__revoked_at=None) & (Q(keys__expires_at=None) | Q(keys__expires_at__gt=timezone.now()))
        return Source.objects.annotate(live_keys=Count("keys", filter=is_live), key_used_at=Max("keys__last_used_at"))

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """The list with its figures: three statements more for a page, whatever is on it."""
        add = reverse("admin:events_source_add") if request.user.has_perm("events.add_source") else ""
        new = {"list_action": (add, _("New source"))} if add else {}
        response = super().changelist_view(request, {**new, **(extra_context or {})})
        if rows := (getattr(response, "context_data", None) or {}).get("rows"):
            ids = [row.pk for row in rows]
            last = load_last_by("source_id", ids)
            shares = share_rows(
                load_figures(source_ids=ids), lambda part: part.source_id, lambda source_id: {"source": str(source_id)}
            )
            for row in rows:
                row.last, row.shares = last.get(row.pk), shares.get(row.pk)
        return response

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The form; what is above it is loaded for whoever looks, not for what is sent."""
        figures = self._figures(object_id) if request.method == "GET" and object_id.isdecimal() else {}
        return ModelAdmin.change_view(self, request, object_id, form_url, {**figures, **(extra_context or {})})

    def _figures(self, object_id: str) -> dict[str, Any]:
        source = Source.objects.filter(pk=int(object_id[:18])).first()
        if source is None:
            return {}
        figures = load_figures(source_ids=[source.pk])
        last = load_last_by("source_id", [source.pk]).get(source.pk)
        decided = sum(part.events for part in figures.shown)
        return {
            "span_titles": [title for title, _length in SPANS],
            "fates": [*fate_rows(figures, source=str(source.pk))],
            "types": _types_of(source, figures),
            "last_event": last,
            "a_day": decided // SHOWN_DAYS,
            "events_url": events_url(source=str(source.pk)),
        }

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return ModelAdmin.has_add_permission(self, request)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return ModelAdmin.has_change_permission(self, request, obj)

    def save_model(self, request: HttpRequest, obj: Source, form: ModelForm, change: bool) -> None:
        super().save_model(request, obj, form, change)
        if not change:
            record_audit(actor_of(request), AuditAction.SOURCE_CREATED, f"source {obj.pk} “{obj.name}” ({obj.kind})")
        elif form.changed_data:
            before = {name: form.initial[name] for name in form.changed_data}
            after = {name: form.cleaned_data[name] for name in form.changed_data}
            details = {"before": before, "after": after}
            record_audit(actor_of(request), AuditAction.SOURCE_CHANGED, f"source {obj.pk}", details=details)

    def response_add(self, request: HttpRequest, obj: Source, post_url_continue: str | None = None) -> HttpResponse:
        """On to the source's first key, without which it can post nothing."""
        if "_save" not in request.POST or not request.user.has_perm("events.add_apikey"):
            return super().response_add(request, obj, post_url_continue)
        told = _("The source “%(source)s” is there. Now make the key that it posts with.")
        messages.success(request, told % {"source": obj})
        return HttpResponseRedirect(new_key_url(obj.pk))

    @action(description=gettext_lazy("New API key"), icon="key", url_path="new-key", permissions=("new_key",))
    def new_key(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return HttpResponseRedirect(new_key_url(object_id))

    def has_new_key_permission(self, request: HttpRequest, object_id: str | None = None) -> bool:
        """A method, because Unfold looks a permission's name up in the database when it checks, even without one."""
        return request.user.has_perm("events.add_apikey")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """The kind decides what counts as mobile-SDK revenue, for orders that were made already as well."""
        return ("kind",) if obj is not None else ()


def _types_of(source: Source, figures: Any) -> list[dict[str, Any]]:
    """The types of the source's events in the last days, those with most of them first."""
    ids = {part.event_type_id for part in figures.shown}
    keys = dict(EventType.objects.filter(pk__in=ids).values_list("pk", "key"))
    found = share_rows(
        figures,
        lambda part: part.event_type_id,
        lambda type_id: {"source": str(source.pk), "type": keys.get(type_id, "")},
    )
    rows = [{"name": keys.get(type_id, ""), **row} for type_id, row in found.items()]
    return sorted(rows, key=lambda row: (-row["decided"], row["name"]))
