"""The sums of `sums.py` on the CPU: NumPy sorts the rows, first items are done in parallel."""

from typing import Any

import numpy as np

from fastloss.compile.templates import known_names, regroups
from fastloss.pairs.cpu_nodes import ROWS, run_block
from fastloss.pairs.pair import PairFormulas
from fastloss.pairs.sloped.sums import first_items, put_down, second_items
from fastloss.pairs.thresholds.cpu import ROWS_A_BUCKET, sources_block


@regroups
def first_block(inputs, parameters, outputs, first, last):
    scores, slopes, weights, table, starts = inputs
    rows = np.int64(parameters[1])
    some = first * rows, min(np.int64(scores.size), last * rows), scores, slopes, weights
    first_items(some, parameters[0], (table, starts), outputs[0], outputs[1:])


@regroups
def second_block(inputs, parameters, outputs, first, last):
    rows = inputs[0], inputs[1], inputs[2]
    put_down(rows, parameters[0], inputs[3], outputs[0])
    second_items(rows, parameters[0], inputs[3], outputs[0], outputs[1:])


def _one_way(formulas: PairFormulas, rows: Any, margin: float, wanted: Any) -> tuple[np.ndarray, ...]:
    """Each row's loss and derivatives, without its own weight, from the first items of positive slope."""
    scores, slopes, weights = rows
    size, derived = scores.size, wanted.gradient or wanted.curvature
    each, gradient, curvature = (
        np.zeros(size if want else 0) for want in (wanted.value or wanted.each, wanted.gradient, wanted.curvature)
    )
    names = {
        "WANT_VALUE": bool(each.size),
        "WANT_GRADIENT": wanted.gradient,
        "WANT_CURVATURE": wanted.curvature,
        "WEIGHTED": bool(weights.size),
        "POWER": formulas.power,
    }
    name = f"{wanted.code}{formulas.power}{'w' if weights.size else 'u'}"
    table, starts = np.empty((size + 1, 3)), np.empty(size // ROWS_A_BUCKET + 2, np.int64)
    run_block(sources_block, "any", ((scores, weights), (0.0,), (table, starts)), 1)
    places = np.empty(size, np.int64)
    results = each, gradient, curvature
    inputs = scores, slopes, weights, table, starts
    run_block(
        first_block,
        name,
        (inputs, (margin, ROWS), (places, *results)),
        -(-size // ROWS),
        names=known_names(first_block, names),
    )
    if derived:
        given = np.zeros((size, 3))
        arrays = (scores, slopes, weights, places), (margin,), (given, *results)
        run_block(second_block, name, arrays, 1, names=known_names(second_block, names))
    return results


def sums(formulas: PairFormulas, rows: Any, numbers: tuple[float, float], task: Any) -> float:
    """The loss of one group of rows, (scores, labels, weights); what is wanted is added to the results.

    `numbers` is (margin, the derivatives' factor), `task` is `Wanted` and (each, gradient, curvature).
    """
    wanted, results = task
    margin, scale = numbers
    order = np.argsort(rows[0], kind="stable")
    scores, slopes = (column[order].astype(np.float64, copy=False) for column in rows[:2])
    weights = rows[2][order] if rows[2].size else rows[2]
    own = weights if weights.size else 1.0
    each, gradient, curvature = _one_way(formulas, (scores, slopes, weights), margin, wanted)
    turned = tuple(np.ascontiguousarray(column[::-1]) for column in (-scores, -slopes, weights))
    loss, back, bend = (part[::-1] for part in _one_way(formulas, turned, margin, wanted))
    if each.size:
        each += loss
        flat = slopes == 0.0
        each[flat] += formulas.value(0.0, margin) * (weights.sum() if weights.size else float(slopes.size))
        each *= own
    factor = scale * own
    for result, part in zip(results, (each, gradient - back, curvature + bend), strict=True):
        if result.size:
            result[order] += part if part is each else factor * part
    return float(np.sum(each))
