"""`fastloss score --dask`: workers read parts of the files; their states are merged here, in the order of the files.

The bits are those of a run without Dask: sums over rows are made of the same chunks, states of all pairs of the same
parts, and sums over groups are exact. Groups that lie whole in one part cost nothing. A group at a border of parts is
put together here. Where rows of groups are scattered, and where rows without groups have to be sorted, workers are
dealt rows by their group.
"""

import itertools
from collections.abc import Iterator, Sequence
from typing import Any

import pyarrow.compute as pc

from fastloss.cli.cluster import tasks
from fastloss.cli.cluster.client import Cluster
from fastloss.cli.cluster.tasks import Refused, Scored, Task, Work
from fastloss.cli.reading.arrays import Inexact
from fastloss.cli.reading.batches import parts
from fastloss.cli.reading.files import Opened
from fastloss.cli.reading.ids import SeenIds
from fastloss.cli.reading.readers import Source
from fastloss.cli.scoring.groups import Scattered, WholeGroups, as_batch, as_one_group
from fastloss.cli.scoring.over_groups import Tables
from fastloss.cli.scoring.partition import in_order
from fastloss.cli.scoring.score import Job, Scoring
from fastloss.cli.scoring.totals import Totals
from fastloss.dask import workers
from fastloss.pairs.boxes.sums import NoState


class DaskScoring(Scoring):
    """A pass over the data by the workers of a cluster, or two if rows of groups are scattered."""

    def __init__(self, cluster: Cluster, job: Job, opened: Opened, tables: Tables, progress: Any):
        super().__init__(job, opened, tables, progress)
        self._cluster = cluster
        self._tasks: list[Task] = []

    def in_one_pass(self, stream: bool = False) -> Totals:
        """Score parts as they are; rows of data without groups that have no state go to one worker."""
        self._cluster.cancel()  # what an earlier pass left
        totals = self._begin(stream)
        if totals.needs_groups and self._roles.groups is None:
            return self._dealt(totals, stream, owners=1)
        borders = Borders()
        work = self._work(totals, stream)
        futures = [self._cluster.submit("score", tasks.scored, work, one) for one in self._located(totals)]
        for found in self._added(totals, futures, "scoring", 1.0):
            if not totals.needs_groups:
                continue
            for group in borders.ended(found):
                self._add(totals, group)
            if found.table is not None:
                self._tables.append(found.table)
        for group in borders.finish():
            self._add(totals, group)
        if not borders.rises:
            self._require_distinct(totals, borders)
        return totals

    def in_parts(self) -> Totals:
        """Bring groups together whose rows lie apart, each on one worker."""
        self._cluster.cancel()
        self._tables.restart()
        totals = self._begin()
        count = len(self._located(totals)) // tasks.PARTS_OF_AN_OWNER
        return self._dealt(totals, False, owners=min(1 << count.bit_length(), tasks.MOST_OWNERS))

    def _work(self, totals: Totals, stream: bool = False, owners: int = 0) -> Work:
        losses = tuple((one.name, one.loss.name, one.parameters) for one in self._job.losses)
        how = self._job.how if totals.watchers else None
        return Work(workers.job("", {}), losses, self._reading(totals), bool(self._tables), stream, owners, how)

    def _located(self, totals: Totals) -> list[Task]:
        """Return all parts with their places in the stream, and add the files to `places`."""
        if not self._tasks:
            everything = list(parts(self._sources, self._job.batch_rows))
            files = [part.source for part in everything if part.begins]
            counts = {source.path: 0 for source in files} | self._counts(totals, files[:-1])
            file_starts = dict(zip(counts, itertools.accumulate(counts.values(), initial=0), strict=False))
            start = 0
            for part in everything:
                start = file_starts[part.source.path] if part.begins else start
                self._tasks.append(Task(part, file_starts[part.source.path], start))
                start += part.source.rows or 0
        for one in self._tasks:
            if one.part.begins:
                totals.naming.places.begin(one.part.source.path, one.file_start)
        return self._tasks

    def _counts(self, totals: Totals, files: Sequence[Source]) -> dict[str, int]:
        """Return how many rows files have; those that do not say so are read."""
        whole = {source.path: source for source in self._sources}
        result = {source.path: whole[source.path].rows for source in files}
        unknown = [source for source in files if result[source.path] is None]
        work = self._work(totals)
        futures = [self._cluster.submit("count", tasks.counted, work, source) for source in unknown]
        ended = itertools.count(1)
        for at, count in self._cluster.in_order(
            futures,
            [source.path for source in unknown],
            lambda _: self._progress.update("counting rows", next(ended) / len(unknown), 0),
        ):
            result[unknown[at].path] = count
        return {path: count or 0 for path, count in result.items()}

    def _added(self, totals: Totals, futures: Sequence[Any], what: str, share: float) -> Iterator[Scored]:
        """Add what workers found in the parts to `totals`, in order."""
        done = 0.0
        names = [_name(one) for one in self._tasks]

        def show(at: int) -> None:
            nonlocal done
            done += self._tasks[at].part.source.size
            self._progress.update(what, share * done / self._bytes, totals.rows)

        self._progress.update(what, 0.0, 0)
        for at, found in self._cluster.in_order(futures, names, show):
            _raise_way(found)
            totals.add_part(found.totals, names[at])
            yield found

    def _dealt(self, totals: Totals, stream: bool, owners: int) -> Totals:
        """Deal rows to workers by their groups, and score whole groups there."""
        work = self._work(totals, stream, owners)
        located = self._located(totals)
        submit = self._cluster.submit
        what = "sorting by group" if self._roles.groups is not None else "scoring"
        read = [submit("read", tasks.scored, work, one) for one in located]
        light = [submit("states", tasks.without_pieces, one) for one in read]
        starts = [(one.part.source.path, one.file_start) for one in located if one.part.begins]
        pieces = [[submit("piece", tasks.piece, one, owner) for one in read] for owner in range(owners)]
        futures = [submit("groups", tasks.owned, work, starts, some) for some in pieces]
        for _ in self._added(totals, light, what, 0.5):
            pass
        self._cluster.forget([*read, *itertools.chain(*pieces)])
        ended = itertools.count(1)
        names = [f"groups {at} of {owners}" for at in range(owners)]
        tables, first_rows = [], []
        for at, found in self._cluster.in_order(
            futures,
            names,
            lambda _: self._progress.update("scoring groups", 0.5 + 0.5 * next(ended) / owners, totals.rows),
        ):
            _raise_way(found)
            totals.add_part(found.totals, names[at])
            if found.table is not None:
                tables.append(found.table)
                first_rows.append(found.first_rows)
        if tables:
            self._tables.append(in_order(tables, first_rows))
        return totals

    def _require_distinct(self, totals: Totals, borders: "Borders") -> None:
        """Raise `Scattered` if a group has rows in parts that are no neighbours."""
        work = self._work(totals)
        futures = [self._cluster.submit("ids", tasks.identified, work, one) for one in self._tasks]
        seen = SeenIds()
        for at, numbers in self._cluster.in_order(futures, [_name(one) for one in self._tasks], lambda _: None):
            _raise_way(numbers)
            if not seen.add_keys(numbers[1:] if borders.goes_on[at] else numbers):
                raise Scattered


