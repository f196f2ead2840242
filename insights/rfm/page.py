"""The RFM page: the grid of a day, the ten segments, the movements since a month before, and the boundaries."""

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.generic import TemplateView
from unfold.views import UnfoldSiteViewMixin

from account.audit import actor_of
from account.current import current_account
from console import display
from contract.json_values import encode
from insights.rfm import thresholds
from insights.rfm.boundaries import Boundaries
from insights.rfm.cells import SCORES, Segment, cells_of, segment_of
from insights.rfm.condition import RfmCondition, to_json
from insights.rfm.forms import BoundariesForm, RfmForm
from insights.rfm.models import VIEW_INSIGHTS
from insights.rfm.people import NONE_BEFORE
from insights.rfm.reading import CurrencyRfm, Figures, Rfm, keep, load_rfm, share, spans_of
from insights.rfm.words import SEGMENT_WORDS, name_of

CHANGE_THRESHOLDS = "insights.change_rfmthresholds"
CHANGE_SEGMENTS = "insights.change_segment"


class RfmPage(UnfoldSiteViewMixin, TemplateView):
    title = gettext_lazy("RFM")
    permission_required = VIEW_INSIGHTS
    template_name = "insights/rfm_page.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        form = RfmForm(self.request.GET)
        context = {
            **super().get_context_data(**kwargs),
            "form": form,
            "zone": current_account().time_zone.key,
            "may_set": self.request.user.has_perm(CHANGE_THRESHOLDS),
            "may_save": self.request.user.has_perm(CHANGE_SEGMENTS),
        }
        if not form.is_valid():
            return context
        day = form.cleaned_data["day"]
        rfm = load_rfm(day)
        if rfm is None:
            if day is not None:
                thresholds.have_computed(day)
            return {**context, "is_computing": True, "day": day}
        if not rfm.is_current:
            keep(rfm.day)
        return {**context, **_shown(rfm, form.cleaned_data["currency"], kwargs.get("boundaries_form"))}

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Computes the figures anew, or sets or removes the boundaries of the currency in the address."""
        form = RfmForm(request.GET)
        currency = form.cleaned_data["currency"] if form.is_valid() else ""
        what = request.POST.get("what", "")
        if what == "compute":
            thresholds.have_computed(form.cleaned_data.get("day") if form.is_valid() else None)
            messages.success(
                request, _("The figures are being computed anew; they change by themselves when it is done.")
            )
            return HttpResponseRedirect(request.get_full_path())
        if not request.user.has_perm(CHANGE_THRESHOLDS):
            raise PermissionDenied
        if not currency or what not in ("set", "quintiles"):
            messages.error(request, _("Nothing was changed: choose a currency first."))
            return HttpResponseRedirect(reverse("admin:rfm"))
        if what == "quintiles":
            thresholds.remove_thresholds(currency, actor_of(request))
            messages.success(request, _("Scores follow the quintiles again; the figures are being computed anew."))
            return HttpResponseRedirect(request.get_full_path())
        typed = BoundariesForm(request.POST)
        if not typed.is_valid():
            return self.render_to_response(self.get_context_data(boundaries_form=typed))
        thresholds.set_thresholds(currency, typed.boundaries(), actor_of(request))
        messages.success(request, _("Scores follow these boundaries; the figures are being computed anew."))
        return HttpResponseRedirect(request.get_full_path())


def _shown(rfm: Rfm, wanted: str, typed: BoundariesForm | None) -> dict[str, Any]:
    """What the template shows of a day, in the currency that is wanted, or else the account's own."""
    own = current_account().default_currency
    codes = sorted(rfm.currencies, key=lambda code: (code != own, code))
    currency = wanted or next(iter(codes), own)
    shown = {
        "rfm": rfm,
        "day": rfm.day,
        "currency": currency,
        "tabs": [(code, _query(currency=code, day=_day_in_address(rfm)), code == currency) for code in codes],
        "took": display.number(rfm.seconds.quantize(Decimal("0.1"))),
    }
    if currency not in rfm.currencies:
        return shown
    table = rfm.currencies[currency]
    return {
        **shown,
        "table": table,
        "all_url": people_url(rfm, currency),
        "by_thresholds": table.boundaries.scored_by == "thresholds",
        "columns": list(zip(SCORES, _order_spans(table.boundaries), strict=True)),
        "lines": _grid(rfm, table),
        "segments": [_segment(rfm, table, segment) for segment in Segment],
        "moves": _moves(rfm, table),
        "segment_names": [name_of(segment) for segment in Segment],
        "boundaries_form": typed or BoundariesForm(initial=table.boundaries),
        "is_open": typed is not None,
        "monetary": [display.money(Decimal(value), currency) for value in table.boundaries.monetary],
    }


