"""Queries on the CPU: a task is a number of whole queries, each ranked and its pairs summed by one thread.

A query of very many pairs is summed in several calls, a range of ranks each, between which Python sees Ctrl-C.
"""

from typing import Any, NamedTuple

import numpy as np

from fastloss.compile.elementary import weighed
from fastloss.compile.templates import known_names, regroups, unbound
from fastloss.core import orders
from fastloss.core.outcomes import Outcome
from fastloss.core.requests import Wanted
from fastloss.core.validate import kernel_dtype
from fastloss.pairs.cpu_nodes import run_block
from fastloss.pairs.pair import PairFormulas
from fastloss.pairs.queries.query import Ranked, Settings, pairs_of
from fastloss.pairs.queries.ranking import QueryRows, inverse_of, ranking, scratch_of, widest
from fastloss.pairs.records import Groups

COST = 1 << 18  # pairs of a task
MOST = 1 << 24  # pairs of a call

WANT_GRADIENT = unbound
WANT_CURVATURE = unbound


@regroups
def add_pairs(begin, end, total, columns, inverse, sigma, derivatives):
    """Return `total` and the loss of the pairs whose better rank lies in a range.

    Derivatives are added to (slopes, curvatures).
    """
    slopes, curvatures = derivatives
    for i in range(begin, end):
        loss, steep, bend = pairs_of(i, columns, inverse, sigma, derivatives)
        total += loss
        if WANT_GRADIENT:
            slopes[i] += steep
        if WANT_CURVATURE:
            curvatures[i] += bend
    return total


@regroups
def block(inputs, parameters, outputs, first, last):
    scores, labels, order, offsets, scales, tasks = inputs
    losses, gradient, curvature, integers, reals = outputs
    sigma, rows = parameters[0], QueryRows(scores, labels, order)
    for g in range(tasks[first], tasks[last]):
        size = offsets[g + 1] - offsets[g]
        level = min(size, np.int64(parameters[1]))
        if size * level > MOST:
            continue
        ranked, columns = ranking(rows, offsets[g], offsets[g + 1], (integers, reals))
        slopes, curvatures = reals[4 * size : 5 * size], reals[5 * size : 6 * size]
        for k in range(size):
            slopes[k] = curvatures[k] = 0.0
        inverse = inverse_of(columns.gains, columns.discounts, level, integers)
        losses[g] = add_pairs(0, level, 0.0, columns, inverse, sigma, (slopes, curvatures))
        for k in range(size):
            if WANT_GRADIENT:
                gradient[ranked[k]] = weighed(scales[g], slopes[k])
            if WANT_CURVATURE:
                curvature[ranked[k]] = weighed(scales[g], curvatures[k])


@regroups
def ranking_block(inputs, parameters, outputs, first, last):
    scores, labels, order, bounds = inputs
    rows, ranked_scores, gains, discounts, inverse, integers, reals = outputs
    query = QueryRows(scores, labels, order)
    ranked, columns = ranking(query, bounds[0], bounds[1], (integers, reals))
    for k in range(rows.size):
        rows[k], ranked_scores[k] = ranked[k], columns.scores[k]
        gains[k], discounts[k] = columns.gains[k], columns.discounts[k]
    inverse[0] = inverse_of(columns.gains, columns.discounts, np.int64(parameters[0]), integers)


@regroups
def pairs_block(inputs, parameters, outputs, first, last):
    scores, gains, discounts = inputs
    slopes, curvatures, total = outputs
    inverse, sigma, begin, end = parameters[0], parameters[1], np.int64(parameters[2]), np.int64(parameters[3])
    columns = Ranked(scores, gains, discounts)
    total[0] = add_pairs(begin, end, total[0], columns, inverse, sigma, (slopes, curvatures))


def run(
    formulas: PairFormulas,
    scores: np.ndarray,
    labels: np.ndarray,
    groups: Groups,
    settings: Settings,
    scales: np.ndarray,
    wanted: Wanted,
) -> Outcome:
    """Rank every query and sum its pairs; `scales` multiplies each query's derivatives."""
    sigma, level, linear = settings
    dtype = kernel_dtype(scores)
    sizes = np.diff(groups.offsets)
    costs = np.cumsum(sizes * np.minimum(sizes, level) + 16 * sizes)
    cuts = np.searchsorted(costs, np.arange(COST, (costs[-1] if costs.size else 0) + COST, COST))
    tasks = orders.distinct(np.append(0, np.minimum(cuts + 1, sizes.size)))
    gradient, curvature = (np.zeros(scores.size if want else 0, dtype) for want in (wanted.gradient, wanted.curvature))
    losses = np.zeros(sizes.size)
    order = np.empty(0, np.int64) if groups.rows is None else np.ascontiguousarray(groups.rows, np.int64)
    rows = QueryRows(np.ascontiguousarray(scores, dtype), np.ascontiguousarray(labels, np.float64), order)
    offsets = np.ascontiguousarray(groups.offsets, np.int64)
    names = {
        "value": formulas.value,
        "slope": formulas.slope,
        "curvature": formulas.curvature,
        "LINEAR": linear,
        "WANT_GRADIENT": wanted.gradient,
        "WANT_CURVATURE": wanted.curvature,
    }
    name = f"{formulas.name}_{wanted.code}{'_linear' if linear else ''}"
    inputs, outputs, scratch = (*rows, offsets, scales, tasks), (losses, gradient, curvature), scratch_of(widest(sizes))
    numbers = sigma, float(level)
    run_block(block, name, inputs, numbers, outputs, tasks.size - 1, scratch, known_names(block, names))
    for g in np.flatnonzero(sizes * np.minimum(sizes, level) > MOST):
        bounds = offsets[g : g + 2].copy()
        ranked, loss, slopes, curvatures = _large(rows, bounds, settings, wanted, name, names)
        losses[g] = loss
        if wanted.gradient:
            gradient[ranked] = scales[g] * slopes
        if wanted.curvature:
            curvature[ranked] = scales[g] * curvatures
    return Outcome(groups=losses, gradients=(gradient,), curvatures=(curvature,))


class LargeQuery(NamedTuple):
    """The rows of a query by falling score, its loss, and derivatives by rank."""

    ranked: np.ndarray
    loss: float
    slopes: np.ndarray
    curvatures: np.ndarray


def _large(
    rows: QueryRows, bounds: np.ndarray, settings: Settings, wanted: Wanted, name: str, names: dict[str, Any]
) -> LargeQuery:
    """Sum one query, in calls of at most so many pairs, to the same bits as `block`."""
    size = int(bounds[1] - bounds[0])
    level = min(size, settings.level)
    ranked, inverse = np.empty(size, np.int64), np.empty(1)
    columns = Ranked(*(np.empty(size) for _ in range(3)))
    scratch, known = scratch_of(size), known_names(ranking_block, names)
    outputs = (ranked, *columns, inverse)
    run_block(ranking_block, name, (*rows, bounds), (float(level),), outputs, 1, scratch, known)
    slopes, curvatures = (np.zeros(size if want else 0) for want in (wanted.gradient, wanted.curvature))
    total, step, known = np.zeros(1), max(1, MOST // size), known_names(pairs_block, names)
    for begin in range(0, level, step):
        numbers = inverse[0], settings.sigma, begin, min(level, begin + step)
        run_block(pairs_block, name, tuple(columns), numbers, (slopes, curvatures, total), 1, names=known)
    return LargeQuery(ranked, total[0], slopes, curvatures)
