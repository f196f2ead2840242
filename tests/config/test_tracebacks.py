"""A traceback in the log says where and what, and nothing of what was sent."""

import pytest
from django.db import IntegrityError, connection, transaction

from config.tracebacks import describe
from events.models import Source

VALUE = "vera@example.com"


def raised(action) -> BaseException:
    with pytest.raises(BaseException) as caught:
        action()
    return caught.value


def test_frames_and_kind_are_told_and_the_message_is_not():
    text = describe(raised(lambda: int(VALUE)))
    assert text.startswith("Traceback (most recent call last):\n")
    assert "test_tracebacks.py" in text
    assert text.endswith("\nValueError")
    assert VALUE not in text


def test_causes_and_contexts_are_told_as_python_tells_them():
    def cause():
        try:
            int(VALUE)
        except ValueError as error:
            raise KeyError(VALUE) from error

    def context():
        try:
            int(VALUE)
        except ValueError:
            raise LookupError(VALUE)  # noqa: B904

    def suppressed():
        try:
            int(VALUE)
        except ValueError:
            raise LookupError(VALUE) from None

    assert "ValueError\n\nThe above exception was the direct cause" in describe(raised(cause))
    assert "ValueError\n\nDuring handling of the above exception" in describe(raised(context))
    assert "ValueError" not in describe(raised(suppressed))
    assert VALUE not in describe(raised(cause)) + describe(raised(context))


def test_a_ring_of_causes_and_a_group_come_to_an_end():
    first, second = ValueError(VALUE), KeyError(VALUE)
    first.__cause__, second.__cause__ = second, first
    assert describe(first).count("Traceback") == 2
    group = ExceptionGroup(VALUE, [first, TypeError("takes no arguments")])
    assert "TypeError: takes no arguments" in describe(group)
    assert VALUE not in describe(group)


def test_notes_and_arguments_are_no_part_of_it():
    error = ValueError(VALUE, {"password": VALUE})
    error.add_note(VALUE)
    assert VALUE not in describe(error)


@pytest.mark.parametrize(
    ("action", "end"),
    [
        (lambda: None.body, "AttributeError: 'NoneType' object has no attribute 'body'"),
        (lambda: 1 / 0, "ZeroDivisionError: division by zero"),
        (lambda: len(1), "TypeError: object of type 'int' has no len()"),
        (lambda: open(f"/nowhere/{VALUE}"), "FileNotFoundError: No such file or directory"),  # noqa: SIM115
    ],
)
def test_messages_about_code_and_of_the_system_are_kept(action, end):
    assert describe(raised(action)).endswith(end)


@pytest.mark.django_db
def test_an_error_of_the_database_tells_its_code_and_the_names_in_it_and_no_row():
    Source.objects.create(name=VALUE)

    def twice():
        with transaction.atomic():
            Source.objects.create(name=VALUE)

    error = raised(twice)
    assert isinstance(error, IntegrityError)
    assert VALUE in str(error)
    text = describe(error)
    assert "django.db.utils.IntegrityError: 23505 events_source_name" in text
    assert VALUE not in text


@pytest.mark.django_db
def test_a_statement_that_is_wrong_is_not_repeated():
    def wrong():
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT %s::text FROM FROM", [VALUE])

    error = raised(wrong)
    assert VALUE in str(error)
    assert VALUE not in describe(error)
    assert describe(error).endswith("django.db.utils.ProgrammingError: 42601")
