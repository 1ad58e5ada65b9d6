"""What other libraries call the losses: `peers.csv`, as tables for the page of each library and of each loss."""

import csv
import dataclasses
import functools
import itertools
import pathlib
import re
from collections.abc import Callable

SOURCE = pathlib.Path(__file__).parents[1] / "peers.csv"


@dataclasses.dataclass(frozen=True)
class Row:
    """A name there, the call here ("" if there is none), and what differs; code stands between backticks."""

    library: str
    there: str
    here: str
    note: str

    @property
    def loss(self) -> str:
        """The name of ours."""
        found = re.match(r"`(\w+)", self.here)
        return found[1] if found else ""


@functools.cache
def rows() -> tuple[Row, ...]:
    """All rows, a library's together."""
    with SOURCE.open(newline="") as file:
        return tuple(Row(**row) for row in csv.DictReader(file))


def tables() -> dict[str, Callable[[], str]]:
    """A function for each library, by its name in lower case, which returns its table."""
    groups = itertools.groupby(rows(), key=lambda row: row.library)
    return {library.lower().replace(" ", "-"): functools.partial(table, tuple(group)) for library, group in groups}


def table(some: tuple[Row, ...]) -> str:
    """A table of Markdown."""
    lines = ["| there | here | difference |", "|---|---|---|"]
    for row in some:
        cells = (row.there, row.here or "—", row.note)
        lines.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    return "\n".join(lines)
