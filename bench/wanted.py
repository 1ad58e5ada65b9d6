"""Times beside what was wanted of them: a target in seconds, or another's time."""

from collections.abc import Sequence
from typing import NamedTuple

from bench.measure import Table, duration

BESIDE = ("PyTorch", "NumPy")


class Line(NamedTuple):
    """A benchmark and what was wanted: no more than some seconds, no more than others take."""

    benchmark: str
    wanted: float | None = None
    others: tuple[str, ...] = ()

    def __str__(self) -> str:
        parts = [duration(self.wanted)] if self.wanted is not None else []
        return ", ".join(parts + [f"{name}'s" for name in self.others])


def medians(table: Table, benchmark: str) -> dict[str, float]:
    """By contender."""
    own = [row for row in table.rows if row["benchmark"] == benchmark]
    return {str(row["contender"]): float(str(row["seconds_50"])) for row in own}


def claim(table: Table, line: Line, unit: float) -> None:
    """Record what was wanted as targets, in a unit of so many seconds; others count where they were measured."""
    times = medians(table, line.benchmark)
    if line.wanted is not None:
        table.claim(line.benchmark, times["fastloss"] / unit, duration(unit), 1.0, round(line.wanted / unit, 6))
    for name in set(line.others) & set(times):
        table.claim(line.benchmark, times["fastloss"], name, times[name], 1.0)


def text(table: Table, lines: Sequence[Line]) -> str:
    """A table: our time, the one that was wanted, PyTorch's and NumPy's."""
    made = [("", "fastloss", "wanted", *BESIDE)]
    for line in lines:
        times = medians(table, line.benchmark)
        beside = (duration(times[name]) if name in times else "-" for name in BESIDE)
        made.append((line.benchmark, duration(times["fastloss"]), str(line) or "-", *beside))
    widths = [max(map(len, column)) for column in zip(*made, strict=True)]
    return "\n".join("  ".join(map(str.ljust, row, widths)).rstrip() for row in made)
