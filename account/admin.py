"""The account's settings in the console, and the people who use it. The account is one row, so its list is that row."""

from collections.abc import Mapping
from typing import Any

from django.contrib import admin, messages
from django.contrib.auth.admin import GroupAdmin as DjangoGroupAdmin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.models import Group, User
from django.db import transaction
from django.forms import ModelForm
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django_otp.plugins.otp_static.models import StaticDevice
from django_otp.plugins.otp_totp.models import TOTPDevice
from unfold.admin import ModelAdmin
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm

from account.audit import AuditAction, actor_of, record_audit
from account.current import forget_account
from account.models import Account
from account.user_factor import SecondFactorOfUser, may_touch

# What a change of each setting does, as its form and the message after it say.
EFFECTS: Mapping[str, str | Promise] = {
    "name": _("Shown above every page and told by the API; nothing else depends on it."),
    "time_zone": _(
        "Days are cut in this zone, and dates without an offset are read in it. A change holds at once for what is "
        "shown and for events that come from then on; orders keep their moments. The figures of all days are computed "
        "again in the background, and are right while that goes on: what is not built yet is computed when it is asked "
        "for, which takes longer."
    ),
    "default_currency": _(
        "The currency of an order that names none. Holds for events that come from now on; orders that are there keep "
        "theirs."
    ),
    "phone_region": _(
        "Phone numbers without a country code are read as numbers of this region, in events that come from now on and "
        "in searches; numbers of contacts that are there keep the form in which they were stored. Weeks begin on the "
        "day that is usual there: customers of weeks are counted again in the background."
    ),
    "mobile_sdk_revenue": _(
        "Revenue pages show INITIALIZED orders of mobile-SDK sources as a part of its own, never added to the "
        "DELIVERED figure. Holds at once: the part is kept computed either way, so nothing has to be built again."
    ),
    "creates_missing_contacts": _(
        "Events posted to /api/v2/ and /api/v3/ create the contact that they did not find. Holds for events that are "
        "decided from now on, replays included."
    ),
}


class AccountForm(ModelForm):
    class Meta:
        model = Account
        fields = tuple(EFFECTS)
        help_texts = EFFECTS


class AccountAdmin(ModelAdmin):
    """Registered by the room that knows how far the figures are: orders/admin/account_settings.py."""

    form = AccountForm
    fieldsets = (
        (None, {"fields": ("name",)}),
        (_("How events are read"), {"fields": ("time_zone", "default_currency", "phone_region")}),
        (_("What is shown and made"), {"fields": ("mobile_sdk_revenue", "creates_missing_contacts")}),
    )

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        return HttpResponseRedirect(reverse("admin:account_account_change", args=[1]))

    def save_model(self, request: HttpRequest, obj: Account, form: ModelForm, change: bool) -> None:
        """Saves, tells what each change does, and keeps what was before in the audit log."""
        with transaction.atomic():
            super().save_model(request, obj, form, change)
            if form.changed_data:
                details = {
                    "before": {name: form.initial[name] for name in form.changed_data},
                    "after": {name: form.cleaned_data[name] for name in form.changed_data},
                }
                what = ", ".join(form.changed_data)
                record_audit(actor_of(request), AuditAction.ACCOUNT_CHANGED, what, details=details)
        forget_account()
        for name in form.changed_data:
            messages.info(request, f"{form.fields[name].label}: {EFFECTS[name]}")


admin.site.unregister(User)
admin.site.unregister(Group)
for secrets in (TOTPDevice, StaticDevice):  # django-otp's own pages show what its forms keep
    admin.site.unregister(secrets)


@admin.register(User)
class UserAdmin(SecondFactorOfUser, DjangoUserAdmin, ModelAdmin):
    form = UserChangeForm
    add_form = UserCreationForm
    change_password_form = AdminPasswordChangeForm
    list_filter = ()

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """Only a superuser makes another one: whoever may change users would else be one in two clicks."""
        fields = super().get_readonly_fields(request, obj)
        return fields if request.user.is_superuser else (*fields, "is_superuser")

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_change_permission(request, obj) and may_touch(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_delete_permission(request, obj) and may_touch(request, obj)


@admin.register(Group)
class GroupAdmin(DjangoGroupAdmin, ModelAdmin):
    pass
