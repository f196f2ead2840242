"""Saved views: the filters and the ordering of a list under a name, for oneself or for all who may see the list.

A list takes part by `has_saved_views` (console/lists.py). Sharing takes a permission of its own, and stands in the
audit log, as does taking a shared view away.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast
from urllib.parse import urlencode

from django import forms
from django.contrib import admin, messages
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Q
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect, QueryDict
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.views import UnfoldSiteViewMixin

from account.audit import AuditAction, actor_of, record_audit
from console.models import SavedView

SHARE = "console.share_savedview"
MOST_OWN = 30  # of one user and list, shared ones included
MOST_SHARED = 30  # of one list, by all users
MAX_QUERY = 2_000  # characters of an address that is worth keeping
NOT_KEPT = ("cursor", "limit", "csrfmiddlewaretoken")


@dataclass(frozen=True, slots=True)
class ShownView:
    """A view as a list shows it; `is_on` when it is what the list shows now."""

    id: int
    name: str
    url: str
    is_shared: bool
    is_own: bool
    is_on: bool
    may_be_removed: bool


def load_views(request: HttpRequest, list_name: str) -> Sequence[ShownView]:
    """The user's own views of the list and the shared ones, by name: one query."""
    views = SavedView.objects.filter(Q(owner_id=request.user.pk) | Q(is_shared=True), list_name=list_name)
    now, may_share = parameters_of(request.GET), request.user.has_perm(SHARE)
    return [
        ShownView(
            id=view.pk,
            name=view.name,
            url=f"?{urlencode(view.parameters, doseq=True)}",
            is_shared=view.is_shared,
            is_own=view.owner_id == request.user.pk,
            is_on=view.parameters == now,
            may_be_removed=may_share if view.is_shared else view.owner_id == request.user.pk,
        )
        for view in views.order_by("name", "id")[: MOST_OWN + MOST_SHARED]
    ]


def parameters_of(query: QueryDict) -> dict[str, list[str]]:
    """What of a list's address is kept: its filters and its ordering, not the place in it."""
    kept = {name: [value for value in query.getlist(name) if value] for name in sorted(query) if name not in NOT_KEPT}
    return {name: values for name, values in kept.items() if values}


class SavedViewForm(forms.Form):
    """`list` and `query` come from the list's page, the rest from the person."""

    list = forms.CharField(max_length=100)
    query = forms.CharField(max_length=MAX_QUERY, required=False)
    name = forms.CharField(
        max_length=80, error_messages={"required": gettext_lazy("A view needs a name: type one, then save it.")}
    )
    is_shared = forms.BooleanField(required=False)


class SavedViewsPage(UnfoldSiteViewMixin):
    """Takes what the lists post: a view to save, or one to remove. It leads back to the list."""

    title = gettext_lazy("Saved views")
    permission_required = ()

    def get(self, request: HttpRequest) -> HttpResponse:
        return HttpResponseNotAllowed(["POST"])

    def post(self, request: HttpRequest) -> HttpResponse:
        if "remove" in request.POST:
            return self._remove(request)
        form = SavedViewForm(request.POST)
        address = _address_of(request, request.POST.get("list", ""))
        if address is None:
            return HttpResponseRedirect(reverse("admin:index"))
        query = QueryDict(request.POST.get("query", "")[:MAX_QUERY])
        if form.is_valid():
            problem = _save(request, form.cleaned_data, parameters_of(query))
        else:
            problem = " ".join(str(text) for texts in form.errors.values() for text in texts)
        if problem:
            messages.error(request, problem)
        else:
            messages.success(request, _("The view “%(name)s” is saved.") % {"name": form.cleaned_data["name"]})
        return HttpResponseRedirect(f"{address}?{urlencode(parameters_of(query), doseq=True)}")

    def _remove(self, request: HttpRequest) -> HttpResponse:
        typed = request.POST["remove"]
        view_id = int(typed) if typed.isascii() and typed.isdigit() and len(typed) < 19 else 0
        with transaction.atomic():
            view = SavedView.objects.select_for_update().filter(pk=view_id).first()
            if view is None:
                return HttpResponseRedirect(reverse("admin:index"))
            address = _address_of(request, view.list_name)
            may = request.user.has_perm(SHARE) if view.is_shared else view.owner_id == request.user.pk
            if not may or address is None:
                raise PermissionDenied
            if view.is_shared:
                record_audit(actor_of(request), AuditAction.VIEW_UNSHARED, f"view {view.pk} of {view.list_name}")
            view.delete()
        messages.success(request, _("The view “%(name)s” is removed.") % {"name": view.name})
        return HttpResponseRedirect(address)


def _save(request: HttpRequest, given: dict[str, Any], parameters: dict[str, list[str]]) -> str:
    """What is wrong, in words, or "" when it is saved. A view of one's own of the same name is replaced."""
    if not parameters:
        return _("No filter is on, so there is nothing to save. Choose filters first.")
    if given["is_shared"] and not request.user.has_perm(SHARE):
        return _("You may not share views; save it for yourself.")
    user_id = cast(int, request.user.pk)  # only who is signed in comes here
    of_list = SavedView.objects.filter(list_name=given["list"])
    with transaction.atomic():
        User.objects.select_for_update().get(pk=user_id)  # one view of a name, however often it is clicked
        own = of_list.filter(owner_id=user_id)
        before = own.filter(name=given["name"]).first()
        if before is not None and before.is_shared and not request.user.has_perm(SHARE):
            return _("You may not change a shared view; choose another name.")
        if before is None and own.count() >= MOST_OWN:
            return _("You have %(count)d views of this list; remove one first.") % {"count": MOST_OWN}
        if given["is_shared"] and of_list.filter(is_shared=True).count() >= MOST_SHARED:
            return _("%(count)d views of this list are shared; remove one first.") % {"count": MOST_SHARED}
        view = before or SavedView(owner_id=user_id, list_name=given["list"], name=given["name"])
        was_shared, view.is_shared, view.parameters = view.is_shared, given["is_shared"], parameters
        view.save()
        if view.is_shared or was_shared:
            action = AuditAction.VIEW_SHARED if view.is_shared else AuditAction.VIEW_UNSHARED
            record_audit(actor_of(request), action, f"view {view.pk} of {view.list_name}")
    return ""


def _address_of(request: HttpRequest, list_name: str) -> str | None:
    """The address of a list that has saved views, None when there is none or the user may not see it."""
    for model, pages in admin.site._registry.items():
        if model._meta.label_lower == list_name and getattr(pages, "has_saved_views", False):
            if not pages.has_view_permission(request):
                raise PermissionDenied
            return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
    return None
