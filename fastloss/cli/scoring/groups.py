"""Groups whose rows lie together: found in batches, carried over from one batch or file to the next.

While new ids only increase, comparing neighbours shows that no group comes back, and no id is kept. From the first
decrease on, the ids seen are kept (8 bytes a group).
"""

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from fastloss.cli.reading.batches import Batch, ScoresOf, in_one, some_scores
from fastloss.cli.reading.ids import Runs, SeenIds

GLANCE = 1 << 12  # rows that are looked at first


class Scattered(Exception):
    """Rows of other groups lie between those of one group."""


class WholeGroups(NamedTuple):
    """Some groups with all their rows, group by group."""

    scores: ScoresOf
    labels: np.ndarray
    weights: np.ndarray | None
    offsets: np.ndarray
    ids: pa.Array | None  # None: the one group of data without groups
    rows: Sequence[int] | np.ndarray  # each row's number in the stream


class Contiguous:
    """Collects the rows of a group until another one begins; `earlier(n)` reads the ids of the first n rows again."""

    def __init__(self, earlier: Callable[[int], Iterable[pa.Array]]):
        self._earlier = earlier
        self._runs = Runs()
        self._rows: list[Batch] = []  # of the last group, which may go on
        self._seen: SeenIds | None = None  # None while ids only increase

    @property
    def rises(self) -> bool:
        """Whether each id was greater than the one before."""
        return self._seen is None

    def feed(self, batch: Batch) -> WholeGroups | None:
        """Add a batch; return the groups that end in it."""
        if batch.groups is None or not batch.size:
            return None
        before = self._runs.last
        if before is None and not SeenIds().add(Runs().new(batch.groups.slice(0, GLANCE))[1]):
            raise Scattered  # as most files are, or none of their groups: no need to look at the whole batch
        starts, ids = self._runs.new(batch.groups)
        if not len(ids):
            self._rows.append(batch.part(0, batch.size))
            return None
        bounds = starts + sum(rows.size for rows in self._rows)
        if before is not None:
            bounds, ids = np.append(0, bounds), pa.concat_arrays([before, ids])
        self._require_new(ids, before is None, batch.start)
        last = int(starts[-1])
        rows = [*self._rows, batch.part(0, last)]
        self._rows = [batch.part(last, batch.size)]
        return together(rows, bounds, ids.slice(0, len(ids) - 1)) if len(ids) > 1 else None

    def finish(self) -> WholeGroups | None:
        """Return the last group."""
        return None if self._runs.last is None else as_one_group(self._rows, self._runs.last)

    def _require_new(self, ids: pa.Array, with_first: bool, start: int) -> None:
        """Raise `Scattered` if a group has come before; the first id has been looked at unless `with_first`."""
        if self._seen is None:
            if pc.all(pc.less(ids.slice(0, len(ids) - 1), ids.slice(1)), min_count=0).as_py():
                return
            self._seen = SeenIds()
            earlier = Runs()
            for column in self._earlier(start):
                if not self._seen.add(earlier.new(column)[1]):
                    raise Scattered
        if not self._seen.add(ids if with_first else ids.slice(1)):
            raise Scattered


def some_of(groups: WholeGroups, first: int, stop: int) -> WholeGroups:
    """Return some of the groups, as views."""
    start, end = int(groups.offsets[first]), int(groups.offsets[stop])
    weights = None if groups.weights is None else groups.weights[start:end]
    ids = None if groups.ids is None else groups.ids.slice(first, stop - first)
    offsets = groups.offsets[first : stop + 1] - start
    scores = some_scores(groups.scores, slice(start, end))
    return WholeGroups(scores, groups.labels[start:end], weights, offsets, ids, groups.rows[start:end])


class Bordered:
    """The groups of a part of the rows, of which the first and the last may go on in its neighbours."""

    def __init__(self, earlier: Callable[[int], Iterable[pa.Array]]):
        self._groups = Contiguous(earlier)
        self.first: WholeGroups | None = None
        self.last: WholeGroups | None = None  # None if there is only one

    @property
    def rises(self) -> bool:
        """Whether each id is greater than the one before."""
        return self._groups.rises

    def feed(self, batch: Batch) -> WholeGroups | None:
        """Add a batch; return the groups that end in it, without the first one."""
        found = self._groups.feed(batch)
        if found is None or self.first is not None:
            return found
        count = found.offsets.size - 1
        self.first = _alone(some_of(found, 0, 1))
        return some_of(found, 1, count) if count > 1 else None

    def finish(self) -> None:
        """End the last group."""
        found = self._groups.finish()
        if self.first is None:
            self.first = found and _alone(found)
        else:
            self.last = found and _alone(found)


def _alone(group: WholeGroups) -> WholeGroups:
    """Return a group with a copy of its id: pickled, a view would bring all ids with it."""
    return group if group.ids is None else group._replace(ids=group.ids.take(pa.array([0])))


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


def as_batch(groups: WholeGroups) -> Batch:
    """Return the rows of groups that lie together in the stream."""
    return Batch(int(groups.rows[0]), groups.scores, groups.labels, groups.weights, None, 0.0)


def together(rows: list[Batch], offsets: np.ndarray, ids: pa.Array | None) -> WholeGroups:
    """Return the rows of successive batches as groups; those of one batch as views."""
    some = in_one([one for one in rows if one.size])
    return WholeGroups(some.scores, some.labels, some.weights, offsets, ids, range(some.start, some.start + some.size))
