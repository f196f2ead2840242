"""Imports a file of orders, or says what importing it would do: docs/import.md.

1. prepare(): what the file is and what its columns mean, from the bytes and the operator's wishes;
2. survey(): a pass through all of it, before anything is sent;
3. rehearse() or run(): the orders, chunk by chunk. Each is sent once, however often the process ends and goes on.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import psycopg
from django.db import InterfaceError, OperationalError

from contract.problems import UnavailableError
from contract.reasons import Problem
from events.inbox import StoreUnavailableError
from events.models import Source
from events.order_files import survey as surveying
from events.order_files.applying import REFUSED, Result, apply, foresee
from events.order_files.assembly import Draft, drafts
from events.order_files.chunks import Chunk, cut
from events.order_files.forms import Form, recognise
from events.order_files.journal import Journal, open_journal
from events.order_files.mapping import ColumnMapping, Wishes, settle
from events.order_files.refusals import Refusals, open_refusals
from events.order_files.survey import Survey, hash_of
from events.order_files.tables import Row, open_table
from events.order_files.trouble import OrderFileError
from orders.fields import WHOLE_ORDER_REQUIREMENTS
from orders.state import OrderState

# COPY raises psycopg's own errors, everything else Django's.
DATABASE_GONE = (
    OperationalError, InterfaceError, psycopg.OperationalError, psycopg.InterfaceError,
    StoreUnavailableError, UnavailableError,
)  # fmt: skip
WARNING = "warning: "  # before a warning's code, among the counts


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What is to be imported, and how."""

    path: Path
    form: Form
    mapping: ColumnMapping

    @property
    def settings(self) -> str:
        """Text that differs when the same bytes would become other orders."""
        return f"{self.form.encoding} {self.form.delimiter!r} {self.form.sheet} {self.mapping.fingerprint}"

    def rows(self) -> Iterator[Row]:
        with open_table(self.path, self.form) as table:
            yield from table.rows


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """Where an import writes what it leaves behind."""

    journal: Path
    refused: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """One order of the file, and what became of it or would."""

    draft: Draft
    result: Result


def prepare(path: Path, wishes: Wishes) -> Plan:
    """Raises OrderFileError."""
    form = recognise(path, encoding=wishes.encoding, delimiter=wishes.delimiter, sheet=wishes.sheet)
    is_json = form.kind == "jsonl"
    with open_table(path, form) as table:
        mapping = settle(table.columns, wishes, is_json=is_json)
    known = {*mapping.targets.values(), *mapping.constants}
    missing = [name for name in WHOLE_ORDER_REQUIREMENTS.order if name not in known]
    if missing and not is_json:  # a member may come with a later line
        raise OrderFileError(
            f"No column is known to hold {', '.join(missing)}, and no order is taken without: say which with "
            f'--map "…={missing[0]}", or give all orders one value with --set "{missing[0]}=…".'
        )
    return Plan(path=path, form=form, mapping=mapping)


def survey(plan: Plan) -> Survey:
    """How much there is. Raises OrderFileError for what would end the import half-way."""
    return surveying.survey(plan.rows, plan.mapping)


def rehearse(plan: Plan, seen: Survey, source_kind: str) -> Iterator[Told]:
    """What would become of each order, in the order of the file. Stores nothing."""
    states: dict[str, OrderState] = {}

    def comes_again(order_id: str) -> bool:
        return hash_of(order_id) in seen.repeated

    for chunk in cut(drafts(plan.rows(), plan.mapping, seen.scattered)):
        results = foresee(chunk, source_kind, states, comes_again)
        yield from _in_order(chunk, results)


def run(
    plan: Plan, seen: Survey, source: Source, places: Places, *, resume: bool, restart: bool,
    progress: Callable[[Journal], None],
) -> Journal:  # fmt: skip
    """Imports; `progress` is called at the start and after each chunk. Returns the journal at its end.

    Raises OrderFileError; what was done before it is in the journal.
    """
    opened = open_journal(
        places.journal, file=plan.path.name, digest=plan.form.digest, settings=plan.settings, source=source.name,
        resume=resume, restart=restart,
    )  # fmt: skip
    with opened as journal, open_refusals(places.refused, plan.mapping, journal.refused_bytes) as refusals:
        progress(journal)
        left = islice(drafts(plan.rows(), plan.mapping, seen.scattered), journal.orders, None)
        for chunk in cut(left):
            _import_chunk(chunk, source, journal, refusals)
            progress(journal)
        journal.end()
    return journal


def _import_chunk(chunk: Chunk, source: Source, journal: Journal, refusals: Refusals) -> None:
    try:
        results = apply(chunk, source, journal.key_of_chunk())
    except DATABASE_GONE as error:
        raise OrderFileError(
            f"The database went away after row {max(journal.last_row, 1):,}: once it is back, --resume goes on."
        ) from error
    counts: Counter[str] = Counter()
    for told in _in_order(chunk, results):
        count(counts, told.result)
        if told.result.outcome == REFUSED:
            refusals.write(told.draft, told.result.problems)
    journal.note(chunk.count, chunk.last_row, refusals.store(), counts)


def count(counts: Counter[str], result: Result) -> None:
    counts[result.outcome] += 1
    counts.update(WARNING + code for code in set(result.warnings))


def _in_order(chunk: Chunk, results: Iterable[Result]) -> list[Told]:
    """All drafts of the chunk in the order of the file, those that were not sent as well."""
    told = [Told(draft=draft, result=result) for draft, result in zip(chunk.sent, results, strict=True)]
    told += [Told(draft=draft, result=_refused(problems)) for draft, problems in chunk.refused]
    return sorted(told, key=lambda one: one.draft.first_row)


def _refused(problems: tuple[Problem, ...]) -> Result:
    return Result(outcome=REFUSED, problems=problems)
