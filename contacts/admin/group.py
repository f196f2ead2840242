"""Groups of contacts in the console: their names and ids, and the way to their contacts. The API makes them."""

from typing import Any
from urllib.parse import urlencode

from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin

from contacts.models import Group


@admin.register(Group)
class GroupAdmin(ModelAdmin):
    list_display = ("name", "id", "members")
    list_display_links = None
    ordering = ("name",)
    sortable_by = ()
    search_fields = ("name__startswith",)
    actions = None

    @admin.display(description=_("Contacts"))
    def members(self, group: Group) -> SafeString:
        address = f"{reverse('admin:contacts_contact_changelist')}?{urlencode({'group': group.name})}"
        return format_html('<a href="{}">{}</a>', address, _("Contacts in it"))

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
