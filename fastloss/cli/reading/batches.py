"""Batches of all files as NumPy arrays, each with its place in the stream of rows."""

import bisect
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple, TypeAlias

import numpy as np
import pyarrow as pa

from fastloss.cli.errors import UserError, explained, shortened
from fastloss.cli.reading.arrays import Inexact, Unfit, class_ids, is_list, matrix, numbers
from fastloss.cli.reading.readers import PART, Cell, Columns, Source
from fastloss.cli.reading.roles import Roles, Scores

ScoresOf: TypeAlias = dict[str, np.ndarray]  # by model; of two dimensions where there is a score for each class


def some_scores(scores: ScoresOf, rows: Any) -> ScoresOf:
    """Return the scores of some rows."""
    return {model: one[rows] for model, one in scores.items()}


class Batch(NamedTuple):
    """Rows of one file."""

    start: int  # the first one's number in the stream of all files, from 0
    scores: ScoresOf
    labels: np.ndarray
    weights: np.ndarray | None
    groups: pa.Array | None
    bytes_done: float  # of all files
    of_part: int = 0  # the number of the part of the files that they lie in

    @property
    def size(self) -> int:
        """How many rows."""
        return self.labels.size

    def part(self, first: int, stop: int) -> "Batch":
        """Return some of the rows, as views, without their groups' ids."""
        weights = None if self.weights is None else self.weights[first:stop]
        scores, labels = some_scores(self.scores, slice(first, stop)), self.labels[first:stop]
        return Batch(self.start + first, scores, labels, weights, None, self.bytes_done, self.of_part)


def in_one(rows: Sequence[Batch]) -> Batch:
    """Return successive batches as one."""
    if len(rows) == 1:
        return rows[0]
    first = rows[0]
    weights = None if first.weights is None else np.concatenate([one.weights for one in rows])
    scores = {model: np.concatenate([one.scores[model] for one in rows]) for model in first.scores}
    return first._replace(scores=scores, labels=np.concatenate([one.labels for one in rows]), weights=weights)


class Places:
    """The files that the rows of the stream come from."""

    def __init__(self) -> None:
        self._starts: list[int] = []
        self._paths: list[str] = []
        self._cells: list[Callable[[int, str], Cell] | None] = []
        self._dropped: list[list[np.ndarray]] = []  # rows of each file that are not in the stream

    @property
    def dropped(self) -> int:
        """How many rows have been dropped."""
        return sum(rows.size for some in self._dropped for rows in some)

    def drop(self, rows: np.ndarray) -> None:
        """Take rows of the last file out of the stream."""
        self._dropped[-1].append(rows)

    def begin(self, path: str, start: int, cell: Callable[[int, str], Cell] | None = None) -> None:
        """Add a file whose first row is row `start` of the stream; `cell` says of which file a value is instead."""
        self._cells.append(cell)
        self._starts.append(start)
        self._paths.append(path)
        self._dropped.append([])

    def cell(self, row: int, column: str) -> Cell:
        """Return a value of the stream as messages name it."""
        at = bisect.bisect_right(self._starts, row) - 1
        of_file = self._cells[at]
        return Cell(self.name(row), column) if of_file is None else of_file(row - self._starts[at], column)

    def name(self, row: int) -> str:
        """Return a row of the stream as messages name it: by file and row."""
        at = bisect.bisect_right(self._starts, row) - 1
        own = row - self._starts[at]
        if self._dropped[at]:
            dropped = np.concatenate(self._dropped[at])
            own += int(np.searchsorted(dropped - np.arange(dropped.size), own, "right"))
            return f"{self._paths[at]}: row {own} (counted from 0)"
        text = f"{self._paths[at]}: row {own}"
        return f"{text} (counted from 0; row {row} of all files)" if own != row else text


class Reading(NamedTuple):
    """What is read of all files, and how."""

    roles: Roles
    rows: int  # at a time
    whole: bool | None = None  # whether labels are read as int64; if False, those that only int64 holds raise `Inexact`
    nulls: str = "error"  # "drop": rows with one are left out; "nan": those of numbers are NaN


class Part(NamedTuple):
    """A file or, of a large one, some of its rows: what is read by itself, and has states of its own where they round.

    Parts depend on the files and the size of batches alone, and so do the bits of results.
    """

    number: int
    source: Source
    begins: bool  # its file


def parts(sources: Sequence[Source], rows: int) -> Iterator[Part]:
    """Return the parts of all files, to be read in batches of `rows` rows."""
    number = 0
    for source in sources:
        with explained(source.path, anything=True):
            own = source.parts(max(PART, rows))
        for one in own:
            yield Part(number, one, one is own[0])
            number += 1


def batches(sources: Sequence[Source], reading: Reading, places: Places) -> Iterator[Batch]:
    """Read all files, batch by batch, and add each file to `places`."""
    start, done = 0, 0.0
    for part in parts(sources, reading.rows):
        if part.begins:
            places.begin(part.source.path, start, part.source.cell)
        for batch in batches_of(part, reading, places, start, done):
            yield batch
            start += batch.size
        done += part.source.size


