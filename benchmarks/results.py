"""What a measure says: rows of the one table, and everything behind them in JSON."""

import json
import platform
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any

import psutil

RESULTS = Path(__file__).resolve().parent / "results"


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One line of the table: a figure of ours, beside a baseline or a bound that it must keep.

    `ours` and `baseline` are medians of the rounds. With a baseline the ratio is what must be reached; without one the
    figure itself is. `at_least` None: the line is there to be known, and nothing must be reached.
    """

    measure: str
    unit: str
    ours: float
    against: str = ""
    baseline: float | None = None
    at_least: float | None = None
    at_most: float | None = None
    details: dict[str, Any] = field(default_factory=dict)

    @property
    def ratio(self) -> float | None:
        return self.ours / self.baseline if self.baseline else None

    @property
    def is_reached(self) -> bool | None:
        """None when nothing must be reached."""
        figure = self.ours if self.ratio is None else self.ratio
        if self.at_least is not None:
            return figure >= self.at_least
        if self.at_most is not None:
            return figure <= self.at_most
        return None


def compared(
    measure: str, unit: str, ours: Sequence[float], against: str, baseline: Sequence[float], **options: Any
) -> Row:
    """A row from the rounds of ours and of a baseline, taken in turn in one run."""
    details = {"ours": list(ours), against: list(baseline)} | options.pop("details", {})
    return Row(
        measure=measure,
        unit=unit,
        ours=median(ours),
        against=against,
        baseline=median(baseline),
        details=details,
        **options,
    )


HEADINGS = ("measure", "ours", "baseline or limit", "", "ratio", "must reach", "")


def table(rows: Sequence[Row]) -> str:
    """The rows as text, in columns."""
    lines = [HEADINGS, *(_cells(row) for row in rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(HEADINGS))]
    text = ["  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines]
    return "\n".join([text[0], "-" * max(map(len, text)), *text[1:]])


def _cells(row: Row) -> tuple[str, ...]:
    baseline = "" if row.baseline is None else f"{_figure(row.baseline)} {row.unit}"
    ratio = "" if row.ratio is None else f"{row.ratio:.2f}"
    verdict = {None: "", True: "ok", False: "SHORT"}[row.is_reached]
    return (row.measure, f"{_figure(row.ours)} {row.unit}", row.against, baseline, ratio, _bound(row), verdict)


def _bound(row: Row) -> str:
    unit = f" {row.unit}" if row.ratio is None else ""
    if row.at_least is not None:
        return f"≥ {row.at_least:g}{unit}"
    return "" if row.at_most is None else f"≤ {row.at_most:g}{unit}"


def _figure(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.1f}"


def describe_machine(postgres_version: str) -> dict[str, Any]:
    """What the figures were measured on; absolute figures say nothing without it."""
    return {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "cores": psutil.cpu_count(),
        "memoryGigabytes": round(psutil.virtual_memory().total / 2**30, 1),
        "processor": _processor(),
        "system": platform.platform(),
        "python": platform.python_version(),
        "postgresql": postgres_version,
    }


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    return next((line.partition(": ")[2] for line in lines if line.startswith("model name")), platform.processor())


def write_json(rows: Sequence[Row], about: dict[str, Any], name: str = "latest.json") -> Path:
    """Writes every figure of every round beside the table."""
    RESULTS.mkdir(exist_ok=True)
    path = RESULTS / name
    content = {
        **about,
        "rows": [{**asdict(row), "ratio": row.ratio, "reached": row.is_reached} for row in rows],
    }
    path.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n")
    return path
