"""Keys and headers for tests that call the API as a source would."""

import base64
from collections.abc import Sequence

from events.keys import issue_key
from events.models import Source, SourceKind


def make_key(
    source: str = "shop", kind: SourceKind = SourceKind.BACKEND, scopes: Sequence[str] | None = None, **columns: object
) -> str:
    """A new key of the source of this name, which is made if there is none."""
    row, _ = Source.objects.get_or_create(name=source, defaults={"kind": kind})
    return issue_key(row, scopes, **columns)


def basic(key: str, user: str = "user") -> dict[str, str]:
    return {"Authorization": "Basic " + base64.b64encode(f"{user}:{key}".encode()).decode()}


def bearer(key: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {key}"}
