"""The orders behind the figures of the funnel and of carts, as querysets that stand beside the statements of these.

A page of them is read newest first until it is full. The history of an order is looked at only where its status does
not say enough, and one order at a time: never all histories there are, which is what PostgreSQL makes of OR EXISTS.
"""

from datetime import timedelta

from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery

from insights.analytics.carts import CartFate
from insights.analytics.funnel import STAGES
from insights.analytics.spans import DaySpan
from orders.models import Order, OrderChange, OrderStatus

GOING_ON = [OrderStatus.INITIALIZED.value, OrderStatus.IN_PROGRESS.value, OrderStatus.DELIVERED.value]
ABANDONED, CANCELLED = OrderStatus.ABANDONED_SHOPPING_CART.value, OrderStatus.CANCELLED.value
HAD = Q(earlier__isnull=False)


def _orders_of(span: DaySpan, statuses: list[str]) -> QuerySet[Order]:
    """The orders of a span; `earlier` tells a change of each to one of the statuses."""
    changes = OrderChange.objects.filter(order=OuterRef("pk"), fields__status__to__in=statuses)
    orders = Order.objects.filter(date__gte=span.start, date__lt=span.end)  # index: order_by_date
    return orders.alias(earlier=Subquery(changes.values("pk")[:1]))  # index: order_change_by_order


def orders_that_reached(span: DaySpan, stage: str) -> QuerySet[Order]:
    """The orders that had the status of this stage, or of a later one."""
    later = [status.value for status in STAGES[STAGES.index(OrderStatus(stage)) :]]
    return _orders_of(span, later).filter(Q(status__in=later) | HAD)


def orders_cancelled_after_delivery(span: DaySpan) -> QuerySet[Order]:
    return _orders_of(span, [OrderStatus.DELIVERED.value]).filter(HAD, status=CANCELLED)  # index: order_by_status


def carts_of(span: DaySpan, within_days: int, fate: CartFate | None = None) -> QuerySet[Order]:
    """The carts of a span, all of them or those with one fate, as carts.py decides it."""
    orders = _orders_of(span, [ABANDONED])
    later = Order.objects.filter(  # index: order_by_contact
        contact=OuterRef("contact"),
        date__gt=OuterRef("date"),
        date__lte=OuterRef("date") + timedelta(days=within_days),
        status__in=GOING_ON,
    ).exclude(pk=OuterRef("pk"))
    bought_else = Q(Exists(later))
    match fate:
        case None:
            return orders.filter(Q(status=ABANDONED) | HAD)
        case CartFate.BOUGHT:
            return orders.filter(HAD, status__in=GOING_ON)
        case CartFate.BOUGHT_ELSE:
            return orders.filter(Q(status=ABANDONED) | Q(status=CANCELLED) & HAD).filter(bought_else)
        case CartFate.CANCELLED:
            return orders.filter(HAD, status=CANCELLED).exclude(bought_else)
        case CartFate.LOST:
            return orders.filter(status=ABANDONED, contact__isnull=False).exclude(bought_else)
        case CartFate.UNKNOWN:
            return orders.filter(status=ABANDONED, contact__isnull=True)
