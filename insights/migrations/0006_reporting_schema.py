"""The schema `reporting`: stable views for BI tools, and for manage.py export_reporting (docs/reporting.md).

A view is changed by a migration that replaces it. A migration that changes the type of a column below, or takes one
away, has to drop its view first and make it again.
"""

from django.db import migrations

ZONE = "(SELECT time_zone FROM account_account WHERE id = 1)"

ORDERS = f"""
    CREATE VIEW reporting.orders AS
    SELECT id AS order_id,
           external_order_id,
           contact_id,
           status,
           total_cost,
           currency,
           date,
           (date AT TIME ZONE {ZONE})::date AS day,
           shipping,
           discount,
           taxes,
           store_id,
           source,
           delivery_method,
           payment_method,
           from_mobile_sdk,
           created_at,
           updated_at
      FROM orders_order
"""  # noqa: S608 - constants of our own

ITEMS = f"""
    CREATE VIEW reporting.items AS
    SELECT item.order_id,
           item.position,
           item.external_item_id,
           item.name,
           item.custom_fields ->> 'category' AS category,
           item.quantity,
           item.cost,
           item.cost * item.quantity AS amount,
           o.currency,
           o.status,
           item.order_date AS date,
           (item.order_date AT TIME ZONE {ZONE})::date AS day
      FROM orders_orderitem AS item
      JOIN orders_order AS o ON o.id = item.order_id
"""  # noqa: S608

# A barrier: no function of a reader's own is tried on a person who was deleted or erased before that row is left out.
CONTACTS = """
    CREATE VIEW reporting.contacts WITH (security_barrier) AS
    SELECT id AS contact_id,
           first_name,
           last_name,
           (SELECT value FROM contacts_identifier AS i
             WHERE i.contact_id = c.id AND i.kind = 'email' ORDER BY i.id LIMIT 1) AS email,
           (SELECT value FROM contacts_identifier AS i
             WHERE i.contact_id = c.id AND i.kind = 'phone' ORDER BY i.id LIMIT 1) AS phone,
           (SELECT value FROM contacts_identifier AS i
             WHERE i.contact_id = c.id AND i.kind = 'externalCustomerId' ORDER BY i.id LIMIT 1) AS external_customer_id,
           (SELECT coalesce(array_agg(g.name ORDER BY g.name), '{}')
              FROM contacts_membership AS m
              JOIN contacts_group AS g ON g.id = m.group_id
             WHERE m.contact_id = c.id) AS groups,
           created_at,
           updated_at
      FROM contacts_contact AS c
     WHERE deleted_at IS NULL
"""

EVENTS = """
    CREATE VIEW reporting.events AS
    SELECT e.id AS event_id,
           type.key AS event_type,
           source.name AS source,
           source.kind AS source_kind,
           nullif(e.order_key, '') AS external_order_id,
           outcome.order_id,
           outcome.contact_id,
           coalesce(outcome.status, 'waiting') AS outcome,
           nullif(outcome.reason, '') AS reason,
           outcome.attempt,
           e.occurred_at,
           e.received_at,
           outcome.decided_at
      FROM events_event AS e
      JOIN events_eventtype AS type ON type.id = e.event_type_id
      JOIN events_source AS source ON source.id = e.source_id
      LEFT JOIN events_outcome AS outcome ON outcome.event_id = e.id
"""

# As orders/revenue.py reads it: built days, marked days from their orders, and all of them while no day is built.
DAY_OF = "(o.date AT TIME ZONE zone.name)::date"
REVENUE_BY_DAY = f"""
    CREATE VIEW reporting.revenue_by_day AS
    WITH zone AS MATERIALIZED (
        SELECT time_zone AS name,
               EXISTS (SELECT FROM orders_summarystate WHERE time_zone = account_account.time_zone) AS is_built
          FROM account_account
         WHERE id = 1
    ),
    marked AS MATERIALIZED (
        SELECT DISTINCT (mark.date AT TIME ZONE zone.name)::date AS day, mark.currency
          FROM orders_revenuemark AS mark
         CROSS JOIN zone
         WHERE zone.is_built
    ),
    figures AS (
        SELECT day, currency, revenue, orders,
               mobile_sdk_initialized_revenue AS initialized_revenue,
               mobile_sdk_initialized_orders AS initialized_orders
          FROM orders_dailyrevenue
         WHERE (SELECT is_built FROM zone) AND (day, currency) NOT IN (SELECT day, currency FROM marked)
         UNION ALL
        SELECT marked.day, marked.currency, delivered.total, delivered.orders, initialized.total, initialized.orders
          FROM marked
         CROSS JOIN zone
         CROSS JOIN LATERAL (
                   SELECT coalesce(sum(o.total_cost), 0) AS total, count(*) AS orders
                     FROM orders_order AS o
                    WHERE o.status = 'DELIVERED' AND o.currency = marked.currency
                      AND o.date >= (marked.day::timestamp AT TIME ZONE zone.name) - interval '4 hours'
                      AND o.date < ((marked.day + 1)::timestamp AT TIME ZONE zone.name)
                      AND {DAY_OF} = marked.day
               ) AS delivered
         CROSS JOIN LATERAL (
                   SELECT coalesce(sum(o.total_cost), 0) AS total, count(*) AS orders
                     FROM orders_order AS o
                    WHERE o.status = 'INITIALIZED' AND o.from_mobile_sdk AND o.currency = marked.currency
                      AND o.date >= (marked.day::timestamp AT TIME ZONE zone.name) - interval '4 hours'
                      AND o.date < ((marked.day + 1)::timestamp AT TIME ZONE zone.name)
                      AND {DAY_OF} = marked.day
               ) AS initialized
         UNION ALL
        SELECT {DAY_OF},
               o.currency,
               coalesce(sum(o.total_cost) FILTER (WHERE o.status = 'DELIVERED'), 0),
               count(*) FILTER (WHERE o.status = 'DELIVERED'),
               coalesce(sum(o.total_cost) FILTER (WHERE o.status = 'INITIALIZED'), 0),
               count(*) FILTER (WHERE o.status = 'INITIALIZED')
          FROM orders_order AS o
         CROSS JOIN zone
         WHERE NOT (SELECT is_built FROM zone)
           AND (o.status = 'DELIVERED' OR (o.status = 'INITIALIZED' AND o.from_mobile_sdk))
         GROUP BY 1, 2
    )
    SELECT day,
           currency,
           revenue,
           orders::bigint AS orders,
           initialized_revenue AS mobile_sdk_initialized_revenue,
           initialized_orders::bigint AS mobile_sdk_initialized_orders
      FROM figures
     WHERE orders > 0 OR initialized_orders > 0
"""  # noqa: S608 - constants of our own


class Migration(migrations.Migration):
    dependencies = [
        ("insights", "0005_analytics"),
        ("account", "0001_initial"),
        ("contacts", "0005_memberships_of_contacts"),
        ("events", "0001_initial"),
        ("orders", "0005_item_order_date"),
    ]
    operations = [
        migrations.RunSQL(
            [
                "CREATE SCHEMA reporting",
                "COMMENT ON SCHEMA reporting IS 'Stable views of Orderloom for BI tools: docs/reporting.md'",
                *(ORDERS, ITEMS, CONTACTS, EVENTS, REVENUE_BY_DAY),
            ],
            "DROP SCHEMA reporting CASCADE",
        )
    ]
