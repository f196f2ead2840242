"""The environment variables of Orderloom, typed. A value that is not allowed stops the start and says what is.

Every variable is listed, with its default, in docs/operations.md.
"""

import sys
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Literal

from pydantic import Field, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

BASE_DIR = Path(__file__).resolve().parent.parent
WRONG_ENVIRONMENT = 2  # exit status
# Their values may hold passwords, so a refusal names the variable only.
SECRET_VARIABLES = {"DATABASE_URL", "REDIS_URL", "SECRET_KEY"}


class Environment(BaseSettings):
    """Read once, at import of config.settings. Names are those of the fields in upper case; empty counts as unset."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore", env_ignore_empty=True)

    data_dir: Path = Field(default=BASE_DIR / "var", description="Where embedded PostgreSQL and the secret key live.")
    database_url: str = Field(default="", description="postgresql://… Empty: the embedded PostgreSQL of DATA_DIR.")
    redis_url: str = Field(default="", description="redis://… Empty: everything in one process.")
    secret_key: str = Field(default="", description="Must be given unless the embedded PostgreSQL is used.")
    debug: bool = False
    allowed_hosts: str = Field(default="*", description="Host names separated by commas.")
    csrf_trusted_origins: str = Field(default="", description="Origins (https://…) separated by commas.")
    https: bool = Field(default=False, description="True when people reach the console by https only.")
    host: str = "127.0.0.1"
    port: int = Field(default=8000, ge=1, le=65535)
    web_workers: int = Field(default=1, ge=1, le=64)
    web_threads: int = Field(default=16, ge=1, le=256)
    worker_processes: int = Field(default=1, ge=1, le=64)
    log_format: Literal["auto", "console", "json"] = "auto"
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    webhook_allowed_networks: str = Field(
        default="", description="Private networks (10.0.0.0/8) separated by commas that webhooks may be sent into."
    )
    max_waiting_requests: int = Field(default=8, ge=0, le=256, description="Requests that `?wait=` may hold at once.")

    @field_validator("data_dir", mode="after")
    @classmethod
    def _absolute(cls, value: Path) -> Path:
        """A relative DATA_DIR is relative to the project, wherever the command was called."""
        value = value.expanduser()
        return value if value.is_absolute() else BASE_DIR / value

    @field_validator("database_url", mode="after")
    @classmethod
    def _postgresql_only(cls, value: str) -> str:
        return _with_scheme(value, ("postgresql", "postgres"))

    @field_validator("redis_url", mode="after")
    @classmethod
    def _redis_only(cls, value: str) -> str:
        return _with_scheme(value, ("redis", "rediss"))

    @field_validator("webhook_allowed_networks", mode="after")
    @classmethod
    def _networks_only(cls, value: str) -> str:
        for part in filter(None, map(str.strip, value.split(","))):
            try:
                ip_network(part)
            except ValueError:
                raise ValueError(f"“{part}” is no network such as 10.0.0.0/8 or 192.168.1.7/32") from None
        return value

    @property
    def allowed_networks(self) -> tuple[IPv4Network | IPv6Network, ...]:
        """The private networks that webhooks may be sent into."""
        return tuple(ip_network(part) for part in map(str.strip, self.webhook_allowed_networks.split(",")) if part)

    @property
    def has_embedded_database(self) -> bool:
        """True when the PostgreSQL of DATA_DIR is used, because no other was named."""
        return not self.database_url


def _with_scheme(value: str, allowed: tuple[str, ...]) -> str:
    if value and value.partition("://")[0] not in allowed:
        raise ValueError(f"must start with {' or '.join(f'{scheme}://' for scheme in allowed)}")
    return value


def read_environment() -> Environment:
    """The environment, or an exit with one line for each variable that is wrong."""
    try:
        return Environment()
    except ValidationError as error:
        sys.stderr.write("".join(f"orderloom: {line}\n" for line in refusals(error)))
        raise SystemExit(WRONG_ENVIRONMENT) from None


def refusals(error: ValidationError) -> list[str]:
    """For each wrong variable: its name, what was found and what is allowed."""
    lines = []
    for problem in error.errors():
        name = str(problem["loc"][0]).upper()
        found = "" if name in SECRET_VARIABLES else f"={problem['input']}"
        lines.append(f"{name}{found} is not allowed: {_lower_first(problem['msg'].removeprefix('Value error, '))}.")
    return lines


def _lower_first(text: str) -> str:
    return text[:1].lower() + text[1:]


ENVIRONMENT = read_environment()
