"""Hinges over pairs, inversions and AUC of rows in partitions, exactly: one partition of all rows into ranges by score.

Five steps for a value: every partition is summed up, all together make the plan of R = min(P, 64) ranges, every
partition is cut into R pieces, the pieces of every range are summed, and sums of weights and scores that say what
crosses the edges (`sums.py`) are added up in a tree. For gradients every range takes its pieces once more, with
the sums beyond its edges, and every partition puts its rows' slopes back in order. The graph has P R tasks that take a
piece out of a partition, and some 3 P + R others; for gradients P R more, and 2 P + 2 R. Only pieces have rows: a score
for each row, with its weight if there are some; rows that are above some label and below another are in two.
"""

import math
import operator
from typing import Any, NamedTuple

import numpy as np
from dask._task_spec import TaskRef

from fastloss.core import backend, reductions, summation
from fastloss.core.requests import Wanted
from fastloss.dask.graphs import Blocks, mapped, merged, picked, tasks
from fastloss.dask.ranges import pieces as range_pieces
from fastloss.dask.ranges import plan as range_plan
from fastloss.dask.ranges import sums as range_sums
from fastloss.dask.ranges.pieces import Back, Cut
from fastloss.dask.ranges.plan import Given, Plan, Summary, rule_of
from fastloss.dask.ranges.sums import Carried
from fastloss.dask.workers import Job, at_work
from fastloss.pairs import metrics

RANGES = 64  # most of them: a graph has as many tasks for each partition
NAMES = {"auc": ("mean",), "count_inversions": ("sum",)}


class Rows(NamedTuple):
    """For each partition a name for errors, its scores, labels and weights; and the blocks that these are of."""

    arguments: tuple[tuple[Any, ...], ...]
    inputs: list[Blocks]


def rows(scores: Blocks, labels: Blocks, weights: Blocks | None = None) -> Rows:
    """Return rows by their columns."""
    given = [None] * len(scores.keys) if weights is None else refs(weights)
    names = ["scores"] * len(scores.keys)
    columns = zip(names, refs(scores), refs(labels), given, strict=True)
    return Rows(tuple(columns), [one for one in (scores, labels, weights) if one is not None])


def two_arrays(pos: Blocks, neg: Blocks, weights: Blocks | None = None) -> Rows:
    """Return the rows of `margin_all_pairs_loss`: positives in their partitions, then negatives in theirs."""
    one = None if weights is None else 1.0
    given = [None] * len(pos.keys) if weights is None else refs(weights)
    high = [("pos", scores, 1, weight) for scores, weight in zip(refs(pos), given, strict=True)]
    low = [("neg", scores, 0, one) for scores in refs(neg)]
    return Rows((*high, *low), [blocks for blocks in (pos, neg, weights) if blocks is not None])


def values(job: Job, rows: Rows, reduction: str = "mean") -> Blocks:
    """Return the loss or the count of all rows: one number.

    Raises
    ------
    ValueError
        If the job is no ordered pairs of a loss that is summed by sorting, or there is no such reduction.
    """
    steps = _steps(job, rows, reduction)
    plan, pieces, ranges = steps.plan, steps.pieces, _ranges(rows)
    given = [(job, reduction, _ref(plan), one) for one in _rows_of(pieces, ranges)]
    inside = tasks(f"{job.loss}-range", inside_of, given, [plan, pieces])
    arguments = [(job, reduction, _ref(plan), _ref(steps.totals), refs(inside))]
    return tasks(f"{job.loss}-value", _value, arguments, [plan, steps.totals, inside])


