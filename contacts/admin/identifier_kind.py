"""Identifier kinds in the console: the six that the product knows, and those that staff declare."""

from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin

from contacts.declaration import declare_kind, find_clashes
from contacts.models import IdentifierKind

SHOWN_CLASHES = 5
SHOWN_CONTACTS = 5


class IdentifierKindForm(forms.ModelForm):
    class Meta:
        model = IdentifierKind
        fields = ("key", "name", "normal_form")
        help_texts = {
            "key": _(
                "The name of the contact field whose values are unique, such as loyaltyCard. It cannot be changed."
            ),
            "name": _("What the console calls it."),
            "normal_form": _("How two values are compared. It cannot be changed once the kind is declared."),
        }

    def clean_key(self) -> str:
        key: str = self.cleaned_data["key"].strip()
        same = next((kind for kind in IdentifierKind.objects.all() if kind.key.casefold() == key.casefold()), None)
        if same is not None:
            words = _("There is the kind “%(key)s” already; choose another key.")
            raise ValidationError(words, params={"key": same.key})
        return key

    def clean(self) -> dict[str, Any]:
        """A new kind whose field has one value in two contacts is refused, naming both."""
        values: dict[str, Any] = super().clean() or self.cleaned_data
        if self.instance._state.adding and {"key", "normal_form"} <= values.keys():
            clashes = find_clashes(values["key"], values["normal_form"])
            for clash in clashes[:SHOWN_CLASHES]:
                contacts = ", ".join(map(str, clash.contact_ids[:SHOWN_CONTACTS]))
                words = _("“%(value)s” names more than one contact: %(contacts)s.")
                self.add_error("key", words % {"value": clash.value[:80], "contacts": contacts})
        return values


@admin.register(IdentifierKind)
class IdentifierKindAdmin(ModelAdmin):
    form = IdentifierKindForm
    list_display = ("called", "key", "normal_form", "of_the_product")
    ordering = ("-is_builtin", "key")
    sortable_by = ()
    actions = None
    fields = ("key", "name", "normal_form")

    @admin.display(description=_("Name"))
    def called(self, kind: IdentifierKind) -> str:
        return str(kind)

    @admin.display(description=_("The product’s own"), boolean=True)
    def of_the_product(self, kind: IdentifierKind) -> bool:
        return kind.is_builtin

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """What stored identifiers were made with stays as it is."""
        return ("key", "normal_form") if obj is not None else ()

    def save_model(self, request: HttpRequest, obj: IdentifierKind, form: Any, change: bool) -> None:
        if change:
            super().save_model(request, obj, form, change)
        else:
            declare_kind(obj)  # with what the contacts hold in that field already

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_change_permission(request, obj) and not (obj is not None and obj.is_builtin)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_delete_permission(request, obj) and not (obj is not None and obj.is_builtin)
