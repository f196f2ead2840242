"""The pages about how orders went on: the funnel, abandoned carts, and items."""

from collections.abc import Mapping
from decimal import Decimal
from itertools import pairwise
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from insights.analytics.carts import CartFate
from insights.analytics.forms import CartsForm
from insights.analytics.funnel import STAGES
from insights.analytics.models import ReportKind
from insights.analytics.pages import AnalyticsPage, behind_url, orders_url
from insights.analytics.reports import Asked, obtain
from insights.rfm.reading import share
from orders.admin.revenue import in_order
from orders.models import OrderStatus

FATES: dict[CartFate, tuple[Promise, Promise]] = {
    CartFate.BOUGHT: (gettext_lazy("Bought after all"), gettext_lazy("The order itself went on.")),
    CartFate.BOUGHT_ELSE: (
        gettext_lazy("Bought something else"),
        gettext_lazy("Another order of the same person, in the days after it."),
    ),
    CartFate.CANCELLED: (gettext_lazy("Cancelled"), gettext_lazy("And nothing else was bought in these days.")),
    CartFate.LOST: (gettext_lazy("Lost"), gettext_lazy("Nothing was bought in these days.")),
    CartFate.UNKNOWN: (
        gettext_lazy("Of nobody known"),
        gettext_lazy("There is no contact whose orders could be looked at."),
    ),
}


class _ReportPage(AnalyticsPage):
    """A page of a report, whose figures may still be computed."""

    kind: ReportKind

    def figures(self, chosen: Mapping[str, Any]) -> dict[str, Any]:
        within_days = chosen.get("within", 0)
        first_day, last_day = chosen["date_from"], chosen["date_to"]
        report = obtain(Asked(kind=self.kind, first_day=first_day, last_day=last_day, within_days=within_days))
        told = {
            "report": report,
            "is_computing": report is None or report.requested_at is not None,
            "within": within_days,
        }
        if report is None or report.figures is None:
            return told
        return {**told, **self.told(report.figures, chosen)}

    def told(self, figures: Mapping[str, Any], chosen: Mapping[str, Any]) -> dict[str, Any]:
        """The figures for the template."""
        raise NotImplementedError


class FunnelPage(_ReportPage):
    title = gettext_lazy("Funnel of orders")
    template_name = "insights/analytics_funnel.html"
    kind = ReportKind.FUNNEL
    tab = "analytics_funnel"

    def told(self, figures: Mapping[str, Any], chosen: Mapping[str, Any]) -> dict[str, Any]:
        began = figures["reached"]["INITIALIZED"]
        stages, before = [], began
        for stage in STAGES:
            count = figures["reached"][stage.value]
            stages.append(
                {
                    "name": stage.value,
                    "orders": count,
                    "of_all": share(count, began),
                    "of_before": share(count, before),
                    "url": behind_url(chosen, reached=stage.value),
                }
            )
            before = count
        return {
            "has_orders": figures["orders"] > 0,
            "all": (figures["orders"], orders_url(chosen)),
            "stages": stages,
            "now": [
                {
                    "name": status.value,
                    "orders": count,
                    "share": share(count, figures["orders"]),
                    "url": orders_url(chosen, status=status.value),
                }
                for status in OrderStatus
                if (count := (figures["now"] or {}).get(status.value, 0))
            ],
            "returned": (figures["cancelledAfterDelivery"], behind_url(chosen, reached="returned")),
            "steps": [
                {
                    **step,
                    "median": duration(Decimal(step["medianSeconds"])),
                    "p90": duration(Decimal(step["p90Seconds"])),
                }
                for step in figures["steps"] or ()
            ],
        }


def duration(seconds: Decimal) -> str:
    """“3 d 4 h”, “2 h 10 min”, “5 min 3 s”, “7 s”: the two greatest units, which is as exact as a person reads."""
    whole = int(seconds)
    units = ((86_400, _("d")), (3_600, _("h")), (60, _("min")), (1, _("s")))
    for (length, unit), (next_length, next_unit) in pairwise(units):
        if whole >= length:
            rest = whole % length // next_length
            return f"{whole // length} {unit}" + (f" {rest} {next_unit}" if rest else "")
    return f"{whole} {units[-1][1]}"


class CartsPage(_ReportPage):
    title = gettext_lazy("Abandoned carts")
    template_name = "insights/analytics_carts.html"
    form_class = CartsForm
    kind = ReportKind.CARTS
    tab = "analytics_carts"

    def told(self, figures: Mapping[str, Any], chosen: Mapping[str, Any]) -> dict[str, Any]:
        return {
            "currencies": [_carts_of_currency(currency, figures[currency], chosen) for currency in in_order(figures)]
        }


def _carts_of_currency(currency: str, figures: Mapping[str, Any], chosen: Mapping[str, Any]) -> dict[str, Any]:
    nothing = {"carts": 0, "value": 0, "revenue": 0}
    rows = {fate: {**nothing, **figures.get(fate.value, {})} for fate in FATES}
    total = {name: Decimal(sum(row[name] for row in rows.values())) for name in nothing}
    link = {"within": chosen["within"], "currency": currency}
    return {
        "currency": currency,
        "total": total,
        "url": behind_url(chosen, cart="any", **link),
        "fates": [
            {
                "name": name,
                "words": words,
                **{name_of: Decimal(rows[fate][name_of]) for name_of in nothing},
                "share": share(rows[fate]["carts"], total["carts"]),
                "url": behind_url(chosen, cart=fate.value, **link),
            }
            for fate, (name, words) in FATES.items()
        ],
    }


class ItemsPage(_ReportPage):
    title = gettext_lazy("Items")
    template_name = "insights/analytics_items.html"
    kind = ReportKind.ITEMS
    tab = "analytics_items"

    def told(self, figures: Mapping[str, Any], chosen: Mapping[str, Any]) -> dict[str, Any]:
        def linked(item: Mapping[str, Any], currency: str) -> dict[str, Any]:
            found = orders_url(chosen, status="DELIVERED", currency=currency, item=item["externalItemId"])
            amounts = {name: Decimal(item[name]) for name in ("quantity", "revenue")}
            return {**item, **amounts, "url": found}

        return {
            "currencies": [
                {
                    "currency": currency,
                    "items": figures[currency]["items"],
                    "tables": [
                        (title, [linked(item, currency) for item in figures[currency][name]])
                        for title, name in (
                            (_("By revenue"), "byRevenue"),
                            (_("By quantity"), "byQuantity"),
                        )
                    ],
                }
                for currency in in_order(figures)
            ]
        }
