"""Queries ranked, and their largest DCG: on the host, for every engine.

Kernels rank a query each; NumPy's sort ranks the largest, for which it is several times as fast.
"""

from typing import Any, NamedTuple

import numpy as np

from fastloss.compile.sorting import argsort
from fastloss.compile.templates import regroups
from fastloss.core import orders, summation
from fastloss.pairs.cpu_nodes import Scratch, run_block
from fastloss.pairs.queries.query import (
    Ranked,
    Settings,
    fill,
    fill_ranks,
    gain,
    ideal_of,
    largest_dcg,
    unit_among,
    unit_of,
)

SORTED = 1 << 14  # rows from which NumPy sorts a query
FILLED = 1 << 12  # ranks of a task that only writes their gains and discounts


class QueryRows(NamedTuple):
    """Scores and labels of all rows, and the rows in the order of their queries, empty if they lie so."""

    scores: Any
    labels: Any
    order: Any


@regroups
def ranking(rows, start, stop, scratch):
    """Return the rows of a query by falling score, and their scores, gains and discounts, in `scratch`."""
    scores, labels, order = rows
    size = stop - start
    integers, reals = scratch
    falling, ranked = reals[:size], integers[:size]
    for k in range(size):
        falling[k] = -np.float64(scores[order[start + k] if order.size else start + k])
    argsort(falling, ranked, integers[size : 2 * size])
    columns = Ranked(reals[size : 2 * size], reals[2 * size : 3 * size], reals[3 * size : 4 * size])
    for k in range(size):
        columns.scores[k] = -falling[ranked[k]]
        row = start + ranked[k]
        ranked[k] = order[row] if order.size else row
    fill(labels, ranked, columns.gains, columns.discounts)
    return ranked, columns


@regroups
def put_in_unit(gains, discounts, level, integers):
    """Multiply the gains by a unit, and return it with 1 / maxDCG."""
    size = gains.size
    ideal = ideal_of(largest_dcg(gains, discounts, level, (integers[size : 2 * size], integers[2 * size : 3 * size])))
    for k in range(size):
        gains[k] *= ideal.unit
    return ideal


def scratch_of(size: int) -> tuple[Scratch, Scratch]:
    """Return what ranking queries of up to so many rows takes: three arrays of integers and six of numbers."""
    return Scratch(3 * size, np.int64), Scratch(6 * size, np.float64)


class RankedQueries(NamedTuple):
    """Rows of some queries by falling score, one query behind the other, and what their pairs are made of."""

    rows: np.ndarray
    columns: Ranked
    offsets: np.ndarray
    inverses: np.ndarray  # 1 / maxDCG
    units: np.ndarray  # of the gains

    def columns_of(self, query: int) -> Ranked:
        """Return one query's."""
        return Ranked(*(column[self.offsets[query] : self.offsets[query + 1]] for column in self.columns))

    def taken(self, which: np.ndarray) -> "RankedQueries":
        """Return some of the queries."""
        if which.all():
            return self
        sizes = np.diff(self.offsets)
        ranks = np.repeat(which, sizes)
        columns = Ranked(*(column[ranks] for column in self.columns))
        offsets = np.append(0, np.cumsum(sizes[which]))
        return RankedQueries(self.rows[ranks], columns, offsets, self.inverses[which], self.units[which])


def run_by_gains(
    block: Any,
    linear: bool,
    inputs: tuple[Any, ...],
    parameters: tuple[float, ...],
    outputs: tuple[Any, ...],
    chunks: int,
    scratch: tuple[Scratch, ...] = (),
) -> None:
    """Launch a block that computes gains, linear or exponential."""
    name = "linear" if linear else "exp2"
    run_block(block, name, inputs, parameters, outputs, chunks, scratch, {"LINEAR": linear})


def ranked_queries(query: QueryRows, bounds: np.ndarray, settings: Settings) -> RankedQueries:
    """Rank the queries between some bounds, of shape (queries, 2)."""
    sizes = bounds[:, 1] - bounds[:, 0]
    offsets = np.append(0, np.cumsum(sizes))
    rows, columns = np.empty(offsets[-1], np.int64), Ranked(*(np.empty(offsets[-1]) for _ in range(3)))
    made = RankedQueries(rows, columns, offsets, np.empty(sizes.size), np.empty(sizes.size))
    large = sizes >= SORTED
    inputs, outputs = (*query, bounds, offsets, large), (rows, *columns, made.inverses, made.units)
    scratch, level = scratch_of(widest(sizes[~large])), (float(settings.level),)
    if not large.all():
        run_by_gains(rank_block, settings.linear, inputs, level, outputs, sizes.size, scratch)
    for one in np.flatnonzero(large):
        _rank_by_numpy(query, bounds[one], settings, int(one), made)
    return made


