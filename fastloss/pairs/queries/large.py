"""Pairs of one query summed one by one, by all threads of the CPU.

Ranks are cut into parts of fixed size. In each launch one part meets itself and all behind it, a task each: no two
tasks add to one rank, since each has sums of its own for the first part's, which are added in the tasks' order.
"""

from typing import Any, NamedTuple

import numpy as np

from fastloss.compile.launch import ALONE
from fastloss.compile.templates import known_names, regroups, unbound
from fastloss.core import summation
from fastloss.core.requests import Wanted
from fastloss.pairs.cpu_nodes import Scratch, run_block
from fastloss.pairs.queries.query import Ranked, Settings
from fastloss.pairs.queries.tiles import Derivatives, add_tile, add_triangle

PART = 512  # ranks; sums depend on it

WANT_GRADIENT = unbound
WANT_CURVATURE = unbound


class QuerySums(NamedTuple):
    """Sums over the pairs of queries, see `query.scaled`: of losses by query, and derivatives by rank."""

    losses: Any
    slopes: np.ndarray
    curvatures: np.ndarray


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


def direct_sums(columns: Ranked, settings: Settings, wanted: Wanted, names: dict[str, Any]) -> QuerySums:
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
    return QuerySums(total, slopes, curvatures)
