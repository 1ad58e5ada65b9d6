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
LISTED = unbound  # rows that a thread counts or lists


def take(inputs, outputs):
    column, rows = inputs
    (taken,) = outputs
    i = cuda.blockIdx.x * THREADS + cuda.threadIdx.x
    if i < taken.size:
        taken[i] = column[rows[i]]


def give(inputs, outputs):
    column, rows = inputs
    (result,) = outputs
    i = cuda.blockIdx.x * THREADS + cuda.threadIdx.x
    if i < column.size:
        result[rows[i]] += column[i]


def add(inputs, bounds, interval, number, outputs):
    labels, weights = inputs
    (begin, end), (low, high), (result,) = bounds, interval, outputs
    i = begin + cuda.blockIdx.x * THREADS + cuda.threadIdx.x
    if i < end and labels[i] >= low and labels[i] <= high:
        w = weights[i] if POWER > 0 and weights.size else 1.0
        result[i] += number * (w * w if POWER == 2 else w)


def convert(inputs, outputs):
    (column,), (converted,) = inputs, outputs
    i = cuda.blockIdx.x * THREADS + cuda.threadIdx.x
    if i < converted.size:
        converted[i] = np.float64(column[i])


def count_between(labels, bounds, interval, outputs):
    """A thread counts the rows of its chunk whose labels lie in an interval."""
    (first, end), (counts,) = bounds, outputs
    c = cuda.blockIdx.x * THREADS + cuda.threadIdx.x
    if c < counts.size:
        begin = first + c * LISTED
        count = 0
        for i in range(begin, min(begin + LISTED, end)):
            count += 1 if is_between(labels[i], interval) > 0 else 0
        counts[c] = count


def list_between(inputs, bounds, interval, outputs):
    """A thread lists them, behind those of the chunks before."""
    labels, starts = inputs
    (first, end), (rows,) = bounds, outputs
    c = cuda.blockIdx.x * THREADS + cuda.threadIdx.x
    if c < starts.size:
        begin, at = first + c * LISTED, starts[c]
        for i in range(begin, min(begin + LISTED, end)):
            if is_between(labels[i], interval) > 0:
                rows[at] = i
                at += 1


def rows_between(place: Place, labels: Any, bounds: tuple[int, int], interval: tuple[float, float]) -> Any:
    """Return the rows begin <= i < end whose labels lie in an interval, in order."""
    begin, end = map(int, bounds)
    where = (begin, end), tuple(map(float, interval))
    size = sizes().listed
    chunks = -(-(end - begin) // size)
    shape, counts = a_thread_each(chunks), place.empty(chunks, np.int64)
    launch(place, code(count_between, LISTED=size), shape, labels, *where, (counts,))
    ends = np.cumsum(np.append(0, place.host(counts)))
    rows = place.empty(int(ends[-1]), np.int64)
    launch(place, code(list_between, LISTED=size), shape, (labels, place.device(ends[:-1])), *where, (rows,))
    return rows


def in_float64(value: Any) -> Any:
    """Return the elements of a contiguous array on the device, one after another, in float64; others are copied."""
    place = Place(value)
    column = place.device(value)
    column = column.reshape(column.size)
    if column.dtype == np.float64:
        return column
    found = place.empty(column.size)
    launch(place, code(convert), a_thread_each(column.size), (column,), (found,))
    return found


def taken(place: Place, column: Any, rows: Any) -> Any:
    """Return a column's elements at some rows."""
    found = place.empty(rows.size, column.dtype)
    launch(place, code(take), a_thread_each(rows.size), (column, rows), (found,))
    return found


def give_back(place: Place, column: Any, rows: Any, result: Any) -> None:
    """Add a column's elements to a result at some rows, no two of which are the same."""
    launch(place, code(give), a_thread_each(rows.size), (column, rows), (result,))


def add_by_label(
    place: Place,
    labels: Any,
    weights: Any,
    bounds: tuple[int, int],
    interval: tuple[float, float],
    number: float,
    power: int,
    result: Any,
) -> None:
    """Add number * weight**power to the rows begin <= i < end whose labels lie in an interval."""
    what, (begin, end), labelled = code(add, str(power), POWER=power), bounds, tuple(map(float, interval))
    shape = a_thread_each(end - begin)
    launch(place, what, shape, (labels, weights), bounds, labelled, float(number), (result,))