@regroups
def rank_block(inputs, parameters, outputs, first, last):
    scores, labels, order, bounds, offsets, large = inputs
    rows, ranked_scores, gains, discounts, inverses, units, integers, reals = outputs
    for g in range(first, last):
        if large[g]:
            continue
        start, size = offsets[g], offsets[g + 1] - offsets[g]
        ranked, columns = ranking(QueryRows(scores, labels, order), bounds[g, 0], bounds[g, 1], (integers, reals))
        for k in range(size):
            rows[start + k], ranked_scores[start + k] = ranked[k], columns.scores[k]
        ideal = put_in_unit(columns.gains, columns.discounts, min(size, np.int64(parameters[0])), integers)
        for k in range(size):
            gains[start + k], discounts[start + k] = columns.gains[k], columns.discounts[k]
        inverses[g], units[g] = ideal.inverse, ideal.unit * unit_among(labels, rows[start : start + size])


def _rank_by_numpy(query: QueryRows, bounds: np.ndarray, settings: Settings, one: int, made: RankedQueries) -> None:
    """Do the same for one query."""
    begin, end = (int(bound) for bound in bounds)
    rows = query.order[begin:end] if query.order.size else np.arange(begin, end)
    rows = rows[orders.stable(-query.scores[rows].astype(np.float64))]
    scores, gains, discounts = made.columns_of(one)
    scores[:], labels = query.scores[rows], query.labels[rows]
    unit, tasks = unit_of(float(labels.max())), -(-rows.size // FILLED)
    run_by_gains(fill_block, settings.linear, (labels,), (unit,), (gains, discounts), tasks)
    ideal = ideal_of(summation.sum_of_many(np.sort(gains)[::-1][: settings.level] * discounts[: settings.level]))
    gains *= ideal.unit
    made.rows[made.offsets[one] : made.offsets[one + 1]] = rows
    made.inverses[one], made.units[one] = ideal.inverse, unit * ideal.unit


@regroups
def fill_block(inputs, parameters, outputs, first, last):
    labels, unit = inputs[0], parameters[0]
    gains, discounts = outputs
    for task in range(first, last):
        fill_ranks(task * FILLED, min((task + 1) * FILLED, labels.size), labels, unit, gains, discounts)


def gains_of(labels: np.ndarray, units: np.ndarray, linear: bool) -> np.ndarray:
    """Return the gains of some labels in every query."""
    gains = np.empty((units.size, labels.size))
    run_by_gains(gains_block, linear, (labels, units), (), (gains,), units.size)
    return gains


@regroups
def gains_block(inputs, parameters, outputs, first, last):
    labels, units = inputs
    (gains,) = outputs
    for g in range(first, last):
        for k in range(labels.size):
            gains[g, k] = gain(labels[k], units[g])


@regroups
def ideal_block(inputs, parameters, outputs, first, last):
    labels, rows, offsets = inputs
    inverses, units, integers, reals = outputs
    for g in range(first, last):
        query = rows[offsets[g] : offsets[g + 1]]
        gains, discounts = reals[: query.size], reals[query.size : 2 * query.size]
        fill(labels, query, gains, discounts)
        ideal = put_in_unit(gains, discounts, min(query.size, np.int64(parameters[0])), integers)
        inverses[g], units[g] = ideal.inverse, ideal.unit * unit_among(labels, query)


def ideals(
    labels: np.ndarray, rows: np.ndarray, offsets: np.ndarray, level: int, linear: bool
) -> tuple[np.ndarray, np.ndarray]:
    """Return 1 / maxDCG of every query, 0 where that is 0, and the units of its gains; for engines without a sort."""
    inverses, units = np.empty(offsets.size - 1), np.empty(offsets.size - 1)
    inputs, scratch = (labels, rows, offsets), scratch_of(widest(np.diff(offsets)))
    run_by_gains(ideal_block, linear, inputs, (float(level),), (inverses, units), units.size, scratch)
    return inverses, units


def widest(sizes: np.ndarray) -> int:
    """Return the number of rows of the largest query."""
    return int(sizes.max(initial=0))
