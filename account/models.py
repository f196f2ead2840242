"""The one installation: its settings (docs/rules.md), and its audit log (account/audit.py)."""

import zoneinfo

from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _


def validate_time_zone(name: str) -> None:
    if name not in zoneinfo.available_timezones():
        words = _("“%(name)s” is not a time zone; use a name such as Europe/Kyiv.")
        raise ValidationError(words, params={"name": name})


def validate_phone_region(code: str) -> None:
    import phonenumbers

    if code not in phonenumbers.SUPPORTED_REGIONS:
        words = _("“%(code)s” is not a phone region; use two letters such as UA.")
        raise ValidationError(words, params={"code": code})


class Account(models.Model):
    """Exactly one row (id 1), made by the first migration."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1, editable=False)
    name = models.CharField(max_length=255, default="My shop")
    time_zone = models.CharField(
        max_length=64,
        default="Europe/Kyiv",
        validators=[validate_time_zone],
        help_text="Days of revenue are cut in this zone, and dates without an offset are read in it.",
    )
    default_currency = models.CharField(
        max_length=3,
        default="UAH",
        validators=[RegexValidator(r"^[A-Z]{3}\Z", _("Three letters of ISO 4217, such as UAH."))],
        help_text="The currency of an order that names none.",
    )
    phone_region = models.CharField(
        max_length=2,
        default="UA",
        validators=[validate_phone_region],
        help_text="Phone numbers without a country code are read as numbers of this region.",
    )
    mobile_sdk_revenue = models.BooleanField(
        "show mobile-SDK INITIALIZED orders",
        default=True,
        help_text="Revenue pages show INITIALIZED orders of mobile-SDK sources as a part of their own, "
        "never added to the DELIVERED figure.",
    )
    creates_missing_contacts = models.BooleanField(
        "create contacts that v2 and v3 events did not find",
        default=False,
        help_text="Events posted to /api/v2/ and /api/v3/ create the contact they did not find.",
    )

    class Meta:
        constraints = [
            models.CheckConstraint(condition=models.Q(id=1), name="account_is_one_row"),
            models.CheckConstraint(
                condition=models.Q(default_currency__regex=r"^[A-Z]{3}$"), name="account_default_currency_is_iso_4217"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class AuditEntry(models.Model):
    """Who had what done that the data cannot show any more. Written once; holds no value of the person it is about."""

    id = models.BigAutoField(primary_key=True)
    at = models.DateTimeField(db_default=Now(), editable=False)
    actor = models.CharField(max_length=400, help_text="The key and its source, the console user, or the command.")
    action = models.CharField(max_length=64, help_text="A code: account/audit.py.")
    what = models.TextField(help_text="What it was done to, by ids and filters.")
    count = models.PositiveBigIntegerField(help_text="How many it was done to.")
    # What was before and after, where it can be undone; the room that wrote it says what it holds. Null: nothing more.
    details = models.JSONField(null=True, editable=False)

    class Meta:
        verbose_name_plural = "audit entries"
        constraints = [
            models.CheckConstraint(
                condition=~models.Q(actor="") & ~models.Q(action=""), name="audit_entry_names_who_did_what"
            )
        ]
        indexes = [
            # The audit page, narrowed to one kind of action, newest first.
            models.Index(models.F("action"), models.F("id").desc(), name="audit_entry_by_action"),
        ]

    def __str__(self) -> str:
        return f"{self.action} by {self.actor}"