def gradients(job: Job, rows: Rows, reduction: str = "mean") -> Blocks:
    """Return the gradient: an array for each partition of rows, in their order and of the scores' precision.

    Raises
    ------
    ValueError
        As `values`, or if the job is a count.
    """
    if rule_of(job).counts:
        raise ValueError(f"{job.loss} has no gradient: expected a loss")
    steps = _steps(job, rows, reduction)
    plan, pieces, ranges = steps.plan, steps.pieces, _ranges(rows)
    carried = tasks(f"{job.loss}-carried", _carried, [(job, ranges, _ref(plan), _ref(steps.totals))], [steps.totals])
    states = tasks(f"{job.loss}-state", operator.getitem, [(_ref(carried), at) for at in range(ranges)], [carried])
    given = zip(refs(states), _rows_of(pieces, ranges), strict=True)
    arguments = [(job, reduction, _ref(plan), at, state, one) for at, (state, one) in enumerate(given)]
    slopes = tasks(f"{job.loss}-slopes", slopes_of, arguments, [plan, states, pieces])
    count = len(rows.arguments)
    items = [(one, at) for at in range(count) for one in refs(slopes)]
    parts = tasks(f"{job.loss}-part", operator.getitem, items, [slopes])
    backs = picked(f"{job.loss}-back", steps.cuts, Cut._fields.index("back"))
    of_rows = zip(refs(backs), _rows_of(parts, count), strict=True)
    back = [(job, at, _ref(plan), one, own) for at, (one, own) in enumerate(of_rows)]
    return tasks(f"{job.loss}-gradient", placed_back, back, [plan, backs, parts])


def pairs(job: Job, rows: Rows, reduction: str = "mean") -> Blocks:
    """Return the number of pairs of all rows; `reduction` is that of the value beside it."""
    return mapped(f"{job.loss}-pairs", Plan.pairs, _planned(job, rows, reduction))


class _Steps(NamedTuple):
    """What values and gradients share; pieces are ordered by range."""

    plan: Blocks
    cuts: Blocks
    pieces: Blocks
    totals: Blocks


def _planned(job: Job, rows: Rows, reduction: str) -> Blocks:
    rule_of(job)
    reductions.named(reduction, NAMES.get(job.loss, ("mean", "sum")))
    arguments = [(job, at, *given) for at, given in enumerate(rows.arguments)]
    parts = tasks(f"{job.loss}-summary", _summary, arguments, rows.inputs)
    given = (job, _ranges(rows), range_plan.FEW, reduction == "mean", refs(parts))
    return tasks(f"{job.loss}-plan", _plan, [given], [parts])


def _steps(job: Job, rows: Rows, reduction: str) -> _Steps:
    plan, ranges = _planned(job, rows, reduction), _ranges(rows)
    arguments = [(job, at, ranges, _ref(plan), *given) for at, given in enumerate(rows.arguments)]
    cuts = tasks(f"{job.loss}-cut", _cut, arguments, [plan, *rows.inputs])
    items = [(one, at) for at in range(ranges) for one in refs(cuts)]
    pieces = tasks(f"{job.loss}-piece", _piece, items, [cuts])
    totals = picked(f"{job.loss}-sums", cuts, Cut._fields.index("totals"))
    return _Steps(plan, cuts, pieces, merged(f"{job.loss}-totals", range_sums.added, totals))


def _ranges(rows: Rows) -> int:
    return min(len(rows.arguments), RANGES)


def refs(blocks: Blocks) -> list[TaskRef]:
    """Return the values as arguments of tasks."""
    return [TaskRef(key) for key in blocks.keys]


def _ref(blocks: Blocks) -> TaskRef:
    (ref,) = refs(blocks)
    return ref


def _rows_of(blocks: Blocks, rows: int) -> list[list[TaskRef]]:
    """Return blocks as the rows of a matrix."""
    every = refs(blocks)
    width = len(every) // rows
    return [every[at * width : (at + 1) * width] for at in range(rows)]


# What workers run.


def _summary(job: Job, partition: int, *columns: Any) -> Summary:
    with at_work(job, partition):
        rule = rule_of(job)
        return range_plan.summary(rule, range_plan.given(rule, *columns))


def _plan(job: Job, ranges: int, few: int, centred: bool, parts: list[Summary]) -> Plan:
    with at_work(job):
        return range_plan.plan(rule_of(job), ranges, few, centred, parts)