def batches_of(part: Part, reading: Reading, places: Places, start: int, done: float = 0.0) -> Iterator[Batch]:
    """Read a part of the files, whose first row is row `start` of the stream."""
    source, roles = part.source, reading.roles
    columns = roles.columns
    row = source.first
    for every, share in explained_batches(source, columns, reading.rows):
        some = every
        if reading.nulls == "drop":
            some, dropped = without_nulls(every)
            if dropped.size:
                places.drop(row + dropped)
        elif reading.nulls == "nan":
            some = {name: as_nan(every[name]) if roles.is_number(name) else every[name] for name in every}
        row += len(every[columns[0]])
        require_no_null(some, start, places)
        if not len(some[columns[0]]):
            continue
        read = Read(some, reading, places, start, source.path)
        groups = None if roles.groups is None else some[roles.groups]
        weights = None if roles.weights is None else read.numbers(roles.weights)
        scores = {model: read.scores(one) for model, one in roles.scores.items()}
        batch = Batch(start, scores, read.labels(), weights, groups, done + share * source.size, part.number)
        yield batch
        start += batch.size


class Read(NamedTuple):
    """Columns that have been read, to be converted; an error names file, row, column and value."""

    columns: Columns
    reading: Reading
    places: Places
    start: int
    path: str

    def numbers(self, column: str) -> np.ndarray:
        """Return a column of numbers."""
        with explained(self.path):
            try:
                return numbers(self.columns[column])
            except Inexact as error:
                raise self._inexact(column, error) from error

    def labels(self) -> np.ndarray:
        """Return the labels: numbers, or indices of classes."""
        column, whole, roles = self.reading.roles.labels, self.reading.whole, self.reading.roles
        if roles.by_class:
            return self._labels_of_classes(column)
        beyond = f"{self.path}: column {column!r} has labels beyond float64"
        try:
            with explained(beyond if whole else self.path):
                return numbers(self.columns[column], bool(whole))
        except Inexact as error:
            if whole is False:
                raise
            raise self._inexact(column, error) from error

    def scores(self, model: Scores) -> np.ndarray:
        """Return the scores of a model."""
        if not model.by_class:
            return self.numbers(model.columns[0])
        if len(model.columns) > 1:
            return np.stack([self.numbers(column) for column in model.columns], axis=1)
        with explained(self.path):
            try:
                return matrix(self.columns[model.columns[0]])
            except Unfit as error:
                raise UserError(f"{self._where(model.columns[0], error.index)} is {error.found}") from error

    def _labels_of_classes(self, column: str) -> np.ndarray:
        roles = self.reading.roles
        with explained(self.path):
            try:
                return class_ids(self.columns[column], roles.classes)
            except Unfit as error:
                names = ", ".join(roles.classes[:20]) + (", ..." if len(roles.classes) > 20 else "")
                found = shortened(repr(error.found))
                expected = f"one of {names}" if names else "the number of a class"
                raise UserError(f"{self._where(column, error.index)} is {found}: expected {expected}") from error

    def _inexact(self, column: str, error: Inexact) -> UserError:
        return UserError(f"{self._where(column, error.index)} is {error.found}, which float64 does not hold")

    def _where(self, column: str, index: int) -> str:
        return str(self.places.cell(self.start + index, column))


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
            raise UserError(f"{places.cell(start + index, column)} is null")


def as_nan(array: pa.Array) -> pa.Array:
    """Return a column of numbers with NaN in place of nulls, as floats if there is one."""
    if not array.null_count or is_list(array.type):
        return array
    if not pa.types.is_floating(array.type):
        array = pa.array(numbers(array.drop_null()).astype(np.float64)).take(positions(array))
    return array.fill_null(float("nan"))


def positions(array: pa.Array) -> pa.Array:
    """Return for each element how many values that are not null lie before it; null for nulls."""
    is_there = array.is_valid().to_numpy(zero_copy_only=False)
    return pa.array(np.cumsum(is_there) - 1, mask=~is_there)


def without_nulls(columns: Columns) -> tuple[Columns, np.ndarray]:
    """Return the rows that have all values, and which rows do not."""
    if not any(array.null_count for array in columns.values()):
        return columns, np.empty(0, np.int64)
    masks = [array.is_valid().to_numpy(zero_copy_only=False) for array in columns.values()]
    keep = np.logical_and.reduce(masks)
    return {name: array.filter(pa.array(keep)) for name, array in columns.items()}, np.flatnonzero(~keep)


def group_columns(sources: Sequence[Source], reading: Reading, until: int) -> Iterator[pa.Array]:
    """Read the ids of the first `until` rows of the stream again."""
    column = str(reading.roles.groups)
    columns = reading.roles.columns if reading.nulls == "drop" else [column]
    for source in sources:
        for every, _ in explained_batches(source, columns, reading.rows) if until > 0 else ():
            some = without_nulls(every)[0] if reading.nulls == "drop" else every
            yield some[column].slice(0, until)
            until -= len(some[column])
            if until <= 0:
                return
