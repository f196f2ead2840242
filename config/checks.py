"""System checks of the settings: `manage.py check --deploy` says what an installation on the internet still lacks."""

from collections.abc import Sequence
from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Tags, Warning, register

from config.environment import ENVIRONMENT


@register(Tags.security, deploy=True)
def check_named_hosts(app_configs: Sequence[AppConfig] | None, **_: Any) -> list[CheckMessage]:
    if "*" not in settings.ALLOWED_HOSTS:
        return []
    return [
        Warning("ALLOWED_HOSTS takes any host name.", hint="List the names of this installation.", id="config.W001")
    ]


@register(Tags.security, deploy=True)
def check_embedded_is_meant(app_configs: Sequence[AppConfig] | None, **_: Any) -> list[CheckMessage]:
    if not ENVIRONMENT.has_embedded_database or not ENVIRONMENT.redis_url:
        return []
    return [
        Warning(
            "REDIS_URL is set and DATABASE_URL is not: several processes share the embedded PostgreSQL of one machine.",
            hint="Give DATABASE_URL when workers run on more than one machine.",
            id="config.W002",
        )
    ]
