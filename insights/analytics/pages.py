"""What the pages of event analytics share: the days that they are about, and where their numbers lead to."""

from collections.abc import Iterator, Mapping
from typing import Any

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.http import urlencode
from django.utils.translation import gettext_lazy
from django.views.generic import TemplateView
from unfold.views import UnfoldSiteViewMixin

from account.current import current_account
from insights.analytics.forms import SpanForm
from insights.analytics.spans import DaySpan
from insights.rfm.models import VIEW_INSIGHTS


class AnalyticsPage(UnfoldSiteViewMixin, TemplateView):
    """A page about a span of days; its form says what is wrong with it."""

    permission_required: Any = VIEW_INSIGHTS
    form_class: type[SpanForm] = SpanForm
    tab = ""

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        form = self.form_class(self.request.GET)
        context = {
            **super().get_context_data(**kwargs),
            "form": form,
            "zone": current_account().time_zone.key,
            "tabs": list(self._tabs()),
        }
        if not form.is_valid():
            return context
        chosen = form.cleaned_data
        days = {"date_from": chosen["date_from"], "date_to": chosen["date_to"]}
        return {**context, "first_day": days["date_from"], "last_day": days["date_to"], **self.figures(chosen)}

    def figures(self, chosen: Mapping[str, Any]) -> dict[str, Any]:
        """What the page shows of the days that were chosen."""
        raise NotImplementedError

    def _tabs(self) -> Iterator[tuple[Promise, str, bool]]:
        """The pages beside this one, for the same days."""
        days = {name: self.request.GET[name] for name in ("date_from", "date_to") if self.request.GET.get(name)}
        for title, name in TABS:
            yield title, f"{reverse(f'admin:{name}')}{query_of(**days)}", name == self.tab

    def span(self, chosen: Mapping[str, Any]) -> DaySpan:
        return DaySpan(
            first_day=chosen["date_from"], last_day=chosen["date_to"], zone=current_account().time_zone
        )  # fmt: skip


TABS = [
    (gettext_lazy("Events"), "analytics"),
    (gettext_lazy("Funnel of orders"), "analytics_funnel"),
    (gettext_lazy("Abandoned carts"), "analytics_carts"),
    (gettext_lazy("Items"), "analytics_items"),
]


def query_of(**parameters: Any) -> str:
    given = {name: value for name, value in parameters.items() if value not in ("", None)}
    return f"?{urlencode(given)}" if given else ""


def behind_url(chosen: Mapping[str, Any], **parameters: Any) -> str:
    """The list of exactly the orders behind a figure."""
    query = query_of(**parameters, date_from=chosen["date_from"], date_to=chosen["date_to"])
    return f"{reverse('admin:analytics_orders')}{query}"


def orders_url(chosen: Mapping[str, Any], **filters: Any) -> str:
    """The list of the orders that have what is asked for now."""
    query = query_of(**filters, date_from=chosen["date_from"], date_to=chosen["date_to"])
    return f"{reverse('admin:orders_order_changelist')}{query}"
