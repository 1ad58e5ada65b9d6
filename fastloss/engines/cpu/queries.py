"""Queries on the CPU: a task is a number of whole queries, each ranked and its pairs summed by one thread.

A query of very many pairs is summed in several calls, a range of ranks each, between which Python sees Ctrl-C.
"""

from typing import Any, NamedTuple

import numpy as np

from fastloss.elementary import weighed
from fastloss.engines.cpu.nodes import run_block
from fastloss.shapes.pairs import PairFormulas
from fastloss.shapes.pointwise import Wanted
from fastloss.shapes.queries import fill, largest_dcg, pairs_of, unit_among
from fastloss.shapes.sorting import argsort
from fastloss.validate import kernel_dtype

COST = 1 << 18  # pairs of a task
MOST = 1 << 24  # pairs of a call

WANT_GRADIENT = False
WANT_CURVATURE = False


class Outcome(NamedTuple):
    """Each query's loss, and derivatives of the rows in their own order where wanted."""

    loss: np.ndarray
    gradient: np.ndarray
    curvature: np.ndarray


def ranking(inputs, bounds):
    """The rows of a query by falling score, and their scores, gains and discounts."""
    scores, labels, rows = inputs[0], inputs[1], inputs[2]
    start, size = bounds[0], bounds[1] - bounds[0]
    own, ranked = np.empty(size), np.empty(size, np.int64)
    for k in range(size):
        own[k] = -np.float64(scores[rows[start + k] if rows.size else start + k])
    argsort(own, ranked, np.empty(size, np.int64))
    columns = np.empty(size), np.empty(size), np.empty(size)
    for k in range(size):
        columns[0][k] = -own[ranked[k]]
        row = start + ranked[k]
        ranked[k] = rows[row] if rows.size else row
    fill(labels, ranked, columns[1], columns[2])
    return ranked, columns


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


def inverse_of(columns, level):
    best = largest_dcg(columns[1], columns[2], level)
    return 1.0 / best if best > 0.0 else 0.0


def block(inputs, parameters, outputs, first, last):
    offsets, scales, tasks = inputs[3], inputs[4], inputs[5]
    losses, gradient, curvatures = outputs
    for g in range(tasks[first], tasks[last]):
        size = offsets[g + 1] - offsets[g]
        level = min(size, np.int64(parameters[1]))
        if size * level > MOST:
            continue
        ranked, columns = ranking(inputs, (offsets[g], offsets[g + 1]))
        slopes = np.zeros(size if WANT_GRADIENT else 0), np.zeros(size if WANT_CURVATURE else 0)
        numbers = inverse_of(columns, level), parameters[0]
        losses[g] = add_pairs((0, level), 0.0, columns, numbers, slopes)
        for k in range(size):
            if WANT_GRADIENT:
                gradient[ranked[k]] = weighed(scales[g], slopes[0][k])
            if WANT_CURVATURE:
                curvatures[ranked[k]] = weighed(scales[g], slopes[1][k])


def ranking_block(inputs, parameters, outputs, first, last):
    offsets = inputs[3]
    ranked, columns = ranking(inputs, (offsets[0], offsets[1]))
    outputs[0][:], outputs[1][:], outputs[2][:], outputs[3][:] = ranked, columns[0], columns[1], columns[2]
    outputs[4][0] = inverse_of(columns, np.int64(parameters[0]))


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
    run_block(ranking_block, name, (ranking_inputs, (float(level),), (ranked, *columns, inverse)), 1, **names)
    slopes, total = tuple(np.zeros(size if result.size else 0) for result in (gradient, curvature)), np.zeros(1)
    step = max(1, MOST // size)
    for begin in range(0, level, step):
        numbers = inverse[0], sigma, begin, min(level, begin + step)
        run_block(pairs_block, name, (columns, numbers, (*slopes, total)), 1, **names)
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
    tasks = np.unique(np.append(0, np.minimum(cuts + 1, sizes.size)))
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
    run_block(block, name, (inputs, (sigma, float(level)), results), tasks.size - 1, **names, **asked)
    for g in np.flatnonzero(sizes * np.minimum(sizes, level) > MOST):
        _large(int(g), inputs, (sigma, level), results, (name, {**names, **asked}))
    return Outcome(loss, gradient, curvature)


def ideal_block(inputs, parameters, outputs, first, last):
    labels, rows, offsets = inputs
    for g in range(first, last):
        own = rows[offsets[g] : offsets[g + 1]]
        gains, discounts = np.empty(own.size), np.empty(own.size)
        fill(labels, own, gains, discounts)
        best = largest_dcg(gains, discounts, min(own.size, np.int64(parameters[0])))
        outputs[0][g] = 1.0 / best if best > 0.0 else 0.0
        outputs[1][g] = unit_among(labels, own)


def ideals(labels: np.ndarray, rows: np.ndarray, offsets: np.ndarray, level: int, linear: bool) -> Any:
    """1 / maxDCG of every query, 0 where that is 0, and the units of its gains; for engines that have no sort."""
    inverses, units = np.empty(offsets.size - 1), np.empty(offsets.size - 1)
    inputs, name = (labels, rows, offsets), "linear" if linear else "exp2"
    run_block(ideal_block, name, (inputs, (float(level),), (inverses, units)), units.size, LINEAR=linear)
    return inverses, units
