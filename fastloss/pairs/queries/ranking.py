"""Queries ranked, and their largest DCG: on the host, for every engine."""

from typing import Any

import numpy as np

from fastloss.compile.sorting import argsort
from fastloss.compile.templates import regroups
from fastloss.pairs.cpu_nodes import Scratch, run_block
from fastloss.pairs.queries.query import fill, largest_dcg, unit_among


@regroups
def ranking(inputs, bounds, scratch):
    """The rows of a query by falling score, and their scores, gains and discounts, in `scratch`."""
    scores, labels, rows = inputs[0], inputs[1], inputs[2]
    start, size = bounds[0], bounds[1] - bounds[0]
    integers, reals = scratch
    own, ranked = reals[:size], integers[:size]
    for k in range(size):
        own[k] = -np.float64(scores[rows[start + k] if rows.size else start + k])
    argsort(own, ranked, integers[size : 2 * size])
    columns = reals[size : 2 * size], reals[2 * size : 3 * size], reals[3 * size : 4 * size]
    for k in range(size):
        columns[0][k] = -own[ranked[k]]
        row = start + ranked[k]
        ranked[k] = rows[row] if rows.size else row
    fill(labels, ranked, columns[1], columns[2])
    return ranked, columns


def inverse_of(columns, level, scratch):
    size = columns[1].size
    best = largest_dcg(columns[1], columns[2], level, (scratch[size : 2 * size], scratch[2 * size : 3 * size]))
    return 1.0 / best if best > 0.0 else 0.0


def scratch_of(size: int) -> tuple[Scratch, Scratch]:
    """What ranking queries of up to so many rows takes: three arrays of integers and six of numbers."""
    return Scratch(3 * size, np.int64), Scratch(6 * size, np.float64)


@regroups
def ideal_block(inputs, parameters, outputs, first, last):
    labels, rows, offsets = inputs
    for g in range(first, last):
        own = rows[offsets[g] : offsets[g + 1]]
        columns = outputs[3][: own.size], outputs[3][: own.size], outputs[3][own.size : 2 * own.size]
        fill(labels, own, columns[1], columns[2])
        outputs[0][g] = inverse_of(columns, min(own.size, np.int64(parameters[0])), outputs[2])
        outputs[1][g] = unit_among(labels, own)


def ideals(labels: np.ndarray, rows: np.ndarray, offsets: np.ndarray, level: int, linear: bool) -> Any:
    """1 / maxDCG of every query, 0 where that is 0, and the units of its gains; for engines that have no sort."""
    inverses, units = np.empty(offsets.size - 1), np.empty(offsets.size - 1)
    inputs, name = (labels, rows, offsets), "linear" if linear else "exp2"
    arrays, scratch = (inputs, (float(level),), (inverses, units)), scratch_of(widest(np.diff(offsets)))
    run_block(ideal_block, name, arrays, units.size, scratch, {"LINEAR": linear})
    return inverses, units


def widest(sizes: np.ndarray) -> int:
    """The rows of the largest query."""
    return int(sizes.max(initial=0))
