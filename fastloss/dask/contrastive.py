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
from typing import Any, NamedTuple, cast

import numpy as np
from dask._task_spec import TaskRef

from fastloss.core.loss import lookup
from fastloss.core.requests import Request
from fastloss.core.summation import ordered_sum
from fastloss.dask.gathered import Given, Results, given, joined, located, require_reduction
from fastloss.dask.graphs import FAN, Blocks, Each, Key, listed, mapped, tasks
from fastloss.dask.workers import Job, at_work
from fastloss.embeddings.candidates import parts as blocks_of
from fastloss.embeddings.candidates.loss import Candidates, CandidatesLoss, evaluated, weighing
from fastloss.embeddings.candidates.parts import (
    ITSELF,
    MIRRORED,
    ONE_SIDED,
    SYMMETRIC,
    Found,
    Outline,
    Part,
    Parts,
    Pulled,
    Scored,
    Slopes,
)


class Layout(NamedTuple):
    """Which arguments of a loss are vectors, and by what else there is a gradient."""

    rows: tuple[str, ...]
    columns: tuple[str, ...] = ()  # none where columns are rows
    number: str | None = None
    bias: str | None = None  # of columns

    @property
    def vectors(self) -> tuple[str, ...]:
        return self.rows + self.columns


LAYOUTS = {
    "arcface_loss": Layout(("embeddings",), ("weights",), "scale"),
    "cosface_loss": Layout(("embeddings",), ("weights",), "scale"),
    "cross_entropy_with_factors": Layout(("hidden",), ("class_weights",), bias="bias"),
    "info_nce_loss": Layout(("query",), ("key", "negatives"), "temperature"),
    "multiple_negatives_ranking_loss": Layout(("anchors",), ("positives", "negatives"), "scale"),
    "nt_xent_loss": Layout(("z1", "z2"), (), "temperature"),
    "sphereface_loss": Layout(("embeddings",), ("weights",), "scale"),
    "supcon_loss": Layout(("embeddings",), (), "temperature"),
}


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
        self._vectors = {name: self._as_blocks(present[name]) for name in self._layout.vectors if name in present}
        self._small = given({name: one for name, one in present.items() if name not in self._vectors})
        outlines = {
            name: mapped(self._name("outline"), _outline, job, name, one, Each(tuple(range(len(one.keys)))))
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

    def _as_blocks(self, argument: Any) -> Blocks:
        """Return an argument's partitions; one if it lies in memory."""
        if isinstance(argument, Blocks):
            return argument
        return tasks(self._name("given"), _itself, [(np.asarray(argument),)], [])

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
        """What the tasks take that look at the whole call, `_described` as their first arguments."""
        return self._job, self._reduction, self._small.plain, self._small.refs, self._outlines.refs

    @property
    def _inputs(self) -> list[Blocks]:
        return [*self._small.inputs, *self._outlines.inputs]

    def counts(self) -> Blocks:
        return tasks(self._name("counts"), _count, [self._about()], self._inputs)

    def _cut(self) -> None:
        """Make the parts of blocks."""
        self._parts = tasks(self._name("parts"), _parts, [self._about()], self._inputs)
        self._row_parts = self._taken("part", self._parts, 0, len(self._rows))
        self._column_parts = self._row_parts
        if not self._same:
            self._column_parts = self._taken("part", self._parts, 1, len(self._columns))

    def _taken(self, step: str, made: Blocks, field: int, count: int) -> Blocks:
        """Return the items of a list that is a field of a result."""
        (key,) = made.keys
        return tasks(self._name(step), _item, [(TaskRef(key), field, at) for at in range(count)], [made])

    def _sides(self, pair: _Pair) -> tuple[Any, ...]:
        """Return the parts and blocks of a pair, arguments of a task."""
        columns = self._rows if self._same else self._columns
        parts = self._row_parts.keys[pair.row], self._column_parts.keys[pair.column]
        return tuple(map(TaskRef, (*parts, self._rows[pair.row], columns[pair.column])))

    def _first(self) -> Blocks:
        inputs = [self._row_parts, self._column_parts, *self._vectors.values()]
        about = [(self._job, pair.kind, *self._sides(pair)) for pair in self._pairs]
        return tasks(self._name("first-pass"), _first_pass, about, inputs)

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
            self._scored = tasks(self._name("scores"), _score, [about], [*self._inputs, rows, columns])
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
            result[layout.number] = tasks(self._name("number"), _number, number, [scored, self._row_parts, alongs])
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
        return tasks(self._name("second-pass"), _second_pass, about, inputs)

    def _added(self, lists: list[list[Key]], inputs: list[Blocks]) -> Blocks:
        """Add gradients for each list of them, in trees."""
        while True:
            cut = [[one[at : at + FAN] for at in range(0, len(one), FAN)] for one in lists]
            made = tasks(self._name("add"), blocks_of.add, [(listed(one),) for few in cut for one in few], inputs)
            keys = iter(made.keys)
            lists, inputs = [[next(keys) for _ in few] for few in cut], [made]
            if all(len(one) == 1 for one in lists):
                return made

    def _finished(self, lists: list[list[Key]], halves: "_Halves", parts: Blocks, vectors: list[Key]) -> Blocks:
        """Return the gradient by each block of vectors."""
        if not lists:
            return parts.only(())
        sums = self._added(lists, halves.inputs)
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
        return mapped(self._name("gradient"), _narrowed, self._column_parts, self._added(lists, [biases]))


class _Halves(NamedTuple):
    """Results of pairs for each block of rows, and for each of columns, and where they come from."""

    rows: list[list[Key]]
    columns: list[list[Key]]
    inputs: list[Blocks]


def _itself(array: Any) -> Any:
    return array


# What tasks do.


def _outline(job: Job, name: str, block: Any, partition: int) -> Outline:
    with at_work(job, partition):
        return blocks_of.outline(name, block)


class _Described(NamedTuple):
    request: Request
    call: Candidates
    rows: list[int]  # of each block
    columns: list[int]


def _described(
    job: Job,
    reduction: str,
    plain: dict[str, Any],
    small: dict[str, list[Any]],
    outlines: dict[str, list[Outline]],
) -> _Described:
    layout, loss = LAYOUTS[job.loss], cast(CandidatesLoss, lookup(job.loss))
    with located(small):
        vectors = {name: blocks_of.stand_in(name, one) for name, one in outlines.items()}
        arrays = {name: joined(one) for name, one in small.items()}
        request, call = loss.described(**{**job.given, **plain, **arrays, **vectors, "reduction": reduction})
    sizes = {name: [blocks_of.rows_in(one.shape) for one in few] for name, few in outlines.items()}
    rows, columns = (
        [size for name in names for size in sizes.get(name, ())] for names in (layout.rows, layout.columns)
    )
    return _Described(request, call, rows, columns)


def _parts(job: Job, *about: Any) -> Parts:
    with at_work(job):
        made = _described(job, *about)
        return blocks_of.divided(made.call, made.rows, made.columns)


def _count(job: Job, *about: Any) -> int | None:
    with at_work(job):
        return _described(job, *about).call.counted


def _item(made: Any, field: int, at: int) -> Any:
    return made[field][at]


def _first_pass(
    job: Job, kind: str, rows: Part, columns: Part, row_block: np.ndarray, column_block: np.ndarray
) -> tuple[Found, Found]:
    with at_work(job):
        return blocks_of.first_pass(kind, (rows, columns), (row_block, column_block))


def _second_pass(
    job: Job,
    kind: str,
    rows: Part,
    columns: Part,
    row_block: np.ndarray,
    column_block: np.ndarray,
    row_slopes: Slopes,
    column_slopes: Slopes | None,
) -> Pulled:
    with at_work(job):
        blocks, slopes = (row_block, column_block), (row_slopes, column_slopes)
        return blocks_of.second_pass(kind, (rows, columns), blocks, slopes)


def _score(
    job: Job,
    reduction: str,
    plain: dict[str, Any],
    small: dict[str, list[Any]],
    outlines: dict[str, list[Outline]],
    rows: list[Found],
    columns: list[Found],
) -> tuple[Scored, float]:
    with at_work(job):
        made = _described(job, reduction, plain, small, outlines)
        with located(small):
            weights = weighing(made.call, made.request.sample_weight, made.request.reduction)
        scored = blocks_of.score(made.call, weights, rows, columns)
        value = made.request.reduction.value(evaluated(made.call, weights, scored.losses))
        return scored._replace(losses=np.empty(0)), value


def _number(name: str, scored: Scored, part: Part, alongs: list[float]) -> float:
    total = ordered_sum(np.array([scored.total, *alongs]))
    return scored.factors[name] * float(part.within.restored(total))


def _narrowed(part: Part, gradient: np.ndarray) -> np.ndarray:
    return part.within.narrowed(gradient)
