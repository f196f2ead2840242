"""The log of deliveries: what was to be told to whom, each attempt, and “send it again”."""

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.urls import path, reverse, reverse_lazy
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django_filters import FilterSet, ModelChoiceFilter

from account.audit import actor_of
from console import display
from console.filters import PickFilter
from console.lists import Column, ListAdmin
from contract.paging import Page
from webhooks.admin.subscription import MAY_CHANGE
from webhooks.models import Attempt, Delivery, DeliveryState, Subscription, SubscriptionState
from webhooks.subscriptions import send_again

TONES = {"pending": "busy", "delivered": "good", "failed": "bad", "cancelled": "warn"}
STATE_WORDS = {
    DeliveryState.PENDING: gettext_lazy("pending"),
    DeliveryState.DELIVERED: gettext_lazy("delivered"),
    DeliveryState.FAILED: gettext_lazy("given up"),
    DeliveryState.CANCELLED: gettext_lazy("cancelled"),
}
MOST_ATTEMPTS = 100  # on one page: more than three days hold, unless it was sent again and again by hand


class DeliveryFilters(FilterSet):
    subscription = ModelChoiceFilter(
        label=gettext_lazy("Webhook"), queryset=Subscription.objects.order_by("name"), empty_label=gettext_lazy("any")
    )
    state = PickFilter(gettext_lazy("State"), [(state.value, words) for state, words in STATE_WORDS.items()])

    class Meta:
        model = Delivery
        fields: list[str] = []


def shown(delivery: Delivery) -> dict[str, Any]:
    """What a row and the page show of a delivery."""
    return {
        "delivery": delivery,
        "state": STATE_WORDS[DeliveryState(delivery.state)],
        "tone": TONES[delivery.state],
        "event_url": delivery.event_id and reverse("admin:events_event_change", args=[delivery.event_id]),
    }


@admin.register(Delivery)
class DeliveryAdmin(ListAdmin):
    filterset_class = DeliveryFilters
    columns = (
        Column(gettext_lazy("Message")),
        Column(gettext_lazy("Webhook")),
        Column(gettext_lazy("Tells of")),
        Column(gettext_lazy("Event")),
        Column(gettext_lazy("State")),
        Column(gettext_lazy("Attempts"), is_number=True),
        Column(gettext_lazy("Noted")),
    )
    row_template = "webhooks/delivery_row.html"
    page_template = "webhooks/delivery_page.html"
    intro = gettext_lazy("What webhooks were told, newest first. What ended is kept for 30 days.")
    empty_title = gettext_lazy("Nothing was sent yet")
    empty_hint = gettext_lazy("Each event that a webhook asked for appears here as soon as it has its outcome.")
    empty_link = (
        reverse_lazy("admin:webhooks_subscription_add"),
        gettext_lazy("Make a webhook"),
        "webhooks.add_subscription",
    )

    def rows(self, request: HttpRequest) -> QuerySet[Delivery]:
        return super().rows(request).select_related("subscription")

    def _cut_page(self, request: HttpRequest, filterset: FilterSet) -> Page[Any]:
        page = super()._cut_page(request, filterset)
        rows = [shown(delivery) for delivery in page.rows]
        return Page(rows=rows, next_url=page.next_url, previous_url=page.previous_url)

    def get_urls(self) -> list[Any]:
        again = self.admin_site.admin_view(self.again_view)
        return [path("<int:delivery_id>/again/", again, name="webhooks_delivery_again"), *super().get_urls()]

    def page_title(self, obj: Delivery) -> str:
        return _("Message %(id)s") % {"id": obj.message_id}

    def page_context(self, request: HttpRequest, obj: Delivery) -> dict[str, Any]:
        attempts = list(Attempt.objects.filter(delivery=obj).order_by("-number")[:MOST_ATTEMPTS])
        subscription_url = reverse("admin:webhooks_subscription_change", args=[obj.subscription_id])
        is_waiting = obj.state == DeliveryState.PENDING
        is_sent = obj.subscription.state == SubscriptionState.ACTIVE
        next_attempt = display.moment(obj.due_at) if is_sent else _("when the webhook is resumed")
        facts = [
            (_("Webhook"), display.link_to(subscription_url, obj.subscription.name)),
            (_("Tells of"), obj.topic),
            (_("Event"), display.link_to(shown(obj)["event_url"], obj.event_id)),
            (_("Noted"), display.moment(obj.created_at)),
            (_("Next attempt"), next_attempt if is_waiting else ""),
            (_("Ended"), display.moment(obj.ended_at) if obj.ended_at else ""),
        ]
        return {
            **shown(obj),
            "facts": [(title, value) for title, value in facts if value],
            "attempts": attempts,
            "may_send": not is_waiting and request.user.has_perm(MAY_CHANGE),
        }

    def get_queryset(self, request: HttpRequest) -> QuerySet[Delivery]:
        return super().get_queryset(request).select_related("subscription")

    def again_view(self, request: HttpRequest, delivery_id: int) -> HttpResponse:
        if not request.user.has_perm(MAY_CHANGE):
            raise PermissionDenied
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        delivery = Delivery.objects.select_related("subscription").filter(pk=delivery_id).first()
        if delivery is None:
            raise Http404
        if send_again(delivery.subscription, [delivery.pk], actor_of(request), timezone.now()):
            messages.success(request, _("It is sent again, under the same id."))
        return HttpResponseRedirect(reverse("admin:webhooks_delivery_change", args=[delivery_id]))
