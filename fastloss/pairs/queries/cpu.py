"""Queries on the CPU: a task is a number of whole queries, each ranked and its pairs summed by one thread.

A query of many pairs is summed by all threads together, in several launches, between which Python sees Ctrl-C: in time
proportional to its rows (`segments.py`), or pair by pair (`large.py`).
"""

import numpy as np

from fastloss.compile.elementary import weighed
from fastloss.compile.templates import known_names, regroups, unbound
from fastloss.core import orders, summation
from fastloss.core.outcomes import Outcome
from fastloss.core.requests import Wanted
from fastloss.core.validate import kernel_dtype
from fastloss.pairs.cpu_nodes import run_block
from fastloss.pairs.pair import PairFormulas, RowSums
from fastloss.pairs.queries.fast import fast_sums, plan_of
from fastloss.pairs.queries.large import direct_sums, ranked
from fastloss.pairs.queries.query import Settings, scaled
from fastloss.pairs.queries.ranking import QueryRows, put_in_unit, ranking, scratch_of, widest
from fastloss.pairs.queries.tiles import Derivatives, add_triangle
from fastloss.pairs.records import Groups

COST = 1 << 18  # pairs of a task
MOST = 1 << 22  # pairs, each counted twice, of a query that one thread sums

WANT_GRADIENT = unbound
WANT_CURVATURE = unbound


@regroups
def block(inputs, parameters, outputs, first, last):
    scores, labels, order, offsets, scales, together, tasks = inputs
    losses, gradient, curvature, integers, reals = outputs
    sigma, rows = parameters[0], QueryRows(scores, labels, order)
    for g in range(tasks[first], tasks[last]):
        if together[g]:
            continue
        size = offsets[g + 1] - offsets[g]
        level = min(size, np.int64(parameters[1]))
        ranked, columns = ranking(rows, offsets[g], offsets[g + 1], (integers, reals))
        ideal = put_in_unit(columns.gains, columns.discounts, level, integers)
        derivatives = Derivatives(reals[4 * size : 5 * size], reals[5 * size : 6 * size])
        for k in range(size):
            derivatives.slopes[k] = derivatives.curvatures[k] = 0.0
        loss = add_triangle(0, level, size, columns, sigma, derivatives, reals[:size])
        losses[g] = ideal.inverse * loss
        for k in range(size):
            sums = scaled(RowSums(loss, derivatives.slopes[k], derivatives.curvatures[k]), ideal.inverse, sigma)
            if WANT_GRADIENT:
                gradient[ranked[k]] = weighed(scales[g], sums.slope)
            if WANT_CURVATURE:
                curvature[ranked[k]] = weighed(scales[g], sums.curvature)


def run(
    formulas: PairFormulas,
    scores: np.ndarray,
    labels: np.ndarray,
    groups: Groups,
    settings: Settings,
    method: str,
    scales: np.ndarray,
    wanted: Wanted,
) -> Outcome:
    """Rank every query and sum its pairs; `scales` multiplies each query's derivatives."""
    sigma, level, linear = settings
    dtype = kernel_dtype(scores)
    sizes = np.diff(groups.offsets)
    pairs = sizes * np.minimum(sizes, level)
    together = pairs > (1 if method == "fast" else MOST)
    costs = np.cumsum(np.where(together, 0, pairs + 16 * sizes))
    cuts = np.searchsorted(costs, np.arange(COST, (costs[-1] if costs.size else 0) + COST, COST))
    tasks = orders.distinct(np.append(0, np.minimum(cuts + 1, sizes.size)))
    gradient, curvature = (np.zeros(scores.size if want else 0, dtype) for want in (wanted.gradient, wanted.curvature))
    losses = np.zeros(sizes.size)
    order = np.empty(0, np.int64) if groups.rows is None else np.ascontiguousarray(groups.rows, np.int64)
    rows = QueryRows(np.ascontiguousarray(scores, dtype), np.ascontiguousarray(labels, np.float64), order)
    offsets = np.ascontiguousarray(groups.offsets, np.int64)
    names = {"LINEAR": linear, "WANT_GRADIENT": wanted.gradient, "WANT_CURVATURE": wanted.curvature}
    name = f"{formulas.name}_{wanted.code}{'_linear' if linear else ''}"
    inputs, outputs = (*rows, offsets, scales, together, tasks), (losses, gradient, curvature)
    scratch = scratch_of(widest(sizes[~together]))
    numbers = sigma, float(level)
    run_block(block, name, inputs, numbers, outputs, tasks.size - 1, scratch, known_names(block, names))
    for g in np.flatnonzero(together):
        query = ranked(rows, offsets[g : g + 2], settings)
        plan = None if method == "direct" else plan_of(query.columns, settings, method == "fast")
        if plan is None:
            sums = direct_sums(query.columns, settings, wanted, names)
        else:
            sums = fast_sums(formulas, plan, query.columns, settings, wanted, names)
        loss, slopes, curvatures = scaled(RowSums(*sums), query.inverse, sigma)
        losses[g] = loss
        if wanted.gradient:
            gradient[query.rows] = summation.weighed(scales[g], slopes)
        if wanted.curvature:
            curvature[query.rows] = summation.weighed(scales[g], curvatures)
    return Outcome(groups=losses, gradients=(gradient,), curvatures=(curvature,))
