"""Event types by their key: a name never seen before makes a new row."""

from collections.abc import Collection

from django.db import connection

MAX_CACHED = 10_000  # types are few; the bound keeps invented names from filling the memory

_ids: dict[str, int] = {}

CREATE_MISSING_TYPES = """
    INSERT INTO events_eventtype (key)
    SELECT key FROM unnest(%(keys)s::text[]) AS key ORDER BY key   -- ordered: two writers never wait in a circle
    ON CONFLICT (key) DO NOTHING
"""
LOAD_TYPES = "SELECT key, id FROM events_eventtype WHERE key = ANY(%(keys)s)"


def event_type_ids(keys: Collection[str]) -> dict[str, int]:
    """The ids of all the keys. No query when each was seen before by this process, two statements otherwise."""
    wanted = set(keys)
    known = {key: _ids[key] for key in wanted if key in _ids}
    missing = list(wanted - known.keys())
    if missing:
        known.update(_find_or_create(missing))
    return known


def find_event_types(keys: Collection[str]) -> dict[str, int]:
    """The ids of those of the keys that events have carried: one statement, and it makes no new type."""
    return _load(list(keys))


def _find_or_create(keys: list[str]) -> dict[str, int]:
    found = _load(keys)
    if len(found) < len(keys):
        with connection.cursor() as cursor:
            cursor.execute(CREATE_MISSING_TYPES, {"keys": [key for key in keys if key not in found]})
        found = _load(keys)
    # Not inside a transaction: a row that is rolled back later must not stay in the cache.
    if not connection.in_atomic_block:
        if len(_ids) + len(found) > MAX_CACHED:
            _ids.clear()
        _ids.update(found)
    return found


def _load(keys: list[str]) -> dict[str, int]:
    with connection.cursor() as cursor:
        cursor.execute(LOAD_TYPES, {"keys": keys})
        return dict(cursor.fetchall())


def forget_event_types() -> None:
    """Empties the cache (tests that empty the tables)."""
    _ids.clear()
