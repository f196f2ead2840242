"""The export of a list of orders: what it will hold, how far it is, and the file, for whom the list's filters stand in
the address of each of them.
"""

from typing import Any, cast

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect, StreamingHttpResponse
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from account.audit import AuditAction, actor_of, record_audit
from account.current import current_account
from console.lists import ListAdmin, chips_of
from orders.exports import COLUMNS, STOPPED_AFTER, OrderFile, TooManyOrdersError, begin_export, file_name
from orders.models import ExportFormat, OrderExport

VIEW, EXPORT = "orders.view_order", "orders.export_order"
CONTENT_TYPES = {
    ExportFormat.CSV: "text/csv; charset=utf-8",
    ExportFormat.XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
PERSONAL_FILTERS = ("q", "contact")  # may name a person: the audit log keeps that they were there, not what they said


def export_urls(guard: Any, orders: ListAdmin) -> list[Any]:
    views = _ExportViews(orders)
    return [
        path("export/", guard(views.choose), name="orders_order_export"),
        path("export/<int:export_id>/", guard(views.progress), name="orders_order_export_progress"),
        path("export/<int:export_id>/file/", guard(views.file), name="orders_order_export_file"),
    ]


class _ExportViews:
    """Three views of one list: their filters and ordering are its own."""

    def __init__(self, orders: ListAdmin) -> None:
        self.orders = orders

    def choose(self, request: HttpRequest) -> HttpResponse:
        """What the file will hold, and in which form; posting it begins."""
        _check(request)
        if request.method not in ("GET", "HEAD", "POST"):
            return HttpResponseNotAllowed(["GET", "HEAD", "POST"])
        filterset = self._filterset(request)
        if not filterset.is_valid():
            messages.warning(request, _("A filter cannot be read; nothing can be exported until it is put right."))
            return HttpResponseRedirect(_with_filters(request, "admin:orders_order_changelist"))
        file_format = request.POST.get("format", "")
        if request.method == "POST" and file_format in ExportFormat.values:
            export = begin_export(cast(int, request.user.pk), file_format)
            if export is not None:
                record_audit(actor_of(request), AuditAction.ORDERS_EXPORTED, _what(export, request))
                address = _with_filters(request, "admin:orders_order_export_progress", export.pk)
                return HttpResponseRedirect(address)
            messages.warning(request, _("Several exports are under way; wait until one of them ends."))
        return self._page(
            request, "orders/export.html", {"chips": chips_of(filterset, request.GET), "columns": COLUMNS}
        )

    def progress(self, request: HttpRequest, export_id: int) -> HttpResponse:
        _check(request)
        export = _own(request, export_id)
        if export is None:
            return _over(request)
        is_silent = timezone.now() - export.seen_at > STOPPED_AFTER
        context = {
            "export": export,
            "file_url": _with_filters(request, "admin:orders_order_export_file", export.pk),
            "again_url": _with_filters(request, "admin:orders_order_export"),
            "is_new": export.orders is None,
            "is_done": export.ended_at is not None and export.written == export.orders,
            "is_stopped": export.written != export.orders and (export.ended_at is not None or is_silent),
        }
        return self._page(request, "orders/export_progress.html", context)

    def file(self, request: HttpRequest, export_id: int) -> HttpResponse | StreamingHttpResponse:
        """The file while it is made. It may be asked for again, and is then made anew."""
        _check(request)
        export, filterset = _own(request, export_id), self._filterset(request)
        if export is None or not filterset.is_valid():
            return _over(request)
        ordering = request.GET.get("ordering", self.orders.default_ordering)
        if ordering.removeprefix("-") not in self.orders.sort_keys:
            ordering = self.orders.default_ordering
        key, zone = self.orders.sort_keys[ordering.removeprefix("-")], current_account().time_zone
        try:
            made = OrderFile(export, filterset.qs, ordering, key, zone)
        except TooManyOrdersError:
            messages.warning(
                request, _("A spreadsheet has room for 1,048,575 orders. Take CSV, or narrow the filters.")
            )
            return HttpResponseRedirect(_with_filters(request, "admin:orders_order_export"))
        name = file_name(export, timezone.localtime(export.started_at, zone))
        headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
        return StreamingHttpResponse(
            made.chunks(), content_type=CONTENT_TYPES[ExportFormat(export.format)], headers=headers
        )

    def _filterset(self, request: HttpRequest) -> Any:
        return self.orders.filterset_class(request.GET, queryset=self.orders.model.objects.all(), request=request)

    def _page(self, request: HttpRequest, template: str, context: dict[str, Any]) -> HttpResponse:
        site = self.orders.admin_site
        request.current_app = site.name
        account = current_account()
        shared = {
            "title": _("Export of orders"),
            "list_url": _with_filters(request, "admin:orders_order_changelist"),
            "zone": account.time_zone.key,
        }
        return TemplateResponse(request, template, {**site.each_context(request), **shared, **context})


def _check(request: HttpRequest) -> None:
    if not request.user.has_perms((VIEW, EXPORT)):
        raise PermissionDenied


def _own(request: HttpRequest, export_id: int) -> OrderExport | None:
    """The export if it is the user's own and not too old to be kept."""
    is_possible = export_id < 2**63
    return OrderExport.objects.filter(pk=export_id, user_id=cast(int, request.user.pk)).first() if is_possible else None


def _over(request: HttpRequest) -> HttpResponse:
    messages.warning(request, _("This export is over. Begin it again."))
    return HttpResponseRedirect(_with_filters(request, "admin:orders_order_export"))


def _with_filters(request: HttpRequest, name: str, *args: object) -> str:
    query = request.GET.copy()
    query.pop("cursor", None)
    return f"{reverse(name, args=args)}?{query.urlencode()}"


def _what(export: OrderExport, request: HttpRequest) -> str:
    """The format and the filters, without the values of those that may name a person."""
    told = ", ".join(
        f"{name}={'…' if name in PERSONAL_FILTERS else request.GET[name]}"
        for name in request.GET
        if name != "cursor" and request.GET[name]
    )
    return (
        f"export {export.pk}, {export.format}, orders with {told}"
        if told
        else f"export {export.pk}, {export.format}, all orders"
    )
