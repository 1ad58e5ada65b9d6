"""Embeddings and positives of `fastloss score --queries --keys`: arrays in .npy files, or columns of tables.

A .npy file is mapped into memory; of a table, one column is read, which `FILE:COLUMN` names unless there is only one.
"""

import os
from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from fastloss.cli.errors import UserError, explained, named
from fastloss.cli.reading import storage
from fastloss.cli.reading.arrays import Type, Unfit, is_id, is_list, is_vector, matrix, plain, uncoded
from fastloss.cli.reading.batches import Places, explained_batches, require_no_null
from fastloss.cli.reading.files import columns_of, expand, sources
from fastloss.cli.reading.numpy_files import read_header
from fastloss.cli.reading.written import quoted

ROWS = 1 << 16  # that are read at a time
ARRAY = b"\x93NUMPY"


class Place(NamedTuple):
    """A file, or several of a table, and the name of a column where one is given."""

    path: str
    column: str | None

    @classmethod
    def of(cls, text: str) -> "Place":
        """Parse FILE or FILE:COLUMN; a colon may belong to the file's name, or to a URI."""
        path, _, column = text.rpartition(":")
        if not path or not column or "/" in column or os.path.exists(storage.local(text)):
            return cls(storage.local(text), None)
        return cls(storage.local(path), column)

    @property
    def is_array(self) -> bool:
        """Whether it is a .npy file of an array without fields."""
        if self.path == storage.INPUT or storage.matching(self.path) is not None:
            return False
        with explained(self.path):
            if storage.status(self.path).kind != "file":
                return False
            with storage.opened(self.path) as file:
                if file.read(len(ARRAY)) != ARRAY:
                    return False
            with storage.opened(self.path) as file, explained(self.path, anything=True):
                return read_header(file).dtype.names is None

    def array(self) -> np.ndarray:
        """Return the array of a .npy file: mapped into memory, or read from a URI."""
        with explained(self.path, anything=True):
            if storage.uri_of(self.path) is None:
                return np.load(self.path, mmap_mode="r", allow_pickle=False)
            with storage.opened(self.path) as file:
                return np.lib.format.read_array(file, allow_pickle=False)


class Embeddings(NamedTuple):
    """A vector for each row, and what messages call a row."""

    vectors: np.ndarray
    name: Callable[[int], str]


class Column:
    """A column of a table of one file or several."""

    def __init__(self, place: Place, fits: Callable[[Type], bool], expected: str):
        self.places = Places()
        self._sources = sources(expand([place.path]))
        self.name = self._chosen(place, fits, expected)
        for one in self._sources:
            with explained(one.path, anything=True):
                kind = one.type_of(self.name)
            if kind is None:
                raise UserError(f"{one.path}: no column {self.name!r}{columns_of(self.name, one)}")
            if not fits(_plain(kind)):
                raise UserError(f"{one.path}: column {self.name!r} has type {kind}: expected {expected}")

    def _chosen(self, place: Place, fits: Callable[[Type], bool], expected: str) -> str:
        """Return the name of the column: the one that is given, or the only one that fits."""
        if place.column is not None:
            return place.column
        first = self._sources[0]
        with explained(first.path, anything=True):
            found = [name for name, kind in first.columns if fits(_plain(kind))]
        if len(found) != 1:
            those = f"several columns of {expected} ({', '.join(map(named, found))})" if found else "no column"
            expected = "FILE:COLUMN" if found else f"one of {expected}"
            raise UserError(f"{first.path}: {those}: expected {expected}")
        return found[0]

    def batches(self) -> Iterator[tuple[int, pa.Array]]:
        """Read the column, batch by batch, each with the number of its first row in all files; a null is an error."""
        start = 0
        for one in self._sources:
            self.places.begin(one.path, start)
            for columns, _ in explained_batches(one, [self.name], ROWS):
                require_no_null(columns, start, self.places)
                yield start, uncoded(columns[self.name])
                start += len(columns[self.name])

    def row(self, number: int) -> str:
        """Return what messages call a row."""
        return f"{self.places.name(number)}: column {self.name!r}"


def _plain(kind: Type) -> Type:
    return kind if isinstance(kind, str) else plain(kind)


def embeddings(text: str) -> Embeddings:
    """Read embeddings: a matrix in a .npy file, or a column of lists of numbers."""
    place = Place.of(text)
    if place.is_array:
        array = _without_column(place).array()
        if array.ndim != 2:
            raise UserError(f"{text}: holds an array of shape {array.shape}: expected two dimensions, a row a vector")
        return Embeddings(array, lambda row: f"{place.path}: row {row}")
    column = Column(place, is_vector, "lists of numbers")
    parts: list[np.ndarray] = []
    for start, array in column.batches():
        try:
            parts.append(matrix(array))
        except Unfit as error:
            raise UserError(f"{column.row(start + error.index)} is {error.found}") from error
        if (width := parts[-1].shape[1]) != (first := parts[0].shape[1]):
            raise UserError(f"{column.row(start)} is a list of {width} numbers where the first has {first}")
    if not parts:
        raise UserError(f"{place.path}: no rows")
    return Embeddings(np.concatenate(parts) if len(parts) > 1 else parts[0], column.row)


