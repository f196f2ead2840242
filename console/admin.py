"""The audit log in the console: read by those with the permission, changed by nobody."""

from collections.abc import Mapping
from typing import Any

from django.contrib import admin
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django_filters import FilterSet

from account.audit import AuditAction
from account.models import AuditEntry
from console import display
from console.filters import PickFilter
from console.lists import Column, ListAdmin
from console.pages import Panel, add_panels


class AuditFilters(FilterSet):
    action = PickFilter(_("Action"), [(action.value, _(action.label)) for action in AuditAction])

    class Meta:
        model = AuditEntry
        fields: list[str] = []


@admin.register(AuditEntry)
class AuditEntryAdmin(ListAdmin):
    filterset_class = AuditFilters
    columns = (
        Column(_("Id")),
        Column(_("Action")),
        Column(_("What")),
        Column(_("Count"), is_number=True),
        Column(_("Who")),
        Column(_("When")),
    )
    row_template = "console/audit_row.html"
    intro = _(
        "Who changed rules, keys, settings, segments and users, and who deleted, erased, exported or replayed what. An "
        "entry holds ids and numbers, never a person's data."
    )
    empty_title = _("Nobody has changed anything yet")
    empty_hint = _("Each such action leaves a row here, with who did it and when.")

    def page_title(self, obj: AuditEntry) -> str:
        return gettext("Audit entry %(id)s") % {"id": obj.pk}


def load_audit_facts(entry: AuditEntry) -> Mapping[str, Any]:
    return {
        "facts": [
            (_("Action"), entry.action),
            (_("What"), entry.what),
            (_("Count"), display.number(entry.count)),
            (_("Who"), entry.actor),
            (_("When"), display.moment(entry.at)),
        ]
    }


add_panels(AuditEntry, [Panel("console/audit_facts.html", load_audit_facts, "account.view_auditentry")])
