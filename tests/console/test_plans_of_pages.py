"""No page about a person, an event or a replay goes through a large table: every statement's plan is looked at."""

from datetime import UTC, datetime

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from events.basis import current_basis
from events.models import Event, EventType, Replay
from tests.console.reading import links
from tests.events.building import make_source

MANY = 20_000
NOON = datetime(2026, 5, 14, 9, tzinfo=UTC)
LARGE = (
    *("events_event", "events_outcome", "events_attempt", "orders_order", "orders_orderchange"),
    *("contacts_contact", "contacts_identifier", "contacts_membership"),
)
FILL = [
    """
    INSERT INTO contacts_contact (first_name, last_name, address, fields)
    SELECT 'Name' || n %% 500, 'Family' || n, '{}', '{}' FROM generate_series(1, %(many)s) AS n
    """,
    """
    INSERT INTO contacts_identifier (contact_id, kind, value, normalized, push_channel)
    SELECT c.id, 'email', c.id || '@example.com', c.id || '@example.com', '' FROM contacts_contact AS c
    """,
    """
    INSERT INTO orders_order (external_order_id, contact_id, status, total_cost, currency, date, email, phone,
                              external_customer_id, first_name, last_name, restore_url, status_description, store_id,
                              source, delivery_method, delivery_address, payment_method, additional_info,
                              custom_fields, warnings, from_mobile_sdk, created_at, updated_at)
    SELECT 'o' || c.id, c.id, 'DELIVERED', 10, 'UAH', %(noon)s + c.id %% 1000 * interval '1 minute',
           c.id || '@example.com', '+38050' || 1000000 + c.id, '', '', '', '', '', '', '', '', '', '', '', '{}', '[]',
           false, %(noon)s, %(noon)s
      FROM contacts_contact AS c
    """,
    """
    INSERT INTO events_event (source_id, event_type_id, key_value, order_key, lane, api_version, body, received_at)
    SELECT %(source)s, %(type)s, o.external_order_id, o.external_order_id, 0, 1,
           '{"eventTypeKey": "orderCreated", "params": {"externalOrderId": "' || o.external_order_id || '"}}',
           %(noon)s + o.id * interval '1 minute'
      FROM orders_order AS o
    """,
    """
    INSERT INTO events_outcome (event_id, sequence, status, reason, note, contact_id, order_id, basis_id, warnings,
                                problems, trace, traceback, attempt, decided_at)
    SELECT e.id, e.id, CASE WHEN o.id %% 1000 = 0 THEN 'ignored' ELSE 'applied' END,
           CASE WHEN o.id %% 1000 = 0 THEN 'stale' ELSE '' END, '', o.contact_id, o.id, %(basis)s, '[]', '[]', '[]', '',
           2, e.received_at
      FROM events_event AS e JOIN orders_order AS o ON o.external_order_id = e.order_key
    """,
    """
    INSERT INTO events_attempt (event_id, replay_id, attempt, status, reason, problems, trace, decided_at)
    SELECT id, CASE WHEN id %% 1000 = 0 THEN %(small)s ELSE %(large)s END, 1, 'ignored', 'stale', '[]', '[]', %(noon)s
      FROM events_event
    """,
    """
    INSERT INTO orders_orderchange (order_id, event_id, at, fields)
    SELECT order_id, event_id, decided_at, '{}' FROM events_outcome
    """,
    "INSERT INTO contacts_group (name) VALUES ('all')",
    """
    INSERT INTO contacts_membership (group_id, contact_id)
    SELECT g.id, c.id FROM contacts_contact AS c CROSS JOIN contacts_group AS g
    """,
    f"ANALYZE {', '.join(LARGE)}",
]


@pytest.fixture
def replays(db) -> tuple[int, int]:
    """Many people with an order and an event each; the ids of a replay of a few events, and of one of nearly all."""
    small, large = (
        Replay.objects.create(
            filters={}, matched=1, next_event_id=0, last_event_id=0, started_by="user olha", ended_at=NOON
        ).pk
        for _ in range(2)
    )
    values = {
        "many": MANY,
        "noon": NOON,
        "source": make_source().pk,
        "type": EventType.objects.create(key="orderCreated").pk,
        "basis": current_basis().id,
        "small": small,
        "large": large,
    }
    with connection.cursor() as cursor:
        for statement in FILL:
            cursor.execute(statement, values)
    return small, large


def test_every_statement_of_these_pages_is_answered_by_an_index(replays, admin):
    small, large = replays
    event = Event.objects.order_by("pk")[MANY // 2]
    contact_id = event.outcome.contact_id
    contact = reverse("admin:contacts_contact_change", args=[contact_id])
    events, start = "/admin/events/event/", "/admin/events/replay/start/"
    addresses = [
        contact,
        f"{contact}?kind=events",
        reverse("admin:contacts_contact_erase", args=[contact_id]),
        *(f"/admin/contacts/contact/?q={text}" for text in (f"{contact_id}@example.com", "name7", "family12", "x")),
        *(reverse(f"admin:events_event_{name}", args=[event.pk]) for name in ("change", "validate", "message")),
        *(f"{events}?replay={replay}" for replay in replays),
        *(f"{events}?replay={replay}&outcome=ignored" for replay in replays),
        f"{events}?warning=total_mismatch",
        f"{start}?outcome=ignored",
        f"{start}?replay={small}",
        reverse("admin:events_replay_change", args=[large]),
    ]
    [second] = links(admin.get(f"{events}?replay={large}"), "Next")
    told = {address: found for address in [*addresses, second] if (found := sequential_scans(admin, address))}
    assert told == {}


def sequential_scans(client, address: str) -> list[str]:
    """The lines of the page's plans in which a large table is gone through."""
    with CaptureQueriesContext(connection) as queries:
        assert client.get(address).status_code == 200, address
    found = []
    with connection.cursor() as cursor:
        for statement in (query["sql"] for query in queries):
            if not statement.lstrip().startswith(("SELECT", "WITH", "(")):
                continue
            cursor.execute(f"EXPLAIN {statement}")
            plan = [line for (line,) in cursor.fetchall()]
            found += [line for line in plan if any(f"Seq Scan on {table} " in line for table in LARGE)]
    return found
