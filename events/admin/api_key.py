"""API keys in the console: made here and shown once, rotated and revoked here, never shown again.

Of a key that is there only the rate limit changes.
"""

from datetime import timedelta
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget, UnfoldAdminIntegerFieldWidget

from account.audit import AuditAction, actor_of, record_audit
from console import display
from console.pages import PageAdmin
from events.admin.figures import SPANS, events_url, fate_rows, load_figures
from events.key_rotation import rotate_key
from events.keys import forget_keys, issue_key, note_issued, revoke_key
from events.models import ApiKey, Scope, Source, backend_scopes

CURL = """curl -X POST {address} \\
  -H "Authorization: Bearer {key}" \\
  -H "Content-Type: application/json" \\
  -d '{{"eventTypeKey": "firstEvent", "keyValue": "hello", "params": []}}'"""


SCOPES = {
    Scope.EVENTS_WRITE: gettext_lazy("post events"),
    Scope.ORDERS_WRITE: gettext_lazy("post and delete orders"),
    Scope.CONTACTS_WRITE: gettext_lazy("create, change and delete contacts"),
    Scope.READ: gettext_lazy("read all of it"),
    Scope.SETTINGS_WRITE: gettext_lazy("change matching rules and replay events"),
}


LIMIT_HELP = gettext_lazy(
    "The most requests that the key may send in a minute; a bulk counts as one. What is more is refused with 429, and "
    "its sender is told when to send it again. Empty: no limit."
)

# How long the old key still holds beside the one that takes its place, in hours.
OVERLAPS = {
    "24": gettext_lazy("for a day"),
    "1": gettext_lazy("for an hour"),
    "168": gettext_lazy("for a week"),
    "0": gettext_lazy("not at all: it is revoked at once"),
}


class NewKeyForm(forms.ModelForm):
    scopes = forms.MultipleChoiceField(
        label=gettext_lazy("Scopes"),
        choices=lambda: [(scope.value, f"{scope.value}: {words}") for scope, words in SCOPES.items()],
        initial=backend_scopes,
        widget=UnfoldAdminCheckboxSelectMultipleWidget,
        help_text=gettext_lazy("What whoever has the key may do. A shop's backend needs the first four."),
    )

    class Meta:
        model = ApiKey
        fields = ("source", "scopes", "expires_at", "requests_per_minute")
        help_texts = {
            "expires_at": gettext_lazy("In the account's time zone. Empty: the key holds until it is revoked."),
            "requests_per_minute": LIMIT_HELP,
        }

    def clean_expires_at(self) -> Any:
        expires_at = self.cleaned_data["expires_at"]
        if expires_at is not None and expires_at <= timezone.now():
            raise forms.ValidationError(_("This moment is past; a key that has expired could never be used."))
        return expires_at


class LimitForm(forms.ModelForm):
    """The one thing of a key that may be changed."""

    class Meta:
        model = ApiKey
        fields = ("requests_per_minute",)
        widgets = {"requests_per_minute": UnfoldAdminIntegerFieldWidget}
        help_texts = {"requests_per_minute": LIMIT_HELP}


def limit_of(key: ApiKey) -> str:
    limit = key.requests_per_minute
    if limit is None:
        return _("none")
    words = ngettext("%(count)s request a minute", "%(count)s requests a minute", limit)
    return words % {"count": display.number(limit)}


def last_use_of(key: ApiKey) -> str:
    """To the minute: a use is written at most once a minute (events/key_use.py)."""
    return display.moment(key.last_used_at) if key.last_used_at is not None else _("never")


STATES = {
    "in use": gettext_lazy("in use"),
    "expired": gettext_lazy("expired"),
    "revoked": gettext_lazy("revoked"),
}


class RotateForm(forms.Form):
    overlap = forms.ChoiceField(label=gettext_lazy("The old key still holds"), choices=lambda: list(OVERLAPS.items()))


def state_of(key: ApiKey) -> str:
    if key.revoked_at is not None:
        return "revoked"
    return "expired" if key.expires_at is not None and key.expires_at <= timezone.now() else "in use"


