"""Translate errors of the library from argument and index to file, row and column."""

import contextlib
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

from fastloss.cli.batches import Places
from fastloss.cli.errors import UserError, explained, named
from fastloss.core.errors import offender
from fastloss.core.loss import Loss
from fastloss.pairs.boxes.sums import NoState


class Naming(NamedTuple):
    """The columns' names by their roles, and the files of rows."""

    roles: dict[str, str]
    places: Places

    @contextlib.contextmanager
    def explained(self, loss: Loss, rows: Sequence[int] | np.ndarray) -> Iterator[None]:
        """Turn a loss's errors into a `UserError`; `rows` are the stream's rows that its messages count."""
        arguments: dict[str, Any] = dict(
            zip((*loss.arguments, "sample_weight"), ("scores", "labels", "weights"), strict=True)
        )
        with explained(loss.name):
            try:
                yield
            except NoState:
                raise
            except ValueError as error:
                found = offender(error)
                if found is None or arguments.get(found.argument) not in self.roles:
                    raise
                column = named(self.roles[arguments[found.argument]])
                where = self.places.name(int(rows[found.position]))
                what = f"{where}: {column} is {found.found}"
                if found.earlier is not None:
                    other = "-1" if found.found == "0" else "0"
                    what += f", but {other} in {self.places.name(int(rows[found.earlier]))}"
                raise UserError(f"{what}: expected by {loss.name} {found.expected}") from error
