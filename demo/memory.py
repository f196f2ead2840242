"""What the demo remembers in the data directory, so that a second `make demo` posts nothing twice.

`demo-shop.json` holds the anchor day, the time zone and, for each step that was answered, the ids of its events. It is
written after the answer, so a step that is missing in it may still have been taken: demo/posting.py asks before it
posts one again. `demo-keys.json` holds the API keys and the console user's password; only its owner may read it.
"""

import os
import tempfile
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import msgspec

from demo.record import Channel
from demo.shop import SEED
from demo.trouble import DemoError


@dataclass(slots=True, kw_only=True)
class Memory:
    """How far the posting has come. `accepted` has one list of event ids for each step, in the order of the steps."""

    anchor: date
    time_zone: str
    seed: int = SEED
    contacts_posted: bool = False
    accepted: list[list[int]] = field(default_factory=list)

    @property
    def event_ids(self) -> list[int]:
        return [event_id for step in self.accepted for event_id in step]


@dataclass(frozen=True, slots=True, kw_only=True)
class Secrets:
    """The keys of the demo's sources, and the console user's password."""

    keys: dict[Channel, str]
    password: str


def load_memory(data_dir: Path) -> Memory | None:
    """What an earlier run has left, or None. Raises DemoError when the file is not ours to read."""
    return _load(data_dir / "demo-shop.json", Memory)


def store_memory(data_dir: Path, memory: Memory) -> None:
    _store(data_dir / "demo-shop.json", memory)


def load_secrets(data_dir: Path) -> Secrets | None:
    return _load(data_dir / "demo-keys.json", Secrets)


def store_secrets(data_dir: Path, secrets: Secrets) -> None:
    _store(data_dir / "demo-keys.json", secrets)


def _load[Kind](path: Path, kind: type[Kind]) -> Kind | None:
    try:
        return msgspec.json.decode(path.read_bytes(), type=kind)
    except FileNotFoundError:
        return None
    except (OSError, msgspec.MsgspecError) as error:
        raise DemoError(f"{path} cannot be read ({error}). Move it away to begin with a new demo.") from error


def _store(path: Path, value: Any) -> None:
    """Whole or not at all, and readable by its owner only, whatever interrupts it."""
    handle, unfinished = tempfile.mkstemp(dir=path.parent, prefix=path.name)  # made with mode 0600
    with os.fdopen(handle, "wb") as file:
        file.write(msgspec.json.encode(value))
        file.flush()
        os.fsync(file.fileno())
    Path(unfinished).replace(path)
