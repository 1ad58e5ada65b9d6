"""Files of several models, joined by keys into one source in memory, whose rows are in the first model's order."""

import dataclasses
import os
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from fastloss.cli.errors import UserError, explained, named, shortened
from fastloss.cli.reading import storage
from fastloss.cli.reading.arrays import Type, Unfit, common, converted, expected, plain, remedy
from fastloss.cli.reading.batches import explained_batches
from fastloss.cli.reading.files import Opened, agreed, columns_of, expand, sources
from fastloss.cli.reading.readers import Cell, Columns, Given, Source
from fastloss.cli.reading.roles import Roles, Scores, Wanted, scores_of
from fastloss.cli.reading.text_files import COMPRESSED
from fastloss.cli.reading.written import as_uuids, is_uuid, quoted

SHARED = ("labels", "weights", "groups")  # roles of columns that all models share


class Joined(Source):
    """Columns in memory."""

    def __init__(self, path: str, columns: Columns, origins: "dict[str, Origin]"):
        super().__init__(path)
        self._origins = origins
        self.keys = {}
        self._columns = columns
        self.size = 1.0  # of all progress

    def described(self) -> list[tuple[str, Type]]:
        """Return the columns' names and types."""
        return [(name, array.type) for name, array in self._columns.items()]

    def cell(self, row: int, column: str) -> Cell:
        """Return where a row's value comes from."""
        origin = self._origins[column]
        return Cell(origin.model.where(int(origin.rows[row])), origin.column)

    def read(self, columns: list[str], rows: int) -> Iterator[tuple[Columns, float]]:
        """Return the rows, a batch at a time."""
        size = len(self._columns[columns[0]])
        for start in range(0, size, rows):
            yield {name: self._columns[name].slice(start, rows) for name in columns}, min(1.0, (start + rows) / size)


