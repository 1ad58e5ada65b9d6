"""A query in the hands of all threads on the CPU: ranked, and its pairs summed one by one.

Ranks are cut into parts of fixed size. In each launch one part meets itself and all behind it, a task each: no two tasks
add to one rank, since each has sums of its own for the first part's, which are added in the tasks' order.
"""

from typing import Any, NamedTuple

import numpy as np

from fastloss.compile.launch import ALONE
from fastloss.compile.templates import known_names, regroups, unbound
from fastloss.core import orders, summation
from fastloss.core.requests import Wanted
from fastloss.pairs.cpu_nodes import Scratch, run_block
from fastloss.pairs.queries.query import Ranked, Settings, fill_ranks, ideal_of, unit_of
from fastloss.pairs.queries.ranking import QueryRows
from fastloss.pairs.queries.tiles import Derivatives, add_tile, add_triangle

PART = 512  # ranks; sums depend on it
FILLED = 4096  # ranks of a task that only writes their gains and discounts

WANT_GRADIENT = unbound
WANT_CURVATURE = unbound


class RankedQuery(NamedTuple):
    """A query's rows by falling score, what their pairs are made of, and 1 / maxDCG."""

    rows: np.ndarray
    columns: Ranked
    inverse: float


class Sums(NamedTuple):
    """Sums over a query's pairs, see `query.scaled`: of losses, and derivatives by rank."""

    loss: float
    slopes: np.ndarray
    curvatures: np.ndarray


@regroups
def fill_block(inputs, parameters, outputs, first, last):
    labels, unit = inputs[0], parameters[0]
    gains, discounts = outputs
    for task in range(first, last):
        fill_ranks(task * FILLED, min((task + 1) * FILLED, labels.size), labels, unit, gains, discounts)


@regroups
def tiles_block(inputs, parameters, outputs, first, last):
    """Sum the pairs of the ranks begin <= i < end with those of some parts: the first is their own."""
    scores, gains, discounts = inputs
    losses, slopes, curvatures, own_slopes, own_curvatures, factors = outputs
    sigma, begin, end = parameters[0], np.int64(parameters[1]), np.int64(parameters[2])
    columns, derivatives = Ranked(scores, gains, discounts), Derivatives(slopes, curvatures)
    for task in range(first, last):
        own = Derivatives(own_slopes[task], own_curvatures[task])
        own.slopes[:] = 0.0
        own.curvatures[:] = 0.0
        start = begin + task * PART
        stop = min(start + PART, scores.size)
        if task == 0:
            losses[task] = add_triangle(begin, end, stop, columns, sigma, derivatives, factors)
        else:
            losses[task] = add_tile(begin, end, start, stop, columns, sigma, own, derivatives, factors)


def ranked(query: QueryRows, bounds: np.ndarray, settings: Settings) -> RankedQuery:
    """Rank one query."""
    begin, end = (int(bound) for bound in bounds)
    rows = query.order[begin:end] if query.order.size else np.arange(begin, end)
    falling = orders.stable(-query.scores[rows].astype(np.float64))
    rows = rows[falling]
    scores, labels = query.scores[rows].astype(np.float64), query.labels[rows]
    gains, discounts = np.empty(rows.size), np.empty(rows.size)
    unit, tasks = unit_of(float(labels.max(initial=0.0))), -(-rows.size // FILLED)
    names, name = {"LINEAR": settings.linear}, "linear" if settings.linear else "exp2"
    run_block(fill_block, name, (labels,), (unit,), (gains, discounts), tasks, names=names)
    level = min(settings.level, rows.size)
    ideal = ideal_of(summation.sum_of_many(np.sort(gains)[::-1][:level] * discounts[:level]))
    return RankedQuery(rows, Ranked(scores, gains * ideal.unit, discounts), ideal.inverse)


def direct_sums(columns: Ranked, settings: Settings, wanted: Wanted, names: dict[str, Any]) -> Sums:
    """Sum all pairs one by one."""
    sigma, level, _ = settings
    size = columns.scores.size
    level, parts = min(level, size), -(-size // PART)
    slopes, curvatures = np.zeros(size), np.zeros(size)
    losses, own = np.empty(parts), (np.empty((parts, PART)), np.empty((parts, PART)))
    known, total = known_names(tiles_block, names), 0.0
    for begin in range(0, level, PART):
        end, tasks = min(begin + PART, level), parts - begin // PART
        few, scratch = ALONE // ((end - begin) * PART), (Scratch(PART, np.float64),)
        outputs = (losses, slopes, curvatures, *own)
        run_block(tiles_block, wanted.code, columns, (sigma, begin, end), outputs, tasks, scratch, known, few)
        for derivative, parts_own in zip((slopes, curvatures), own, strict=True):
            derivative[begin:end] += parts_own[:tasks, : end - begin].sum(0)
        total += summation.ordered_sum(losses[:tasks])
    return Sums(total, slopes, curvatures)
