"""Promise 6: the cost of an event does not grow with the tables.

Never timed: PostgreSQL counts the rows that a transaction read, one by one or through an index, and those counts are
the same when the tables are five times as long.
"""

import pytest
from django.db import connection

from events import inbox
from events.lanes import lane_of
from events.processing import drain_batch
from tests.events.building import ITEM, event_body, make_source, new_event, order_params

pytestmark = pytest.mark.django_db

GROWING = [
    "contacts_contact",
    "contacts_identifier",
    "events_event",
    "events_outcome",
    "orders_order",
    "orders_orderitem",
]
FILL = """
    INSERT INTO contacts_contact (id, first_name, last_name, address, fields)
    SELECT n, 'Olha', 'K', '{}', '{}' FROM generate_series(%(from)s, %(to)s) AS n;
    INSERT INTO contacts_identifier (contact_id, kind, value, normalized)
    SELECT n, 'externalCustomerId', 'C' || n, 'C' || n FROM generate_series(%(from)s, %(to)s) AS n;
    INSERT INTO orders_order (id, external_order_id, contact_id, status, total_cost, currency, date,
           external_customer_id, email, phone, first_name, last_name, restore_url, status_description, store_id, source,
           delivery_method, delivery_address, payment_method, additional_info, custom_fields, warnings,
           from_mobile_sdk, created_at, updated_at)
    SELECT n, 'old-' || n, n, 'DELIVERED', 19.90, 'UAH', now() - n * interval '1 minute',
           'C' || n, '', '', '', '', '', '', '', '', '', '', '', '', '{}', '[]', false, now(), now()
      FROM generate_series(%(from)s, %(to)s) AS n;
    INSERT INTO orders_orderitem (order_id, order_date, position, external_item_id, name, quantity, url, image_url,
           custom_fields)
    SELECT n, now() - n * interval '1 minute', 0, '200600', 'Super Device', 1, '', '', '{}'
      FROM generate_series(%(from)s, %(to)s) AS n;
    INSERT INTO events_event (id, source_id, event_type_id, key_value, order_key, lane, api_version, body)
    SELECT n, %(source)s, %(type)s, 'old-' || n, 'old-' || n, 0, 1, '{}'
      FROM generate_series(%(from)s, %(to)s) AS n;
    INSERT INTO events_outcome (event_id, status, reason, note, contact_id, order_id, basis_id, warnings, problems,
           trace, traceback, attempt, decided_at)
    SELECT n, 'applied', '', '', n, n, %(basis)s, '[]', '[]', '[]', '', 1, now()
      FROM generate_series(%(from)s, %(to)s) AS n
"""
ROWS_READ = """
    SELECT relname, coalesce(seq_tup_read, 0), coalesce(idx_tup_fetch, 0)
      FROM pg_stat_xact_user_tables WHERE relname = ANY(%s)
"""
FIRST_FREE = 1_000_000  # ids of the filling stay away from those that sequences give out


def fill(start: int, stop: int) -> None:
    """Rows start … stop - 1 of every growing table, and fresh statistics, as autovacuum would make them."""
    numbers = {"from": FIRST_FREE + start, "to": FIRST_FREE + stop - 1}
    with connection.cursor() as cursor:
        cursor.execute("SELECT source_id, event_type_id, (SELECT max(id) FROM events_basis) FROM events_event LIMIT 1")
        source, event_type, basis = cursor.fetchone()
        cursor.execute(FILL, {**numbers, "source": source, "type": event_type, "basis": basis})
        cursor.execute(f"ANALYZE {', '.join(GROWING)}")


def rows_read() -> dict[str, tuple[int, int]]:
    """For each growing table: rows read one by one, and rows fetched through an index, in this transaction so far."""
    with connection.cursor() as cursor:
        cursor.execute(ROWS_READ, [GROWING])
        return {name: (one_by_one, by_index) for name, one_by_one, by_index in cursor.fetchall()}


def cost_of_a_batch(prefix: str, old_order: int) -> dict[str, tuple[int, int]]:
    """What it reads to create ten orders of ten contacts and to deliver an old one."""
    events = [
        new_event(
            event_body(
                "orderCreated", order_params(f"{prefix}{n}", externalCustomerId=f"C{old_order + n}", items=[ITEM])
            )
        )
        for n in range(10)
    ]
    events.append(new_event(event_body("orderDelivered", {"externalOrderId": f"old-{old_order}"})))
    inbox.store_many(events)
    lanes = {lane_of(event.order_key) for event in events}
    before = rows_read()
    assert drain_batch(lanes).size == 11
    after = rows_read()
    return {
        name: (after[name][0] - before.get(name, (0, 0))[0], after[name][1] - before.get(name, (0, 0))[1])
        for name in after
    }


def test_a_batch_reads_as_many_rows_when_the_tables_are_five_times_as_long():
    make_source()
    inbox.store_many([new_event(event_body("productViewed", {"externalCustomerId": "nobody"}))])
    drain_batch(range(64))  # makes the basis that the filling refers to
    fill(0, 20_000)
    small = cost_of_a_batch("small-", FIRST_FREE + 5_000)
    fill(20_000, 100_000)
    large = cost_of_a_batch("large-", FIRST_FREE + 60_000)
    assert {name: one_by_one for name, (one_by_one, _) in large.items() if one_by_one} == {}
    assert large == small
