"""Webhooks in the console: who is told what, how that goes, and what can be done about it."""

from datetime import timedelta
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.forms import ModelForm
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from account.audit import actor_of
from console import display
from console.pages import PageAdmin
from webhooks import subscriptions
from webhooks.forms import SubscriptionForm
from webhooks.models import Delivery, DeliveryState, Subscription, SubscriptionState
from webhooks.sending import SWITCH_OFF_AFTER

TONES = {SubscriptionState.ACTIVE: "good", SubscriptionState.PAUSED: "warn", SubscriptionState.SWITCHED_OFF: "bad"}
STATE_WORDS = {
    SubscriptionState.ACTIVE: gettext_lazy("active"),
    SubscriptionState.PAUSED: gettext_lazy("paused"),
    SubscriptionState.SWITCHED_OFF: gettext_lazy("switched off"),
}
MAY_ADD, MAY_CHANGE, MAY_DELETE = (f"webhooks.{action}_subscription" for action in ("add", "change", "delete"))
COUNTED_AT_MOST = 10_000
SENT_AGAIN_SINCE = timedelta(days=30)


def count_pending(subscription: Subscription) -> str:
    """How many messages wait to be sent, counted up to a bound."""
    pending = Delivery.objects.filter(subscription=subscription, state=DeliveryState.PENDING)
    found = pending.values("pk")[: COUNTED_AT_MOST + 1].count()
    if found > COUNTED_AT_MOST:
        return _("more than %(count)s") % {"count": display.number(COUNTED_AT_MOST)}
    return display.number(found)


def log_url(subscription: Subscription, **filters: str) -> str:
    """The list of the subscription's deliveries."""
    query = urlencode({"subscription": str(subscription.pk), **filters})
    return f"{reverse('admin:webhooks_delivery_changelist')}?{query}"


def badge(request: HttpRequest) -> str:
    """The mark beside the entry of the navigation: how many are switched off."""
    if not request.user.has_perm("webhooks.view_subscription"):
        return ""
    count = Subscription.objects.filter(state=SubscriptionState.SWITCHED_OFF).count()
    return str(count) if count else ""


