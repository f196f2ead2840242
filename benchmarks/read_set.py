"""Fills the tables with what a shop of any size has after two years: many kinds of everything, some of them rare.

The two years end today, so that pages of the last days and of people who bought lately have something to show.

Orders come in the order of their dates, three events for each: its creation, an update, and something that a person
looked at. Every value that a filter asks for is spread as in a shop: a few stores have most orders, a few products
are in most carts, one currency is everywhere, and each list has values that hardly any row carries, which is what a
filter without an index shows first. The numbers behind it are fixed, so reads (benchmarks/reads.py) know what there
is.
"""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, time, timedelta
from typing import Any

import psycopg

from benchmarks.filling import FIRST_ID, few_checkpoints, multiply, secondary_indexes_built_last
from benchmarks.servers import Postgres

EVENTS_PER_ORDER = 3
WAITING = 1_000  # of the newest events, at most a tenth of all
TWO_YEARS = timedelta(days=730)
PRODUCTS, STORES = 50_000, 200
TYPES = ("orderCreated", "orderUpdated", "viewedProduct", "askedForHelp")
SOURCES = ("shop", "app", "till")
RARE = 50_000  # one row in so many


def _draw(salt: int, values: int) -> str:
    """A number from 0 to values - 1: always the same for one n, and independent of the draws with other salts."""
    return f"((hashint8extended(n, {salt}) & 1073741823) %% {values})::int"


_MOMENT = "%(beginning)s + (n * %(seconds)s / %(rows)s + {later}) * interval '1 second'"
_DATE = _MOMENT.format(later=_draw(7, 86_400))
_CONTACT = "(n * 7919 %% %(contacts)s)"
_ORDER = f"((n + {EVENTS_PER_ORDER - 1}) / {EVENTS_PER_ORDER})"  # of the event n
_ORDER_KEY = f"'A' || to_char({_ORDER}, 'FM0000000000')"
_PERSON = f"({_ORDER} * 7919 %% %(contacts)s)"
_IS_OF_AN_ORDER = "n %% 3 <> 0"
_PRODUCT = f"(hashint8extended(n * 8 + seed.position, 1) & 1073741823) %% {PRODUCTS}"
_PLACE = f"(({_PRODUCT}) * ({_PRODUCT}) / {PRODUCTS})"
_STATUS = f"""CASE WHEN {_draw(1, 2 * RARE)} = 0 THEN 'failed'
                   WHEN {_IS_OF_AN_ORDER} AND {_draw(2, RARE)} < {RARE // 100} THEN 'ignored'
                   ELSE 'applied' END"""
_REASON = f"""CASE {_STATUS} WHEN 'failed' THEN 'internal_error'
                   WHEN 'ignored' THEN CASE WHEN {_draw(2, RARE)} = 0 THEN 'stale'
                       ELSE (ARRAY['contact_not_found', 'order_exists', 'missing_parameter'])[1 + {_draw(3, 3)}] END
                   ELSE '' END"""