def _day_in_address(rfm: Rfm) -> str:
    """The day as it stands in addresses; the one that goes on is not named, so that a bookmark goes on with it."""
    return "" if rfm.is_current else rfm.day.isoformat()


def _query(**parameters: Any) -> str:
    return f"?{urlencode({name: value for name, value in parameters.items() if value})}"


def people_url(rfm: Rfm, currency: str, **filters: Any) -> str:
    """The list of exactly the people behind a figure."""
    query = _query(currency=currency, day=_day_in_address(rfm), **filters)
    return f"{reverse('admin:insights_rfmscore_changelist')}{query}"


def _figures(figures: Figures, table: CurrencyRfm) -> dict[str, Any]:
    return {
        "contacts": figures.contacts,
        "share": share(figures.contacts, table.total.contacts),
        "orders": figures.orders,
        "revenue": figures.revenue,
        "revenue_share": share(figures.revenue, table.total.revenue),
    }


def _grid(rfm: Rfm, table: CurrencyRfm) -> Iterable[dict[str, Any]]:
    """A line for each recency score, the best first, with a cell for each frequency score."""
    spans = [*reversed(spans_of(table.boundaries.recency, first=0))]
    for recency in reversed(SCORES):
        yield {
            "score": recency,
            "span": _days(spans[recency - 1]),
            "cells": [
                {
                    **_figures(table.cells[recency, frequency], table),
                    "segment": segment_of(recency, frequency).value,
                    "name": name_of(segment_of(recency, frequency)),
                    "url": people_url(rfm, table.currency, recency=recency, frequency=frequency),
                }
                for frequency in SCORES
            ],
        }


def _days(span: tuple[int, int | None] | None) -> str:
    if span is None:
        return _("nobody")
    first, last = span
    if last is None:
        return _("%(first)s days and more") % {"first": display.number(first)}
    if first == last:
        return ngettext("%(days)s day", "%(days)s days", last) % {"days": display.number(last)}
    return _("%(first)s to %(last)s days") % {"first": display.number(first), "last": display.number(last)}


def _order_spans(boundaries: Boundaries) -> Sequence[str]:
    return [_orders(span) for span in spans_of(boundaries.frequency, first=1)]


def _orders(span: tuple[int, int | None] | None) -> str:
    if span is None:
        return _("nobody")
    first, last = span
    if last is None:
        return _("%(first)s orders and more") % {"first": display.number(first)}
    if first == last:
        return ngettext("%(orders)s order", "%(orders)s orders", last) % {"orders": display.number(last)}
    return _("%(first)s to %(last)s orders") % {"first": display.number(first), "last": display.number(last)}


def _segment(rfm: Rfm, table: CurrencyRfm, segment: Segment) -> dict[str, Any]:
    before = sum(count for (came_from, _to), count in table.moves.items() if came_from == segment)
    return {
        **_figures(table.segments[segment], table),
        "code": segment.value,
        "words": SEGMENT_WORDS[segment],
        "cells": ", ".join(f"R{r} F{f}" for r, f in cells_of(segment)),
        "url": people_url(rfm, table.currency, segment=segment.value),
        "before": before,
        "change": table.segments[segment].contacts - before,
        "save_url": builder_url(table.currency, segment) if rfm.is_current else "",
    }


def builder_url(currency: str, segment: Segment) -> str:
    """Where these people are saved as a segment, with its name and its condition filled in."""
    condition = {"rfm": to_json(RfmCondition(currency=currency, segments=(segment,)))}
    query = urlencode({"name": f"{name_of(segment)}, {currency}", "conditions": encode(condition)})
    return f"{reverse('admin:insights_segment_add')}?{query}"


def _moves(rfm: Rfm, table: CurrencyRfm) -> list[dict[str, Any]]:
    """A line for each segment that people came from, with those who went to each; who was not there yet comes first."""
    lines = []
    for came_from in ("", *Segment):
        cells = []
        for segment in Segment:
            count = table.moves.get((came_from, segment), 0)
            filters = {"segment": segment.value, "came_from": came_from or NONE_BEFORE}
            url = people_url(rfm, table.currency, **filters) if count else ""
            cells.append({"count": count, "url": url, "stayed": came_from == segment})
        lines.append({"name": name_of(came_from), "cells": cells, "total": sum(cell["count"] for cell in cells)})
    return lines