@dataclasses.dataclass
class Join:
    """What is joined, and by which columns."""

    files: list[str]  # of each model: a file, a folder or a pattern
    wanted: Wanted  # the columns of scores are one for all models, or one for each
    keys: list[str]
    drops: bool = False  # keys that not all models have; else they are an error
    given: Given = dataclasses.field(default_factory=Given)
    dropped: int = 0  # how many keys `opened` left out

    def opened(self) -> Opened:
        """Read all files, and return the joined rows."""
        names = model_names(self.files)
        own = self.wanted.scores * (len(names) if len(self.wanted.scores) == 1 else 1)
        if len(set(names)) < len(names):  # one file, with a column of each model
            names = [f"{name}: {column}" for name, column in zip(names, own, strict=True)]
        self._require_different(own)
        models = [self._read(*one) for one in zip(names, self.files, own, strict=True)]
        rows = self._matched(models)
        columns: Columns = {}
        origins: dict[str, Origin] = {}
        for role in SHARED:
            column = getattr(self.wanted, role)
            if column is not None:
                columns[column] = self._shared(role, column, models, rows)
                if role == "groups" and all(column in one.uuids for one in models if column in one.columns):
                    columns[column] = as_uuids(columns[column])
                first = next(k for k, one in enumerate(models) if column in one.columns)
                origins[column] = Origin(models[first], rows[first], column)
        scores = {}
        for one, at in zip(models, rows, strict=True):
            called = {column: f"{one.name}: {column}" for column in one.scores.columns}
            columns |= {called[column]: one.columns[column].take(_indices(at)) for column in called}
            origins |= {called[column]: Origin(one, at, column) for column in called}
            scores[one.name] = one.scores._replace(columns=tuple(called.values()))
        roles = Roles(scores, self.wanted.labels, self.wanted.weights, self.wanted.groups)
        return agreed([Joined(" and ".join(self.files), columns, origins)], roles, Given())

    def _require_different(self, own: Sequence[str]) -> None:
        """Raise for a file that is given twice with the same column of scores."""
        seen: set[tuple[str, str]] = set()
        for files, column in zip(self.files, own, strict=True):
            for path in expand([files]):
                one = (column, path if storage.uri_of(path) else os.path.realpath(path))
                if one in seen:
                    raise UserError(f"{path}: is given twice, with --scores {column}: expected a file of each model")
                seen.add(one)

    def _read(self, name: str, files: str, scores: str) -> "Model":
        """Read one model's columns."""
        wanted = self.wanted._replace(scores=(scores,))
        every = sources(expand([files]), wanted.is_number, self.given)
        with explained(every[0].path, anything=True):
            kinds = dict(every[0].columns)
        found = scores_of(scores, every[0].path, kinds)
        shared = [getattr(wanted, role) for role in SHARED]
        columns = [*self.keys, *found.columns, *(one for one in shared if one is not None and one in kinds)]
        columns = list(dict.fromkeys(columns))
        for one in every:
            for column in columns:
                with explained(one.path, anything=True):
                    kind = one.type_of(column)
                if kind is None:
                    option = "key" if column in self.keys else "scores" if column in found.columns else "labels"
                    have = columns_of(column, one, option != "labels")
                    raise UserError(f"{one.path}: no column {column!r} for --{option}{have}")
            one.converted = {column: kind for column, kind in self.given.types.items() if column in columns}
        own = set(columns) - set(self.given.types)
        uuids = frozenset(column for column in own if all(is_uuid(one.type_of(column)) for one in every))
        return Model(name, found, *_concatenated(every, columns), uuids)

    def _matched(self, models: Sequence["Model"]) -> list[np.ndarray]:
        """Return the rows of each model that have the same keys, in the first one's order."""
        codes = self._codes(models)
        rows = [np.argsort(one, kind="stable") for one in codes]
        ordered = [one[at] for one, at in zip(codes, rows, strict=True)]
        for model, own, at in zip(models, ordered, rows, strict=True):
            again = np.flatnonzero(own[1:] == own[:-1])
            if again.size:
                place = again[np.argmin(at[again + 1])]
                key, first = self._key(model, int(at[place])), model.where(int(at[place]))
                raise UserError(f"{model.where(int(at[place + 1]))}: {key} is there already, in {first}")
        shared = ordered[0]
        for one in ordered[1:]:
            shared = np.intersect1d(shared, one, assume_unique=True)
        every = np.unique(np.concatenate(ordered))
        self.dropped = every.size - shared.size
        if self.dropped and not self.drops:
            self._raise_missing(models, codes)
        kept = [at[np.searchsorted(own, shared)] for own, at in zip(ordered, rows, strict=True)]
        order = np.argsort(kept[0], kind="stable")
        return [one[order] for one in kept]

    def _raise_missing(self, models: Sequence["Model"], codes: Sequence[np.ndarray]) -> None:
        for model, own in zip(models, codes, strict=True):
            for other, others in zip(models, codes, strict=True):
                lost = np.flatnonzero(~np.isin(own, others))
                if lost.size:
                    where, key = model.where(int(lost[0])), self._key(model, int(lost[0]))
                    raise UserError(
                        f"{where}: {key} is not in {other.files}; {lost.size:,} of {own.size:,} keys are not"
                        " (--missing drop leaves out what not all files have)"
                    )

    def _codes(self, models: Sequence["Model"]) -> list[np.ndarray]:
        """Return a number for each row's key, the same for equal keys."""
        sizes = [len(one.columns[self.keys[0]]) for one in models]
        total = np.zeros(sum(sizes), np.int64)
        for key in self.keys:
            together = pa.concat_arrays(_of_one_type(models, key, are_ids=True))
            encoded = together.dictionary_encode()
            number = encoded.indices.to_numpy().astype(np.int64)
            total = np.unique(total * (number.max(initial=0) + 1) + number, return_inverse=True)[1]
        return np.split(total, np.cumsum(sizes)[:-1])

    def _key(self, model: "Model", row: int) -> str:
        """Return a row's key, as messages name it."""
        return ", ".join(f"{key} {model.quoted(key, row)}" for key in self.keys)

    def _shared(self, role: str, column: str, models: Sequence["Model"], rows: Sequence[np.ndarray]) -> pa.Array:
        """Return a column from the first model that has it; the others must agree."""
        having = [(one, at) for one, at in zip(models, rows, strict=True) if column in one.columns]
        if not having:
            have = ", ".join(named(name) for name in models[0].columns)
            raise UserError(f"{models[0].files}: no column {column!r} for --{role} in any file (columns read: {have})")
        arrays = _of_one_type([one for one, _ in having], column, are_ids=role == "groups")
        values = [array.take(_indices(at)) for array, (_, at) in zip(arrays, having, strict=True)]
        for (other, at), own in zip(having[1:], values[1:], strict=True):
            equal = pc.coalesce(pc.equal(values[0], own), pc.and_(pc.is_null(values[0]), pc.is_null(own)))
            both_nan = np.zeros(len(own), bool)
            if pa.types.is_floating(own.type):
                both_nan = pc.and_(pc.is_nan(values[0]), pc.is_nan(own)).fill_null(False).to_numpy(zero_copy_only=False)
            different = np.flatnonzero(~(equal.to_numpy(zero_copy_only=False) | both_nan))
            if different.size:
                row = int(different[0])
                first, first_rows = having[0]
                found, expected = other.quoted(column, int(at[row])), first.quoted(column, int(first_rows[row]))
                raise UserError(
                    f"{other.where(int(at[row]))}: column {column!r} is {found}, but {expected} in"
                    f" {first.where(int(first_rows[row]))}, for {self._key(first, int(first_rows[row]))}"
                )
        return values[0]


