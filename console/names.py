"""Names of models and fields in the reader's language: in titles, forms and messages of Django and Unfold.

They are written in English in each room's models.py, as plain texts. Here they become texts that are translated when
they are shown, while the models load, before any form is made of them; migrations do not see it. `make messages`
collects them by words_of_models().
"""

from collections.abc import Iterator
from typing import Any

from django.apps import apps
from django.contrib import admin
from django.db.models import Model
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy

ROOMS = frozenset({"account", "console", "contacts", "orders", "events", "insights", "webhooks"})


def translate_names(sender: type[Model], **signal: Any) -> None:
    """For the signal that a model's class is ready."""
    options = sender._meta
    if options.app_label not in ROOMS:
        return
    if "verbose_name_plural" not in options.original_attrs:  # Django would put an “s” behind the translated name
        options.verbose_name_plural = str(options.verbose_name_plural)
    options.verbose_name = _lazy(options.verbose_name)
    options.verbose_name_plural = _lazy(options.verbose_name_plural)
    for field in options.local_fields:
        field.verbose_name = _lazy(field.verbose_name)
        field.help_text = _lazy(field.help_text)
        if field.choices:
            field.choices = [(value, _lazy(label)) for value, label in field.flatchoices]


def translate_rooms() -> None:
    """The same for what a room is called above its pages."""
    for room in apps.get_app_configs():
        if room.label in ROOMS:
            room.verbose_name = _lazy(room.verbose_name)


def words_of_models() -> Iterator[str]:
    """What the console says of them in English: each model that has a page, and the fields that are typed into.

    And what is told of an action in the audit log, whose codes and words stand below the console.
    """
    from account.audit import AuditAction  # its models are not there while this module loads

    yield from AuditAction.labels
    yield from (str(room.verbose_name) for room in apps.get_app_configs() if room.label in ROOMS)
    for model, model_admin in admin.site._registry.items():
        if model._meta.app_label not in ROOMS:
            continue
        yield from (str(model._meta.verbose_name), str(model._meta.verbose_name_plural))
        if _is_typed_into(type(model_admin)):
            yield from (word for field in model._meta.local_fields if field.editable for word in _words_of(field))


def _is_typed_into(model_admin: type[Any]) -> bool:
    """Whether it has a form: for what is there, or only for what is made, as of keys."""
    from console.pages import ReadOnlyAdmin  # its models are not there while this module loads

    return any(
        getattr(model_admin, name) is not getattr(ReadOnlyAdmin, name)
        for name in ("has_add_permission", "has_change_permission")
    )


def _words_of(field: Any) -> Iterator[str]:
    yield str(field.verbose_name)
    yield str(field.help_text)
    yield from (str(label) for _, label in field.flatchoices)


def _lazy(text: Any) -> Any:
    return text if isinstance(text, Promise) or not text else gettext_lazy(text)
