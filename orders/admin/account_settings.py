"""The page of the account's settings, with how far the figures are that a change of the time zone has computed again.

The form is the account's own (account/admin.py); it is registered here, because the account knows nothing of orders.
"""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse

from account.admin import AccountAdmin
from account.models import Account
from orders.rebuild_progress import load_progress


@admin.register(Account)
class AccountSettingsAdmin(AccountAdmin):
    change_form_before_template = "orders/rebuild_progress.html"

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        return super().change_view(request, object_id, form_url, {"progress": load_progress(), **(extra_context or {})})
