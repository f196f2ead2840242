"""What is logged and how it looks: one line for each thing that happened, JSON when nobody sits at a terminal.

Secrets stay out: no header, body or parameter is ever given to a logger; exceptions are told without the values they
speak of (config/tracebacks.py); and should one slip in, values whose name says that they are secret are blanked, and so
is whatever looks like an API key.
"""

import logging
import re
import sys
from collections.abc import MutableMapping
from typing import Any

import msgspec
import structlog

from config.environment import ENVIRONMENT, Environment
from config.tracebacks import format_without_values

SECRET_WORDS = ("password", "secret", "authorization", "token", "api_key", "cookie")
A_KEY = re.compile(r"(olk_[0-9a-f]{0,12})[A-Za-z0-9_-]*")


def configure(environment: Environment) -> None:
    """Make structlog write through the standard library's logging, which Django then sets up from LOGGING."""
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *_shared_processors(),
            structlog.stdlib.PositionalArgumentsFormatter(),
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )


def logging_settings(environment: Environment) -> dict[str, Any]:
    """Django's LOGGING: everything to standard error through one formatter; libraries from WARNING on."""
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "line": {
                "()": structlog.stdlib.ProcessorFormatter,
                "foreign_pre_chain": _shared_processors(),
                "processors": [structlog.stdlib.ProcessorFormatter.remove_processors_meta, *_renderer(environment)],
            }
        },
        "filters": {
            "failures": {"()": "django.utils.log.CallbackFilter", "callback": is_not_unavailable},
            "without_values": {"()": "django.utils.log.CallbackFilter", "callback": without_values_of_task},
        },
        "handlers": {"stderr": {"class": "logging.StreamHandler", "stream": "ext://sys.stderr", "formatter": "line"}},
        "root": {"handlers": ["stderr"], "level": environment.log_level},
        "loggers": {
            # A refused request is an answer, not an event of the log; a failed one (500) is.
            "django.request": {"level": "ERROR", "filters": ["failures"]},
            "django.security": {"level": "ERROR"},
            # Statements with their parameters, and what a template did not find: never, on DEBUG neither.
            "django.db.backends": {"level": "WARNING"},
            "django.template": {"level": "WARNING"},
            "axes": {"level": "WARNING"},  # five lines for each login; a locked one is a warning
            "celery": {"level": "WARNING"},
            "celery.app.trace": {"filters": ["without_values"]},
            "kombu": {"level": "WARNING"},
            "_granian": {"level": "ERROR", "handlers": [], "propagate": True},
            "granian.access": {"level": "WARNING", "handlers": [], "propagate": True},
            "httpx": {"level": "WARNING"},
        },
    }


def is_not_unavailable(record: logging.LogRecord) -> bool:
    """False for an answer of 503: while the database is away, one line for each request would say nothing new."""
    return getattr(record, "status_code", 500) != 503


def without_values_of_task(record: logging.LogRecord) -> bool:
    """Lets a line of Celery's about a task that raised through, with the exception's kind in the place of its text."""
    if isinstance(record.args, dict) and "exc" in record.args:
        error = record.exc_info[1] if record.exc_info else None
        record.args = {**record.args, "exc": type(error).__name__, "traceback": "", "args": "", "kwargs": ""}
    return True


def direct_logger(name: str) -> Any:
    """A logger for what is written once a request: past the standard library, which takes seven times as long.

    Its lines have the form of all others; who calls it gives it nothing that would have to be blanked but API keys.
    """
    if _is_for_terminal(ENVIRONMENT):
        return structlog.get_logger(name)
    level = logging.getLevelNamesMapping()[ENVIRONMENT.log_level]
    return structlog.wrap_logger(
        structlog.BytesLogger(sys.stderr.buffer),
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.JSONRenderer(serializer=_encode),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        cache_logger_on_first_use=True,
    ).bind(logger=name)


def _encode(line: Any, **_: Any) -> bytes:
    text: bytes = msgspec.json.encode(line)
    return text if b"olk_" not in text else _blank(text.decode()).encode()


def _shared_processors() -> list[Any]:
    return [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        blank_secrets,
    ]


def _is_for_terminal(environment: Environment) -> bool:
    return sys.stderr.isatty() if environment.log_format == "auto" else environment.log_format == "console"


def _renderer(environment: Environment) -> list[Any]:
    render: Any = structlog.processors.JSONRenderer(ensure_ascii=False)
    if _is_for_terminal(environment):
        # Its own way to show an exception prints the local variables of every frame.
        render = structlog.dev.ConsoleRenderer(
            colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback
        )
    return [format_without_values, render, blank_keys]


def blank_secrets(_logger: logging.Logger, _method: str, line: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """A structlog processor: values of names that speak of secrets become “…”."""
    for name in line:
        if any(word in name.lower() for word in SECRET_WORDS):
            line[name] = "…"
    return line


def blank_keys(_logger: logging.Logger, _method: str, text: str) -> str:
    """The last processor, after the line was made: of an API key only what it is known by is left."""
    return _blank(text) if "olk_" in text else text


def _blank(text: str) -> str:
    return A_KEY.sub(r"\1…", text)
