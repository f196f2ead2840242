"""The page on which staff correct an order, and the link to it on the order's page."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.generic import TemplateView
from unfold.views import UnfoldSiteViewMixin

from account.audit import actor_of
from account.current import current_account
from console.pages import Panel, add_panels
from contract.reasons import Status
from events.admin.correction_form import CorrectionForm
from events.corrections import correct_order, envelope_of, try_correction
from events.envelope import EnvelopeError
from events.fates import load_fate
from events.inbox import StoreUnavailableError
from orders.models import Order

CORRECT = "orders.correct_order"
NOT_STORED = gettext_lazy("The correction could not be stored; nothing is changed. Send it again in a moment.")


class CorrectionPage(UnfoldSiteViewMixin, TemplateView):
    title = gettext_lazy("Correction of an order")
    permission_required = ("orders.view_order", CORRECT)
    template_name = "events/correction.html"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        order = _order(kwargs["order_id"])
        return self._show(order, CorrectionForm(order, list(order.items.all())))

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Tries the event first, so that what is wrong is said beside its field; then stores and applies it."""
        order = _order(kwargs["order_id"])
        form = CorrectionForm(order, list(order.items.all()), request.POST)
        if not form.is_valid():
            return self._show(order, form)
        try:
            envelope = envelope_of(order.external_order_id, form.changes(), request.user.get_username())
        except EnvelopeError as error:
            for problem in error.problems:
                _say(form, problem.pointer, problem.detail)
            return self._show(order, form)
        tried = try_correction(envelope)
        if tried["outcome"] != Status.APPLIED:
            _say_why(form, tried["problems"], tried["message"])
            return self._show(order, form)
        try:
            event_id = correct_order(envelope, actor_of(request))
        except StoreUnavailableError:
            form.add_error(None, NOT_STORED)
            return self._show(order, form, 503)
        return _tell_fate(request, order, event_id)

    def _show(self, order: Order, form: CorrectionForm, status: int = 200) -> HttpResponse:
        shown = {"order": order, "form": form, "zone": current_account().time_zone.key}
        return self.render_to_response(self.get_context_data(**shown), status=status)


def _order(order_id: int) -> Order:
    order = Order.objects.prefetch_related("items").filter(pk=order_id).first() if order_id < 2**63 else None
    if order is None:
        raise Http404
    return order


def _say(form: CorrectionForm, pointer: str, detail: str) -> None:
    """An error beside the field that the pointer leads to; of an item, with its place."""
    _nothing, _params, *rest = [*pointer.split("/"), "", ""]
    name = rest[0] if rest else ""
    place = "/".join(part for part in rest[1:] if part)
    form.add_error(name if name in form.fields else None, f"{place}: {detail}" if place else detail)


def _say_why(form: CorrectionForm, problems: Sequence[Mapping[str, Any]], message: str) -> None:
    for problem in problems:
        _say(form, problem["pointer"], problem["detail"])
    if not problems:
        form.add_error(None, message)


def _tell_fate(request: HttpRequest, order: Order, event_id: int) -> HttpResponse:
    """Back to the order with what became of the event; to the event when it was not applied."""
    fate = load_fate(event_id) or {}
    if fate.get("outcome") == Status.APPLIED:
        messages.success(request, _("Event %(id)d: %(fate)s") % {"id": event_id, "fate": fate["message"]})
        return HttpResponseRedirect(reverse("admin:orders_order_change", args=[order.pk]))
    if fate.get("outcome") == Status.WAITING:
        messages.info(request, _("Event %(id)d is kept, and is applied as soon as its turn comes.") % {"id": event_id})
        return HttpResponseRedirect(reverse("admin:orders_order_change", args=[order.pk]))
    messages.warning(request, _("Event %(id)d was not applied.") % {"id": event_id})
    return HttpResponseRedirect(reverse("admin:events_event_change", args=[event_id]))


def load_link(order: Order) -> Mapping[str, Any]:
    return {"order": order}


add_panels(Order, [Panel("events/correct_link.html", load_link, CORRECT, aside=True)])
