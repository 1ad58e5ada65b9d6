"""From files to batches of checked NumPy arrays, each knowing which rows of the stream it holds."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from fastloss.cli.errors import UserError, explained
from fastloss.cli.files import plain
from fastloss.cli.readers import Source


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


def batches(sources: Sequence[Source], roles: dict[str, str], rows: int) -> Iterator[Batch]:
    """All files' batches; null anywhere is an error."""
    columns = list(dict.fromkeys(roles.values()))
    start = 0
    done = 0
    for source in sources:
        row = 0
        pieces = source.batches(columns, rows)
        while True:
            with explained(source.path):
                piece = next(pieces, None)
            if piece is None:
                break
            some, share = piece
            with explained(source.path):
                some = {column: flattened(array) for column, array in some.items()}
            place = Batch(source.path, row, start, np.empty(0), np.empty(0), None, None, done + share * source.size)
            for column, array in some.items():
                if array.null_count:
                    index = int(np.argmax(array.is_null().to_numpy(zero_copy_only=False)))
                    raise UserError(f"{place.place(index)}: column {column!r} is null")
            with explained(source.path):
                arrays = {role: numbers(some[roles[role]]) for role in roles if role != "groups"}
                groups = ids(some[roles["groups"]]) if "groups" in roles else None
            batch = place._replace(
                scores=arrays["scores"], labels=arrays["labels"], weights=arrays.get("weights"), groups=groups
            )
            yield batch
            row += batch.size
            start += batch.size
        done += source.size


def group_columns(sources: Sequence[Source], column: str, rows: int, until: int) -> Iterator[pa.Array]:
    """The ids of the first `until` rows of the stream once more."""
    for source in sources:
        for some, _ in source.batches([column], rows):
            if until <= 0:
                return
            yield ids(flattened(some[column]).slice(0, until))
            until -= len(some[column])


def flattened(array: pa.Array) -> pa.Array:
    """A column without runs, and without a dictionary unless it is one of strings without null."""
    if pa.types.is_run_end_encoded(array.type):
        array = pc.run_end_decode(array)
    if pa.types.is_dictionary(array.type) and (
        array.dictionary.null_count or plain(array.type) not in (pa.string(), pa.binary())
    ):
        array = array.dictionary_decode()
    return array


def numbers(array: pa.Array) -> np.ndarray:
    """A flattened column of numbers as a NumPy array, viewed where Arrow holds it so."""
    if pa.types.is_decimal(array.type):
        array = array.cast(pa.float64())
    if pa.types.is_null(array.type):
        return np.empty(0)
    return array.to_numpy(zero_copy_only=not pa.types.is_boolean(array.type))


def ids(array: pa.Array) -> pa.Array:
    """A flattened column of group ids: integers, strings, or strings with a dictionary."""
    if pa.types.is_dictionary(array.type):
        return array
    if pa.types.is_null(array.type):
        return pa.array([], pa.int64())
    kind = plain(array.type)
    return array if kind == array.type else array.cast(kind)
