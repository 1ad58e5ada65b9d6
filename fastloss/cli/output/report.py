"""Output: tables for people, JSON for programs, a progress bar."""

import json
import os
import sys
from collections.abc import Iterable
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text

from fastloss.cli.errors import shortened
from fastloss.cli.leaving import Undoing
from fastloss.cli.output.records import Nans, Report, record
from fastloss.cli.output.words import counted, escaped, of_all, p_value
from fastloss.cli.reading.written import shown
from fastloss.cli.scoring.over_groups import QUANTILES
from fastloss.cli.scoring.totals import Answer
from fastloss.comparing.results import Comparison

LEAST = 20  # characters of a column whose text is wrapped
BETWEEN = 3  # columns


def console() -> Console:
    """Return a console on standard output; lines are cut only on a terminal."""
    return Console(highlight=False) if sys.stdout.isatty() else Console(highlight=False, width=10_000)


def print_json(content: Any) -> None:
    """Print one JSON document."""
    print(json.dumps(content, indent=2, allow_nan=False, default=str))


def print_table(
    headings: Iterable[str],
    rows: Iterable[Iterable[str]],
    right: Iterable[str] = (),
    title: str = "",
    wraps: str = "",
) -> None:
    """Print columns with headings, those in `right` aligned to the right, in column `wraps` in several lines.

    Where they do not fit, it prints a block a row, below the title.
    """
    headings, lines = list(map(escaped, headings)), [list(map(escaped, row)) for row in rows]
    aligned, columns = set(map(escaped, right)), zip(headings, *lines, strict=True)
    widths = [LEAST if column[0] == wraps else max(map(cell_len, column)) for column in columns]
    if sum(widths) + BETWEEN * (len(widths) - 1) > console().width:
        most = max(map(len, headings))
        blocks = ([f"{name:<{most}}  {cell}" for name, cell in zip(headings, row, strict=True)] for row in lines)
        print("\n\n".join(filter(None, (title, *map("\n".join, blocks)))))
        return
    table = Table(box=SIMPLE_HEAD, show_edge=False, pad_edge=False)
    for heading in headings:
        side: Any = "right" if heading in aligned else "left"
        table.add_column(Text(heading), justify=side, no_wrap=heading != wraps, overflow="fold")
    for row in lines:
        table.add_row(*map(Text, row))
    console().print(table)


def score_table(report: Report) -> None:
    """Print the losses of `fastloss score` as a table."""
    models = list(dict.fromkeys(answer.asked.model for answer in report.answers))
    lines: dict[str, list[Answer]] = {}
    for answer in report.answers:
        lines.setdefault(answer.asked.name, []).append(answer)
    rows = [(name, *(f"{one.value:.8g}" for one in some), *over(some[0], report)) for name, some in lines.items()]
    headings = ("loss", *(models if len(models) > 1 else [report.reduction]), "over", "groups")
    print_table(headings, rows, headings[1:], "losses")
    print()
    if report.comparisons:
        differences_table(report.comparisons)
        print()
    elif len(models) > 1 and report.reduction != "mean":
        print(f"differences are of means: there are none with --reduction {report.reduction}")
    elif len(models) > 1 and report.spent is None:
        print("with --dask there are no differences between losses of all rows together: expected --groups")
    print_over_groups(report)
    line = f"{counted(report.rows, 'rows')} of {counted(len(report.files), 'files')} in {report.seconds:.2f} s"
    if report.spent is not None:
        computing = max(report.seconds - sum(report.spent), 0.0)
        compiling, reading = report.spent
        line += f": {compiling:.2f} s compiling, {reading:.2f} s reading, {computing:.2f} s computing"
    if report.seconds >= 1.0:
        line += f"; {rate(report.rows, report.seconds)}"
    line += "; rows sorted by group first" if report.partitioned else ""
    line += f"; {counted(report.unmatched, 'keys')} left out that not all files have" if report.unmatched else ""
    line += f"; {counted(report.dropped, 'rows')} with nulls left out" if report.dropped else ""
    print(line)
    if report.nans is not None:
        print(said(report.nans))


