"""Which PostgreSQL this process talks to: DATABASE_URL, or the embedded server of DATA_DIR."""

from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from config.embedded import EmbeddedPostgres
from config.environment import Environment

CONNECT_SECONDS = 5  # a request waits no longer than this for a server that does not answer


def database_settings(environment: Environment) -> dict[str, Any]:
    """Django's entry for DATABASES. An embedded server that is not running gives an entry that cannot connect."""
    return settings_from_url(environment.database_url or embedded_url(environment))


def embedded_url(environment: Environment) -> str:
    """The URI of the server of DATA_DIR, whether it runs or not."""
    return EmbeddedPostgres(environment.data_dir).url


def settings_from_url(url: str) -> dict[str, Any]:
    """Django's entry for a postgresql:// URI; the host may stand in its query, as sockets do."""
    parts = urlsplit(url)
    options: dict[str, Any] = dict(parse_qsl(parts.query))
    host = options.pop("host", parts.hostname or "")
    options.setdefault("connect_timeout", CONNECT_SECONDS)
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path.lstrip("/")) or "postgres",
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": host,
        "PORT": str(parts.port or ""),
        "CONN_MAX_AGE": 600,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": options,
    }


def reason_of(error: Exception) -> str:
    """What the driver says in its first line, where it names the server; never a password."""
    return str(error).strip().partition("\n")[0].removeprefix("connection failed: ").removeprefix("connection is bad: ")
