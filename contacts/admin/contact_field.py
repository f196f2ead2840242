"""Contact fields in the console: staff declare them with a type; a shop that moves over keeps the ids of its fields."""

from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin

from contacts.fields import declare_field
from contacts.models import ContactField, IdentifierKind

MAX_ID = 10**18 - 1  # what is taken as an id in a contact that is posted


class ContactFieldForm(forms.ModelForm):
    id = forms.IntegerField(
        required=False,
        min_value=1,
        max_value=MAX_ID,
        label=_("Id"),
        help_text=_("By which the shop sends it. Empty: the next one. It cannot be changed."),
    )

    class Meta:
        model = ContactField
        fields = ("id", "key", "name", "type")
        help_texts = {
            "key": _("The name by which the shop sends it, such as size. It cannot be changed."),
            "name": _("What the console and the address book call it."),
            "type": _(
                "What its values must be from now on; those that contacts have already stay. It cannot be changed."
            ),
        }

    def clean_id(self) -> int | None:
        number: int | None = self.cleaned_data["id"]
        if number is not None and self.instance._state.adding and ContactField.objects.filter(pk=number).exists():
            words = _("There is a field with the id %(id)s already; choose another, or none.")
            raise ValidationError(words, params={"id": number})
        return number

    def clean_key(self) -> str:
        key: str = self.cleaned_data["key"].strip()
        if key.isdecimal():
            raise ValidationError(_("A key of digits alone would be taken for an id; add a letter."))
        return key


@admin.register(ContactField)
class ContactFieldAdmin(ModelAdmin):
    form = ContactFieldForm
    list_display = ("name", "key", "id", "type")
    ordering = ("id",)
    sortable_by = ()
    actions = None
    fields = ("id", "key", "name", "type")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """What stored values were read by stays as it is."""
        return ("id", "key", "type") if obj is not None else ()

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        if change:
            super().save_model(request, obj, form, change)
        else:
            declared = declare_field(obj.key, obj.name, obj.type, form.cleaned_data["id"])
            obj.pk = declared.pk
            obj._state.adding = False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """The field of an identifier kind goes with the kind only."""
        may = super().has_delete_permission(request, obj)
        return may and not (obj is not None and IdentifierKind.objects.filter(key=obj.key).exists())
