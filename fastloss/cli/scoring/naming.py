"""Translate errors of the library from argument and index to file, row and column."""

import contextlib
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from fastloss.cli.errors import UserError, explained, named
from fastloss.cli.reading.batches import Places
from fastloss.cli.reading.roles import Roles
from fastloss.cli.scoring.asked import Asked
from fastloss.core.errors import offender
from fastloss.pairs.boxes.sums import NoState


class Naming(NamedTuple):
    """The columns' names by their roles, and the files of rows."""

    roles: Roles
    places: Places

    @contextlib.contextmanager
    def explained(self, asked: Asked, rows: Sequence[int] | np.ndarray, width: int = 1) -> Iterator[None]:
        """Turn a loss's errors into a `UserError`; `rows` are the stream's rows that its messages count.

        Each row has `width` scores.
        """
        scores, labels = asked.loss.arguments[:2]
        columns = self.roles.scores[asked.model].columns
        others = {labels: self.roles.labels, "sample_weight": self.roles.weights}
        with explained(asked.loss.name):
            try:
                yield
            except NoState:
                raise
            except ValueError as error:
                found = offender(error)
                if found is None or (found.argument != scores and others.get(found.argument) is None):
                    raise
                row, at = divmod(found.position, width) if found.argument == scores else (found.position, 0)
                of_scores = columns[at] if len(columns) > 1 else columns[0]
                column = of_scores if found.argument == scores else str(others[found.argument])
                cell = self.places.cell(int(rows[row]), column)
                what = f"{cell.where}: {named(cell.column)} is {found.found}"
                if found.earlier is not None:
                    other = "-1" if found.found == "0" else "0"
                    what += f", but {other} in {self.places.cell(int(rows[found.earlier]), column).where}"
                classes = f" ({self._classes()})" if found.argument == labels and self.roles.classes else ""
                raise UserError(f"{what}: expected by {asked.loss.name} {found.expected}{classes}") from error

    def _classes(self) -> str:
        """Return the names of the classes, by their indices."""
        names = self.roles.classes
        return f"the classes are {', '.join(names[:20])}{', ...' if len(names) > 20 else ''}, from 0"