def _name(one: Task) -> str:
    """Return how errors call a part."""
    source = one.part.source
    first = one.start - one.file_start
    return source.path if one.part.begins and not first else f"{source.path}, from row {first} on"


def _raise_way(found: Any) -> None:
    """Raise what makes the pass go another way."""
    if not isinstance(found, Refused):
        return
    if found.way == Scattered.__name__:
        raise Scattered
    if found.way == NoState.__name__:
        raise NoState(found.message)
    raise Inexact(0, found.message)


class Borders:
    """Groups that go on from part to part, put together."""

    def __init__(self) -> None:
        self._rows: list[WholeGroups] = []  # of the last group
        self.rises = True  # whether each id was greater than the one before
        self.goes_on: list[bool] = []  # whether each part began with the group that ended the one before

    def ended(self, found: Scored) -> Iterator[WholeGroups]:
        """Add the next part; return the groups that ended with its first row, and with its first group."""
        first, last = found.first, found.last
        if first is None:  # a part without rows
            self.goes_on.append(False)
            return
        own: Any = first.ids
        before = self._rows[-1].ids if self._rows else None
        goes_on = before is not None and before[0].equals(own[0])
        self.goes_on.append(goes_on)
        self.rises &= found.rises and (before is None or goes_on or pc.less(before, own)[0].as_py())
        if not goes_on:
            yield from self.finish()
        self._rows.append(first)
        if last is not None:
            yield from self.finish()
            self._rows = [last]

    def finish(self) -> Iterator[WholeGroups]:
        """Return the last group."""
        if self._rows:
            yield as_one_group([as_batch(rows) for rows in self._rows], self._rows[0].ids)
        self._rows = []
