"""Groups whose rows lie together: found in batches, carried over from one batch or file to the next.

While new ids only increase, comparing neighbours shows that no group comes back, and no id is kept. From the first
decrease on, the ids seen are kept (8 bytes a group).
"""

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from fastloss.cli.batches import Batch
from fastloss.cli.ids import SeenIds, runs


class Scattered(Exception):
    """Rows of one group are apart from each other."""


class WholeGroups(NamedTuple):
    """All rows of some groups, group by group."""

    scores: np.ndarray
    labels: np.ndarray
    weights: np.ndarray | None
    offsets: np.ndarray
    ids: pa.Array | None  # None: the one group of data without groups
    rows: Sequence[int] | np.ndarray  # each row's number in the stream


class Contiguous:
    """Collects the rows of a group until another one begins; `earlier(n)` reads the ids of the first n rows again."""

    def __init__(self, earlier: Callable[[int], Iterable[pa.Array]]):
        self._earlier = earlier
        self._open: pa.Array | None = None  # the id of the group that may go on, in an array of one
        self._rows: list[Batch] = []  # and its rows
        self._seen: SeenIds | None = None  # None while ids only increase

    def feed(self, batch: Batch) -> WholeGroups | None:
        """Add a batch; return the groups that end in it."""
        if batch.groups is None or not batch.size:
            return None
        starts, ids = runs(batch.groups)
        if self._open is not None and ids[0].equals(self._open[0]):
            starts, ids = starts[1:], ids.slice(1)
        if not len(ids):
            self._rows.append(batch.part(0, batch.size))
            return None
        self._require_new(ids, batch.start)
        last = int(starts[-1])
        ended = None
        if self._open is not None or len(ids) > 1:
            carried = sum(rows.size for rows in self._rows)
            bounds, all_ids = starts + carried, ids
            if self._open is not None:
                bounds, all_ids = np.append(0, bounds), pa.concat_arrays([self._open, ids])
            ended = together([*self._rows, batch.part(0, last)], bounds, all_ids.slice(0, len(all_ids) - 1))
        self._open = ids.slice(len(ids) - 1)
        self._rows = [batch.part(last, batch.size)]
        return ended

    def finish(self) -> WholeGroups | None:
        """Return the last group."""
        return None if self._open is None else as_one_group(self._rows, self._open)

    def _require_new(self, ids: pa.Array, start: int) -> None:
        """Raise `Scattered` if a group has come before."""
        if self._seen is None:
            chain = ids if self._open is None else pa.concat_arrays([self._open, ids])
            if len(chain) < 2 or pc.all(pc.less(chain.slice(0, len(chain) - 1), chain.slice(1))).as_py():
                return
            self._seen = SeenIds()
            last = None
            for column in self._earlier(start):
                _, old = runs(column)
                if last is not None and old[0].equals(last):
                    old = old.slice(1)
                if len(old):
                    last = old[len(old) - 1]
                    if not self._seen.add(old):
                        raise Scattered
        if not self._seen.add(ids):
            raise Scattered


class OneGroup:
    """Collects all rows of data without groups, which are one group."""

    def __init__(self) -> None:
        self._rows: list[Batch] = []

    def feed(self, batch: Batch) -> None:
        """Add a batch."""
        self._rows.append(batch)

    def finish(self) -> WholeGroups | None:
        """Return the group."""
        return as_one_group(self._rows, None) if any(rows.size for rows in self._rows) else None


def as_one_group(rows: list[Batch], ids: pa.Array | None) -> WholeGroups:
    """Return the rows of several batches as one group."""
    return together(rows, np.array([0, sum(some.size for some in rows)]), ids)


def together(rows: list[Batch], offsets: np.ndarray, ids: pa.Array | None) -> WholeGroups:
    """Return the rows of successive batches as groups; those of one batch as views."""
    rows = [some for some in rows if some.size]
    first, last = rows[0], rows[-1]
    stream = range(first.start, last.start + last.size)
    if len(rows) == 1:
        return WholeGroups(first.scores, first.labels, first.weights, offsets, ids, stream)
    weights = None if first.weights is None else np.concatenate([some.weights for some in rows])
    scores, labels = np.concatenate([some.scores for some in rows]), np.concatenate([some.labels for some in rows])
    return WholeGroups(scores, labels, weights, offsets, ids, stream)
