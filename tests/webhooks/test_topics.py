"""What a subscription asked for, and nothing else, is told. Pure."""

import pytest

from contract.reasons import Status
from webhooks.topics import Topic, Wish

ALL = frozenset(topic.value for topic in Topic)


@pytest.mark.parametrize(
    ("wish", "ended", "topics"),
    [
        (Wish(ALL), ("orderCreated", Status.APPLIED, "INITIALIZED"), ["event.applied", "order.changed"]),
        (Wish(ALL), ("orderUpdated", Status.APPLIED, ""), ["event.applied"]),
        (Wish(ALL), ("orderCreated", Status.IGNORED, ""), ["event.ignored"]),
        (Wish(ALL), ("seen", Status.FAILED, ""), ["event.failed"]),
        (Wish({"event.failed"}), ("seen", Status.APPLIED, ""), []),
        (Wish({"order.changed"}), ("orderCreated", Status.APPLIED, "INITIALIZED"), ["order.changed"]),
        (Wish(ALL, {"seen"}), ("orderCreated", Status.APPLIED, "INITIALIZED"), []),
        (Wish(ALL, {"seen"}), ("seen", Status.APPLIED, ""), ["event.applied"]),
        (Wish(ALL, (), {"DELIVERED"}), ("orderCreated", Status.APPLIED, "INITIALIZED"), ["event.applied"]),
        (Wish({"order.changed"}, (), {"DELIVERED"}), ("x", Status.APPLIED, "DELIVERED"), ["order.changed"]),
    ],
)
def test_a_subscription_is_told_what_it_asked_for(wish, ended, topics):
    assert list(wish.topics_of(*ended)) == topics
