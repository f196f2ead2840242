"""Each item gets its order's date, some thousands of orders at a time.

It can be run again: what has its date keeps it.
"""

from django.db import migrations, models

BATCH = 20_000  # orders: some 0.5 s, and no long transaction
SPAN = "SELECT coalesce(min(order_id), 0), coalesce(max(order_id), 0) FROM orders_orderitem"
NEXT = "SELECT min(order_id) FROM orders_orderitem WHERE order_id >= %(after)s"
COPY_DATES = """
    UPDATE orders_orderitem AS item
       SET order_date = o.date
      FROM orders_order AS o
     WHERE o.id = item.order_id AND item.order_date IS NULL
       AND item.order_id >= %(after)s AND item.order_id < %(after)s + %(batch)s
"""


def copy_dates(apps, schema_editor):
    with schema_editor.connection.cursor() as cursor:
        cursor.execute(SPAN)
        after, last = cursor.fetchone()
        while after is not None and after <= last:
            cursor.execute(COPY_DATES, {"after": after, "batch": BATCH})
            cursor.execute(NEXT, {"after": after + BATCH})
            (after,) = cursor.fetchone()


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("orders", "0004_indexes_of_lists")]
    operations = [
        migrations.AddField(model_name="orderitem", name="order_date", field=models.DateTimeField(null=True)),
        migrations.RunPython(copy_dates, migrations.RunPython.noop),
        migrations.AlterField(model_name="orderitem", name="order_date", field=models.DateTimeField()),
    ]
