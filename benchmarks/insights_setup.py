"""`python -m benchmarks.insights_setup ROUNDS`: computes what RFM, segments and analytics keep, on a database of ours.

DATABASE_URL names one that benchmarks/read_set.py has filled. What the background worker would do in minutes is done at
once, RFM so many times. Prints JSON: the seconds of each RFM refresh, of the counts of events and of a segment; the
session of a user who may do everything; the segment, and somebody who is in it.
"""

# ruff: noqa: E402 - models can be imported only when Django is set up

import json
import os
import sys
import time
from collections.abc import Callable
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup()

from django.conf import settings
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from account.current import load_account
from benchmarks.filling import FIRST_ID
from insights.analytics.event_counts import BLOCK, count_due
from insights.analytics.models import EventBlock
from insights.analytics.reports import compute_requested
from insights.rfm.refresh import compute
from insights.segments.models import Schedule, Segment, SegmentMember
from insights.segments.refreshing import refresh
from insights.segments.saving import save_segment

NAME = "Bought lately"
SEGMENT = {"orders": {"lastDays": 30}}
REPORTS = ("funnel", "carts", "items")


def main(arguments: list[str]) -> None:
    rounds = int(arguments[0])
    today = timezone.localdate(timezone=load_account().time_zone)
    refreshes = [_seconds(lambda: compute(today)) for _ in range(rounds)]
    _pass_over_the_gap()
    counting = _seconds(count_due)
    kept = Segment.objects.filter(name=NAME).first()  # of an earlier run on the same set
    segment = save_segment(kept or Segment(), name=NAME, conditions=SEGMENT, schedule=Schedule.DAILY, actor="benchmark")
    refreshing = _seconds(lambda: refresh(segment.pk))
    client = Client()
    user, _ = User.objects.get_or_create(username="benchmark", is_staff=True, is_superuser=True)
    client.force_login(user)
    for name in REPORTS:
        client.get(f"/admin/analytics/{name}/")  # asks for figures of its days, which may take longer than it waits
    compute_requested()
    print(
        json.dumps(
            {
                "rfmSeconds": refreshes,
                "eventCountSeconds": counting,
                "segmentSeconds": refreshing,
                "session": client.cookies[settings.SESSION_COOKIE_NAME].value,
                "segment": segment.pk,
                "member": SegmentMember.objects.filter(segment=segment).values_list("contact_id", flat=True)[0],
            }
        )
    )


def _pass_over_the_gap() -> None:
    """The ids of what is filled begin far behind those of the sequences; there is nothing in between to be counted."""
    gap = range(1, FIRST_ID // BLOCK)
    EventBlock.objects.bulk_create(
        [EventBlock(number=number, is_settled=True, counted_at=timezone.now()) for number in gap], ignore_conflicts=True
    )


def _seconds(work: Callable[[], Any]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


if __name__ == "__main__":
    main(sys.argv[1:])
