"""Groups that lie row after row: found in batches, carried over from one batch or file to the next.

While new ids only increase, comparing neighbours shows that no group comes back, and nothing is remembered. From the
first decrease on, the ids seen are kept (8 bytes a group). `Scattered` says that a group came back after its end.
"""

from collections.abc import Callable, Iterable
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from fastloss.cli.batches import Batch


class Scattered(Exception):
    """Rows of one group are apart from each other."""


class Closed(NamedTuple):
    """Groups of which all rows are here, one after the other."""

    scores: np.ndarray
    labels: np.ndarray
    weights: np.ndarray | None
    offsets: np.ndarray
    ids: pa.Array | None  # None: the one group of data without groups


def changes(values: np.ndarray) -> np.ndarray:
    """Where runs of equal numbers start."""
    return np.concatenate((np.zeros(min(values.size, 1), np.int64), np.flatnonzero(values[1:] != values[:-1]) + 1))


def runs(ids: pa.Array) -> tuple[np.ndarray, pa.Array]:
    """Where runs of equal ids start, and their ids."""
    if pa.types.is_integer(ids.type):
        starts = changes(ids.to_numpy())
    else:
        different = pc.not_equal(ids.slice(1), ids.slice(0, max(len(ids) - 1, 0)))
        starts = np.flatnonzero(different.to_numpy(zero_copy_only=False)) + 1
        starts = np.concatenate((np.zeros(min(len(ids), 1), np.int64), starts))
    return starts, ids.take(pa.array(starts))


def keys(ids: pa.Array) -> np.ndarray:
    """A 64-bit number for each id: its own, or a hash."""
    if pa.types.is_temporal(ids.type):
        ids = ids.view(pa.int32() if ids.type.bit_width == 32 else pa.int64())
    if pa.types.is_integer(ids.type):
        return ids.to_numpy().astype(np.int64)
    return np.fromiter(map(hash, ids.to_pylist()), np.int64, len(ids))


class SeenKeys:
    """A growing set of 64-bit numbers: sorted arrays, merged so that there are few."""

    def __init__(self) -> None:
        self._arrays: list[np.ndarray] = []

    def add(self, new: np.ndarray) -> bool:
        """Add numbers; False if one of them is there already, or comes twice."""
        new = np.sort(new)
        if (new[1:] == new[:-1]).any():
            return False
        for array in self._arrays:
            place = np.searchsorted(array, new)
            if (array[np.minimum(place, array.size - 1)] == new).any():
                return False
        if new.size:
            self._arrays.append(new)
        while len(self._arrays) > 1 and self._arrays[-2].size < 2 * self._arrays[-1].size:
            self._arrays.append(np.sort(np.concatenate((self._arrays.pop(), self._arrays.pop()))))
        return True


class Contiguous:
    """Closes a group when another begins; `earlier(n)` reads the ids of the stream's first n rows once more."""

    def __init__(self, earlier: Callable[[int], Iterable[pa.Array]]):
        self._earlier = earlier
        self._open: pa.Array | None = None  # the id of the group that may go on, in an array of one
        self._rows: list[Batch] = []  # and its rows
        self._seen: SeenKeys | None = None  # None while ids only increase

    def feed(self, batch: Batch) -> Closed | None:
        """The groups that end in this batch."""
        if batch.groups is None or not batch.size:
            return None
        starts, ids = runs(batch.groups)
        if self._open is not None and ids[0].equals(self._open[0]):
            starts, ids = starts[1:], ids.slice(1)
        if not len(ids):
            self._rows.append(cut(batch, 0, batch.size))
            return None
        self._require_new(ids, batch.start)
        last = int(starts[-1])
        carried = sum(rows.size for rows in self._rows)
        closed = None
        if self._open is not None or len(ids) > 1:
            before = [np.zeros(1, np.int64)] if self._open is not None else []
            offsets = np.concatenate((*before, starts + carried))
            all_ids = ids if self._open is None else pa.concat_arrays([self._open, ids])
            closed = together([*self._rows, cut(batch, 0, last)], offsets, all_ids.slice(0, len(all_ids) - 1))
        self._open = ids.slice(len(ids) - 1)
        self._rows = [cut(batch, last, batch.size)]
        return closed

    def finish(self) -> Closed | None:
        """The last group."""
        if self._open is None:
            return None
        return together(self._rows, np.array([0, sum(rows.size for rows in self._rows)]), self._open)

    def _require_new(self, ids: pa.Array, start: int) -> None:
        if self._seen is None:
            chain = ids if self._open is None else pa.concat_arrays([self._open, ids])
            if len(chain) < 2 or pc.all(pc.less(chain.slice(0, len(chain) - 1), chain.slice(1))).as_py():
                return
            self._seen = SeenKeys()
            last = None
            for column in self._earlier(start):
                _, old = runs(column)
                if last is not None and old[0].equals(last):
                    old = old.slice(1)
                if len(old):
                    last = old[len(old) - 1]
                    if not self._seen.add(keys(old)):
                        raise Scattered
        if not self._seen.add(keys(ids)):
            raise Scattered


class Whole:
    """Data without groups are one group: all rows are kept."""

    def __init__(self) -> None:
        self._rows: list[Batch] = []

    def feed(self, batch: Batch) -> None:
        """Keep a batch."""
        self._rows.append(batch)

    def finish(self) -> Closed | None:
        """The one group."""
        size = sum(rows.size for rows in self._rows)
        return together(self._rows, np.array([0, size]), None) if size else None


def cut(batch: Batch, start: int, stop: int) -> Batch:
    """Some rows of a batch, as views."""
    weights = None if batch.weights is None else batch.weights[start:stop]
    return batch._replace(
        scores=batch.scores[start:stop], labels=batch.labels[start:stop], weights=weights, groups=None
    )


def together(rows: list[Batch], offsets: np.ndarray, ids: pa.Array | None) -> Closed:
    """Rows of several batches as closed groups; of one, as views."""
    rows = [some for some in rows if some.size]
    if len(rows) == 1:
        return Closed(rows[0].scores, rows[0].labels, rows[0].weights, offsets, ids)
    weights = None if rows[0].weights is None else np.concatenate([some.weights for some in rows])
    scores, labels = np.concatenate([some.scores for some in rows]), np.concatenate([some.labels for some in rows])
    return Closed(scores, labels, weights, offsets, ids)
