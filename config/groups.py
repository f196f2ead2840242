"""The groups that people of the console are put into, and what each may do: docs/operations.md has them as a table.

An installation gets them by a migration, and may change them afterwards. A permission that is declared here later needs
a migration of its own that calls `grant_permissions()` again; one that somebody took away before then comes back.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from django.apps import apps
from django.contrib.auth.management import create_permissions
from django.contrib.auth.models import Group, Permission

APPS = ("auth", "account", "contacts", "orders", "events", "insights", "console", "webhooks")

READ_SALES = {"orders.view_order", "orders.view_dailyrevenue", "orders.view_exchangerate"}
READ_PEOPLE = {"contacts.view_contact", "contacts.view_group", "contacts.view_contactfield"}
READ_EVENTS = {"events.view_event", "events.view_eventtype"}
READ_MATCHING = {"contacts.view_matchingrule", "contacts.view_identifierkind"}
INSIGHTS = {"insights.view_insights", "insights.change_rfmthresholds"}
SEGMENTS = {"insights.view_segment", "insights.change_segment"}
SHARE_VIEWS = {"console.share_savedview"}
WEBHOOKS = {"webhooks.view_subscription", "webhooks.view_delivery"}
CHANGE_WEBHOOKS = {f"webhooks.{action}_subscription" for action in ("add", "change", "delete")}
REPLAY = {"events.view_replay", "events.add_replay", "events.change_replay"}


def _all_of(*models: str) -> set[str]:
    """Seeing, adding, changing and deleting."""
    return {model.replace(".", f".{action}_") for model in models for action in ("view", "add", "change", "delete")}


GROUPS: Mapping[str, frozenset[str]] = {
    "Marketers": frozenset(
        READ_SALES | READ_PEOPLE | READ_EVENTS | INSIGHTS | SEGMENTS | SHARE_VIEWS | {"orders.export_order"}
    ),
    "Support": frozenset(
        READ_SALES
        | READ_PEOPLE
        | READ_EVENTS
        | REPLAY
        | SHARE_VIEWS
        | {"orders.correct_order"}
        | _all_of("contacts.matchingrule", "contacts.identifierkind")
        | {"contacts.delete_contact", "events.view_source", "account.view_account", "account.view_auditentry"}
    ),
    "Backend": frozenset(
        READ_EVENTS
        | READ_MATCHING
        | REPLAY
        | WEBHOOKS
        | CHANGE_WEBHOOKS
        | {"orders.view_order", "account.view_account"}
        | {"events.view_source", "events.add_source", "events.change_source"}
        | {"events.view_apikey", "events.add_apikey", "events.change_apikey", "events.change_eventtype"}
    ),
    "Administrators": frozenset(
        READ_SALES
        | READ_PEOPLE
        | READ_EVENTS
        | REPLAY
        | INSIGHTS
        | SEGMENTS
        | SHARE_VIEWS
        | WEBHOOKS
        | CHANGE_WEBHOOKS
        | {"orders.export_order", "orders.correct_order"}
        | _all_of("contacts.matchingrule", "contacts.identifierkind", "auth.user", "auth.group", "orders.exchangerate")
        | {"contacts.delete_contact", "contacts.add_erasure"}
        | {"events.view_source", "events.add_source", "events.change_source"}
        | {"events.view_apikey", "events.add_apikey", "events.change_apikey", "events.change_eventtype"}
        | {"account.view_account", "account.change_account", "account.view_auditentry"}
    ),
}


def grant_permissions() -> None:
    """Makes the groups that are not there, and gives each what is declared for it. Takes nothing away."""
    for label in APPS:
        create_permissions(apps.get_app_config(label), verbosity=0)  # Django makes them after the last migration only
    permissions = {_name(permission): permission for permission in _permissions_of(APPS)}
    for name, wanted in GROUPS.items():
        group, _ = Group.objects.get_or_create(name=name)
        group.permissions.add(*(permissions[each] for each in wanted if each in permissions))


def _permissions_of(labels: Iterable[str]) -> Iterable[Any]:
    return Permission.objects.filter(content_type__app_label__in=labels).select_related("content_type")


def _name(permission: Permission) -> str:
    return f"{permission.content_type.app_label}.{permission.codename}"
