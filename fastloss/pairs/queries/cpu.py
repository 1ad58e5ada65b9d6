"""Queries on the CPU: a task is a number of whole queries, each ranked and its pairs summed by one thread.

A query of many pairs is summed by all threads together, in several launches, between which Python sees Ctrl-C: in time
proportional to its rows (`segments.py`), or pair by pair (`large.py`).
"""

from collections.abc import Iterator
from typing import NamedTuple

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
from fastloss.pairs.queries.large import QuerySums, direct_sums
from fastloss.pairs.queries.query import Settings, scaled
from fastloss.pairs.queries.ranking import (
    QueryRows,
    RankedQueries,
    put_in_unit,
    ranked_queries,
    ranking,
    scratch_of,
    widest,
)
from fastloss.pairs.queries.tiles import Derivatives, add_triangle
from fastloss.pairs.records import Groups

COST = 1 << 18  # pairs of a task
MOST = 1 << 22  # pairs, each counted twice, of a query that one thread sums one by one
LEAST = {"auto": 1e6, "fast": 2, "direct": np.inf}  # the same, of one that may be summed by segments
BATCH = 1 << 17  # rows whose queries are summed by segments at a time

WANT_GRADIENT = unbound
WANT_CURVATURE = unbound


@regroups
def block(inputs, parameters, outputs, first, last):
    scores, labels, order, offsets, scales, done, tasks = inputs
    losses, gradient, curvature, integers, reals = outputs
    sigma, rows = parameters[0], QueryRows(scores, labels, order)
    for g in range(tasks[first], tasks[last]):
        if done[g]:
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
    dtype, sizes = kernel_dtype(scores), np.diff(groups.offsets)
    order = np.empty(0, np.int64) if groups.rows is None else np.ascontiguousarray(groups.rows, np.int64)
    rows = QueryRows(np.ascontiguousarray(scores, dtype), np.ascontiguousarray(labels, np.float64), order)
    offsets = np.ascontiguousarray(groups.offsets, np.int64)
    gradient, curvature = (np.zeros(scores.size if want else 0, dtype) for want in (wanted.gradient, wanted.curvature))
    results = QueryResults(np.zeros(sizes.size), gradient, curvature)
    names = {"LINEAR": linear, "WANT_GRADIENT": wanted.gradient, "WANT_CURVATURE": wanted.curvature}
    pairs, bounds = sizes * np.minimum(sizes, level), np.stack((offsets[:-1], offsets[1:]), 1)
    done = np.zeros(sizes.size, bool)
    for some in batches(np.flatnonzero(pairs >= LEAST[method]), sizes):
        queries = ranked_queries(rows, bounds[some], settings)
        plan = plan_of(queries, rows.labels, settings, method == "fast")
        if plan is not None:
            which = some[plan.chosen]
            put(results, which, plan.queries, fast_sums(formulas, plan, settings, wanted, names), sigma, scales)
            done[which] = True
    for g in np.flatnonzero(~done & (pairs > MOST)):
        query = ranked_queries(rows, bounds[g : g + 1], settings)
        put(results, np.array([g]), query, direct_sums(query.columns, settings, wanted, names), sigma, scales)
        done[g] = True
    name, numbers = f"{wanted.code}{'_linear' if linear else ''}", (sigma, level)
    tasks, scratch = tasks_of(np.where(done, 0, pairs + 16 * sizes)), scratch_of(widest(sizes[~done]))
    inputs, known = (*rows, offsets, scales, done, tasks), known_names(block, names)
    run_block(block, name, inputs, numbers, results, tasks.size - 1, scratch, known)
    return Outcome(groups=results.losses, gradients=(gradient,), curvatures=(curvature,))


class QueryResults(NamedTuple):
    """Losses by query, and derivatives by row, empty if they are not wanted."""

    losses: np.ndarray
    gradient: np.ndarray
    curvature: np.ndarray


def tasks_of(costs: np.ndarray) -> np.ndarray:
    """Return between which queries the tasks lie, each of about `COST` pairs."""
    ends = np.cumsum(costs)
    cuts = np.searchsorted(ends, np.arange(COST, (ends[-1] if ends.size else 0) + COST, COST))
    return orders.distinct(np.append(0, np.minimum(cuts + 1, ends.size)))


def batches(queries: np.ndarray, sizes: np.ndarray) -> Iterator[np.ndarray]:
    """Cut queries into batches of few rows, or of one query."""
    ends = np.cumsum(sizes[queries])
    begin = 0
    while begin < queries.size:
        before = ends[begin] - sizes[queries[begin]]
        end = max(begin + 1, int(np.searchsorted(ends, before + BATCH, "right")))
        yield queries[begin:end]
        begin = end


def put(
    results: QueryResults, which: np.ndarray, queries: RankedQueries, sums: QuerySums, sigma: float, scales: np.ndarray
) -> None:
    """Write what the pairs of some queries add up to."""
    sizes = np.diff(queries.offsets)
    results.losses[which] = queries.inverses * sums.losses
    of_ranks, factors = np.repeat(queries.inverses, sizes), np.repeat(scales[which], sizes)
    _, slopes, curvatures = scaled(RowSums(0.0, sums.slopes, sums.curvatures), of_ranks, sigma)
    for result, derivative in ((results.gradient, slopes), (results.curvature, curvatures)):
        if result.size:
            result[queries.rows] = summation.weighed(factors, derivative)
