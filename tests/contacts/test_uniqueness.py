"""What happens when two writers want one identifier."""

import psycopg
import pytest
from django.db import OperationalError

from contacts.models import Identifier
from contacts.uniqueness import MAX_TRIES, LostRaceError, NewIdentifier, retry_lost_races, store_identifiers
from tests.factories import make_contact

pytestmark = pytest.mark.django_db


def deadlock() -> OperationalError:
    error = OperationalError("deadlock detected")
    error.__cause__ = psycopg.errors.DeadlockDetected()
    return error


def failing(*failures):
    """Work that writes a contact and fails, once for each failure, before it succeeds."""
    left = list(failures)

    def work():
        contact = make_contact()
        if left:
            raise left.pop(0)
        return contact

    return work


@pytest.mark.parametrize("failure", [LostRaceError(), deadlock()])
def test_a_lost_race_is_run_again_and_leaves_nothing_behind(failure):
    contact = retry_lost_races(failing(failure, failure))
    assert list(type(contact).objects.all()) == [contact]


def test_a_race_that_is_always_lost_is_given_up():
    tries = []

    def work():
        tries.append(1)
        raise LostRaceError

    with pytest.raises(LostRaceError):
        retry_lost_races(work)
    assert len(tries) == MAX_TRIES


def test_what_is_no_race_is_not_run_again():
    with pytest.raises(OperationalError, match="gone"):
        retry_lost_races(failing(OperationalError("gone")))


def test_a_taken_identifier_is_never_moved():
    contact, other = make_contact(email="a@b.c"), make_contact()
    with pytest.raises(LostRaceError):
        store_identifiers([NewIdentifier(other.pk, "email", "A@b.c", "a@b.c", "")])
    assert Identifier.objects.get().contact == contact


def test_nothing_to_store_is_no_statement(django_assert_num_queries):
    with django_assert_num_queries(0):
        store_identifiers([])