# For each table the columns whose values are made from the number n (and, for items, from the item that is copied).
MADE: Mapping[str, Mapping[str, str]] = {
    "orders_order": {
        "id": "%(first)s + n",
        "external_order_id": "'A' || to_char(n, 'FM0000000000')",
        "contact_id": f"CASE WHEN n %% 50 = 0 THEN NULL ELSE 1 + {_CONTACT} END",
        "status": f"""(ARRAY['ABANDONED_SHOPPING_CART', 'INITIALIZED', 'CANCELLED', 'IN_PROGRESS', 'DELIVERED'])
                      [1 + width_bucket({_draw(4, 100)}, ARRAY[2, 10, 25, 35])]""",
        "total_cost": f"round((100 + {_draw(5, 1_000_000)})::numeric / 100, 2)",
        "currency": f"""(ARRAY['JPY', 'USD', 'EUR', 'UAH'])
                        [1 + width_bucket({_draw(6, RARE)}, ARRAY[1, {RARE // 50}, {RARE // 10}])]""",
        "date": _DATE,
        "external_customer_id": f"'AV' || to_char({_CONTACT}, 'FM00000000')",
        "email": f"'contact' || to_char({_CONTACT}, 'FM00000000') || '@example.com'",
        "phone": f"(380500000000 + {_CONTACT})::text",
        "store_id": f"""CASE WHEN n %% 5 = 0 THEN ''
                             ELSE 'store' || ({_draw(8, 1000)} ^ 2 * {STORES} / 1000000)::int END""",
        "source": f"CASE WHEN {_draw(9, RARE)} = 0 THEN 'kiosk' WHEN n %% 4 = 0 THEN 'app' ELSE 'web' END",
        "warnings": f"""CASE WHEN {_draw(10, RARE)} = 0 THEN '[{{"code": "date_in_future", "detail": ""}}]'::jsonb
                             WHEN {_draw(11, 50)} = 0 THEN '[{{"code": "total_mismatch", "detail": ""}}]'::jsonb
                             ELSE '[]'::jsonb END""",
        "from_mobile_sdk": "n %% 4 = 0",
        "created_at": _MOMENT.format(later=86_400),
        "updated_at": _MOMENT.format(later=f"86400 + {_draw(12, 864_000)}"),
    },
    "orders_orderitem": {
        "id": "%(first)s + 1000 * n + seed.position",
        "order_id": "%(first)s + n",
        "order_date": _DATE,
        "external_item_id": f"(200000 + {_PLACE})::text",
        "name": f"'Product ' || {_PLACE} || (ARRAY[' red', ' blue', ' large', ' small'])[1 + {_PLACE} %% 4]",
    },
    "events_event": {
        "id": "%(first)s + n",
        "source_id": f"""(%(sources)s::bigint[])
                         [1 + width_bucket({_draw(13, RARE)}, ARRAY[{RARE - RARE // 20}, {RARE - 1}])]""",
        "event_type_id": f"""(%(types)s::bigint[])[CASE WHEN {_IS_OF_AN_ORDER} THEN n %% 3
                             WHEN {_draw(14, RARE)} = 0 THEN 4 ELSE 3 END]""",
        "key_value": f"CASE WHEN {_IS_OF_AN_ORDER} THEN {_ORDER_KEY} ELSE (380500000000 + {_PERSON})::text END",
        "order_key": f"CASE WHEN {_IS_OF_AN_ORDER} THEN {_ORDER_KEY} ELSE '' END",
        "lane": "n %% 64",
        "body": f"""CASE WHEN {_IS_OF_AN_ORDER} THEN '{{"eventTypeKey": "x", "keyValue": "k", "params": {{}}}}'
                         ELSE '{{"eventTypeKey": "viewedProduct", "keyValue": "k", "params": {{"productId": "'
                              || 200000 + {_draw(17, PRODUCTS)} || '", "price": '
                              || {_draw(18, 10_000)} || '}}}}' END""",
        "received_at": _MOMENT.format(later=0),
    },
    "events_outcome": {
        "event_id": "%(first)s + n",
        "sequence": "%(first)s + n",
        "status": _STATUS,
        "reason": _REASON,
        "contact_id": f"CASE WHEN {_STATUS} = 'applied' THEN 1 + {_PERSON} END",
        "order_id": f"CASE WHEN {_STATUS} = 'applied' AND {_IS_OF_AN_ORDER} THEN %(first)s + {_ORDER} END",
        "warnings": f"""CASE WHEN {_draw(15, RARE)} = 0 THEN '[{{"code": "duplicate_parameter", "detail": ""}}]'::jsonb
                             WHEN {_draw(16, 75)} = 0 THEN '[{{"code": "total_mismatch", "detail": ""}}]'::jsonb
                             ELSE '[]'::jsonb END""",
    },
    "orders_orderchange": {
        "id": "%(first)s + n",
        "order_id": "%(first)s + n",
        "event_id": f"%(first)s + {EVENTS_PER_ORDER} * n - 2",
        "fields": "'{}'",
    },
}
# Two connections fill a half each: of all that is made, the events and their outcomes are some half.
TOGETHER = (("orders_order", "orders_orderitem", "orders_orderchange"), ("events_event", "events_outcome"))
NAMES = """
    UPDATE contacts_contact SET first_name = 'Name' || id % 2003, last_name = 'Family' || id % 50021
"""
WAIT = """
    INSERT INTO events_waiting (lane, position, event_id, attempt)
    SELECT lane, id, id, 1 FROM events_event ORDER BY id DESC LIMIT %s
"""
# The outcomes are written past the application, so it has to be told to count them: events/intake.py, MARK_ALL.
MARK = """
    INSERT INTO events_intakemark (block) SELECT generate_series(min(id) / 2048, max(id) / 2048) FROM events_event
"""


