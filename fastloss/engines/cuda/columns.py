"""Columns of rows on the device: taken in another order, given back, and added to by label."""

from typing import Any

from numba import cuda

from fastloss.engines.cuda.arrays import Place
from fastloss.engines.cuda.launch import code, launch
from fastloss.engines.cuda.reduction import THREADS

POWER = 0


def take(inputs, outputs):
    i = cuda.blockIdx.x * THREADS + cuda.threadIdx.x
    if i < outputs[0].size:
        outputs[0][i] = inputs[0][inputs[1][i]]


def give(inputs, outputs):
    i = cuda.blockIdx.x * THREADS + cuda.threadIdx.x
    if i < inputs[0].size:
        outputs[0][inputs[1][i]] += inputs[0][i]


def add(inputs, bounds, term, outputs):
    labels, weights = inputs
    i = bounds[0] + cuda.blockIdx.x * THREADS + cuda.threadIdx.x
    if i < bounds[1] and labels[i] >= term[0] and labels[i] <= term[1]:
        w = weights[i] if POWER > 0 and weights.size else 1.0
        outputs[0][i] += term[2] * (w * w if POWER == 2 else w)


def taken(place: Place, column: Any, rows: Any) -> Any:
    """A column's elements at some rows."""
    found = place.empty(rows.size, column.dtype)
    launch(place, code(take), (-(-rows.size // THREADS), THREADS), (column, rows), (found,))
    return found


def give_back(place: Place, column: Any, rows: Any, result: Any) -> None:
    """Add a column's elements to a result at some rows, no two of which are the same."""
    launch(place, code(give), (-(-rows.size // THREADS), THREADS), (column, rows), (result,))


def add_by_label(place: Place, columns: Any, bounds: tuple[int, int], term: Any, result: Any) -> None:
    """Add number * weight**power to the rows begin <= i < end of some labels.

    `columns` is (labels, weights), `term` is (lowest label, highest label, number, power).
    """
    what = code(add, str(term[3]), POWER=term[3])
    blocks = -(-(bounds[1] - bounds[0]) // THREADS)
    launch(place, what, (blocks, THREADS), columns, bounds, tuple(map(float, term[:3])), (result,))
