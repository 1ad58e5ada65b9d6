"""Output: tables for people, JSON for programs, a progress bar."""

import json
import math
import sys
from collections.abc import Iterable
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from fastloss.cli.score import Report
from fastloss.cli.version import version


def console() -> Console:
    """Return a console on standard output; lines are cut only on a terminal."""
    return Console(highlight=False) if sys.stdout.isatty() else Console(highlight=False, width=10_000)


def number(value: Any) -> Any:
    """Return a number for JSON: NaN and infinities become "NaN", "Infinity" and "-Infinity"."""
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else ("Infinity" if value > 0 else "-Infinity")
    return value


def print_json(content: Any) -> None:
    """Print one JSON document."""
    print(json.dumps(content, indent=2, allow_nan=False, default=str))


def print_table(headings: Iterable[str], rows: Iterable[Iterable[str]], right: Iterable[str] = ()) -> None:
    """Print columns with headings; those in `right` are aligned to the right."""
    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    for heading in headings:
        table.add_column(heading, justify="right" if heading in right else "left", no_wrap=heading != "parameters")
    for row in rows:
        table.add_row(*(Text(text) for text in row))
    console().print(table)


def score_table(report: Report) -> None:
    """Print the losses of `fastloss score` as a table."""
    rows = []
    for answer in report.answers:
        is_pairwise = answer.pairs is not None
        counted = f"{answer.pairs:,} pairs" if is_pairwise else f"{report.rows:,} rows"
        groups = f"{report.groups:,}" if is_pairwise and report.groups is not None else "-"
        rows.append((answer.asked.label, f"{answer.value:.8g}", counted, groups))
    headings = ("loss", report.reduction, "over", "groups")
    print_table(headings, rows, headings[1:])
    files = f"{len(report.files)} file" + ("s" if len(report.files) > 1 else "")
    speed = rate(report.rows, report.seconds)
    sorted_first = "; rows sorted by group first" if report.partitioned else ""
    dropped = f"; {report.dropped:,} rows with nulls left out" if report.dropped else ""
    line = f"{report.rows:,} rows of {files} in {report.seconds:.2f} s, {speed}{sorted_first}{dropped}"
    console().print(line, soft_wrap=True)


def rate(rows: int, seconds: float) -> str:
    """Format rows per second."""
    each = rows / max(seconds, 1e-9)
    for size, unit in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if each >= size:
            return f"{each / size:.1f} {unit}rows/s"
    return f"{each:.0f} rows/s"


def score_json(report: Report) -> None:
    """Print the losses of `fastloss score` as JSON."""
    print_json(
        {
            "fastloss": version(),
            "files": report.files,
            "rows": report.rows,
            "groups": report.groups,
            "reduction": report.reduction,
            "dropped": report.dropped,
            "partitioned": report.partitioned,
            "seconds": report.seconds,
            "rows_per_second": report.rows / max(report.seconds, 1e-9),
            "losses": [
                {
                    "loss": answer.asked.loss.name,
                    "label": answer.asked.label,
                    "parameters": {name: number(value) for name, value in answer.asked.parameters.items()},
                    "value": number(answer.value),
                    "pairs": answer.pairs,
                    "weight": number(answer.weight),
                }
                for answer in report.answers
            ],
        }
    )


class Progress:
    """A progress bar with rows per second and the time left, on stderr if it is a terminal."""

    def __init__(self) -> None:
        self._bar: Any = None
        self._task: Any = None

    def __enter__(self) -> "Progress":
        if sys.stderr.isatty():
            from rich import progress

            self._bar = progress.Progress(
                progress.TextColumn("{task.description}"),
                progress.BarColumn(),
                progress.TaskProgressColumn(),
                progress.TextColumn("{task.fields[speed]}"),
                progress.TimeRemainingColumn(),
                console=Console(stderr=True),
                transient=True,
            )
            self._bar.start()
            self._task = self._bar.add_task("", total=1.0, speed="")
        return self

    def __exit__(self, *exception: Any) -> None:
        if self._bar is not None:
            self._bar.stop()

    def update(self, what: str, share: float, count: int) -> None:
        """Show the current step, the share of the work that is done, and the rate of rows."""
        if self._bar is None:
            return
        elapsed = self._bar.tasks[0].elapsed or 0.0
        speed = rate(count, elapsed) if count and elapsed else ""
        self._bar.update(self._task, description=what, completed=share, speed=speed)
