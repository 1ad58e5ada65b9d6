"""Losses of rows against candidates that no worker holds together: blocks of rows by blocks of columns.

    labels, ids, weights, outlines of vectors -- parts of blocks -- first pass of each pair -- merged -- scores (value)
    scores -- second pass of each pair -- sums (gradients)

Each pass has a task for each pair of a block of rows and a block of columns, and a few to take results apart; where
columns are rows, for half of the pairs. A task holds two blocks, and in the second pass their gradients. One task holds
a few numbers of each row and column (labels, logs, slopes): before those fill a worker, the rows' and columns' products
are too many. Gradients are added in trees, in an order that the number of blocks decides.
"""

import operator
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from dask._task_spec import TaskRef

from fastloss.dask.contrastive import tasks as work
from fastloss.dask.contrastive.tasks import LAYOUTS
from fastloss.dask.gathered import Given, Results, added, as_blocks, given, require_reduction
from fastloss.dask.graphs import Blocks, Each, Key, listed, mapped, tasks
from fastloss.dask.workers import Job
from fastloss.embeddings.candidates import parts as blocks_of
from fastloss.embeddings.candidates.parts import ITSELF, MIRRORED, ONE_SIDED, SYMMETRIC, Pulled, Scored


def value(job: Job, arguments: Mapping[str, Any], *, reduction: str = "mean") -> Blocks:
    """Return the loss of vectors that are `Blocks` of rows, or lie in memory, as a block of its own.

    All else that is an array (labels, ids, positives, bias, `sample_weight`) may be `Blocks` or lie in memory as well,
    and is joined by one task.
    """
    return _Graph(job, arguments, reduction).value()


def value_and_grad(job: Job, arguments: Mapping[str, Any], *, reduction: str = "mean") -> Results:
    """Return the same, and gradients: by vectors as they are cut, by a bias as the columns are, and by a number."""
    graph = _Graph(job, arguments, reduction)
    return Results(graph.value(), graph.gradients())


def counts(job: Job, arguments: Mapping[str, Any]) -> Blocks:
    """Return the number of rows that have what the loss needs, which `with_counts` of the loss returns as well."""
    return _Graph(job, arguments, "sum").counts()


class _Pair(NamedTuple):
    """Numbers of a block of rows and of a block of columns, which may be rows."""

    kind: str
    row: int
    column: int


