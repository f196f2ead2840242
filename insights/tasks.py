"""The doors of the workers for insights. They run on the worker that events do not wait for (background.py)."""

from celery import shared_task

from insights.analytics.event_counts import count_due
from insights.analytics.reports import compute_requested
from insights.background import do_alone
from insights.rfm.refresh import refresh_due
from insights.segments.refreshing import refresh_due as refresh_due_segments


@shared_task(name="insights.refresh_rfm", ignore_result=True)
def refresh_rfm() -> None:
    """Computes the RFM that is due or asked for."""
    do_alone("rfm", refresh_due)


@shared_task(name="insights.refresh_segments", ignore_result=True)
def refresh_segments() -> None:
    """Finds again who is in the segments that are due."""
    do_alone("segments", refresh_due_segments)


@shared_task(name="insights.count_events", ignore_result=True)
def count_events() -> None:
    """Counts the events that are due."""
    do_alone("event counts", count_due)


@shared_task(name="insights.compute_reports", ignore_result=True)
def compute_reports() -> None:
    """Computes the reports that somebody waits for."""
    do_alone("reports", compute_requested)
