"""Columns of rows on the device: taken in another order, given back, and added to by label."""

from typing import Any

import numpy as np
from numba import cuda

from fastloss.compile.cuda.arrays import Place
from fastloss.compile.cuda.launch import a_thread_each, code, launch
from fastloss.compile.cuda.sizes import sizes
from fastloss.compile.templates import unbound
from fastloss.pairs.boxes.sums import is_between

POWER = unbound
THREADS = unbound
CHUNK = unbound  # rows that a thread counts or lists


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


def convert(inputs, outputs):
    i = cuda.blockIdx.x * THREADS + cuda.threadIdx.x
    if i < outputs[0].size:
        outputs[0][i] = np.float64(inputs[0][i])


def count_between(labels, bounds, interval, outputs):
    """A thread counts the rows of its chunk whose labels lie in an interval."""
    c = cuda.blockIdx.x * THREADS + cuda.threadIdx.x
    if c < outputs[0].size:
        begin = bounds[0] + c * CHUNK
        count = 0
        for i in range(begin, min(begin + CHUNK, bounds[1])):
            count += 1 if is_between(labels[i], interval) > 0 else 0
        outputs[0][c] = count


def list_between(inputs, bounds, interval, outputs):
    """A thread lists them, behind those of the chunks before."""
    labels, starts = inputs
    c = cuda.blockIdx.x * THREADS + cuda.threadIdx.x
    if c < starts.size:
        begin, at = bounds[0] + c * CHUNK, starts[c]
        for i in range(begin, min(begin + CHUNK, bounds[1])):
            if is_between(labels[i], interval) > 0:
                outputs[0][at] = i
                at += 1


def rows_between(place: Place, labels: Any, bounds: tuple[int, int], interval: tuple[float, float]) -> Any:
    """The rows begin <= i < end whose labels lie in an interval, in order."""
    where = tuple(map(int, bounds)), tuple(map(float, interval))
    size = sizes().listed
    chunks = -(-(where[0][1] - where[0][0]) // size)
    shape, counts = a_thread_each(chunks), place.empty(chunks, np.int64)
    launch(place, code(count_between, CHUNK=size), shape, labels, *where, (counts,))
    ends = np.cumsum(np.append(0, place.host(counts)))
    rows = place.empty(int(ends[-1]), np.int64)
    launch(place, code(list_between, CHUNK=size), shape, (labels, place.device(ends[:-1])), *where, (rows,))
    return rows


def in_float64(value: Any) -> Any:
    """The elements of a contiguous array on the device, one after another, in float64: copied if they are others."""
    place = Place(value)
    column = place.device(value)
    column = column.reshape(column.size)
    if column.dtype == np.float64:
        return column
    found = place.empty(column.size)
    launch(place, code(convert), a_thread_each(column.size), (column,), (found,))
    return found


def taken(place: Place, column: Any, rows: Any) -> Any:
    """A column's elements at some rows."""
    found = place.empty(rows.size, column.dtype)
    launch(place, code(take), a_thread_each(rows.size), (column, rows), (found,))
    return found


def give_back(place: Place, column: Any, rows: Any, result: Any) -> None:
    """Add a column's elements to a result at some rows, no two of which are the same."""
    launch(place, code(give), a_thread_each(rows.size), (column, rows), (result,))


def add_by_label(place: Place, columns: Any, bounds: tuple[int, int], term: Any, result: Any) -> None:
    """Add number * weight**power to the rows begin <= i < end of some labels.

    `columns` is (labels, weights), `term` is (lowest label, highest label, number, power).
    """
    what = code(add, str(term[3]), POWER=term[3])
    launch(place, what, a_thread_each(bounds[1] - bounds[0]), columns, bounds, tuple(map(float, term[:3])), (result,))
