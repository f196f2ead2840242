"""The second factor on a user's page: whether there is one, and taking it away when the device is lost."""

from typing import Any

from django.contrib import admin, messages
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.decorators import action

from account.audit import actor_of
from account.second_factor import factor_of, reset_factor


def may_touch(request: HttpRequest, user: User | None) -> bool:
    """Whether the user is nobody who may do more than whoever asks: a superuser is a superuser's to change."""
    return user is None or not user.is_superuser or bool(request.user.is_superuser)


class SecondFactorOfUser:
    """Mixed into the admin of users."""

    actions_detail = ("reset_second_factor",)

    @admin.display(description=gettext_lazy("Second factor"))
    def second_factor(self, user: User) -> str:
        factor = factor_of(user) if user.pk else None
        if factor is None:
            return _("off: the password alone signs in")
        return _("on; recovery codes left: %(codes)s") % {"codes": factor.codes_left}

    @action(
        description=gettext_lazy("Reset second factor"),
        icon="phonelink_erase",
        url_path="reset-second-factor",
        permissions=("reset_second_factor",),
    )
    def reset_second_factor(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Asks first; a POST does it."""
        user = get_object_or_404(User, pk=object_id) if object_id.isascii() and object_id.isdigit() else None
        back = reverse("admin:auth_user_change", args=[object_id])
        if user is None or factor_of(user) is None:
            messages.warning(request, _("This user has no second factor."))
            return HttpResponseRedirect(back)
        if request.method != "POST":
            context = {**admin.site.each_context(request), "title": _("Reset second factor"), "of": user, "back": back}
            return TemplateResponse(request, "console/reset_second_factor.html", context)
        reset_factor(user, actor_of(request))
        messages.success(request, _("The second factor is reset: the password alone signs this user in."))
        return HttpResponseRedirect(back)

    def has_reset_second_factor_permission(self, request: HttpRequest, object_id: str | None = None) -> bool:
        if not request.user.has_perm("auth.change_user"):
            return False
        if object_id is None or not object_id.isascii() or not object_id.isdigit():
            return True
        return may_touch(request, User.objects.filter(pk=object_id).first())

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return (*super().get_readonly_fields(request, obj), "second_factor")  # type: ignore[misc]

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        fieldsets = super().get_fieldsets(request, obj)  # type: ignore[misc]
        if obj is None:
            return fieldsets
        return [*fieldsets, (_("Signing in"), {"fields": ("second_factor",)})]
