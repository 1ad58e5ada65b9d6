"""From files to batches of checked NumPy arrays, each knowing which rows of the stream it holds."""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa

from fastloss.cli.arrays import Inexact, numbers
from fastloss.cli.errors import UserError, explained
from fastloss.cli.readers import Columns, Source


class Batch(NamedTuple):
    """Rows of one file."""

    path: str
    row: int  # the first one's number in the file, from 0
    start: int  # and in the stream of all files
    scores: np.ndarray
    labels: np.ndarray
    weights: np.ndarray | None
    groups: pa.Array | None
    bytes_done: float  # of all files

    @property
    def size(self) -> int:
        """How many rows."""
        return self.scores.size

    def place(self, index: int) -> str:
        """How messages name a row of this batch."""
        row = f"{self.path}: row {self.row + index}"
        return f"{row} (counted from 0; row {self.start + index} of all files)" if self.start != self.row else row


def batches(sources: Sequence[Source], roles: dict[str, str], rows: int, whole: bool | None = None) -> Iterator[Batch]:
    """All files' batches; null anywhere is an error.

    With `whole`, labels are int64. With False, `Inexact` says that they have to be.
    """
    columns = list(dict.fromkeys(roles.values()))
    start = 0
    done = 0
    for source in sources:
        row = 0
        pieces = source.batches(columns, rows)
        while True:
            with explained(source.path, anything=True):
                piece = next(pieces, None)
            if piece is None:
                break
            some, share = piece
            batch = Batch(source.path, row, start, np.empty(0), np.empty(0), None, None, done + share * source.size)
            require_no_null(batch, some)
            found: dict[str, Any] = {
                role: of_role(batch, role, column, (some[column], whole)) for role, column in roles.items()
            }
            batch = batch._replace(**found)
            yield batch
            row += batch.size
            start += batch.size
        done += source.size


def require_no_null(batch: Batch, columns: Columns) -> None:
    """Raise for the first row without a value, of the first column that has one."""
    for column, array in columns.items():
        if array.null_count:
            index = int(np.argmax(array.is_null().to_numpy(zero_copy_only=False)))
            raise UserError(f"{batch.place(index)}: column {column!r} is null")


def of_role(batch: Batch, role: str, column: str, given: tuple[pa.Array, bool | None]) -> Any:
    """A column without null as what it is used for: ids as they are, all else as numbers."""
    array, whole = given
    if role == "groups":
        return array
    try:
        with explained(f"{batch.path}: column {column!r} has labels beyond float64" if whole else batch.path):
            return numbers(array, bool(whole) and role == "labels")
    except Inexact as error:
        if role == "labels" and whole is False:
            raise
        raise UserError(
            f"{batch.place(error.index)}: column {column!r} is {error.found}, which float64 does not hold"
        ) from error


def group_columns(sources: Sequence[Source], column: str, rows: int, until: int) -> Iterator[pa.Array]:
    """The ids of the first `until` rows of the stream once more."""
    for source in sources:
        pieces = source.batches([column], rows)
        while until > 0:
            with explained(source.path, anything=True):
                piece = next(pieces, None)
            if piece is None:
                break
            some, _ = piece
            yield some[column].slice(0, until)
            until -= len(some[column])
