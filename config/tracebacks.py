"""What an exception looks like in the log: where it was raised and what it is, without the values it speaks of.

The message of an exception may hold what was sent (“invalid input syntax for type date: …”, “Key (email)=(…) already
exists”), so only messages of kinds that speak of code or of connections are kept. What a failed event made our code
raise stands in full with the event itself, where its values stand anyway.
"""

import logging
import traceback
from collections.abc import Iterator, MutableMapping
from types import TracebackType
from typing import Any

import psycopg
from django.db import Error as DjangoDatabaseError

# Their messages name attributes, modules, types and settings, and a connection's host, port and user.
ABOUT_CODE = (AttributeError, NameError, ImportError, TypeError, ZeroDivisionError, RecursionError)

type ExcInfo = tuple[type[BaseException], BaseException, TracebackType | None]


def format_without_values(
    _logger: logging.Logger, _method: str, line: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    """A structlog processor: `exc_info` becomes `exception`, a text without values."""
    exc_info = line.pop("exc_info", None)
    error = _error_of(exc_info)
    if error is not None:
        line["exception"] = describe(error)
    return line


def _error_of(exc_info: Any) -> BaseException | None:
    if isinstance(exc_info, BaseException):
        return exc_info
    if isinstance(exc_info, tuple):
        error: BaseException | None = exc_info[1]
        return error
    if exc_info:
        import sys

        return sys.exc_info()[1]
    return None


def describe(error: BaseException) -> str:
    """The traceback, with those of its causes before it as Python prints them."""
    return "".join(_parts(error, set())).rstrip("\n")


def _parts(error: BaseException, seen: set[int]) -> Iterator[str]:
    seen.add(id(error))
    cause, words = error.__cause__, "\nThe above exception was the direct cause of the following exception:\n\n"
    if cause is None and not error.__suppress_context__:
        cause, words = error.__context__, "\nDuring handling of the above exception, another exception occurred:\n\n"
    if cause is not None and id(cause) not in seen:
        yield from _parts(cause, seen)
        yield words
    yield "Traceback (most recent call last):\n"
    yield from traceback.format_tb(error.__traceback__)
    yield f"{_kind(error)}{_detail(error)}\n"
    if isinstance(error, BaseExceptionGroup):
        for inner in error.exceptions:
            if id(inner) not in seen:
                yield from _parts(inner, seen)


def _kind(error: BaseException) -> str:
    kind = type(error)
    return kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"


def _detail(error: BaseException) -> str:
    if isinstance(error, ABOUT_CODE):
        return f": {error}"
    if isinstance(error, OSError) and error.strerror:
        return f": {error.strerror}"
    if isinstance(error, psycopg.Error):
        return _of_database(error)
    if isinstance(error, DjangoDatabaseError) and isinstance(error.__cause__, psycopg.Error):
        return _of_database(error.__cause__)
    return ""


def _of_database(error: psycopg.Error) -> str:
    """The code of PostgreSQL and the names in it; of a connection that failed, its message."""
    if error.sqlstate is None:
        return f": {str(error).partition('\n')[0]}" if isinstance(error, psycopg.OperationalError) else ""
    names = (error.diag.constraint_name, error.diag.table_name, error.diag.column_name)
    return f": {' '.join([error.sqlstate, *filter(None, names)])}"
