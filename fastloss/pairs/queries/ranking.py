"""Queries ranked, and their largest DCG: on the host, for every engine."""

from typing import Any, NamedTuple

import numpy as np

from fastloss.compile.sorting import argsort
from fastloss.compile.templates import regroups
from fastloss.pairs.cpu_nodes import Scratch, run_block
from fastloss.pairs.queries.query import Ranked, fill, ideal_of, largest_dcg, unit_among


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
    inputs, name = (labels, rows, offsets), "linear" if linear else "exp2"
    scratch = scratch_of(widest(np.diff(offsets)))
    run_block(ideal_block, name, inputs, (float(level),), (inverses, units), units.size, scratch, {"LINEAR": linear})
    return inverses, units


def widest(sizes: np.ndarray) -> int:
    """Return the number of rows of the largest query."""
    return int(sizes.max(initial=0))
