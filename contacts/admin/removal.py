"""Deleting, restoring and erasing a person in the console: panels of the contact's page that say what will happen."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _

from account.audit import actor_of
from console import display
from console.pages import Panel
from contacts.admin.erasure_review import load_review
from contacts.deletion import delete_contacts, restore_contacts
from contacts.erasure import request_erasure
from contacts.models import Contact, Erasure, ErasureStage

MAY_DELETE = "contacts.delete_contact"
MAY_ERASE = "contacts.add_erasure"
NAME = "contacts_contact_{}"

type Action = Callable[[HttpRequest, Contact], None]


def erasure_of(contact: Contact) -> Erasure | None:
    """The record of the contact's erasure; no query for a contact that was read with it."""
    return getattr(contact, "erasure", None)


def load_deletion(contact: Contact) -> Mapping[str, Any]:
    return {"contact": contact, "is_erased": erasure_of(contact) is not None}


def load_erasure(contact: Contact) -> Mapping[str, Any]:
    """How far the erasure is, or that there is none yet."""
    erasure = erasure_of(contact)
    if erasure is None:
        return {"contact": contact, "facts": None}
    is_done = erasure.stage == ErasureStage.DONE
    facts = [
        (_("State"), _("erased") if is_done else _("being erased: %(stage)s") % {"stage": erasure.get_stage_display()}),
        (_("Asked for"), display.moment(erasure.requested_at)),
        (_("Done"), display.moment(erasure.finished_at)),
        (_("Events erased in"), display.number(erasure.events)),
        (_("Orders erased in"), display.number(erasure.orders)),
    ]
    return {"contact": contact, "facts": facts}


PANELS = (
    Panel("contacts/deletion.html", load_deletion, MAY_DELETE, aside=True),
    Panel("contacts/erasure.html", load_erasure, MAY_ERASE, aside=True),
)


def _delete(request: HttpRequest, contact: Contact) -> None:
    if delete_contacts([contact.pk], actor_of(request)):
        messages.success(request, _("The contact is deleted: no event finds it any more. Its orders stay."))
    else:
        messages.warning(request, _("Nothing was done: the contact is deleted already."))


def _restore(request: HttpRequest, contact: Contact) -> None:
    if restore_contacts([contact.pk], actor_of(request)):
        messages.success(request, _("The contact is back. What was ignored meanwhile can be replayed."))
    else:
        messages.warning(request, _("Nothing was done: the contact is not deleted, or was erased."))


def _erase(request: HttpRequest, contact: Contact) -> None:
    """The id has to be typed: what is erased does not come back."""
    if request.POST.get("contact_id", "").strip() != str(contact.pk):
        words = _("Nothing was erased: type the contact's id, %(id)s, to confirm.")
        messages.error(request, words % {"id": contact.pk})
        return
    request_erasure(contact.pk, actor_of(request))
    messages.success(request, _("The person is being erased. This page tells how far it is."))


ACTIONS: Mapping[str, tuple[str, Action]] = {
    "remove": (MAY_DELETE, _delete),
    "restore": (MAY_DELETE, _restore),
    "erase": (MAY_ERASE, _erase),
}


def removal_urls(admin_view: Callable[[Any], Any]) -> list[URLPattern]:
    """`<id>/remove/`, `<id>/restore/` and `<id>/erase/`, for signed-in staff (`admin_view` is the site's)."""
    return [
        path(f"<int:contact_id>/{name}/", admin_view(partial(_act, name=name)), name=NAME.format(name))
        for name in ACTIONS
    ]


def _act(request: HttpRequest, contact_id: int, *, name: str) -> HttpResponse:
    permission, action = ACTIONS[name]
    if not request.user.has_perm(permission):
        raise PermissionDenied
    is_reviewed = name == "erase" and request.method in ("GET", "HEAD")
    if request.method != "POST" and not is_reviewed:
        return HttpResponseNotAllowed(["GET", "HEAD", "POST"] if name == "erase" else ["POST"])
    contact = get_object_or_404(Contact.objects.select_related("erasure"), pk=contact_id)
    if is_reviewed and erasure_of(contact) is None:
        return _review(request, contact)
    if not is_reviewed:
        action(request, contact)
    return HttpResponseRedirect(reverse("admin:contacts_contact_change", args=[contact_id]))


def _review(request: HttpRequest, contact: Contact) -> HttpResponse:
    """What would go and what would stay. Changes nothing."""
    context = {
        **admin.site.each_context(request),
        "title": _("Erase a person"),
        "contact": contact,
        **load_review(contact),
    }
    request.current_app = admin.site.name
    return TemplateResponse(request, "contacts/erasure_review.html", context)
