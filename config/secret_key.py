"""Where the secret key comes from: SECRET_KEY, or a file that the embedded installation makes for itself."""

import os
import secrets
from pathlib import Path

from config.environment import Environment
from config.refusals import StartRefusedError


def secret_key(environment: Environment) -> str:
    """The key of this installation. A random one for this process alone where there is none yet.

    With that one nothing that was signed can be read by another process, which is harmless for a management command;
    what serves requests asks `require_secret_key` first.
    """
    try:
        return environment.secret_key or _kept_key(environment) or secrets.token_urlsafe(50)
    except OSError:
        return secrets.token_urlsafe(50)


def require_secret_key(environment: Environment) -> None:
    """Make the embedded installation's key if it has none. Raises StartRefusedError where it has to be given."""
    try:
        if environment.secret_key or _kept_key(environment):
            return
    except OSError as error:
        raise StartRefusedError(f"The secret key cannot be read: {error}") from None
    if not environment.has_embedded_database:
        raise StartRefusedError(
            "SECRET_KEY must be given together with DATABASE_URL, the same for every process: "
            "50 random characters, for instance of `openssl rand -base64 48`."
        )
    path = _path(environment)
    descriptor = os.open(path.with_suffix(".new"), os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(secrets.token_urlsafe(50))
    path.with_suffix(".new").replace(path)


def _kept_key(environment: Environment) -> str:
    if not environment.has_embedded_database:
        return ""
    try:
        return _path(environment).read_text().strip()
    except FileNotFoundError:
        return ""


def _path(environment: Environment) -> Path:
    return environment.data_dir / "secret_key"
