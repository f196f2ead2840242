"""Makes the database user of a BI tool: it reads the views of the schema `reporting`, and nothing else.

The views read the tables with the rights of their owner, so the user needs none of its own. What may be granted to
everybody in PostgreSQL (the system catalogs, temporary tables) it has like any user; its sessions begin read-only.
"""

import re
import secrets

from django.db import connection, transaction
from django.db.utils import ProgrammingError
from psycopg import errors, sql

from account.audit import AuditAction, record_audit

A_NAME = re.compile(r"[a-z_][a-z0-9_]{0,62}")
OURS = "Orderloom: reads the schema reporting"
TIMEOUT_SECONDS = 300  # of a statement; a dashboard that needs longer should read an export
CONNECTIONS = 10

SETTINGS = {
    "statement_timeout": f"{TIMEOUT_SECONDS}s",
    "idle_in_transaction_session_timeout": "60s",
    "default_transaction_read_only": "on",
    "search_path": "reporting",
}
FIND_ROLE = "SELECT shobj_description(oid, 'pg_authid') FROM pg_roles WHERE rolname = %s"


class ReportingUserError(Exception):
    """Why the user cannot be made, in words for who runs the command."""


def make_reporting_user(name: str, actor: str) -> tuple[str, bool]:
    """Makes the user, or gives the one made before a new password; returns the password, and whether it is new.

    Raises ReportingUserError for a name that is none, or that somebody else's user has, and where the application's own
    user may not make users.
    """
    if not A_NAME.fullmatch(name) or name.startswith("pg_"):
        raise ReportingUserError(
            f"“{name[:80]}” cannot be the name: up to 63 small letters, digits and _; no pg_ or digit in front."
        )
    password = secrets.token_urlsafe(32)
    try:
        with transaction.atomic():
            is_new = _write_role(name, password)
            record_audit(actor, AuditAction.REPORTING_USER_MADE, f"database user {name}")
    except ProgrammingError as error:
        if isinstance(error.__cause__, errors.InsufficientPrivilege):
            raise ReportingUserError(
                "The application's database user may not make users. Give it CREATEROLE, or run this command with the "
                "DATABASE_URL of a user that has it."
            ) from error
        raise
    return password, is_new


def _write_role(name: str, password: str) -> bool:
    role = sql.Identifier(name)
    with connection.cursor() as cursor:
        cursor.execute(FIND_ROLE, [name])
        found = cursor.fetchone()
        if found is not None and found[0] != OURS:
            raise ReportingUserError(f"There is a database user {name} already, which this command did not make.")
        cursor.execute("SELECT current_database()")
        database = sql.Identifier(cursor.fetchone()[0])
        if found is None:
            cursor.execute(
                _text(
                    sql.SQL("CREATE ROLE {} LOGIN NOINHERIT CONNECTION LIMIT {}").format(role, sql.Literal(CONNECTIONS))
                )
            )
            cursor.execute(_text(sql.SQL("COMMENT ON ROLE {} IS {}").format(role, sql.Literal(OURS))))
        cursor.execute(_text(sql.SQL("ALTER ROLE {} PASSWORD {}").format(role, sql.Literal(_verifier(name, password)))))
        for setting, value in SETTINGS.items():
            in_database = sql.SQL("ALTER ROLE {} IN DATABASE {} SET {} TO {}")
            words = in_database.format(role, database, sql.Identifier(setting), sql.Literal(value))
            cursor.execute(_text(words))
        cursor.execute(_text(sql.SQL("GRANT CONNECT ON DATABASE {} TO {}").format(database, role)))
        cursor.execute(_text(sql.SQL("GRANT USAGE ON SCHEMA reporting TO {}").format(role)))
        cursor.execute(_text(sql.SQL("GRANT SELECT ON ALL TABLES IN SCHEMA reporting TO {}").format(role)))
        # Views that a later release adds are the user's as well.
        default = sql.SQL("ALTER DEFAULT PRIVILEGES IN SCHEMA reporting GRANT SELECT ON TABLES TO {}")
        cursor.execute(_text(default.format(role)))
    return found is None


def _text(statement: sql.Composed) -> str:
    return statement.as_string(connection.connection).replace("%", "%%")


def _verifier(name: str, password: str) -> str:
    """What PostgreSQL keeps of the password: sent as such, it stands in no log of statements."""
    made: bytes = connection.connection.pgconn.encrypt_password(password.encode(), name.encode(), b"scram-sha-256")
    return made.decode()