@admin.register(Subscription)
class SubscriptionAdmin(PageAdmin):
    form = SubscriptionForm
    list_display = ("name", "url", "told", "state_words", "created")
    ordering = ("name",)
    sortable_by = ()
    actions = None
    fields = ("name", "url", "topics", "event_types", "order_statuses")
    page_template = "webhooks/subscription_page.html"
    list_before_template = "webhooks/subscriptions_intro.html"

    @admin.display(description=gettext_lazy("Told of"))
    def told(self, subscription: Subscription) -> str:
        return ", ".join(subscription.topics)

    @admin.display(description=gettext_lazy("State"))
    def state_words(self, subscription: Subscription) -> str:
        return str(STATE_WORDS[SubscriptionState(subscription.state)])

    @admin.display(description=gettext_lazy("Created"))
    def created(self, subscription: Subscription) -> str:
        return display.moment(subscription.created_at)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return request.user.has_perm(MAY_ADD)

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """One button: the page that follows shows the secret."""
        one_button = {"show_save_and_add_another": False, "show_save_and_continue": False}
        return super().add_view(request, form_url, {**(extra_context or {}), **one_button})

    def save_model(self, request: HttpRequest, obj: Subscription, form: ModelForm, change: bool) -> None:
        try:
            request.new_secret = subscriptions.create_subscription(obj, actor_of(request))  # type: ignore[attr-defined]
        except subscriptions.TooManySubscriptionsError:
            request.new_secret = ""  # type: ignore[attr-defined]

    def log_addition(self, request: HttpRequest, obj: Any, message: Any) -> None:
        """The audit log has it already."""

    def response_add(
        self, request: HttpRequest, obj: Subscription, post_url_continue: str | None = None
    ) -> HttpResponse:
        secret: str = request.new_secret  # type: ignore[attr-defined]
        if not secret:
            most = subscriptions.MOST_SUBSCRIPTIONS
            messages.error(request, _("There are %(most)d webhooks already: delete one first.") % {"most": most})
            return HttpResponseRedirect(reverse("admin:webhooks_subscription_changelist"))
        return self._show_secret(request, obj, secret)

    def _show_secret(self, request: HttpRequest, subscription: Subscription, secret: str) -> HttpResponse:
        """The secret in the answer to the form itself: it stands in no session, no address and no second page."""
        context = {
            **self.admin_site.each_context(request),
            "title": _("The secret of “%(name)s”") % {"name": subscription.name},
            "secret": secret,
            "subscription": subscription,
        }
        request.current_app = self.admin_site.name
        return TemplateResponse(request, "webhooks/new_secret.html", context, headers={"Cache-Control": "no-store"})

    def get_urls(self) -> list[Any]:
        views = {
            "settings": self.settings_view,
            "pause": self.pause_view,
            "resume": self.resume_view,
            "secret": self.secret_view,
            "test": self.test_view,
            "again": self.again_view,
            "remove": self.remove_view,
        }
        return [
            *(
                path(
                    f"<int:subscription_id>/{name}/",
                    self.admin_site.admin_view(view),
                    name=f"webhooks_subscription_{name}",
                )
                for name, view in views.items()
            ),
            *super().get_urls(),
        ]

    def page_title(self, obj: Subscription) -> str:
        return _("Webhook %(name)s") % {"name": obj.name}

    def page_context(self, request: HttpRequest, obj: Subscription) -> dict[str, Any]:
        state = SubscriptionState(obj.state)
        facts = [
            (_("Address"), obj.url),
            (_("Told of"), ", ".join(obj.topics)),
            (_("Events of the types"), ", ".join(obj.event_types) or _("all")),
            (_("Orders that are then"), ", ".join(obj.order_statuses) or _("in any status")),
            (_("Waiting to be sent"), display.link_to(log_url(obj, state="pending"), count_pending(obj))),
            (_("Created"), display.moment(obj.created_at)),
        ]
        return {
            "subscription": obj,
            "state": STATE_WORDS[state],
            "tone": TONES[state],
            "facts": facts,
            "is_active": state == SubscriptionState.ACTIVE,
            "is_switched_off": state == SubscriptionState.SWITCHED_OFF,
            "switch_off_days": SWITCH_OFF_AFTER.days,
            "log_url": log_url(obj),
            "failed_url": log_url(obj, state="failed"),
            "form": SubscriptionForm(instance=obj) if request.user.has_perm(MAY_CHANGE) else None,
            "may_delete": request.user.has_perm(MAY_DELETE),
        }

    def settings_view(self, request: HttpRequest, subscription_id: int) -> HttpResponse:
        subscription = self._posted(request, subscription_id, MAY_CHANGE)
        if isinstance(subscription, HttpResponse):
            return subscription
        form = SubscriptionForm(request.POST, instance=subscription)
        if not form.is_valid():
            return self.change_view(_as_read(request), str(subscription_id), extra_context={"form": form})
        if form.changed_data:
            subscriptions.change_subscription(form.instance, form.changed_data, actor_of(request))
            messages.success(request, _("It is saved, and holds for what comes from now on."))
        return self._back(subscription_id)

    def pause_view(self, request: HttpRequest, subscription_id: int) -> HttpResponse:
        subscription = self._posted(request, subscription_id, MAY_CHANGE)
        if isinstance(subscription, HttpResponse):
            return subscription
        if subscriptions.pause(subscription_id, actor_of(request)):
            messages.success(request, _("It is paused. What comes meanwhile is sent when you resume it."))
        return self._back(subscription_id)

    def resume_view(self, request: HttpRequest, subscription_id: int) -> HttpResponse:
        subscription = self._posted(request, subscription_id, MAY_CHANGE)
        if isinstance(subscription, HttpResponse):
            return subscription
        if subscriptions.resume(subscription_id, actor_of(request)):
            messages.success(request, _("It is active: what waits is sent now."))
        return self._back(subscription_id)

    def secret_view(self, request: HttpRequest, subscription_id: int) -> HttpResponse:
        subscription = self._posted(request, subscription_id, MAY_CHANGE)
        if isinstance(subscription, HttpResponse):
            return subscription
        secret = subscriptions.rotate_secret(subscription_id, actor_of(request))
        if secret is None:
            raise Http404
        return self._show_secret(request, subscription, secret)

    def test_view(self, request: HttpRequest, subscription_id: int) -> HttpResponse:
        subscription = self._posted(request, subscription_id, MAY_CHANGE)
        if isinstance(subscription, HttpResponse):
            return subscription
        delivery, answer = subscriptions.send_test(subscription)
        words = {"milliseconds": display.number(answer.milliseconds), "status": answer.status, "error": answer.error}
        if answer.is_taken:
            messages.success(request, _("The test was taken: %(status)s after %(milliseconds)s ms.") % words)
        else:
            messages.error(request, _("The test was not taken. %(error)s") % words)
        return HttpResponseRedirect(reverse("admin:webhooks_delivery_change", args=[delivery.pk]))

    def again_view(self, request: HttpRequest, subscription_id: int) -> HttpResponse:
        subscription = self._posted(request, subscription_id, MAY_CHANGE)
        if isinstance(subscription, HttpResponse):
            return subscription
        since = timezone.now() - SENT_AGAIN_SINCE
        count = subscriptions.send_again(subscription, None, actor_of(request), since)
        words = ngettext("%(count)s message is sent again.", "%(count)s messages are sent again.", count)
        messages.success(request, words % {"count": display.number(count)})
        return HttpResponseRedirect(log_url(subscription))

    def remove_view(self, request: HttpRequest, subscription_id: int) -> HttpResponse:
        subscription = self._posted(request, subscription_id, MAY_DELETE)
        if isinstance(subscription, HttpResponse):
            return subscription
        subscriptions.delete_subscription(subscription_id, actor_of(request))
        messages.success(request, _("The webhook “%(name)s” is deleted.") % {"name": subscription.name})
        return HttpResponseRedirect(reverse("admin:webhooks_subscription_changelist"))

    def _posted(self, request: HttpRequest, subscription_id: int, permission: str) -> Subscription | HttpResponse:
        """The subscription, for who may do it and has posted it. Raises PermissionDenied, Http404."""
        if not request.user.has_perm(permission):
            raise PermissionDenied
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        subscription = Subscription.objects.filter(pk=subscription_id).first()
        if subscription is None:
            raise Http404
        return subscription

    def _back(self, subscription_id: int) -> HttpResponse:
        return HttpResponseRedirect(reverse("admin:webhooks_subscription_change", args=[subscription_id]))


def _as_read(request: HttpRequest) -> HttpRequest:
    """The request as a look at the page, which then shows the form with what is wrong in it."""
    request.method = "GET"
    return request
