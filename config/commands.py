"""Runs management commands, and says in a sentence that the database is not there when that is what is wrong."""

import sys
from collections.abc import Sequence

import psycopg
from django.core.management import execute_from_command_line
from django.db import OperationalError

from config.database import CONNECT_SECONDS, embedded_url, reason_of
from config.environment import ENVIRONMENT
from config.refusals import StartRefusedError

NO_DATABASE = 1  # exit status


def run(arguments: Sequence[str]) -> None:
    """What manage.py does. A command that needs no database runs without one."""
    try:
        execute_from_command_line(list(arguments))
    except OperationalError:
        if (reason := why_unreachable()) is None:
            raise  # PostgreSQL answers: the trouble is the command's own
        sys.stderr.write(f"orderloom: {reason}\n")
        sys.exit(NO_DATABASE)
    except StartRefusedError as refusal:
        sys.stderr.write(f"orderloom: {refusal}\n")
        sys.exit(NO_DATABASE)


def why_unreachable() -> str | None:
    """Why no connection can be made, in a sentence that says what to do; None when one can."""
    try:
        psycopg.connect(ENVIRONMENT.database_url or embedded_url(ENVIRONMENT), connect_timeout=CONNECT_SECONDS).close()
    except psycopg.Error as error:
        if ENVIRONMENT.has_embedded_database:
            return (
                f"The PostgreSQL of DATA_DIR {ENVIRONMENT.data_dir} does not run: start Orderloom with `make run`, "
                f"or give the DATA_DIR or DATABASE_URL of the one that is meant."
            )
        return f"PostgreSQL of DATABASE_URL does not answer: {reason_of(error)}"
    return None
