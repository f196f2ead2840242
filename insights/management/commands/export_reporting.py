"""`manage.py export_reporting VIEW --format parquet --to FILE`: a view of the schema `reporting` as a file."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from insights.reporting.export import FORMATS, ExportError, estimate_rows, export_view
from insights.reporting.views import VIEWS


class Command(BaseCommand):
    help = "Writes a view of the schema reporting to a CSV or Parquet file. See docs/reporting.md."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("view", choices=list(VIEWS))
        parser.add_argument("--format", choices=FORMATS, default="csv")
        parser.add_argument("--to", type=Path, required=True, metavar="FILE", help="the file to write")
        parser.add_argument("--replace", action="store_true", help="write over a file that is there")
        parser.add_argument(
            "--for-spreadsheets",
            action="store_true",
            help="CSV only: an apostrophe before texts that a spreadsheet would take for formulas",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        view: str = options["view"]
        columns = (TextColumn(view), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), TimeRemainingColumn())
        with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
            task = bar.add_task(view, total=estimate_rows(view) or None)
            try:
                rows = export_view(
                    view,
                    options["format"],
                    options["to"],
                    progress=lambda more: bar.update(task, advance=more),
                    for_spreadsheets=options["for_spreadsheets"],
                    replaces=options["replace"],
                )
            except ExportError as error:
                raise CommandError(str(error)) from error
        self.stdout.write(f"{rows} rows of {view} in {options['to']}.")
