"""GET /metrics: what there is to watch, for Prometheus (docs/operations.md, “What to watch”).

Every figure is a fact of the database, read when it is asked for: whichever web process answers says the same, so
nothing is shared between processes, nothing is lost when one ends, and one address stands for the whole installation.
It asks for a key with the scope `read`, which Prometheus sends as `authorization`: how much a shop sells is its own
affair.
"""

from collections.abc import Iterator
from typing import ClassVar

from django.http import HttpRequest, HttpResponse
from drf_spectacular.utils import OpenApiExample, OpenApiResponse, extend_schema
from prometheus_client import CollectorRegistry
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4, generate_latest
from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from contract.filters import check_names
from contract.http import ApiView
from contract.openapi import READ_ERRORS, RefusalShape, component
from contract.openapi_refusals import refusal_headers, refusal_response
from contract.problems import MEDIA_TYPE, refuse
from contract.reasons import Status
from contract.scopes import Scope
from events.stats import Stats, load_stats

RECENT_SECONDS = 300


class StatsCollector(Collector):
    """The metrics of one reading."""

    def __init__(self, stats: Stats) -> None:
        self._stats = stats

    def collect(self) -> Iterator[Metric]:
        stats = self._stats
        yield _gauge("waiting_events", "Events that have no outcome yet.", stats.waiting)
        yield _gauge("waiting_lanes", "Lanes in which events wait, of 64.", len(stats.lanes))
        yield _gauge(
            "oldest_waiting_seconds",
            "How long the longest-waiting event has been waiting; 0 when none waits.",
            stats.waited_seconds(stats.oldest),
        )
        if stats.last_received_at:
            yield _gauge(
                "last_event_received_timestamp_seconds",
                "When the newest event was received, in seconds since 1970.",
                stats.last_received_at.timestamp(),
            )
        yield self._recent_events()
        yield self._recent_refusals()
        yield CounterMetricFamily(
            "orderloom_outcomes", "Outcomes written, those of replays included.", stats.outcomes_written
        )

    def _recent_events(self) -> Metric:
        [span] = self._stats.spans
        counts = {
            Status.APPLIED: span.applied,
            Status.IGNORED: span.ignored,
            Status.FAILED: span.failed,
            Status.WAITING: span.waiting,
        }
        family = GaugeMetricFamily(
            "orderloom_recent_events",
            f"Events received in the last {RECENT_SECONDS} seconds, by what has become of them.",
            labels=["outcome"],
        )
        for status, count in counts.items():
            family.add_metric([status.value], count)
        return family

    def _recent_refusals(self) -> Metric:
        [span] = self._stats.spans
        family = GaugeMetricFamily(
            "orderloom_recent_refusals",
            f"Events received in the last {RECENT_SECONDS} seconds that were ignored or failed, by reason.",
            labels=["reason"],
        )
        for reason, count in span.by_reason.items():
            family.add_metric([reason], count)
        return family


def _gauge(name: str, told: str, value: float) -> Metric:
    return GaugeMetricFamily(f"orderloom_{name}", told, value)


EXAMPLE = """# HELP orderloom_waiting_events Events that have no outcome yet.
# TYPE orderloom_waiting_events gauge
orderloom_waiting_events 3.0
"""


class MetricsView(ApiView):
    scopes: ClassVar = {"GET": Scope.READ}
    console_permission = "events.view_event"

    @extend_schema(
        summary="Read the figures to watch, for Prometheus",
        description="In the text format 0.0.4. Whichever process answers tells of the whole installation.",
        tags=["about"],
        operation_id="readMetrics",
        parameters=list(refusal_headers(set(READ_ERRORS))),
        responses={
            (200, "text/plain"): OpenApiResponse(
                {"type": "string"}, description="Done.", examples=[OpenApiExample("Answer", EXAMPLE)]
            ),
            **{(status, MEDIA_TYPE): refusal_response(status, component(RefusalShape)) for status in READ_ERRORS},
        },
    )
    def get(self, request: HttpRequest) -> HttpResponse:
        if problems := check_names(request.GET, ()):
            raise refuse(problems)
        registry = CollectorRegistry()
        registry.register(StatsCollector(load_stats([RECENT_SECONDS])))
        # One format, whatever is asked for: every Prometheus reads it, and no header has to be understood.
        headers = {"Cache-Control": "no-store"}
        return HttpResponse(generate_latest(registry), content_type=CONTENT_TYPE_PLAIN_0_0_4, headers=headers)
