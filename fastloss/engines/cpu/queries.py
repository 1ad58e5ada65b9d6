"""Queries on the CPU: a task is a number of whole queries, each ranked and its pairs summed by one thread."""

from typing import Any, NamedTuple

import numpy as np

from fastloss.engines.cpu.nodes import run_block
from fastloss.shapes.pairs import PairFormulas
from fastloss.shapes.pointwise import Wanted
from fastloss.shapes.queries import fill, largest_dcg, pairs_of
from fastloss.validate import kernel_dtype

COST = 1 << 18  # pairs of a task

WANT_GRADIENT = False
WANT_CURVATURE = False


class Outcome(NamedTuple):
    """Each query's loss, and derivatives of the rows in their own order where wanted."""

    loss: np.ndarray
    gradient: np.ndarray
    curvature: np.ndarray


def block(inputs, parameters, outputs, first, last):
    scores, labels, rows, offsets, scales, tasks = inputs
    losses, gradient, curvatures = outputs
    for g in range(tasks[first], tasks[last]):
        start, stop = offsets[g], offsets[g + 1]
        size = stop - start
        level = min(size, np.int64(parameters[1]))
        own = np.empty(size)
        for k in range(size):
            own[k] = -np.float64(scores[rows[start + k] if rows.size else start + k])
        ranked = np.argsort(own, kind="mergesort")
        columns = np.empty(size), np.empty(size), np.empty(size)
        slopes = np.zeros(size if WANT_GRADIENT else 0), np.zeros(size if WANT_CURVATURE else 0)
        for k in range(size):
            columns[0][k] = -own[ranked[k]]
            row = start + ranked[k]
            ranked[k] = rows[row] if rows.size else row
        fill(labels, ranked, columns[1], columns[2])
        best = largest_dcg(columns[1], columns[2], level)
        inverse = 1.0 / best if best > 0.0 else 0.0
        total = 0.0
        for i in range(level):
            loss, one, two = pairs_of(i, columns, inverse, parameters[0], slopes)
            total += loss
            if WANT_GRADIENT:
                slopes[0][i] += one
            if WANT_CURVATURE:
                slopes[1][i] += two
        losses[g] = total
        for k in range(size):
            if WANT_GRADIENT:
                gradient[ranked[k]] = scales[g] * slopes[0][k]
            if WANT_CURVATURE:
                curvatures[ranked[k]] = scales[g] * slopes[1][k]


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
    run_block(
        block, name, (inputs, (sigma, float(level)), (loss, gradient, curvature)), tasks.size - 1, **names, **asked
    )
    return Outcome(loss, gradient, curvature)


def ideal_block(inputs, parameters, outputs, first, last):
    labels, rows, offsets = inputs
    for g in range(first, last):
        own = rows[offsets[g] : offsets[g + 1]]
        gains, discounts = np.empty(own.size), np.empty(own.size)
        fill(labels, own, gains, discounts)
        best = largest_dcg(gains, discounts, min(own.size, np.int64(parameters[0])))
        outputs[0][g] = 1.0 / best if best > 0.0 else 0.0


def inverse_ideals(labels: np.ndarray, rows: np.ndarray, offsets: np.ndarray, level: int, linear: bool) -> np.ndarray:
    """1 / maxDCG of every query, 0 where that is 0; for engines that have no sort."""
    found = np.empty(offsets.size - 1)
    name = "linear" if linear else "exp2"
    run_block(ideal_block, name, ((labels, rows, offsets), (float(level),), (found,)), found.size, LINEAR=linear)
    return found