class _Graph:
    """The steps of a loss, each made of blocks of the one before."""

    def __init__(self, job: Job, arguments: Mapping[str, Any], reduction: str):
        self._job, self._layout = job, LAYOUTS[job.loss]
        self._reduction = require_reduction(reduction)
        present = {name: one for name, one in arguments.items() if one is not None}
        self._vectors = {name: as_blocks(job.loss, present[name]) for name in self._layout.vectors if name in present}
        self._small = given({name: one for name, one in present.items() if name not in self._vectors})
        outlines = {
            name: mapped(self._name("outline"), work.outline, job, name, one, Each(tuple(range(len(one.keys)))))
            for name, one in self._vectors.items()
        }
        self._outlines = Given(outlines, {})
        self._rows = [key for name in self._layout.rows for key in self._vectors[name].keys]
        columns = (self._vectors[name].keys for name in self._layout.columns if name in self._vectors)
        self._columns = [key for keys in columns for key in keys]
        self._pairs = list(self._all_pairs())
        self._scored: Blocks | None = None
        self._cut()

    def _name(self, step: str) -> str:
        return f"{self._job.loss}-{step}"

    @property
    def _same(self) -> bool:
        return not self._layout.columns

    @property
    def _symmetric(self) -> bool:
        return self._job.given.get("symmetric", False) is True

    def _all_pairs(self) -> Iterable[_Pair]:
        for row in range(len(self._rows)):
            if self._same:
                yield _Pair(ITSELF, row, row)
                yield from (_Pair(MIRRORED, row, other) for other in range(row + 1, len(self._rows)))
            else:
                kind = SYMMETRIC if self._symmetric else ONE_SIDED
                yield from (_Pair(kind, row, column) for column in range(len(self._columns)))

    def _about(self) -> tuple[Any, ...]:
        """What the tasks take that look at the whole call, `work.described` as its arguments."""
        return self._job, self._reduction, self._small.plain, self._small.refs, self._outlines.refs

    @property
    def _inputs(self) -> list[Blocks]:
        return [*self._small.inputs, *self._outlines.inputs]

    def counts(self) -> Blocks:
        return tasks(self._name("counts"), work.count, [self._about()], self._inputs)

    def _cut(self) -> None:
        """Make the parts of blocks."""
        self._parts = tasks(self._name("parts"), work.parts, [self._about()], self._inputs)
        self._row_parts = self._taken("part", self._parts, 0, len(self._rows))
        self._column_parts = self._row_parts
        if not self._same:
            self._column_parts = self._taken("part", self._parts, 1, len(self._columns))

    def _taken(self, step: str, made: Blocks, field: int, count: int) -> Blocks:
        """Return the items of a list that is a field of a result."""
        (key,) = made.keys
        return tasks(self._name(step), work.item, [(TaskRef(key), field, at) for at in range(count)], [made])

    def _sides(self, pair: _Pair) -> tuple[Any, ...]:
        """Return the parts and blocks of a pair, arguments of a task."""
        columns = self._rows if self._same else self._columns
        parts = self._row_parts.keys[pair.row], self._column_parts.keys[pair.column]
        return tuple(map(TaskRef, (*parts, self._rows[pair.row], columns[pair.column])))

    def _first(self) -> Blocks:
        inputs = [self._row_parts, self._column_parts, *self._vectors.values()]
        about = [(self._job, pair.kind, *self._sides(pair)) for pair in self._pairs]
        return tasks(self._name("first-pass"), work.first_pass, about, inputs)

    def _halves(self, made: Blocks) -> "_Halves":
        """Take results of pairs apart, those of rows and those of columns."""
        rows, columns = (mapped(self._name("half"), operator.getitem, made, side) for side in (0, 1))
        by_row: list[list[Key]] = [[] for _ in self._rows]
        by_column: list[list[Key]] = [[] for _ in self._columns]
        for pair, row, column in zip(self._pairs, rows.keys, columns.keys, strict=True):
            by_row[pair.row].append(row)
            if pair.kind == MIRRORED:
                by_row[pair.column].append(column)
            elif pair.kind != ITSELF:
                by_column[pair.column].append(column)
        return _Halves(by_row, by_column, [rows, columns])

    def scored(self) -> Blocks:
        """Return every row's loss and slopes, one block."""
        if self._scored is None:
            halves = self._halves(self._first())
            merge = self._name("merge")
            rows = tasks(merge, blocks_of.merge, [(listed(one),) for one in halves.rows], halves.inputs)
            columns = rows.only(())
            if self._symmetric:
                columns = tasks(merge, blocks_of.merge, [(listed(one),) for one in halves.columns], halves.inputs)
            about = (*self._about(), listed(rows.keys), listed(columns.keys))
            self._scored = tasks(self._name("scores"), work.score, [about], [*self._inputs, rows, columns])
        return self._scored

    def value(self) -> Blocks:
        return mapped(self._name("value"), operator.getitem, self.scored(), 1)

    def gradients(self) -> dict[str, Blocks]:
        layout, scored = self._layout, mapped(self._name("slopes"), operator.getitem, self.scored(), 0)
        second = self._second(scored)
        halves = self._halves(second)
        result = self._named(layout.rows, self._finished(halves.rows, halves, self._row_parts, self._rows))
        columns = self._finished(halves.columns, halves, self._column_parts, self._columns)
        result |= self._named(layout.columns, columns)
        if layout.bias is not None and layout.bias in self._small_names:
            result[layout.bias] = self._bias(second)
        if layout.number is not None:
            alongs = mapped(self._name("along"), operator.getitem, second, 3)
            refs = TaskRef(scored.keys[0]), TaskRef(self._row_parts.keys[0]), listed(alongs.keys)
            number = [(layout.number, *refs)]
            result[layout.number] = tasks(self._name("number"), work.number, number, [scored, self._row_parts, alongs])
        return result

    @property
    def _small_names(self) -> set[str]:
        return {*self._small.blocks, *self._small.plain}

    def _second(self, scored: Blocks) -> Blocks:
        rows = self._taken("slopes", scored, Scored._fields.index("rows"), len(self._rows))
        columns = rows
        if self._symmetric:
            columns = self._taken("slopes", scored, Scored._fields.index("columns"), len(self._columns))
        has_columns = self._symmetric or self._same
        inputs = [self._row_parts, self._column_parts, rows, columns, *self._vectors.values()]
        about = [
            (
                self._job,
                pair.kind,
                *self._sides(pair),
                TaskRef(rows.keys[pair.row]),
                TaskRef(columns.keys[pair.column]) if has_columns else None,
            )
            for pair in self._pairs
        ]
        return tasks(self._name("second-pass"), work.second_pass, about, inputs)

    def _finished(self, lists: list[list[Key]], halves: "_Halves", parts: Blocks, vectors: list[Key]) -> Blocks:
        """Return the gradient by each block of vectors."""
        if not lists:
            return parts.only(())
        sums = added(self._job.loss, lists, halves.inputs)
        about = [tuple(map(TaskRef, keys)) for keys in zip(parts.keys, vectors, sums.keys, strict=True)]
        inputs = [parts, sums, *self._vectors.values()]
        return tasks(self._name("gradient"), blocks_of.finish, about, inputs)

    def _named(self, names: tuple[str, ...], made: Blocks) -> dict[str, Blocks]:
        """Tell apart the blocks of several arguments."""
        result, start = {}, 0
        for name in names:
            if name in self._vectors:
                stop = start + len(self._vectors[name].keys)
                result[name] = made.only(range(start, stop))
                start = stop
        return result

    def _bias(self, second: Blocks) -> Blocks:
        biases = mapped(self._name("half"), operator.getitem, second, Pulled._fields.index("bias"))
        lists: list[list[Key]] = [[] for _ in self._columns]
        for pair, key in zip(self._pairs, biases.keys, strict=True):
            lists[pair.column].append(key)
        return mapped(self._name("gradient"), work.narrowed, self._column_parts, added(self._job.loss, lists, [biases]))


class _Halves(NamedTuple):
    """Results of pairs for each block of rows, and for each of columns, and where they come from."""

    rows: list[list[Key]]
    columns: list[list[Key]]
    inputs: list[Blocks]