@admin.register(ApiKey)
class ApiKeyAdmin(PageAdmin):
    form = NewKeyForm
    list_display = ("__str__", "source", "scope_list", "created", "expires", "limit", "last_used", "state")
    list_select_related = ("source",)
    ordering = ("-id",)
    sortable_by = ()
    actions = None
    fields = ("source", "scopes", "expires_at", "requests_per_minute")
    page_template = "events/key_page.html"

    @admin.display(description=gettext_lazy("Scopes"))
    def scope_list(self, key: ApiKey) -> str:
        return ", ".join(key.scopes)

    @admin.display(description=gettext_lazy("Created"))
    def created(self, key: ApiKey) -> str:
        return display.moment(key.created_at)

    @admin.display(description=gettext_lazy("Expires"))
    def expires(self, key: ApiKey) -> str:
        return display.moment(key.expires_at)

    @admin.display(description=gettext_lazy("Rate limit"))
    def limit(self, key: ApiKey) -> str:
        return limit_of(key)

    @admin.display(description=gettext_lazy("Last used"))
    def last_used(self, key: ApiKey) -> str:
        return last_use_of(key)

    @admin.display(description=gettext_lazy("State"))
    def state(self, key: ApiKey) -> str:
        return str(STATES[state_of(key)])

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return request.user.has_perm("events.add_apikey")

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """One button: the page that follows shows the key."""
        one_button = {"show_save_and_add_another": False, "show_save_and_continue": False}
        return super().add_view(request, form_url, {**(extra_context or {}), **one_button})

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        field = super().formfield_for_dbfield(db_field, request, **kwargs)
        if db_field.name == "source" and field is not None:
            field.widget.can_add_related = field.widget.can_change_related = field.widget.can_view_related = False
        return field

    def get_urls(self) -> list[Any]:
        revoke = self.admin_site.admin_view(self.revoke_view)
        limit = self.admin_site.admin_view(self.limit_view)
        rotate = self.admin_site.admin_view(self.rotate_view)
        return [
            path("<int:key_id>/revoke/", revoke, name="events_apikey_revoke"),
            path("<int:key_id>/limit/", limit, name="events_apikey_limit"),
            path("<int:key_id>/rotate/", rotate, name="events_apikey_rotate"),
            *super().get_urls(),
        ]

    def page_title(self, obj: ApiKey) -> str:
        return _("API key %(key)s") % {"key": obj}

    def page_context(self, request: HttpRequest, obj: ApiKey) -> dict[str, Any]:
        facts = [
            (_("Source"), display.link_to(reverse("admin:events_source_change", args=[obj.source_id]), obj.source)),
            (_("Scopes"), ", ".join(obj.scopes)),
            (_("Created"), display.moment(obj.created_at)),
            (_("Expires"), display.moment(obj.expires_at)),
            (_("Revoked"), display.moment(obj.revoked_at)),
            (_("Rate limit"), limit_of(obj)),
            (_("Last used"), last_use_of(obj)),
        ]
        may_change = request.user.has_perm("events.change_apikey") and obj.revoked_at is None
        state = state_of(obj)
        figures = load_figures(source_ids=[obj.source_id]) if request.user.has_perm("events.view_event") else None
        return {
            "key": obj,
            "state": state,
            "state_words": STATES[state],
            "facts": facts,
            "may_change": may_change,
            "may_rotate": may_change and state == "in use" and request.user.has_perm("events.add_apikey"),
            "limit_form": LimitForm(instance=obj) if may_change else None,
            "rotate_form": RotateForm(),
            "span_titles": [title for title, _length in SPANS],
            "fates": [*fate_rows(figures, source=str(obj.source_id))] if figures else [],
            "events_url": events_url(source=str(obj.source_id)),
        }

    def save_model(self, request: HttpRequest, obj: ApiKey, form: forms.ModelForm, change: bool) -> None:
        """Issues the key; the row that the form made takes over what the issued one is known by."""
        key = issue_key(obj.source, obj.scopes, obj.expires_at, obj.requests_per_minute)
        stored = note_issued(key, actor_of(request))
        obj.pk, obj.prefix = stored.pk, stored.prefix
        request.new_key = key  # type: ignore[attr-defined]

    def response_add(self, request: HttpRequest, obj: ApiKey, post_url_continue: str | None = None) -> HttpResponse:
        """The key in the answer to the form itself: it stands in no session, no address and no second page."""
        key: str = request.new_key  # type: ignore[attr-defined]
        return self._shown_once(request, key, obj.source)

    def _shown_once(self, request: HttpRequest, key: str, source: Source) -> HttpResponse:
        context = {
            **self.admin_site.each_context(request),
            "title": _("Your new API key"),
            "key": key,
            "source": source,
            "curl": CURL.format(address=request.build_absolute_uri("/api/v1/event"), key=key),
        }
        return TemplateResponse(request, "events/new_key.html", context, headers={"Cache-Control": "no-store"})

    def revoke_view(self, request: HttpRequest, key_id: int) -> HttpResponse:
        """Ends a key, for good. In this process at once, in others within a second (events/keys.py)."""
        if not request.user.has_perm("events.change_apikey"):
            raise PermissionDenied
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        key = get_object_or_404(ApiKey, pk=key_id)
        with transaction.atomic():
            is_revoked = revoke_key(key_id)
            if is_revoked:
                self.log_change(request, key, "Revoked.")
                record_audit(actor_of(request), AuditAction.KEY_REVOKED, f"key {key.pk} of source {key.source_id}")
        forget_keys()
        if is_revoked:
            told = _("The key %(key)s is revoked: requests with it are refused from now on.")
            messages.success(request, told % {"key": key})
        return HttpResponseRedirect(reverse("admin:events_apikey_change", args=[key_id]))

    def limit_view(self, request: HttpRequest, key_id: int) -> HttpResponse:
        """Changes a key's rate limit. In this process at once, in others within a second."""
        if not request.user.has_perm("events.change_apikey"):
            raise PermissionDenied
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        key = get_object_or_404(ApiKey, pk=key_id, revoked_at=None)
        before = key.requests_per_minute
        form = LimitForm(request.POST, instance=key)
        if form.is_valid():
            details = {
                "before": {"requests_per_minute": before},
                "after": {"requests_per_minute": form.instance.requests_per_minute},
            }
            with transaction.atomic():
                form.save()
                self.log_change(request, key, f"Rate limit: {limit_of(key)}.")
                record_audit(actor_of(request), AuditAction.KEY_CHANGED, f"key {key.pk}: rate limit", details=details)
            forget_keys()
            told = _("The rate limit of the key %(key)s is now: %(limit)s.")
            messages.success(request, told % {"key": key, "limit": limit_of(key)})
        else:
            for problem in form.errors["requests_per_minute"]:
                messages.error(request, f"{_('The rate limit was not changed.')} {problem}")
        return HttpResponseRedirect(reverse("admin:events_apikey_change", args=[key_id]))

    def rotate_view(self, request: HttpRequest, key_id: int) -> HttpResponse:
        """Makes the key that takes this one's place, and shows it once; the old one holds for as long as was chosen."""
        if not request.user.has_perms(("events.add_apikey", "events.change_apikey")):
            raise PermissionDenied
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        key = get_object_or_404(ApiKey.objects.select_related("source"), pk=key_id)
        form, new = RotateForm(request.POST), None
        if form.is_valid():
            new = rotate_key(key.pk, timedelta(hours=int(form.cleaned_data["overlap"])), actor_of(request))
        if new is None:
            messages.error(
                request, _("The key was not rotated: it is not in use, or the time is none of those offered.")
            )
            return HttpResponseRedirect(reverse("admin:events_apikey_change", args=[key_id]))
        self.log_change(request, key, "Rotated.")
        return self._shown_once(request, new, key.source)