def _cut(job: Job, partition: int, ranges: int, plan: Plan, *columns: Any) -> Cut:
    with at_work(job, partition):
        rule = rule_of(job)
        return range_pieces.cut(rule, plan, ranges, range_plan.given(rule, *columns))


def _piece(cut: Cut, at: int) -> Any:
    return cut.pieces[at]


def _whole(job: Job, reduction: str, rows: Given, slopes: bool) -> Any:
    """Return the loss or the gradient of all rows by one call."""
    rule, (scores, labels, weights) = rule_of(job), rows
    if rule.loss is None:
        return getattr(metrics, job.loss)(scores, labels, sample_weight=weights)
    function = rule.loss.value_and_grad if slopes else rule.loss
    made = function(scores, labels, margin=rule.margin, sample_weight=weights, reduction=reduction)
    return made[1] if slopes else made


def inside_of(job: Job, reduction: str, plan: Plan, pieces: list[Any]) -> float:
    """Return the loss of a range's pairs; all that is wanted where one range has all rows."""
    with at_work(job):
        if plan.whole:
            rows = [one for one in pieces if isinstance(one, Given)]
            return _whole(job, reduction, range_pieces.whole(rows), False) if rows else 0.0
        if not plan.fine:
            return math.nan
        rule = rule_of(job)
        columns, counts = range_pieces.together(pieces, not rule.counts)
        edges = backend.module("pairs.thresholds.edges")
        loss, _ = edges.within(rule.formulas, columns, counts, rule.margin, Wanted(value=True))
        return float(loss)


def _value(job: Job, reduction: str, plan: Plan, totals: np.ndarray, inside: list[float]) -> Any:
    with at_work(job):
        if plan.whole or not plan.fine:
            return inside[0]
        rule = rule_of(job)
        total, weight = range_sums.together(rule.formulas, plan, totals, inside)
        if rule.formulas.power:
            return summation.mean(total, weight) if reduction == "mean" else total
        if not rule.formulas.signed:
            return total
        return 0.5 + 0.5 * (total / weight) if weight else math.nan


def _carried(job: Job, ranges: int, plan: Plan, totals: np.ndarray) -> list[Carried]:
    with at_work(job):
        made = range_sums.carried(plan, totals)
        states = [made._replace(table=table.copy()) for table in made.table]
        return states + [states[0]] * (ranges - len(states))


def slopes_of(job: Job, reduction: str, plan: Plan, at: int, state: Carried, pieces: list[Any]) -> list[np.ndarray]:
    """Return the gradient of the rows of each piece of a range."""
    with at_work(job):
        if plan.whole and isinstance(pieces[0], Given):
            gradient = _whole(job, reduction, range_pieces.whole(pieces), True)
            return np.split(gradient, np.cumsum([one.scores.size for one in pieces])[:-1])
        if plan.whole or not plan.fine or at >= plan.ranges:
            return [np.empty(0)] * len(pieces)
        rule = rule_of(job)
        columns, counts = range_pieces.together(pieces, True)
        factor = summation.inverse(state.weight) if reduction == "mean" else 1.0
        edges = backend.module("pairs.thresholds.edges")
        _, gradient = edges.within(rule.formulas, columns, counts, rule.margin, Wanted(gradient=True), factor)
        low, high = np.append(0.0, plan.splitters)[at], np.append(plan.splitters, 0.0)[at]
        sides = edges.met_at(low, high, rule.margin)
        edges.add_slopes(rule.formulas, columns, state.table, sides, factor, gradient)
        return np.split(gradient, np.cumsum([one.scores.size for one in pieces])[:-1])


def placed_back(job: Job, partition: int, plan: Plan, back: Back, parts: list[np.ndarray]) -> np.ndarray:
    """Return the gradient of a partition's rows, from those of its pieces."""
    with at_work(job, partition):
        if not (plan.whole or plan.fine):
            return np.full(back.size, np.nan, back.dtype)
        sign = rule_of(job).sign
        gradient = range_pieces.placed(back, parts)
        return gradient if sign == 1.0 else back.dtype.type(sign) * gradient
