"""The revenue page: DELIVERED orders by day, week or month, each currency on its own, as a chart and as a table.

Its figures are those of orders/revenue_report.py, which the API answers with too; each is a link to its orders.
"""

from typing import Any

from django.http import HttpRequest, QueryDict
from django.utils.translation import gettext_lazy as _
from django.views.generic import TemplateView
from unfold.views import UnfoldSiteViewMixin

from account.current import AccountSettings, current_account
from contract.postgres import one_snapshot
from orders.admin.revenue_csv import parts_csv, periods_csv
from orders.admin.revenue_form import GRANULARITIES, SPLITS, RevenueForm
from orders.admin.revenue_links import in_order, orders_url
from orders.admin.revenue_sections import Asked, parts_of, section_of
from orders.calendar import Calendar, calendar_of
from orders.exchange import load_rates, reporting_currencies
from orders.revenue_report import CurrencyReport, load_report
from orders.revenue_splits import PartRevenue, Split, SplitsNotBuiltError, load_parts

__all__ = ["RevenuePage", "in_order", "orders_url"]

WEEKDAY_NAMES = {"monday": _("Monday"), "friday": _("Friday"), "saturday": _("Saturday"), "sunday": _("Sunday")}


class RevenuePage(UnfoldSiteViewMixin, TemplateView):
    title = _("Revenue")
    permission_required = "orders.view_dailyrevenue"
    template_name = "orders/revenue_page.html"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        """The page, or with `export=csv` its table as a file."""
        if request.GET.get("export") != "csv":
            return super().get(request, *args, **kwargs)
        form, asked = self._read()
        if asked is None:
            return super().get(request, *args, **kwargs)  # which says what is wrong
        split = form.cleaned_data["split"] or None
        reports, parts, days_being_split = load_figures(asked, split)
        if days_being_split is not None:
            return super().get(request, *args, **kwargs)
        if split and parts is not None:
            return parts_csv(split, reports, parts)
        return periods_csv(reports, shows_sdk=asked.shows_sdk, converts=bool(asked.reporting_currency))

    def _read(self) -> tuple[RevenueForm, Asked | None]:
        account = current_account()
        form = RevenueForm(self.request.GET, calendar_of(account.time_zone, account.phone_region))
        if not form.is_valid():
            return form, None
        return form, _asked(form, form.calendar, account)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        form, asked = self._read()
        account, query = current_account(), self.request.GET
        context = {
            **super().get_context_data(**kwargs),
            "form": form,
            "zone": account.time_zone.key,
            "week_starts_on": WEEKDAY_NAMES[form.calendar.week_starts_on],
            "tabs": [(title, _url(query, by=by, date_from="", date_to=""), by) for by, title in GRANULARITIES.items()],
            "reporting_currencies": reporting_currencies(),
        }
        if asked is None:
            return {**context, "by": "", "currencies": []}
        split: Split | None = form.cleaned_data["split"] or None
        reports, parts, days_being_split = load_figures(asked, split)
        return {
            **context,
            "by": asked.by,
            "first_day": asked.span[0],
            "last_day": asked.span[1],
            "split": split,
            "split_title": dict(SPLITS).get(split or ""),
            "csv_url": _url(query, export="csv"),
            "shows_mobile_sdk": asked.shows_sdk,
            "sdk_switch": _url(query, sdk="" if form.cleaned_data["sdk"] else "hide"),
            "may_switch_sdk": account.mobile_sdk_revenue,
            "days_being_split": days_being_split,
            "currencies": [_section(report, split, parts, asked) for report in reports],
        }


def _asked(form: RevenueForm, calendar: Calendar, account: AccountSettings) -> Asked:
    cleaned = form.cleaned_data
    return Asked(
        calendar=calendar,
        by=cleaned["by"],
        span=(cleaned["date_from"], cleaned["date_to"]),
        shows_sdk=account.mobile_sdk_revenue and cleaned["sdk"] != "hide",
        reporting_currency=cleaned["into"],
    )


type Figures = tuple[list[CurrencyReport], list[PartRevenue] | None, int | None]


def load_figures(asked: Asked, split: Split | None) -> Figures:
    """The currencies that sold in the span, the account's own first; the parts of a split; all of one moment.

    Instead of parts, how many days are still to be computed before they can be told.
    """
    with one_snapshot():  # or an order that is delivered meanwhile would be in the parts and not in the revenue
        reports = load_report(
            calendar=asked.calendar,
            by=asked.by,
            first_day=asked.span[0],
            last_day=asked.span[1],
            shows_mobile_sdk=asked.shows_sdk,
            compares=True,
            rates=load_rates(asked.reporting_currency) if asked.reporting_currency else None,
        )
        by_currency = {report.currency: report for report in reports}
        shown = [by_currency[currency] for currency in in_order(by_currency)]
        if not split:
            return shown, None, None
        try:
            parts = load_parts(split, calendar=asked.calendar, by=None, first_day=asked.span[0], last_day=asked.span[1])
        except SplitsNotBuiltError as building:
            return shown, None, building.days
        return shown, parts, None


def _section(
    report: CurrencyReport, split: Split | None, parts: list[PartRevenue] | None, asked: Asked
) -> dict[str, Any]:
    section = section_of(report, asked)
    if split and parts is not None:
        section["parts"] = parts_of(split, report, parts, asked)
    return section


def _url(query: QueryDict, **changes: str) -> str:
    """The page's address with some of its parameters changed; empty ones are left out."""
    changed = query.copy()
    for name, value in changes.items():
        changed.pop(name, None)
        if value:
            changed[name] = value
    return f"?{changed.urlencode()}"
