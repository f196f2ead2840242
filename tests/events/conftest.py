"""What the tests of events share: the caches of a process never outlive the tables of a test."""

import pytest

from account.current import forget_account
from events.basis import forget_basis
from events.event_types import forget_event_types
from events.schemas import forget_schemas


@pytest.fixture(autouse=True)
def _empty_caches():
    forget_account()
    forget_basis()
    forget_event_types()
    forget_schemas()
