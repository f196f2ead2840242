"""The list of the orders behind a figure of the funnel or of carts."""

from collections.abc import Mapping
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from contract.paging import cut_page, moment_key
from contract.problems import ApiError
from insights.analytics.carts import CartFate
from insights.analytics.forms import CartsForm
from insights.analytics.funnel import STAGES
from insights.analytics.order_pages import FATES
from insights.analytics.orders_behind import carts_of, orders_cancelled_after_delivery, orders_that_reached
from insights.analytics.pages import AnalyticsPage
from insights.analytics.spans import DaySpan
from insights.rfm.models import VIEW_INSIGHTS


class OrdersBehindPage(AnalyticsPage):
    """The orders of a figure of the funnel or of carts, newest first, in keyset pages."""

    title = gettext_lazy("Orders behind a figure")
    template_name = "insights/analytics_orders.html"
    permission_required = (VIEW_INSIGHTS, "orders.view_order")
    form_class = CartsForm

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            return super().get(request, *args, **kwargs)
        except ApiError as refusal:  # an address that was not made here: the list from its beginning
            messages.warning(request, refusal.detail)
            query = request.GET.copy()
            for name in ("cursor", "ordering", "limit"):
                query.pop(name, None)
            return HttpResponseRedirect(f"{request.path}?{query.urlencode()}")

    def figures(self, chosen: Mapping[str, Any]) -> dict[str, Any]:
        found = self._orders(self.span(chosen), chosen["within"])
        if found is None:
            return {"is_unknown": True}
        words, orders = found
        currency = self.request.GET.get("currency", "")
        if currency:
            orders = orders.filter(currency=currency.replace("\0", ""))
        page = cut_page(self.request, orders, {"date": moment_key("date")}, "-date")
        return {
            "words": words,
            "orders": page.rows,
            "previous_url": page.previous_url,
            "next_url": page.next_url,
            "has_cursor": "cursor" in self.request.GET,
        }

    def _orders(self, span: DaySpan, within_days: int) -> tuple[str, Any] | None:
        """What is listed, in words, and the orders; None for an address that names no figure."""
        reached, cart = self.request.GET.get("reached", ""), self.request.GET.get("cart", "")
        if reached in [stage.value for stage in STAGES]:
            return _("that reached %(stage)s") % {"stage": reached}, orders_that_reached(span, reached)
        if reached == "returned":
            return _("that were cancelled after they were delivered"), orders_cancelled_after_delivery(span)
        if cart == "any":
            return _("that were abandoned carts"), carts_of(span, within_days)
        if cart in list(CartFate):
            fate = CartFate(cart)
            return _("abandoned carts: %(fate)s") % {"fate": FATES[fate][0]}, carts_of(span, within_days, fate)
        return None
