"""What the console looks like and where its navigation leads: the settings of Unfold, its frame."""

from collections.abc import Callable
from functools import cache
from typing import Any

from django.http import HttpRequest
from django.templatetags.static import static
from django.urls import reverse, reverse_lazy
from django.utils.functional import Promise, lazy
from django.utils.translation import gettext_lazy as _

# Indigo. 600 and 700 carry white text and stand on white, 400 stands on the dark ground: each above 4.5 to 1.
PRIMARY = {
    "50": "#eef2ff",
    "100": "#e0e7ff",
    "200": "#c7d2fe",
    "300": "#a5b4fc",
    "400": "#949ffa",
    "500": "#818cf8",
    "600": "#4f46e5",
    "700": "#4338ca",
    "800": "#3730a3",
    "900": "#312e81",
    "950": "#1e1b4b",
}


def stylesheet(request: HttpRequest) -> str:
    return static("console/console.css")


def keys_script(request: HttpRequest) -> str:
    return static("console/keys.js")


def mark(request: HttpRequest) -> str:
    return static("console/mark.svg")


def _may(permissions: tuple[str, ...]) -> Callable[[HttpRequest], bool]:
    return lambda request: request.user.has_perms(permissions)


# Found when it is first shown, as the addresses are made after the settings, and then kept: every page shows them all.
_address = lazy(cache(reverse), str)


def _to(title: Promise, icon: str, url_name: str, *permissions: str) -> dict[str, Any]:
    """An entry of the navigation, shown to those with all the permissions (to all staff when there are none)."""
    entry = {"title": title, "icon": icon, "link": _address(f"admin:{url_name}")}
    return {**entry, "permission": _may(permissions)} if permissions else entry


NAVIGATION = [
    {"items": [_to(_("Overview"), "space_dashboard", "index")]},
    {
        "title": _("Sales"),
        "items": [
            _to(_("Orders"), "receipt_long", "orders_order_changelist", "orders.view_order"),
            _to(_("Revenue"), "monitoring", "revenue", "orders.view_dailyrevenue"),
            _to(
                _("Exchange rates"),
                "currency_exchange",
                "orders_exchangerate_changelist",
                "orders.view_exchangerate",
            ),
            _to(_("Contacts"), "group", "contacts_contact_changelist", "contacts.view_contact"),
            _to(_("Groups of contacts"), "label", "contacts_group_changelist", "contacts.view_group"),
        ],
    },
    {
        "title": _("Insights"),
        "items": [
            _to(_("RFM"), "grid_view", "rfm", "insights.view_insights"),
            _to(_("Segments"), "filter_alt", "insights_segment_changelist", "insights.view_segment"),
            _to(_("Event analytics"), "bar_chart", "analytics", "insights.view_insights"),
        ],
    },
    {
        "title": _("Intake"),
        "items": [
            _to(_("Events"), "bolt", "events_event_changelist", "events.view_event"),
            _to(_("Replays"), "replay", "events_replay_changelist", "events.view_replay"),
            _to(_("Event types"), "category", "events_eventtype_changelist", "events.view_eventtype"),
        ],
    },
    {
        "title": _("Matching"),
        "items": [
            _to(_("Unmatched events"), "person_search", "unmatched", "events.view_event", "contacts.view_matchingrule"),
            _to(_("Matching rules"), "rule", "contacts_matchingrule_changelist", "contacts.view_matchingrule"),
            _to(_("Contact fields"), "text_fields", "contacts_contactfield_changelist", "contacts.view_contactfield"),
            _to(
                _("Identifier kinds"),
                "fingerprint",
                "contacts_identifierkind_changelist",
                "contacts.view_identifierkind",
            ),
        ],
    },
    {
        "title": _("Settings"),
        "items": [
            _to(_("Sources"), "hub", "events_source_changelist", "events.view_source"),
            _to(_("API keys"), "key", "events_apikey_changelist", "events.view_apikey"),
            {
                **_to(_("Webhooks"), "webhook", "webhooks_subscription_changelist", "webhooks.view_subscription"),
                "badge": "webhooks.admin.subscription.badge",
                "badge_variant": "danger",
            },
            _to(_("Account"), "tune", "account_account_changelist", "account.view_account"),
            _to(_("Audit log"), "history", "account_auditentry_changelist", "account.view_auditentry"),
            _to(_("Users"), "person", "auth_user_changelist", "auth.view_user"),
            _to(_("Groups"), "groups", "auth_group_changelist", "auth.view_group"),
        ],
    },
]

UNFOLD = {
    "SITE_TITLE": "Orderloom",
    "SITE_HEADER": "Orderloom",
    "SITE_SUBHEADER": "console.frame.account_name",
    "SITE_URL": None,
    "SITE_ICON": mark,
    "SITE_FAVICONS": [{"rel": "icon", "type": "image/svg+xml", "href": mark}],
    "SHOW_HISTORY": False,
    "SHOW_VIEW_ON_SITE": False,
    "SHOW_LANGUAGES": True,
    "STYLES": [stylesheet],
    "SCRIPTS": [keys_script],
    "COLORS": {"primary": PRIMARY},
    "SIDEBAR": {"show_search": True, "navigation": NAVIGATION},
    "ACCOUNT": {
        "navigation": [
            {"title": _("Second factor"), "link": reverse_lazy("admin:second_factor")},
            {"title": _("Change password"), "link": reverse_lazy("admin:password_change")},
        ]
    },
    "SITE_VIEWS": [
        ["second-factor/", "second_factor", "console.second_factor.SecondFactorPage"],
        ["saved-views/", "saved_views", "console.saved_views.SavedViewsPage"],
        ["orders/order/<int:order_id>/correct/", "order_correction", "events.admin.correction.CorrectionPage"],
        ["revenue/", "revenue", "orders.admin.revenue.RevenuePage"],
        ["rfm/", "rfm", "insights.rfm.page.RfmPage"],
        ["analytics/", "analytics", "insights.analytics.events_page.EventsPage"],
        ["analytics/funnel/", "analytics_funnel", "insights.analytics.order_pages.FunnelPage"],
        ["analytics/carts/", "analytics_carts", "insights.analytics.order_pages.CartsPage"],
        ["analytics/items/", "analytics_items", "insights.analytics.order_pages.ItemsPage"],
        ["analytics/orders/", "analytics_orders", "insights.analytics.behind_page.OrdersBehindPage"],
        ["unmatched/", "unmatched", "events.admin.unmatched.UnmatchedPage"],
    ],
    "DASHBOARD_CALLBACK": "events.admin.overview.overview_context",
}
