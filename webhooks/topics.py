"""What a subscription can be told, and which of it it asked for. Pure.

One event leads to at most two messages for a subscription: what became of the event, and how its order changed.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from enum import StrEnum

from contract.reasons import Status


class Topic(StrEnum):
    """The `type` of a message. The codes are stable."""

    EVENT_APPLIED = "event.applied"
    EVENT_IGNORED = "event.ignored"
    EVENT_FAILED = "event.failed"
    ORDER_CHANGED = "order.changed"
    TEST = "webhook.test"


TOPIC_OF_STATUS = {
    Status.APPLIED: Topic.EVENT_APPLIED,
    Status.IGNORED: Topic.EVENT_IGNORED,
    Status.FAILED: Topic.EVENT_FAILED,
}
CHOSEN_TOPICS = tuple(topic for topic in Topic if topic is not Topic.TEST)


@dataclass(frozen=True, slots=True)
class Wish:
    """What a subscription asks for; an empty collection of types or statuses stands for all of them.

    `order_statuses` narrows `order.changed` to orders that have one of them after the change.
    """

    topics: Collection[str]
    event_types: Collection[str] = ()
    order_statuses: Collection[str] = ()

    def topics_of(self, event_type_key: str, status: Status, order_status: str) -> Iterator[Topic]:
        """What is to be told of an event of this type that ended so; `order_status` is empty when no order changed."""
        if self.event_types and event_type_key not in self.event_types:
            return
        topic = TOPIC_OF_STATUS.get(status)
        if topic is not None and topic in self.topics:
            yield topic
        if order_status and Topic.ORDER_CHANGED in self.topics and self._takes(order_status):
            yield Topic.ORDER_CHANGED

    def _takes(self, order_status: str) -> bool:
        return not self.order_statuses or order_status in self.order_statuses
