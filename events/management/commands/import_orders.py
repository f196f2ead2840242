"""`manage.py import_orders FILE.csv|.jsonl|.xlsx`: orders of a file, each created or updated once (docs/import.md).

It works on the database itself, by the functions behind `POST /api/v1/orders`: whoever can run manage.py needs no API
key, no running server, and no limits of a proxy. Exit status: 0 when all orders were taken, 2 when some were refused,
1 when the import did not come to its end.
"""

import os
import sys
from argparse import ArgumentParser
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from events.models import Source, SourceKind
from events.order_files.applying import CREATED, REFUSED, UNCHANGED, UPDATED, WAITING
from events.order_files.assembly import Draft, place_of
from events.order_files.importing import (
    DATABASE_GONE,
    WARNING,
    Places,
    Plan,
    Told,
    count,
    prepare,
    rehearse,
    run,
    survey,
)
from events.order_files.journal import Journal
from events.order_files.mapping import ColumnMapping, Wishes, load_wishes, read_pairs
from events.order_files.names import IN_ITEM, targets
from events.order_files.survey import Survey
from events.order_files.trouble import OrderFileError
from orders.fields import ITEMS

OUTCOMES = (CREATED, UPDATED, UNCHANGED, REFUSED, WAITING)
SOME_REFUSED = 2
INTERRUPTED = 130
PLAIN_STEPS = 10  # lines of progress where there is no terminal


