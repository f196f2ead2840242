"""The people behind the figures of RFM: a list with the filters that the page's numbers lead to, and its export."""

from collections.abc import Iterator
from datetime import date
from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import F, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.urls import path, reverse, reverse_lazy
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django_filters import FilterSet

from account.current import current_account
from console.filters import DayFilter, PickFilter, SuggestFilter
from console.lists import Column, ListAdmin
from contacts.identifiers import EMAIL, EXTERNAL_CUSTOMER_ID, PHONE
from contacts.models import Identifier
from contract.csv_files import csv_response
from contract.paging import decimal_key
from insights.rfm.cells import SCORES, Segment
from insights.rfm.models import VIEW_INSIGHTS, RfmScore, RfmSnapshot
from insights.rfm.words import SEGMENT_WORDS, name_of

NONE_BEFORE = "none"
VIEW_CONTACTS = "contacts.view_contact"
EXPORTED_AT_ONCE = 2_000
EXPORT_HEAD = (
    *("contact id", "customer id", "first name", "last name", "e-mail", "phone"),
    *("currency", "recency days", "orders", "sum", "recency score", "frequency score", "monetary score"),
    *("segment", "segment a month before"),
)


def segment_choices() -> list[tuple[str, Any]]:
    return [(segment.value, SEGMENT_WORDS[segment].name) for segment in Segment]


def came_from_choices() -> list[tuple[str, Any]]:
    return [(NONE_BEFORE, name_of("")), *segment_choices()]


def score_choices() -> list[tuple[str, str]]:
    return [(str(score), str(score)) for score in SCORES]


def currencies_of_today() -> list[str]:
    boundaries = RfmSnapshot.objects.filter(is_current=True).values_list("boundaries", flat=True).first()
    return sorted(boundaries or {})


class SnapshotFilter(DayFilter):
    """The day whose scores are listed. Which snapshot that is, ScoreFilters decides."""

    def filter(self, qs: QuerySet[RfmScore], value: date | None) -> QuerySet[RfmScore]:
        return qs


class ScoreForm(forms.Form):
    """Where people came from has an index beside where they are only."""

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if cleaned.get("came_from") and not cleaned.get("segment"):
            self.add_error("came_from", _("Choose the segment that they are in now, too."))
        return cleaned


class ScoreFilters(FilterSet):
    """One day and one currency: of the day that goes on and in the account's own where none is named."""

    currency = SuggestFilter(gettext_lazy("Currency"), currencies_of_today, method="as_it_is")
    segment = PickFilter(gettext_lazy("Segment"), segment_choices)
    recency = PickFilter(gettext_lazy("Recency score"), score_choices, field_name="recency_score")
    frequency = PickFilter(gettext_lazy("Frequency score"), score_choices, field_name="frequency_score")
    monetary = PickFilter(gettext_lazy("Monetary score"), score_choices, method="as_it_is")
    came_from = PickFilter(gettext_lazy("Segment a month before"), came_from_choices, method="from_segment")
    day = SnapshotFilter(gettext_lazy("On the day"))

    class Meta:
        model = RfmScore
        fields: list[str] = []
        form = ScoreForm

    def as_it_is(self, scores: QuerySet[RfmScore], name: str, value: str) -> QuerySet[RfmScore]:
        return scores

    def from_segment(self, scores: QuerySet[RfmScore], name: str, value: str) -> QuerySet[RfmScore]:
        came_from = "" if value == NONE_BEFORE else value
        found = scores.filter(came_from=came_from)
        # In words that are those of the index of who moved, rfm_score_moved.
        return found if came_from == self.form.cleaned_data["segment"] else found.exclude(came_from=F("segment"))

    def filter_queryset(self, queryset: QuerySet[RfmScore]) -> QuerySet[RfmScore]:
        asked = self.form.cleaned_data
        currency = asked["currency"].strip().upper() or current_account().default_currency
        snapshot = load_snapshot(asked["day"])
        if snapshot is None or currency not in snapshot.boundaries:
            return queryset.none()
        # By its number, for which the planner knows how many rows it has.
        scores = queryset.filter(snapshot=snapshot.pk, currency=currency)
        if asked["monetary"]:  # as the span of sums that it stands for: the indexes are in the order of these
            score, bounds = int(asked["monetary"]), snapshot.boundaries[currency]["monetary"]
            if score > 1:
                scores = scores.filter(monetary__gt=bounds[score - 2])
            if score <= len(bounds):
                scores = scores.filter(monetary__lte=bounds[score - 1])
        found: QuerySet[RfmScore] = super().filter_queryset(scores)
        return found


def load_snapshot(day: date | None) -> RfmSnapshot | None:
    """The snapshot of a day, or of the day that goes on."""
    return RfmSnapshot.objects.filter(**({"is_current": True} if day is None else {"day": day})).first()