def print_over_groups(report: Report) -> None:
    """Print quantiles over groups, and the worst groups of each loss."""
    if not report.over_groups:
        return
    levels = ("min", *(f"{100 * level:g} %" for level in QUANTILES[1:-1]), "max")
    counts = ("groups", "left out", *(["NaN"] if any(one.nans for one in report.over_groups) else []))
    headings = ("over groups", "mean", *levels, *counts)
    rows = []
    for one in report.over_groups:
        numbers = one.mean, *one.summary.quantiles.tolist()
        found = one.summary.used + one.nans, one.summary.left_out - one.nans, one.nans
        rows.append((one.label, *(f"{value:.6g}" for value in numbers), *(f"{n:,}" for n in found[: len(counts)])))
    print_table(headings, rows, headings[1:], "over groups")
    print()
    worst = [(one.label, group) for one in report.over_groups for group in one.worst]
    if worst:
        lines = [
            (label, shortened(escaped(shown(group.group))), f"{group.value:.6g}", f"{group.rows:,}")
            for label, group in worst
        ]
        print_table(("worst groups of", "group", "value", "rows"), lines, ("group", "value", "rows"), "worst groups")
        print()


def differences_table(comparisons: list[Comparison]) -> None:
    """Print the differences between models."""
    interval = f"{100.0 * comparisons[0].level:g} % interval"
    headings = ("loss", "models", "difference", interval, "p", "from")
    rows = [
        (
            one.loss,
            f"{one.models[1]} - {one.models[0]}",
            f"{one.difference:.6g}",
            f"{one.low:.6g} to {one.high:.6g}",
            p_value(one),
            f"{counted(one.units, one.unit)} ({one.method})",
        )
        for one in comparisons
    ]
    print_table(headings, rows, headings[2:], "differences")


def said(nans: Nans) -> str:
    """Return where there are NaNs."""
    return f"NaN: {counted(nans.rows, 'rows')} {'has' if nans.rows == 1 else 'have'} one, the first is {nans.first}"


def over(answer: Answer, report: Report) -> tuple[str, str]:
    """Return what a value is made of, and of how many groups."""
    if report.embeddings is not None:
        return of_all(report.rows - (answer.left_out or 0), report.rows, "queries"), "-"
    parts = counted(report.rows, "rows") if answer.pairs is None else counted(answer.pairs, "pairs")
    if answer.left_out is None or report.groups is None:
        return parts, "-"
    used = report.groups - answer.left_out
    parts = counted(used, "groups") if answer.asked.is_over_groups else parts
    return parts, f"{used:,} of {report.groups:,}" if answer.left_out else f"{report.groups:,}"


def rate(rows: int, seconds: float) -> str:
    """Format rows per second."""
    each = rows / max(seconds, 1e-9)
    for size, unit in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if each >= size:
            return f"{each / size:.1f} {unit}rows/s"
    return f"{each:.0f} rows/s"


def score_json(report: Report) -> None:
    """Print the losses of `fastloss score` as JSON."""
    print_json(record(report))


def _wipe() -> None:
    """Clear the terminal's line, and show the cursor again."""
    os.write(2, b"\r\x1b[2K\x1b[?25h")


class Progress:
    """A progress bar with rows per second and the time left, on stderr if it is a terminal."""

    def __init__(self) -> None:
        self._bar: Any = None
        self._task: Any = None
        self._undoing = Undoing(_wipe)

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
            self._undoing.__enter__()
            self._bar.start()
            self._task = self._bar.add_task("", total=1.0, speed="")
        return self

    def __exit__(self, *exception: Any) -> None:
        if self._bar is not None:
            self._bar.stop()
            self._undoing.__exit__()

    def update(self, what: str, share: float, count: int) -> None:
        """Show the current step, the share of the work that is done, and the rate of rows."""
        if self._bar is None:
            return
        elapsed = self._bar.tasks[0].elapsed or 0.0
        speed = rate(count, elapsed) if count and elapsed else ""
        self._bar.update(self._task, description=what, completed=share, speed=speed)
