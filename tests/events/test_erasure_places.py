"""Every column that can hold a text is either searched by an erasure, or said here to hold nobody, and why.

A new table or column fails this test until somebody has decided where it belongs.
"""

import pytest
from django.db import connection

from events.erasure_rest import PLACES

pytestmark = pytest.mark.django_db

ERASED = {
    "contacts_contact": {"first_name", "last_name", "address", "fields"},
    "contacts_identifier": {"value", "normalized"},  # removed with their rows
    "contacts_erasure": {"values"},  # emptied when it is done
    "events_event": {"key_value", "order_key", "body"},
    "events_outcome": {"warnings", "problems", "trace", "traceback"},
    "events_attempt": {"problems", "trace"},
    "events_idempotencykey": {"key", "answer"},
    "orders_order": {
        "external_customer_id", "email", "phone", "first_name", "last_name", "restore_url", "status_description",
        "store_id", "source", "delivery_method", "delivery_address", "payment_method", "additional_info",
        "custom_fields", "warnings",
    },
    "orders_orderitem": {"name", "url", "image_url", "custom_fields"},
    "orders_orderchange": {"fields"},
    **{place.table: set(place.columns) for place in PLACES if place.table != "events_idempotencykey"},
}  # fmt: skip
CODES = "one of our own words"
SETTINGS = "settings of the shop"
STAFF = "of people who use the console, who are no contacts"
HARMLESS = {
    "orders_order": {
        "external_order_id": "what the shop knows the order by; it is kept",
        "status": CODES,
        "currency": CODES,
    },
    "orders_orderitem": {"external_item_id": "what the shop knows its goods by; it is kept"},
    "orders_dailyrevenue": {"currency": CODES},
    "orders_revenuemark": {"currency": CODES},
    "orders_customercount": {"by": CODES, "currency": CODES},
    "orders_customermark": {"currency": CODES},
    "orders_customerstate": {"calendar": SETTINGS},
    "orders_exchangerate": {"currency": CODES, "reporting_currency": CODES},
    "orders_revenuesplit": {
        "split": CODES,
        "currency": CODES,
        "value": "computed again from the orders of its day, which is marked when one of them is erased",
    },
    "orders_splitmark": {"currency": CODES},
    "orders_itemname": {"external_item_id": "what the shop knows its goods by; it is kept"},
    "orders_orderexport": {"format": CODES},
    "console_savedview": {"list_name": CODES},
    "orders_summarystate": {"time_zone": SETTINGS},
    "events_outcome": {"status": CODES, "reason": CODES, "note": "one of our own sentences"},
    "events_attempt": {"status": CODES, "reason": CODES},
    "events_idempotencykey": {
        "fingerprint": "a digest that is kept for a day",
        "location": "an address of ours",
        "event_ids": "numbers of ours",
    },
    "events_replay": {
        "settled": "counts by reason",
        "event_ids": "numbers of ours",
        "started_by": STAFF,
        "cancelled_by": STAFF,
    },
    "events_orderdeletion": {
        "external_order_id": "what the shop knows the order by; it is kept",
        "event_ids": "numbers of ours",
        "requested_by": STAFF,
    },
    "events_basis": {"digest": SETTINGS, "settings": SETTINGS},
    "events_eventtype": {"key": "a name that the shop's programmers have chosen, shared by all events of the type"},
    "events_source": {"name": SETTINGS, "kind": CODES},
    "events_apikey": {"prefix": SETTINGS, "digest": SETTINGS, "scopes": CODES},
    "contacts_identifier": {"kind": CODES, "push_channel": CODES},
    "contacts_identifierkind": {"key": SETTINGS, "name": SETTINGS, "normal_form": CODES},
    "contacts_matchingrule": {"parameter": SETTINGS, "event_type_key": SETTINGS, "kind_id": SETTINGS},
    "contacts_contactfield": {"key": SETTINGS, "name": SETTINGS, "type": CODES},
    "contacts_group": {"name": "a name that the shop has chosen, shared by all members"},
    "contacts_erasure": {"stage": CODES},
    "contacts_contactimport": {
        "actor": STAFF,
        "status": CODES,
        "contact_ids": "numbers of ours",
        "body": "emptied when the import ends, and an erasure waits for those that came before it",
    },
    "account_account": {
        "name": SETTINGS,
        "time_zone": SETTINGS,
        "default_currency": SETTINGS,
        "phone_region": SETTINGS,
    },
    "account_auditentry": {
        "actor": STAFF,
        "action": CODES,
        "what": "ids and filters, by what account/audit.py asks for",
        "details": SETTINGS,
    },
    "events_intakecount": {"status": CODES, "reason": CODES},
    "events_parameterschema": {"text": SETTINGS, "changed_by": STAFF},
    "webhooks_subscription": {
        "name": SETTINGS,
        "url": SETTINGS,
        "topics": CODES,
        "event_types": SETTINGS,
        "order_statuses": CODES,
        "secret": SETTINGS,
        "previous_secret": SETTINGS,
        "state": CODES,
    },
    "webhooks_delivery": {"topic": CODES, "state": CODES},
    "webhooks_attempt": {"error": "one of our own sentences, or the network's"},
    "insights_eventcount": {"outcome": CODES},
    "insights_eventcountstate": {"time_zone": SETTINGS},
    "insights_report": {"kind": CODES, "time_zone": SETTINGS, "figures": "sums over the orders of many"},
    "insights_rfmcell": {"currency": CODES, "came_from": CODES},
    "insights_rfmscore": {"currency": CODES, "segment": CODES, "came_from": CODES},
    "insights_rfmsnapshot": {"time_zone": SETTINGS, "boundaries": "quintiles over the figures of many"},
    "insights_rfmthresholds": {
        "currency": CODES,
        "recency_days": SETTINGS,
        "frequency": SETTINGS,
        "monetary": SETTINGS,
    },
    "insights_segment": {
        "name": SETTINGS,
        "conditions": SETTINGS,
        "created_by": STAFF,
        "refresh_problem": "one of our own sentences",
    },
}
OF_LIBRARIES = (
    "auth_",
    "django_",
    "axes_",
    "otp_",
)  # users of the console, their sessions, and how the tables came about

TEXT_COLUMNS = """
    SELECT table_name, column_name FROM information_schema.columns
     WHERE table_schema = 'public'
       AND NOT (SELECT relispartition FROM pg_class WHERE oid = to_regclass(quote_ident(table_name)))
       AND (data_type IN ('text', 'character varying', 'character', 'json', 'jsonb', 'bytea') OR data_type = 'ARRAY')
"""


def text_columns() -> set[tuple[str, str]]:
    with connection.cursor() as cursor:
        cursor.execute(TEXT_COLUMNS)
        return {(table, column) for table, column in cursor.fetchall() if not table.startswith(OF_LIBRARIES)}


def columns_of(tables) -> set[tuple[str, str]]:
    return {(table, column) for table, columns in tables.items() for column in columns}


def test_every_column_with_text_is_searched_or_holds_nobody():
    assert columns_of(ERASED) & columns_of(HARMLESS) == set()
    assert text_columns() - columns_of(ERASED) - columns_of(HARMLESS) == set()


def test_no_column_is_named_that_is_not_there():
    assert (columns_of(ERASED) | columns_of(HARMLESS)) - text_columns() == set()