@admin.register(RfmScore)
class RfmScoreAdmin(ListAdmin):
    filterset_class = ScoreFilters
    columns = (
        Column(gettext_lazy("Contact")),
        Column(gettext_lazy("Segment")),
        Column(gettext_lazy("A month before")),
        Column(gettext_lazy("Last order"), is_number=True),
        Column(gettext_lazy("Orders"), is_number=True),
        Column(gettext_lazy("Sum"), "monetary", is_number=True),
        Column(gettext_lazy("Scores")),
    )
    sort_keys = {"monetary": decimal_key("monetary")}
    default_ordering = "-monetary"
    row_template = "insights/rfm_row.html"
    intro = gettext_lazy(
        "Contacts with DELIVERED orders in one currency, by their recency, frequency and monetary value. "
        "Who was deleted since the figures were computed is left out."
    )
    empty_title = gettext_lazy("Nobody has bought yet, or the figures are still being computed")
    empty_hint = gettext_lazy(
        "A contact is here as soon as an order of theirs is DELIVERED; figures follow in minutes."
    )
    empty_link = (reverse_lazy("admin:rfm"), gettext_lazy("To the RFM page"), VIEW_INSIGHTS)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return bool(request.user.has_perms([VIEW_INSIGHTS, VIEW_CONTACTS]))

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    def rows(self, request: HttpRequest) -> QuerySet[RfmScore]:
        return RfmScore.objects.filter(contact__deleted_at=None).select_related("contact")

    def get_queryset(self, request: HttpRequest) -> QuerySet[RfmScore]:
        return RfmScore.objects.select_related("contact")

    def get_urls(self) -> list[Any]:
        export = self.admin_site.admin_view(self.export_view)
        return [path("export/", export, name="insights_rfmscore_export"), *super().get_urls()]

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        query = request.GET.copy()
        for name in ("cursor", "ordering", "limit"):
            query.pop(name, None)
        address = f"{reverse('admin:insights_rfmscore_export')}?{query.urlencode()}"
        context = {
            "list_action": (address, _("Export these people as CSV")),
            "until": request.GET.get("day") or timezone.localdate().isoformat(),  # the orders behind a row's figures
        }
        return super().changelist_view(request, {**context, **(extra_context or {})})

    def change_view(self, request: HttpRequest, object_id: str, *args: Any, **kwargs: Any) -> HttpResponse:
        """A score has no page: what there is to say of it stands on its contact's, which the list leads to."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        return HttpResponseRedirect(reverse("admin:insights_rfmscore_changelist"))

    def history_view(self, request: HttpRequest, object_id: str, *args: Any, **kwargs: Any) -> HttpResponse:
        return self.change_view(request, object_id)

    def export_view(self, request: HttpRequest) -> HttpResponseBase:
        if not self.has_view_permission(request):
            raise PermissionDenied
        filterset = ScoreFilters(request.GET, queryset=self.rows(request), request=request)
        if not filterset.is_valid():  # an address that was not made here: the list says what is wrong with it
            return HttpResponseRedirect(f"{reverse('admin:insights_rfmscore_changelist')}?{request.GET.urlencode()}")
        return csv_response("rfm", EXPORT_HEAD, _exported(filterset.qs))


def _exported(scores: QuerySet[RfmScore]) -> Iterator[tuple[Any, ...]]:
    """A row for each of the scores, the greatest sum first; three statements for each two thousand."""
    rows = scores.order_by("-monetary", "-id")
    page = list(rows[:EXPORTED_AT_ONCE])
    while page:
        named = _identifiers_of(page)
        for score in page:
            yield _exported_row(score, named.get(score.contact_id, {}))
        last = page[-1]
        beyond = rows.filter(monetary__lte=last.monetary).exclude(monetary=last.monetary, id__gte=last.pk)
        page = list(beyond[:EXPORTED_AT_ONCE])


def _identifiers_of(page: list[RfmScore]) -> dict[int, dict[str, str]]:
    """The first identifier of each kind of the contacts, by contact and kind."""
    found: dict[int, dict[str, str]] = {}
    kinds = (EXTERNAL_CUSTOMER_ID, EMAIL, PHONE)
    contacts = [score.contact_id for score in page]
    for identifier in Identifier.objects.filter(contact__in=contacts, kind__in=kinds).order_by("id"):
        found.setdefault(identifier.contact_id, {}).setdefault(identifier.kind_id, identifier.value)
    return found


def _exported_row(score: RfmScore, named: dict[str, str]) -> tuple[Any, ...]:
    return (
        *(score.contact_id, named.get(EXTERNAL_CUSTOMER_ID), score.contact.first_name, score.contact.last_name),
        *(named.get(EMAIL), named.get(PHONE)),
        *(score.currency, score.recency_days, score.frequency, score.monetary),
        *(score.recency_score, score.frequency_score, score.monetary_score, score.segment, score.came_from),
    )
