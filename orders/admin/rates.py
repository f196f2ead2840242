"""Exchange rates in the console: entered one by one, or imported from CSV. Each change is in the audit log."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from unfold.admin import ModelAdmin

from account.audit import AuditAction, actor_of, record_audit
from contract.currencies import CURRENCIES
from orders.rate_import import COLUMNS, FIRST_DAY, LAST_DAY, RateProblem, read_rates, store_rates
from orders.revenue_models import ExchangeRate

MOST_BYTES = 2_000_000
IMPORT = "orders_exchangerate_import"


class RateForm(forms.ModelForm):
    class Meta:
        model = ExchangeRate
        fields = ("currency", "reporting_currency", "day", "rate")

    def clean_currency(self) -> str:
        return self._known("currency")

    def clean_reporting_currency(self) -> str:
        return self._known("reporting_currency")

    def _known(self, name: str) -> str:
        code = str(self.cleaned_data[name])
        if code not in CURRENCIES:
            raise forms.ValidationError(_("This must be a currency of ISO 4217, such as EUR."))
        return code

    def clean_day(self) -> Any:
        day = self.cleaned_data["day"]
        if not FIRST_DAY <= day <= LAST_DAY:
            first, last = FIRST_DAY.isoformat(), LAST_DAY.isoformat()
            raise forms.ValidationError(_("Choose a day from %(first)s to %(last)s.") % {"first": first, "last": last})
        return day


class ImportForm(forms.Form):
    file = forms.FileField(
        label=gettext_lazy("CSV file"), widget=forms.FileInput(attrs={"accept": ".csv,text/csv"}), allow_empty_file=True
    )

    def clean_file(self) -> str:
        file = self.cleaned_data["file"]
        if file.size > MOST_BYTES:
            raise forms.ValidationError(_("The file has more than 2 MB; divide it."))
        try:
            return str(file.read().decode("utf-8-sig"))
        except UnicodeDecodeError as error:
            raise forms.ValidationError(_("The file must be in UTF-8.")) from error


@admin.register(ExchangeRate)
class ExchangeRateAdmin(ModelAdmin):
    form = RateForm
    list_display = ("currency", "reporting_currency", "day", "shown_rate")
    list_filter = ("reporting_currency", "currency")
    ordering = ("reporting_currency", "currency", "-day")
    change_list_template = "orders/rates_list.html"
    list_per_page = 50

    @admin.display(description=gettext_lazy("rate"))
    def shown_rate(self, obj: ExchangeRate) -> str:
        return f"{obj.rate.normalize():f}"

    def get_urls(self) -> list[URLPattern]:
        own = path("import/", self.admin_site.admin_view(self.import_view), name=IMPORT)
        return [own, *super().get_urls()]

    def history_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> HttpResponse:
        """Django asks for the permission only after it has said whether there is such a rate."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        return super().history_view(request, object_id, extra_context)

    def import_view(self, request: HttpRequest) -> HttpResponse:
        if not (self.has_add_permission(request) and self.has_change_permission(request)):
            raise PermissionDenied
        form = ImportForm(request.POST or None, request.FILES or None)
        problems: list[RateProblem] = []
        if request.method == "POST" and form.is_valid():
            rates, problems = read_rates(form.cleaned_data["file"])
            if rates and not problems:
                return self._import(request, rates)
            if not problems:
                form.add_error("file", _("There is no rate in the file."))
        context = {
            **self.admin_site.each_context(request),
            "title": _("Import exchange rates"),
            "form": form,
            "problems": problems,
            "columns": ", ".join(COLUMNS),
            "list_url": reverse("admin:orders_exchangerate_changelist"),
        }
        request.current_app = self.admin_site.name
        return TemplateResponse(request, "orders/rates_import.html", context, status=422 if problems else 200)

    def _import(self, request: HttpRequest, rates: list[ExchangeRate]) -> HttpResponse:
        with transaction.atomic():
            count = store_rates(rates)
            record_audit(actor_of(request), AuditAction.RATES_CHANGED, "imported from a file", count)
        words = ngettext("%(count)d rate was imported.", "%(count)d rates were imported.", count)
        messages.success(request, words % {"count": count})
        return HttpResponseRedirect(reverse("admin:orders_exchangerate_changelist"))

    def save_model(self, request: HttpRequest, obj: ExchangeRate, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        record_audit(actor_of(request), AuditAction.RATES_CHANGED, f"{obj}: {'changed' if change else 'added'}")

    def delete_model(self, request: HttpRequest, obj: ExchangeRate) -> None:
        record_audit(actor_of(request), AuditAction.RATES_CHANGED, f"{obj}: deleted")
        super().delete_model(request, obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[ExchangeRate]) -> None:
        with transaction.atomic():
            told = [str(rate) for rate in queryset]
            record_audit(actor_of(request), AuditAction.RATES_CHANGED, f"deleted: {'; '.join(told)}", len(told))
            super().delete_queryset(request, queryset)