class Command(BaseCommand):
    help = "Imports orders from a CSV, a spreadsheet or JSON lines. See docs/import.md."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, help="A .csv, .jsonl or .xlsx file.")
        told = parser.add_argument_group("what the file means")
        told.add_argument("--map", action="append", default=[], metavar="COLUMN=FIELD", help=MAP_HELP)
        told.add_argument("--status", action="append", default=[], metavar="WORD=STATUS", help=STATUS_HELP)
        told.add_argument("--set", action="append", default=[], metavar="FIELD=VALUE", help=SET_HELP)
        told.add_argument("--mapping", type=Path, metavar="FILE.toml", help="All of this in a file: docs/import.md.")
        told.add_argument("--date-format", default="", help="How dates are written, such as %%d.%%m.%%Y %%H:%%M.")
        told.add_argument("--decimal", choices=["point", "comma"], default="", help="How amounts are written.")
        told.add_argument("--encoding", default="", help="Of the text, such as cp1251; found out if not told.")
        told.add_argument("--delimiter", default="", help="Between columns: a character or “tab”; found out.")
        told.add_argument("--sheet", default="", help="Of a spreadsheet; the first if not told.")
        parser.add_argument("--source", default="import", help="The source whose events the orders become.")
        parser.add_argument("--dry-run", action="store_true", help="List what would become of each order.")
        parser.add_argument("--resume", action="store_true", help="Go on where an import of this file has ended.")
        parser.add_argument("--restart", action="store_true", help="Begin again, though there is a journal.")
        parser.add_argument("--journal", type=Path, help="Else beside the file: FILE.import.jsonl.")
        parser.add_argument("--refused", type=Path, help="What was refused, and why; else FILE.refused.csv.")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["resume"] and options["restart"]:
            raise CommandError("--resume goes on and --restart begins again: use one of them.")
        try:
            plan = prepare(options["file"], _wishes(options))
            self._show(plan)
            seen = survey(plan)
            self.stdout.write(f"{seen.rows:,} rows, {seen.orders:,} orders.\n\n")
            if options["dry_run"]:
                self._rehearse(plan, seen, options["source"])
            else:
                self._import(plan, seen, options)
        except OrderFileError as error:
            raise CommandError(str(error)) from error
        except DATABASE_GONE as error:
            raise CommandError(f"The database cannot be reached: {str(error).strip()}") from error
        except BrokenPipeError as error:  # `--dry-run | head`: whoever reads has enough
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # or Python fails once more at its end
            if not options["dry_run"]:
                raise CommandError("Nobody reads the output any more. --resume goes on, if it had begun.") from error
        except KeyboardInterrupt as error:
            hint = "" if options["dry_run"] else " --resume goes on."
            raise CommandError(f"Interrupted.{hint}", returncode=INTERRUPTED) from error

    def _show(self, plan: Plan) -> None:
        self.stdout.write(f"{plan.path.name}: {plan.form.sentence}")
        for column, meaning in _meanings(plan.mapping):
            self.stdout.write(f"  {column:<30} {meaning}")

    # To see.

    def _rehearse(self, plan: Plan, seen: Survey, source_name: str) -> None:
        source = Source.objects.filter(name=source_name).first()
        counts: Counter[str] = Counter()
        for told in rehearse(plan, seen, source.kind if source else SourceKind.IMPORT):
            count(counts, told.result)
            for line in _lines_of(told, plan.mapping):
                self.stdout.write(line)
        self.stdout.write("")
        self._tell_counts(counts, "Would be ")
        self.stdout.write("Nothing was stored.")
        if counts[REFUSED]:
            raise CommandError(f"{counts[REFUSED]:,} orders would be refused.", returncode=SOME_REFUSED)

    # For good.

    def _import(self, plan: Plan, seen: Survey, options: dict[str, Any]) -> None:
        places = Places(
            journal=options["journal"] or plan.path.with_name(plan.path.name + ".import.jsonl"),
            refused=options["refused"] or plan.path.with_name(plan.path.name + ".refused.csv"),
        )
        with self._progress(seen.orders) as progress:
            journal = run(
                plan, seen, _source(options["source"]), places,
                resume=options["resume"], restart=options["restart"], progress=progress,
            )  # fmt: skip
        self._tell_counts(journal.counts, "")
        if journal.counts[WAITING]:
            self.stdout.write("What waits is stored, and the workers apply it.")
        if journal.counts[REFUSED]:
            detail = f"{journal.counts[REFUSED]:,} orders were refused; {places.refused} says why, row by row."
            raise CommandError(detail, returncode=SOME_REFUSED)

    @contextmanager
    def _progress(self, total: int) -> Iterator[Callable[[Journal], None]]:
        """A bar on a terminal, else a line now and then."""
        if not self.stderr.isatty():
            yield _PlainProgress(total, self.stderr.write)
            return
        columns = (TextColumn("Importing"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        with Progress(*columns, console=Console(stderr=True)) as bar:
            task = bar.add_task("", total=total)
            yield lambda journal: bar.update(task, completed=journal.orders)

    def _tell_counts(self, counts: Counter[str], before: str) -> None:
        for outcome in OUTCOMES:
            if counts[outcome] or outcome != WAITING:
                self.stdout.write(f"{before + outcome:<20} {counts[outcome]:>12,}")
        for name, number in sorted(counts.items()):
            if name.startswith(WARNING):
                self.stdout.write(f"{name:<20} {number:>12,}")


class _PlainProgress:
    """Writes a line after each tenth of the orders, and where the import goes on."""

    def __init__(self, total: int, write: Callable[[str], Any]) -> None:
        self._total, self._write, self._step = total, write, -1

    def __call__(self, journal: Journal) -> None:
        if self._step < 0 and journal.orders:
            self._write(f"Going on after row {journal.last_row:,}.")
            if journal.may_repeat:
                self._write("That was more than a day ago: up to 1,000 orders after it may be stored a second time.")
        step = journal.orders * PLAIN_STEPS // max(self._total, 1)
        if step > self._step >= 0:
            self._write(f"{journal.orders:,} of {self._total:,} orders, row {journal.last_row:,}")
        self._step = step


MAP_HELP = f"What a column is: {', '.join(targets())}; any other name is a custom field, nothing leaves it out."
STATUS_HELP = "What a word of the shop's means, such as Completed=DELIVERED."
SET_HELP = "A value for all orders, such as currency=UAH."


def _wishes(options: dict[str, Any]) -> Wishes:
    told = Wishes(
        columns=read_pairs(options["map"], "--map"),
        statuses=read_pairs(options["status"], "--status"),
        constants=read_pairs(options["set"], "--set"),
        date_format=options["date_format"],
        decimal=options["decimal"],
        encoding=options["encoding"],
        delimiter=options["delimiter"],
        sheet=options["sheet"],
    )
    return told.over(load_wishes(options["mapping"])) if options["mapping"] else told


def _source(name: str) -> Source:
    """The source of this name, which is made if there is none."""
    if not 1 <= len(name) <= 255 or "\0" in name:
        raise OrderFileError("The name of a source has 1 to 255 characters.")
    source, _ = Source.objects.get_or_create(name=name, defaults={"kind": SourceKind.IMPORT})
    return source


def _meanings(mapping: ColumnMapping) -> Iterator[tuple[str, str]]:
    known = {*targets(), ITEMS}
    for column, target in mapping.targets.items():
        kind = "" if target in known else "a custom field of the item: " if target.startswith(IN_ITEM) else CUSTOM
        yield column, f"{kind}{target}"
    for name, value in mapping.constants.items():
        yield f"(all orders: “{value}”)", name
    for column in mapping.left_out:
        yield column, "— not imported"
    if mapping.keeps_others:
        yield "(any other member)", "a custom field"


CUSTOM = "a custom field: "


def _lines_of(told: Told, mapping: ColumnMapping) -> Iterator[str]:
    warnings = f"  ({', '.join(told.result.warnings)})" if told.result.warnings else ""
    yield f"{_rows_of(told.draft):<14} {told.result.outcome:<10} {told.draft.order_id}{warnings}"
    for problem in told.result.problems:
        row, column = place_of(problem.pointer, told.draft, mapping)
        place = f"row {row}" + (f", column “{column}”" if column else "")
        yield f"{'':<14} {place}: {problem.detail} [{problem.code}]"


def _rows_of(draft: Draft) -> str:
    if draft.first_row == draft.last_row:
        return f"row {draft.first_row}"
    return f"rows {draft.first_row}–{draft.last_row}"