class Model(NamedTuple):
    """One model's columns, and where they came from."""

    name: str
    scores: Scores
    columns: Columns
    paths: tuple[str, ...]
    starts: tuple[int, ...]  # the first row of each file
    uuids: frozenset[str] = frozenset()  # columns of UUIDs, which are read as bytes

    @property
    def files(self) -> str:
        """What errors call the files."""
        return self.paths[0] if len(self.paths) == 1 else f"the {len(self.paths)} files of {self.name}"

    def quoted(self, column: str, row: int) -> str:
        """Return a value as messages name it."""
        value = self.columns[column].slice(row, 1)
        return quoted(as_uuids(value) if column in self.uuids else value, 0)

    def where(self, row: int) -> str:
        """Return the file and the row in it."""
        at = int(np.searchsorted(self.starts, row, "right")) - 1
        return f"{self.paths[at]}: row {row - self.starts[at]}"


class Origin(NamedTuple):
    """Where a joined column comes from: a model's rows, in the order of the join, and what its files call it."""

    model: Model
    rows: np.ndarray
    column: str


def _indices(rows: np.ndarray) -> pa.Array:
    """Return rows for `take`; `pa.array` would import pandas, which takes longer than most joins."""
    return pa.Array.from_buffers(pa.int64(), rows.size, [None, pa.py_buffer(np.ascontiguousarray(rows, np.int64))])


def model_names(files: Sequence[str]) -> list[str]:
    """Return what models are called: by their files, without folders and suffixes where that tells them apart."""
    short = [_short(os.path.basename(one.rstrip("/"))) for one in files]
    return short if len(set(short)) == len(short) and all(short) else list(files)


def _short(name: str) -> str:
    root, suffix = os.path.splitext(name)
    return os.path.splitext(root)[0] if suffix.lower() in COMPRESSED else root


def _concatenated(sources: Sequence[Source], columns: list[str]) -> tuple[Columns, tuple[str, ...], tuple[int, ...]]:
    """Return the columns of all files, whose types may differ, and each file's first row."""
    parts: dict[str, list[pa.Array]] = {column: [] for column in columns}
    starts, size = [], 0
    for one in sources:
        starts.append(size)
        for some, _ in explained_batches(one, columns, 1 << 20):
            for column in columns:
                parts[column].append(some[column])
            size += len(some[columns[0]])
    if not size:
        raise UserError(f"{sources[0].path}: there are no rows")
    found: Columns = {}
    for column, arrays in parts.items():
        kind = _common(sources[0].path, column, [one.type for one in arrays], are_ids=False)
        found[column] = pa.concat_arrays([one if one.type == kind else one.cast(kind) for one in arrays])
    return found, tuple(one.path for one in sources), tuple(starts)


def _of_one_type(models: Sequence[Model], column: str, are_ids: bool) -> list[pa.Array]:
    """Return a column of several models, converted to a type that holds all values; as keys, without nulls."""
    arrays = [one.columns[column] for one in models]
    kind = _common(models[-1].files, column, [one.type for one in arrays], are_ids)
    found = []
    for model, array in zip(models, arrays, strict=True):
        if are_ids and array.null_count:
            row = int(np.argmax(array.is_null().to_numpy(zero_copy_only=False)))
            raise UserError(f"{model.where(row)}: column {column!r} is null")
        try:
            found.append(array if array.type == kind else converted(array, kind))
        except Unfit as error:
            where = f"{model.where(error.index)}: column {column!r}"
            raise UserError(
                f"{where} is {shortened(repr(error.found))}: expected {expected(kind, error.found)}"
            ) from None
    return found


def _common(path: str, column: str, kinds: Sequence[pa.DataType], are_ids: bool) -> pa.DataType:
    """Return a type that holds the values of all types."""
    some = [kind for kind in kinds if not pa.types.is_null(kind)] or list(kinds)
    kind: Any = common(some, are_ids)
    if kind is None:
        first, other = list(dict.fromkeys(map(plain, some)))[:2]
        raise UserError(
            f"{path}: column {column!r} has type {other}, but {first} elsewhere ({remedy(column, first, other)})"
        )
    return kind
