"""One of each thing that has a page in the console, so that a walk over all addresses opens every page on something."""

from datetime import date

from django.contrib.auth.models import Group as StaffGroup
from django.contrib.auth.models import User
from django.db.models import Model
from django.utils import timezone

from account.audit import AuditAction, record_audit
from contacts.models import ContactField, IdentifierKind
from events.keys import issue_key
from events.models import Replay, Source
from insights.rfm.refresh import compute as compute_rfm
from insights.segments.models import Segment
from orders.models import ExchangeRate
from tests.events.building import created, drain
from tests.factories import make_contact, make_kind, make_order
from webhooks.models import Delivery, Subscription

CHOSEN = {
    # Those that migrations made are not changed by anybody.
    IdentifierKind: lambda: IdentifierKind.objects.get(key="loyaltyCard").pk,
    # Not the administrator of everything, whose second factor other administrators may not reset.
    User: lambda: User.objects.filter(username="olena").values_list("pk", flat=True).first(),
    StaffGroup: lambda: StaffGroup.objects.get(name="Marketers").pk,
}


def make_things() -> None:
    """Call it once, before the walk. A page that is new takes a line here, or its address has nothing to show."""
    make_contact(external_customer_id="C1", email="olha@example.com", groups=["VIP"])
    make_kind()
    User.objects.create(username="olena", is_staff=True)
    ContactField.objects.create(id=1, key="city", name="City")
    created()
    drain()
    issue_key(Source.objects.get())
    Replay.objects.create(filters={}, matched=0, next_event_id=0, last_event_id=0, started_by="user olha")
    make_order("bought", status="DELIVERED", contact=make_contact())
    compute_rfm(timezone.localdate())
    ExchangeRate.objects.create(currency="UAH", reporting_currency="EUR", day=date(2026, 5, 1), rate="0.02")
    webhook = Subscription.objects.create(name="warehouse", url="https://shop.example/", topics=[], secret="whsec_YQ==")
    Delivery.objects.create(subscription=webhook, topic="event.applied", event_id=1, state="failed")
    Segment.objects.create(name="Buyers", conditions={"orders": {}}, created_by="user olha")
    record_audit("user olha", AuditAction.ORDERS_DELETED, "externalOrderId=1001")


def pk_of(model: type[Model]) -> object | None:
    """The key of the thing that stands for its kind; None for a kind of which there is nothing."""
    if model in CHOSEN:
        return CHOSEN[model]()
    return model._default_manager.order_by("pk").values_list("pk", flat=True).first()
