"""Every address under /api/, each with and without a trailing slash and without a redirect between them.

A view that speaks several versions of the original's contract gets `api_version` (1, 2 or 3) as a keyword.
The order of the lines is the order in which Django tries them: the intake of events comes first.
"""

from collections.abc import Iterator
from itertools import chain
from typing import Any

from django.urls import URLPattern, path

from account.api import AccountInfoView, VersionView
from config.api_docs import DocsView, SchemaView
from contacts.api import ContactView, OneContactView
from contacts.contacts_api import ContactsView
from contacts.deletion_api import ErasureView
from contacts.groups_api import AddressBooksView, GroupsView
from contacts.import_api import ImportStatusView
from contacts.subscribe_api import SubscribeView
from events.add_orders_api import AllOrdersView
from events.api import BulkView, DryRunView, EventsView, EventView, OneEventView
from events.insights_api import EventTypesView, StatsView
from events.messages_api import RenderView
from events.order_changes import OrderChangesView
from events.replays_api import CancelReplayView, ReplayManyView, ReplayOneView, ReplaysView, ReplayView
from events.rules_api import RulesView
from insights.analytics.api import CartsView, FunnelView, TopItemsView
from insights.rfm.api import RfmView
from insights.segments.api import SegmentContactsView, SegmentsView
from orders.api import OrderView
from orders.revenue_api import RevenueView


def api_path(route: str, view: Any, name: str) -> Iterator[URLPattern]:
    """`/api/<route>` and `/api/<route>/`."""
    yield path(route, view.as_view(), name=name)
    yield path(f"{route}/", view.as_view(), name=f"{name}-slash")


def versioned_path(route: str, view: Any, name: str, versions: tuple[int, ...] = (1, 2, 3)) -> Iterator[URLPattern]:
    """`/api/v1/<route>`, `/api/v2/<route>`, …, for the addresses of the original; the view is told `api_version`."""
    for version in versions:
        extra = {"api_version": version}
        yield path(f"v{version}/{route}", view.as_view(), extra, name=f"{name}-v{version}")
        yield path(f"v{version}/{route}/", view.as_view(), extra, name=f"{name}-v{version}-slash")


urlpatterns: list[URLPattern] = list(
    chain.from_iterable(
        [
            # events
            versioned_path("event", OneEventView, "event"),
            versioned_path("past_events", BulkView, "past-events", versions=(1, 2)),
            api_path("v1/events", EventsView, "events"),
            api_path("v1/events/validate", DryRunView, "dry-run"),
            api_path("v1/events/replay", ReplayManyView, "replay-events"),
            api_path("v1/events/<str:event_id>", EventView, "one-event"),
            api_path("v1/events/<str:event_id>/replay", ReplayOneView, "replay-event"),
            api_path("v1/events/<str:event_id>/render", RenderView, "render"),
            api_path("v1/replays", ReplaysView, "replays"),
            api_path("v1/replays/<str:replay_id>", ReplayView, "one-replay"),
            api_path("v1/replays/<str:replay_id>/cancel", CancelReplayView, "cancel-replay"),
            # contacts
            api_path("v1/contact", ContactView, "contact"),
            api_path("v1/contact/subscribe", SubscribeView, "subscribe"),
            api_path("v1/contact/<str:contact_id>", OneContactView, "one-contact"),
            api_path("v1/contacts", ContactsView, "contacts"),
            api_path("v1/importstatus/<str:session_id>", ImportStatusView, "import-status"),
            api_path("v1/groups", GroupsView, "groups"),
            api_path("v1/addressbooks", AddressBooksView, "address-books"),
            # account
            api_path("v1/version", VersionView, "version"),
            api_path("v1/account/info", AccountInfoView, "account-info"),
            api_path("v1/contact/<str:contact_id>/erasure", ErasureView, "erasure"),
            # orders
            api_path("v1/orders", AllOrdersView, "orders"),
            api_path("v1/orders/<int:order_id>", OrderView, "one-order"),
            api_path("v1/orders/<int:order_id>/changes", OrderChangesView, "order-changes"),
            # insights
            api_path("v1/revenue", RevenueView, "revenue"),
            api_path("v1/rfm", RfmView, "api-rfm"),
            api_path("v1/analytics/funnel", FunnelView, "api-funnel"),
            api_path("v1/analytics/carts", CartsView, "api-carts"),
            api_path("v1/analytics/items", TopItemsView, "api-top-items"),
            api_path("v1/segments", SegmentsView, "segments"),
            api_path("v1/segments/<int:segment_id>/contacts", SegmentContactsView, "segment-contacts"),
            api_path("v1/event-types", EventTypesView, "event-types"),
            api_path("v1/stats", StatsView, "stats"),
            # settings
            api_path("v1/matching-rules", RulesView, "matching-rules"),
            # the document of all this
            api_path("schema", SchemaView, "schema"),
            api_path("docs", DocsView, "docs"),
        ]
    )
)
