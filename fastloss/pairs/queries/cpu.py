"""Queries on the CPU: a task is a number of whole queries, each ranked and its pairs summed by one thread.

A query of very many pairs is summed in several calls, a range of ranks each, between which Python sees Ctrl-C.
"""

from typing import Any

import numpy as np

from fastloss.compile.elementary import weighed
from fastloss.compile.templates import known_names, regroups, unbound
from fastloss.core import orders
from fastloss.core.outcomes import Outcome
from fastloss.core.requests import Wanted
from fastloss.core.validate import kernel_dtype
from fastloss.pairs.cpu_nodes import run_block
from fastloss.pairs.pair import PairFormulas
from fastloss.pairs.queries.query import pairs_of
from fastloss.pairs.queries.ranking import inverse_of, ranking, scratch_of, widest

COST = 1 << 18  # pairs of a task
MOST = 1 << 24  # pairs of a call

WANT_GRADIENT = unbound
WANT_CURVATURE = unbound


@regroups
def add_pairs(ranks, total, columns, numbers, slopes):
    """`total` and the loss of the pairs whose better rank lies in a range; derivatives are added to `slopes`."""
    for i in range(ranks[0], ranks[1]):
        loss, one, two = pairs_of(i, columns, numbers[0], numbers[1], slopes)
        total += loss
        if WANT_GRADIENT:
            slopes[0][i] += one
        if WANT_CURVATURE:
            slopes[1][i] += two
    return total


@regroups
def block(inputs, parameters, outputs, first, last):
    offsets, scales, tasks = inputs[3], inputs[4], inputs[5]
    losses, gradient, curvatures, integers, reals = outputs
    for g in range(tasks[first], tasks[last]):
        size = offsets[g + 1] - offsets[g]
        level = min(size, np.int64(parameters[1]))
        if size * level > MOST:
            continue
        ranked, columns = ranking(inputs, (offsets[g], offsets[g + 1]), (integers, reals))
        slopes = reals[4 * size : 5 * size], reals[5 * size : 6 * size]
        for k in range(size):
            slopes[0][k] = slopes[1][k] = 0.0
        numbers = inverse_of(columns, level, integers), parameters[0]
        losses[g] = add_pairs((0, level), 0.0, columns, numbers, slopes)
        for k in range(size):
            if WANT_GRADIENT:
                gradient[ranked[k]] = weighed(scales[g], slopes[0][k])
            if WANT_CURVATURE:
                curvatures[ranked[k]] = weighed(scales[g], slopes[1][k])


@regroups
def ranking_block(inputs, parameters, outputs, first, last):
    offsets, size = inputs[3], outputs[0].size
    integers = outputs[5]
    ranked, columns = ranking(inputs, (offsets[0], offsets[1]), (integers, outputs[6]))
    for k in range(size):
        outputs[0][k], outputs[1][k], outputs[2][k], outputs[3][k] = (
            ranked[k],
            columns[0][k],
            columns[1][k],
            columns[2][k],
        )
    outputs[4][0] = inverse_of(columns, np.int64(parameters[0]), integers)


@regroups
def pairs_block(inputs, parameters, outputs, first, last):
    ranks = np.int64(parameters[2]), np.int64(parameters[3])
    slopes = outputs[0], outputs[1]
    outputs[2][0] = add_pairs(ranks, outputs[2][0], inputs, (parameters[0], parameters[1]), slopes)


def _large(g: int, arrays: Any, settings: tuple[float, int], results: Any, about: tuple[str, dict[str, Any]]) -> None:
    """One query, in calls of at most so many pairs; the same bits as `block`'s."""
    name, names = about
    (sigma, level), (loss, gradient, curvature) = settings, results
    bounds = np.array(arrays[3][g : g + 2])
    size = int(bounds[1] - bounds[0])
    level = min(size, level)
    ranked, inverse = np.empty(size, np.int64), np.empty(1)
    columns = tuple(np.empty(size) for _ in range(3))
    ranking_inputs = (*arrays[:3], bounds)
    ranking_task = ranking_inputs, (float(level),), (ranked, *columns, inverse)
    run_block(ranking_block, name, ranking_task, 1, scratch_of(size), known_names(ranking_block, names))
    slopes, total = tuple(np.zeros(size if result.size else 0) for result in (gradient, curvature)), np.zeros(1)
    step = max(1, MOST // size)
    for begin in range(0, level, step):
        numbers = inverse[0], sigma, begin, min(level, begin + step)
        pairs_task = columns, numbers, (*slopes, total)
        run_block(pairs_block, name, pairs_task, 1, names=known_names(pairs_block, names))
    loss[g] = total[0]
    for result, slope in zip((gradient, curvature), slopes, strict=True):
        if result.size:
            result[ranked] = arrays[4][g] * slope


def run(formulas: PairFormulas, rows: Any, settings: tuple[float, int, bool], scales: np.ndarray, wanted: Wanted):
    """All queries; `rows` is (scores, labels, row order or None, offsets), `settings` (sigma, level, linear gains)."""
    scores, labels, order, offsets = rows
    sigma, level, linear = settings
    dtype = kernel_dtype(scores)
    sizes = np.diff(offsets)
    costs = np.cumsum(sizes * np.minimum(sizes, level) + 16 * sizes)
    cuts = np.searchsorted(costs, np.arange(COST, (costs[-1] if costs.size else 0) + COST, COST))
    tasks = orders.distinct(np.append(0, np.minimum(cuts + 1, sizes.size)))
    gradient, curvature = (np.zeros(scores.size if want else 0, dtype) for want in (wanted.gradient, wanted.curvature))
    loss = np.zeros(sizes.size)
    inputs = (
        np.ascontiguousarray(scores, dtype),
        np.ascontiguousarray(labels, np.float64),
        np.empty(0, np.int64) if order is None else np.ascontiguousarray(order, np.int64),
        np.ascontiguousarray(offsets, np.int64),
        scales,
        tasks,
    )
    names = {"value": formulas.value, "slope": formulas.slope, "curvature": formulas.curvature, "LINEAR": linear}
    asked = {"WANT_GRADIENT": wanted.gradient, "WANT_CURVATURE": wanted.curvature}
    name = f"{formulas.name}_{wanted.code}{'_linear' if linear else ''}"
    results = loss, gradient, curvature
    names |= asked
    arrays = inputs, (sigma, float(level)), results
    run_block(block, name, arrays, tasks.size - 1, scratch_of(widest(sizes)), known_names(block, names))
    for g in np.flatnonzero(sizes * np.minimum(sizes, level) > MOST):
        _large(int(g), inputs, (sigma, level), results, (name, names))
    return Outcome(groups=loss, gradients=(gradient,), curvatures=(curvature,))
