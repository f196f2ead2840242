"""Sets and removes the boundaries of a currency, and has the scores computed by them. Each change is audited."""

from datetime import date

from django.db import transaction
from django.utils import timezone

from account.audit import AuditAction, record_audit
from account.current import current_account
from insights.background import wake
from insights.rfm.boundaries import Boundaries
from insights.rfm.models import RfmThresholds
from insights.rfm.refresh import ask_for

TASK = "insights.refresh_rfm"


def set_thresholds(currency: str, boundaries: Boundaries, actor: str) -> None:
    """From now on the currency is scored by these boundaries, each of which is above the one before it."""
    columns = {
        "recency_days": list(boundaries.recency),
        "frequency": list(boundaries.frequency),
        "monetary": list(boundaries.monetary),
        "changed_at": timezone.now(),
    }
    told = "; ".join(
        f"{name} {', '.join(map(str, getattr(boundaries, name)))}" for name in ("recency", "frequency", "monetary")
    )
    with transaction.atomic():
        RfmThresholds.objects.update_or_create(currency=currency, defaults=columns)
        record_audit(actor, AuditAction.RFM_BOUNDARIES_CHANGED, f"{currency}: {told}")
        have_computed()


def remove_thresholds(currency: str, actor: str) -> None:
    """From now on the currency is scored by the quintiles of its customers again."""
    with transaction.atomic():
        removed, _ = RfmThresholds.objects.filter(currency=currency).delete()
        if removed:
            record_audit(actor, AuditAction.RFM_BOUNDARIES_CHANGED, f"{currency}: quintiles")
            have_computed()


def have_computed(day: date | None = None) -> bool:
    """Has the scores of a day, else of the one that goes on, computed soon: after the caller's transaction.

    False, and nothing is done, while too many others wait.
    """
    is_noted = ask_for(day or timezone.localdate(timezone=current_account().time_zone))
    transaction.on_commit(lambda: wake(TASK))
    return is_noted
