"""Reports of orders: computed while the page waits if that takes no longer than a page may, and else in the background.

A report is of a span of days. One that is younger than FRESH is shown as it is; an older one is computed anew. Where
that is known to take long, or turns out to, the older figures are shown with the moment that they are of, and a worker
computes them on the worker that events do not wait for (insights/background.py).
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.db import OperationalError, connection, transaction
from django.utils import timezone
from psycopg.errors import QueryCanceled

from account.current import current_account, load_account
from contract.advisory_locks import try_lock
from contract.encoding import ExactJSONEncoder
from contract.postgres import load_json
from insights.analytics.carts import compute_carts
from insights.analytics.funnel import compute_funnel
from insights.analytics.items import compute_items
from insights.analytics.models import Report, ReportKind
from insights.analytics.spans import DaySpan
from insights.background import wake

TASK = "insights.compute_reports"
PATIENCE_MS = 150  # how long a page waits for figures
FRESH = timedelta(minutes=1)  # at once computed figures are not computed again for each click
FRESH_IF_SLOW = timedelta(minutes=15)
SLOW_SECONDS = Decimal("0.15")
KEPT_UNUSED = timedelta(days=2)
MAX_WAITING = 20
ADVISORY_SPACE = 0x52505254  # “RPRT”: one report at a time
SETTINGS = "SET LOCAL work_mem = '128MB'; SET LOCAL jit = off"

COMPUTE: dict[str, Callable[[DaySpan, int], dict[str, Any]]] = {
    ReportKind.FUNNEL: lambda span, _: compute_funnel(span),
    ReportKind.CARTS: compute_carts,
    ReportKind.ITEMS: lambda span, _: compute_items(span),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Which report: `within_days` is 0 but for carts."""

    kind: ReportKind
    first_day: date
    last_day: date
    within_days: int = 0


def obtain(asked: Asked) -> Report | None:
    """The report with figures of now or of `computed_at`; one without figures is being computed.

    None while too many others wait to be computed. Its `requested_at` says whether newer figures are on their way.
    """
    zone = current_account().time_zone
    report = _find(asked)
    now = timezone.now()
    if report is not None:
        if report.last_asked_at < now - timedelta(hours=1):
            Report.objects.filter(pk=report.pk).update(last_asked_at=now)
        if report.time_zone != zone.key:
            report.figures = report.computed_at = report.seconds = None  # of other days
        if report.computed_at is not None and now - report.computed_at <= _fresh_for(report):
            return report
        if report.requested_at is not None:
            return report
    if not _is_slow(report):
        started = time.monotonic()
        figures = _try_at_once(asked, DaySpan(first_day=asked.first_day, last_day=asked.last_day, zone=zone))
        if figures is not None:
            return _store(asked, zone.key, figures, now, time.monotonic() - started)
    return _request(asked, zone.key, report)


def _find(asked: Asked) -> Report | None:
    return Report.objects.filter(**_key(asked)).first()  # index: report_once


def _key(asked: Asked) -> dict[str, Any]:
    return {
        "kind": asked.kind.value,
        "first_day": asked.first_day,
        "last_day": asked.last_day,
        "within_days": asked.within_days,
    }


def _is_slow(report: Report | None) -> bool:
    return report is not None and report.seconds is not None and report.seconds > SLOW_SECONDS


def _fresh_for(report: Report) -> timedelta:
    return FRESH_IF_SLOW if _is_slow(report) else FRESH


def _try_at_once(asked: Asked, span: DaySpan) -> dict[str, Any] | None:
    """The figures, or None when they take longer than a page may wait."""
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"SET LOCAL statement_timeout = {PATIENCE_MS}")
            figures = COMPUTE[asked.kind](span, asked.within_days)
            cursor.execute("SET LOCAL statement_timeout = DEFAULT")
            return figures
    except OperationalError as error:
        if isinstance(error.__cause__, QueryCanceled):
            return None
        raise


def _store(asked: Asked, zone: str, figures: dict[str, Any], computed_at: Any, seconds: float) -> Report:
    """The report with these figures, as they are read again."""
    columns = {
        "time_zone": zone,
        "figures": figures,
        "computed_at": computed_at,
        "seconds": Decimal(round(1000 * seconds)) / 1000,
        "requested_at": None,
    }
    report, _ = Report.objects.update_or_create(**_key(asked), defaults=columns)
    report.figures = load_json(ExactJSONEncoder().encode(figures))
    return report


def _request(asked: Asked, zone: str, report: Report | None) -> Report | None:
    if Report.objects.filter(requested_at__isnull=False).count() >= MAX_WAITING:  # index: report_requested
        return report
    columns = {"time_zone": zone, "requested_at": timezone.now()}
    if report is None or report.computed_at is None:
        columns |= {"figures": None, "computed_at": None}
    found, _ = Report.objects.update_or_create(**_key(asked), defaults=columns)
    transaction.on_commit(lambda: wake(TASK))
    return found


def compute_requested() -> int:
    """Computes the reports that wait, the oldest request first, and forgets those that nobody asks for; how many."""
    computed = 0
    Report.objects.filter(last_asked_at__lt=timezone.now() - KEPT_UNUSED).delete()
    while (report := Report.objects.filter(requested_at__isnull=False).order_by("requested_at").first()) is not None:
        if not _compute(report):
            break
        computed += 1
    return computed


def _compute(report: Report) -> bool:
    """Computes one; False while another process is at it."""
    started = time.monotonic()
    with transaction.atomic(), connection.cursor() as cursor:
        if not try_lock(ADVISORY_SPACE):
            return False
        cursor.execute(SETTINGS)
        now, zone = timezone.now(), load_account().time_zone
        span = DaySpan(first_day=report.first_day, last_day=report.last_day, zone=zone)
        asked = Asked(
            kind=ReportKind(report.kind),
            first_day=report.first_day,
            last_day=report.last_day,
            within_days=report.within_days,
        )
        figures = COMPUTE[report.kind](span, report.within_days)
        _store(asked, zone.key, figures, now, time.monotonic() - started)
    return True