def _without_column(place: Place) -> Place:
    if place.column is not None:
        raise UserError(f"{place.path}: is an array and has no column {place.column!r}")
    return place


class Lists(NamedTuple):
    """Values of a list for each row: CSR offsets, the values, and what messages call a row."""

    offsets: np.ndarray
    values: pa.Array
    name: Callable[[int], str]

    def row_of(self, index: int) -> str:
        """Return what messages call the row of a value."""
        return self.name(int(np.searchsorted(self.offsets, index, "right")) - 1)


def _may_be_positives(kind: Type) -> bool:
    return is_id(kind) or (not isinstance(kind, str) and is_list(kind) and is_id(plain(kind.value_type)))


def _lists(text: str) -> Lists:
    """Read a value or a list of values for each row."""
    place = Place.of(text)
    if place.is_array:
        array = _without_column(place).array()
        if array.ndim not in (1, 2) or array.dtype.kind not in "iuf":
            raise UserError(
                f"{text}: holds an array of {array.dtype} of shape {array.shape}: expected row numbers of keys, one"
                " dimension, or two for several a query"
            )
        width = 1 if array.ndim == 1 else array.shape[1]
        offsets = np.arange(len(array) + 1) * width
        return Lists(offsets, pa.array(np.ascontiguousarray(array).ravel()), lambda row: f"{place.path}: row {row}")
    column = Column(place, _may_be_positives, "row numbers or ids of keys, or lists of them")
    sizes, values = [np.zeros(1, np.int64)], []
    for start, array in column.batches():
        if not is_list(array.type):
            sizes.append(np.ones(len(array), np.int64))
            values.append(array)
            continue
        lengths = pc.list_value_length(array).to_numpy(zero_copy_only=False)
        flat = array.flatten()
        if flat.null_count:
            index = int(np.argmax(flat.is_null().to_numpy(zero_copy_only=False)))
            row = start + int(np.searchsorted(np.cumsum(lengths), index, "right"))
            raise UserError(f"{column.row(row)} is a list with a null")
        sizes.append(lengths)
        values.append(flat)
    offsets = np.cumsum(np.concatenate(sizes))
    return Lists(offsets, pa.concat_arrays(values) if values else pa.array([], pa.int64()), column.row)


def positives(text: str, queries: int, keys: int, ids: pa.Array | None) -> tuple[np.ndarray, np.ndarray]:
    """Return CSR offsets of queries and row numbers of keys, of a file that has these or, with `ids`, ids."""
    lists = _lists(text)
    if lists.offsets.size != queries + 1:
        raise UserError(f"{text}: has {lists.offsets.size - 1} rows: expected one for each of {queries} queries")
    numbers = _whole(lists, keys) if ids is None else _found(lists, ids)
    wrong = np.flatnonzero((numbers < 0) | (numbers >= keys))
    if wrong.size:
        index = int(wrong[0])
        found = quoted(lists.values, index)
        what = f"the row of a key, 0 to {keys - 1}" if ids is None else "the id of a key"
        raise UserError(f"{lists.row_of(index)} is {found}: expected {what}")
    return lists.offsets, numbers


def _whole(lists: Lists, keys: int) -> np.ndarray:
    """Return row numbers; -1 for what is none."""
    kind = lists.values.type
    if not (pa.types.is_integer(kind) or pa.types.is_floating(kind)) and len(lists.values):
        raise UserError(f"{lists.name(0)} has type {kind}: expected row numbers of keys, or --key-ids for ids")
    values = lists.values.to_numpy(zero_copy_only=False)
    with np.errstate(invalid="ignore"):
        return np.where((values >= 0) & (values < keys) & (values == np.floor(values)), values, -1).astype(np.int64)


def _found(lists: Lists, ids: pa.Array) -> np.ndarray:
    """Return the row numbers of ids; -1 for an unknown one."""
    kind = lists.values.type
    if pa.types.is_string(kind) != pa.types.is_string(ids.type):
        raise UserError(f"{lists.name(0)} has type {kind}, and --key-ids {ids.type}: expected the same ids")
    with explained(lists.name(0)):
        found = pc.index_in(lists.values.cast(ids.type), ids)
    return found.fill_null(-1).to_numpy().astype(np.int64)


def key_ids(text: str, name: str) -> pa.Array:
    """Read the ids of keys, a column beside their embeddings, each once."""
    place = Place.of(text)
    if place.is_array:
        raise UserError(f"--key-ids {name}: {place.path} is an array and has no columns")
    column = Column(Place(place.path, name), is_id, "ids")
    parts = [array for _, array in column.batches()]
    ids = pa.concat_arrays(parts) if parts else pa.array([], pa.int64())
    first = pc.index_in(ids, ids).to_numpy()
    again = np.flatnonzero(first != np.arange(len(ids)))
    if again.size:
        row = int(again[0])
        raise UserError(f"{column.row(row)} is {quoted(ids, row)}, as in row {first[row]}: expected an id a key")
    return ids
