"""Groups whose rows lie apart, brought together in memory.

What is sorted are numbers that hold a row's group and, below it, the row's place: NumPy sorts numbers several times
faster than it finds an order. Columns are kept as they are to be sorted, so that memory is taken once.
"""

from collections.abc import Iterator

import numpy as np

from fastloss.cli.reading.batches import Batch
from fastloss.cli.reading.ids import Numbered
from fastloss.cli.scoring.groups import WholeGroups
from fastloss.core import orders

KEY_AND_LABEL = 9  # bytes of a row for them, if labels are small numbers
BLOCK = 1 << 19  # rows that are scored at a time; more if the last group has them


class Column:
    """An array that grows up to `most` rows; memory is taken by those that there are."""

    def __init__(self, most: int, like: np.ndarray):
        self._rows = np.empty((most, *like.shape[1:]), like.dtype)
        self._size = 0

    @property
    def rows(self) -> np.ndarray:
        """What has been added."""
        return self._rows[: self._size]

    def add(self, rows: np.ndarray) -> None:
        """Add rows; they may be of another type than those before."""
        dtype = np.result_type(self._rows, rows)
        if dtype != self._rows.dtype:
            before, self._rows = self.rows, np.empty(self._rows.shape, dtype)
            self._rows[: self._size] = before
        self._rows[self._size : self._size + len(rows)] = rows
        self._size += len(rows)


class Gathered:
    """Rows that are kept until all have been read, in at most `most` bytes."""

    def __init__(self, first: Batch, most: int):
        columns = [*first.scores.values(), *([] if first.weights is None else [first.weights])]
        self._most = most
        self._room = most // (KEY_AND_LABEL + sum(one.nbytes // first.size for one in columns))  # in rows
        self._numbered = Numbered(first.groups.type)  # type: ignore[union-attr]
        self._keys = Column(self._room, np.empty(0, np.int64))
        self._scores = {model: Column(self._room, one) for model, one in first.scores.items()}
        self._weights = None if first.weights is None else Column(self._room, first.weights)
        self._labels: list[np.ndarray] = []  # of each batch, narrowed
        self._batches: list[Batch] = []  # without scores, weights and groups

    def add(self, batch: Batch) -> None:
        """Add the next rows of the stream."""
        self._keys.add(self._numbered.add(batch.groups))
        for model, column in self._scores.items():
            column.add(batch.scores[model])
        if self._weights is not None:
            self._weights.add(batch.weights)  # type: ignore[arg-type]
        self._labels.append(narrowed(batch.labels))
        self._batches.append(
            batch._replace(scores={}, labels=np.empty(0, batch.labels.dtype), weights=None, groups=None)
        )

    def has_room(self, batch: Batch) -> bool:
        """Return whether a batch may be added."""
        dictionaries = sum(one.nbytes for one in self._numbered.dictionaries)
        return self._keys.rows.size + batch.size <= self._room and dictionaries < self._most // 2

    def taken(self) -> Iterator[Batch]:
        """Return the batches as they were added."""
        start = 0
        for at, (batch, labels) in enumerate(zip(self._batches, self._labels, strict=True)):
            rows = slice(start, start + labels.size)
            start += labels.size
            yield batch._replace(
                scores={model: column.rows[rows] for model, column in self._scores.items()},
                labels=labels.astype(batch.labels.dtype, copy=False),
                weights=None if self._weights is None else self._weights.rows[rows],
                groups=self._numbered.of_array(at, self._keys.rows[rows]),
            )

    def groups(self) -> Iterator[WholeGroups]:
        """Return the groups, some at a time, each with its rows in the stream's order."""
        place = self._keys.rows.size.bit_length()  # bits for a row's number
        self._sort(place)
        keys = self._keys.rows
        labels, dtype = np.concatenate(self._labels), np.result_type(*(batch.labels for batch in self._batches))
        for start, stop in blocks(keys, place):
            rows = keys[start:stop] & ((1 << place) - 1)
            bounds, heads = orders.runs(keys[start:stop] >> place)
            yield WholeGroups(
                {model: column.rows.take(rows, 0) for model, column in self._scores.items()},
                labels.take(rows).astype(dtype, copy=False),
                None if self._weights is None else self._weights.rows.take(rows),
                bounds,
                self._numbered.ids(heads),
                rows,
            )

    def _sort(self, place: int) -> None:
        """Put rows' numbers below those of their groups, and sort these keys."""
        ends = np.cumsum([labels.size for labels in self._labels])
        of_batches = np.split(self._keys.rows, ends[:-1])
        self._numbered.settle(of_batches, 62 - place)
        for keys, end in zip(of_batches, ends.tolist(), strict=True):
            keys <<= place
            keys |= np.arange(end - keys.size, end)
        self._keys.rows.sort()


def blocks(keys: np.ndarray, place: int) -> Iterator[tuple[int, int]]:
    """Return bounds of about BLOCK rows each, between groups."""
    start = 0
    while start < keys.size:
        stop = min(start + BLOCK, keys.size)
        if stop < keys.size:  # until the group of row `stop` - 1 ends
            stop = int(np.searchsorted(keys, ((keys[stop - 1] >> place) + 1) << place))
        yield start, stop
        start = stop


def narrowed(labels: np.ndarray) -> np.ndarray:
    """Return a copy of integers in the narrowest type that holds them, or of other labels as they are."""
    dtype = labels.dtype
    if dtype.kind in "iu" and labels.size:
        found = np.result_type(np.min_scalar_type(labels.min()), np.min_scalar_type(labels.max()))
        dtype = found if found.kind in "iu" else dtype  # with both signs, uint64 would become float64
    return labels.astype(dtype)
