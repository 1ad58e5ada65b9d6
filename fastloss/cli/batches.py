"""Batches of all files as NumPy arrays, each with its place in the stream of rows."""

import bisect
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa

from fastloss.cli.arrays import Inexact, numbers
from fastloss.cli.errors import UserError, explained
from fastloss.cli.readers import Columns, Source


class Batch(NamedTuple):
    """Rows of one file."""

    start: int  # the first one's number in the stream of all files, from 0
    scores: np.ndarray
    labels: np.ndarray
    weights: np.ndarray | None
    groups: pa.Array | None
    bytes_done: float  # of all files

    @property
    def size(self) -> int:
        """How many rows."""
        return self.scores.size

    def part(self, first: int, stop: int) -> "Batch":
        """Return some of the rows, as views, without their groups' ids."""
        weights = None if self.weights is None else self.weights[first:stop]
        scores, labels = self.scores[first:stop], self.labels[first:stop]
        return Batch(self.start + first, scores, labels, weights, None, self.bytes_done)


class Places:
    """The files that the rows of the stream come from."""

    def __init__(self) -> None:
        self._starts: list[int] = []
        self._paths: list[str] = []

    def begin(self, path: str, start: int) -> None:
        """Add a file whose first row is row `start` of the stream."""
        self._starts.append(start)
        self._paths.append(path)

    def name(self, row: int) -> str:
        """Return a row of the stream as messages name it: by file and row."""
        at = bisect.bisect_right(self._starts, row) - 1
        own = row - self._starts[at]
        text = f"{self._paths[at]}: row {own}"
        return f"{text} (counted from 0; row {row} of all files)" if own != row else text


def batches(
    sources: Sequence[Source], roles: dict[str, str], rows: int, places: Places, whole: bool | None = None
) -> Iterator[Batch]:
    """Read all files, batch by batch, and add each file to `places`; a null is an error.

    With `whole`, labels are read as int64; if it is False, labels that only int64 holds raise `Inexact`.
    """
    columns = list(dict.fromkeys(roles.values()))
    start = done = 0
    for source in sources:
        places.begin(source.path, start)
        for some, share in explained_batches(source, columns, rows):
            require_no_null(some, start, places)
            found: dict[str, Any] = {"weights": None, "groups": None}
            for role, column in roles.items():
                if role == "groups":
                    found[role] = some[column]
                    continue
                try:
                    beyond = f"{source.path}: column {column!r} has labels beyond float64"
                    with explained(beyond if whole else source.path):
                        found[role] = numbers(some[column], bool(whole) and role == "labels")
                except Inexact as error:
                    if role == "labels" and whole is False:
                        raise
                    where = f"{places.name(start + error.index)}: column {column!r}"
                    raise UserError(f"{where} is {error.found}, which float64 does not hold") from error
            batch = Batch(start, bytes_done=done + share * source.size, **found)
            yield batch
            start += batch.size
        done += source.size


def explained_batches(source: Source, columns: list[str], rows: int) -> Iterator[tuple[Columns, float]]:
    """Read a file's batches; an error of any kind names the file."""
    pieces = source.batches(columns, rows)
    while True:
        with explained(source.path, anything=True):
            piece = next(pieces, None)
        if piece is None:
            return
        yield piece


def require_no_null(columns: Columns, start: int, places: Places) -> None:
    """Raise for the first row without a value, of the first column that has one."""
    for column, array in columns.items():
        if array.null_count:
            index = int(np.argmax(array.is_null().to_numpy(zero_copy_only=False)))
            raise UserError(f"{places.name(start + index)}: column {column!r} is null")


def group_columns(sources: Sequence[Source], column: str, rows: int, until: int) -> Iterator[pa.Array]:
    """Read the ids of the first `until` rows of the stream again."""
    for source in sources:
        for some, _ in explained_batches(source, [column], rows) if until > 0 else ():
            yield some[column].slice(0, until)
            until -= len(some[column])
            if until <= 0:
                return