def fill_for_reads(postgres: Postgres, database: str, orders: int, contacts: int, span: timedelta = TWO_YEARS) -> None:
    """Multiplies the one applied order of the database; secondary indexes are built when the rows are there. The orders
    are spread over the span, two years unless it is said.
    """
    events = EVENTS_PER_ORDER * orders
    waiting = min(WAITING, events // 10)
    rows = {"events_event": events, "events_outcome": events - waiting}
    beginning = datetime.combine(datetime.now(UTC).date(), time(), UTC) - span
    with postgres.connect(database) as connection:
        numbers: dict[str, object] = {
            "first": FIRST_ID,
            "contacts": contacts,
            "beginning": beginning,
            "seconds": int(span.total_seconds()),
            **_named(connection),
        }
        with few_checkpoints(connection), ThreadPoolExecutor(len(TOGETHER)) as threads:
            filled = [
                threads.submit(
                    _fill, postgres, database, {name: {**numbers, "rows": rows.get(name, orders)} for name in names}
                )
                for names in TOGETHER
            ]
            for each in filled:
                each.result()
        connection.execute(NAMES)
        connection.execute(WAIT, [waiting])
        connection.execute(MARK)
        for sequence in ("events_event_id_seq", "events_outcome_sequence", "orders_order_id_seq"):
            connection.execute("SELECT setval(%s, %s)", [sequence, FIRST_ID + events + 1])
        connection.execute("VACUUM ANALYZE")
        connection.execute("CHECKPOINT")


def _fill(postgres: Postgres, database: str, tables: Mapping[str, Mapping[str, Any]]) -> None:
    """Fills the tables one after the other, each with the numbers that its columns are made from."""
    with postgres.connect(database) as connection:
        # No foreign key is checked for each row: they hold by the way the numbers are made.
        connection.execute("SET session_replication_role = replica")
        connection.execute("SET maintenance_work_mem = '512MB'")
        for table, numbers in tables.items():
            with secondary_indexes_built_last(connection, table):
                multiply(connection, table, MADE[table], numbers)


def _named(connection: psycopg.Connection) -> dict[str, list[int]]:
    """The ids of the event types and the sources, which are made where they are missing."""
    for source in SOURCES:
        connection.execute(
            "INSERT INTO events_source (name, kind) VALUES (%s, 'backend') ON CONFLICT DO NOTHING", [source]
        )
    connection.execute(
        "INSERT INTO events_eventtype (key) SELECT unnest(%s::text[]) ON CONFLICT DO NOTHING", [list(TYPES)]
    )
    return {
        "types": _ids(connection, "SELECT key, id FROM events_eventtype", TYPES),
        "sources": _ids(connection, "SELECT name, id FROM events_source", SOURCES),
    }


def _ids(connection: psycopg.Connection, query: str, names: tuple[str, ...]) -> list[int]:
    ids: dict[str, int] = dict(connection.execute(query).fetchall())
    return [ids[name] for name in names]
