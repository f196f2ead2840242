"""What the tests of `manage.py import_orders` share."""

import io
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from account.current import forget_account
from events.basis import forget_basis
from events.event_types import forget_event_types


@pytest.fixture(autouse=True)
def _nothing_remembered():
    """What a process remembers of the tables that another test has emptied."""
    forget_account()
    forget_basis()
    forget_event_types()


@dataclass(frozen=True)
class Run:
    """What an import said, and how it ended: the sentence of its error, or ""."""

    output: str
    progress: str
    error: str
    status: int

    def counts(self) -> dict[str, int]:
        """The table at the end."""
        rows = [line.rsplit(maxsplit=1) for line in self.output.splitlines()]
        known = ("created", "updated", "unchanged", "refused", "waiting", "warning", "Would be")
        return {row[0]: int(row[1].replace(",", "")) for row in rows if len(row) == 2 and row[0].startswith(known)}


@pytest.fixture
def run(db) -> Callable[..., Run]:
    """Runs the command in this process."""

    def run(path: Path, *options: str) -> Run:
        output, progress, error, status = io.StringIO(), io.StringIO(), "", 0
        try:
            call_command("import_orders", str(path), *options, stdout=output, stderr=progress)
        except CommandError as failed:
            error, status = str(failed), failed.returncode
        return Run(output.getvalue(), progress.getvalue(), error, status)

    return run
