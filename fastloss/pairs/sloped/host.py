"""The sums of `sums.py` on the CPU: NumPy sorts the rows, first items are done in parallel."""

import numpy as np

from fastloss.compile.templates import known_names, regroups
from fastloss.core import orders
from fastloss.core.requests import Wanted
from fastloss.pairs.cpu_nodes import ROWS, run_block
from fastloss.pairs.nodes import wanted_names
from fastloss.pairs.pair import PairFormulas
from fastloss.pairs.records import Columns, Results
from fastloss.pairs.sloped.sums import SlopedRows, first_items, put_down, second_items
from fastloss.pairs.thresholds.sums import Sources, index_starts, suffix_sums

ROWS_A_BUCKET = 2


@regroups
def sources_block(inputs, parameters, outputs, first, last):
    sorted_scores, weights = inputs
    table, starts = outputs
    suffix_sums(sorted_scores, weights, table)
    index_starts(sorted_scores, starts)


@regroups
def first_block(inputs, parameters, outputs, first, last):
    scores, slopes, weights, table, starts = inputs
    first_sources, each, gradient, curvature = outputs
    margin, chunk = parameters[0], np.int64(parameters[1])
    bounds = first * chunk, min(np.int64(scores.size), last * chunk)
    rows, sources = SlopedRows(scores, slopes, weights), Sources(scores, table, starts)
    first_items(bounds, rows, margin, sources, first_sources, Results(each, gradient, curvature))


@regroups
def second_block(inputs, parameters, outputs, first, last):
    scores, slopes, weights, first_sources = inputs
    received, each, gradient, curvature = outputs
    rows, margin = SlopedRows(scores, slopes, weights), parameters[0]
    put_down(rows, margin, first_sources, received)
    second_items(rows, margin, first_sources, received, Results(each, gradient, curvature))


def _one_way(formulas: PairFormulas, rows: SlopedRows, margin: float, wanted: Wanted) -> Results:
    """Return each row's loss and derivatives, without its own weight, from the first items of positive slope."""
    scores, _, weights = rows
    size = scores.size
    results = Results.zeros(size, wanted._replace(each=wanted.value or wanted.each))
    names = {**wanted_names(wanted, bool(weights.size)), "POWER": formulas.power}
    name = f"{wanted.code}{formulas.power}{'w' if weights.size else 'u'}"
    table, starts = np.empty((size + 1, 3)), np.empty(size // ROWS_A_BUCKET + 2, np.int64)
    run_block(sources_block, "any", (scores, weights), (0.0,), (table, starts), 1)
    first_sources = np.empty(size, np.int64)
    inputs, outputs, known = (*rows, table, starts), (first_sources, *results), known_names(first_block, names)
    run_block(first_block, name, inputs, (margin, ROWS), outputs, -(-size // ROWS), names=known)
    if wanted.gradient or wanted.curvature:
        outputs, known = (np.zeros((size, 3)), *results), known_names(second_block, names)
        run_block(second_block, name, (*rows, first_sources), (margin,), outputs, 1, names=known)
    return results


def sums(formulas: PairFormulas, rows: Columns, margin: float, scale: float, wanted: Wanted, results: Results) -> float:
    """Return the loss of one group; each row's and the derivatives times `scale` are added to the results."""
    order = orders.stable(rows.scores)
    scores, slopes, weights = rows.taken(order)
    scores, slopes = scores.astype(np.float64, copy=False), slopes.astype(np.float64, copy=False)
    factors = weights if weights.size else 1.0
    each, gradient, curvature = _one_way(formulas, SlopedRows(scores, slopes, weights), margin, wanted)
    turned = SlopedRows(*(np.ascontiguousarray(column[::-1]) for column in (-scores, -slopes, weights)))
    loss, back, bend = (part[::-1] for part in _one_way(formulas, turned, margin, wanted))
    if each.size:
        each += loss
        flat = slopes == 0.0
        each[flat] += formulas.value(0.0, margin) * (weights.sum() if weights.size else float(slopes.size))
        each *= factors
    factor = scale * factors
    for result, part in zip(results, (each, gradient - back, curvature + bend), strict=True):
        if result.size:
            result[order] += part if part is each else factor * part
    return float(np.sum(each))
