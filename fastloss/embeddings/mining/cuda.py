"""Pairs and triplets on CUDA: strips of distances, a block of threads an anchor, then two products for the gradient.

Every triplet is looked at, in time proportional to N**2 times a class's size, where the CPU places each negative among
an anchor's positives. The interface is that of `embeddings.mining.cpu`.
"""

from typing import Any

import numba
import numpy as np
from numba import cuda

from fastloss.compile import elementary
from fastloss.compile.cuda.launch import Code, a_block_each, code, launch
from fastloss.compile.cuda.reduction import block_sum
from fastloss.compile.elementary import INFINITY, weighed
from fastloss.compile.templates import unbound
from fastloss.core.outcomes import Outcome
from fastloss.embeddings.cuda_products import BY_COLUMNS, BY_ROWS, PRODUCT, accumulate, add_columns, multiply
from fastloss.embeddings.mining import anchor as mining
from fastloss.embeddings.mining.anchor import (
    Counts,
    Examples,
    Kind,
    inverse,
    lead,
    near_ones,
    pairs_of,
    to_roots,
    to_squares,
)

STRIP = 1 << 25  # elements of a strip of distances; one of slopes is as large

WIDE, IDS = numba.float64, numba.int64

SQUARED = WANT_GRADIENT = FINITE = TRIPLETS = THREADS = unbound
of_anchor = softplus = slope_of = unbound


def kernel(strips, first, examples, settings, outputs):
    """An anchor: its distances, in place of products, and what a loss makes of them; slopes are written beside them."""
    r = cuda.blockIdx.x
    a = first + r
    rows, squares, starts, ends, weights = examples
    losses, active, every, sums = outputs
    begin, end, width = starts[a], ends[a], strips[0].shape[1]
    unknown = cuda.syncthreads_or(to_distances(strips[0], r, (a, rows), squares)) != 0
    positives, negatives = end - begin - 1, width - (end - begin)
    loss, counted, count = 0.0, 0.0, 0
    if TRIPLETS and (positives == 0 or negatives == 0):
        fill(strips[1], r, 0.0)
    elif TRIPLETS and unknown:
        fill(strips[1], r, np.nan)
        loss, count = np.nan, positives * negatives if FINITE else 0
        counted = float(count)
    else:
        fill(strips[1], r, 0.0)
        loss, counted, count = of_anchor(strips, (r, a), (begin, end), weights, settings)
    cuda.syncthreads()
    total, _ = block_sum(row_sum(strips[1], r), 0)
    if cuda.threadIdx.x == 0:
        losses[a], active[a], every[a] = loss, counted, count
        if WANT_GRADIENT:
            sums[a] += total


def to_distances(strip, r, own, squares):
    """A thread's columns of a row; whether a loss of triplets is unknown for one of them."""
    unknown = 0
    for j in range(cuda.threadIdx.x, strip.shape[1], THREADS):
        here = j, j + 1
        if to_squares(strip, r, here, squares[own[0]], squares):
            near_ones(strip, r, here, own, squares)
        if not SQUARED:
            to_roots(strip, r, here)
        d = strip[r, j]
        if d != d or (FINITE and d == INFINITY):
            unknown = 1
    return unknown


def fill(strip, r, number):
    for j in range(cuda.threadIdx.x, strip.shape[1] if WANT_GRADIENT else 0, THREADS):
        strip[r, j] = number


def row_sum(strip, r):
    total = 0.0
    for j in range(cuda.threadIdx.x, strip.shape[1] if WANT_GRADIENT else 0, THREADS):
        total += strip[r, j]
    return total


def every_triplet(strips, place, bounds, weights, settings):
    """(loss, active, triplets), known to the first thread, as all results below."""
    distances, slopes = strips
    r, a = place
    begin, end = bounds
    width = distances.shape[1]
    loss = counted = 0.0
    for p in range(begin, end):
        if p != a:
            here = np.float64(distances[r, p])
            cost, active = against(strips, r, here, bounds, settings)
            cost, _ = block_sum(cost, 0)
            cuda.syncthreads()
            active, _ = block_sum(active, 0)
            cuda.syncthreads()
            loss += cost
            counted += active
            if WANT_GRADIENT and cuda.threadIdx.x == 0:
                slopes[r, p] = weights[a] * active * inverse(here)
    if WANT_GRADIENT:
        for j in range(cuda.threadIdx.x, width, THREADS):
            if j < begin or j >= end:
                slopes[r, j] *= -weights[a] * inverse(np.float64(distances[r, j]))
    triplets = (end - begin - 1) * (width - (end - begin))
    return loss, float(triplets) if FINITE else counted, triplets


def against(strips, r, here, bounds, settings):
    """A positive at some distance against a thread's negatives: their losses and slopes, the latter added to each's."""
    distances, slopes = strips
    loss = active = 0.0
    for j in range(cuda.threadIdx.x, distances.shape[1], THREADS):
        if j < bounds[0] or j >= bounds[1]:
            gap = lead(here, np.float64(distances[r, j]), settings)
            loss += softplus(gap)
            slope = slope_of(gap)
            active += slope
            if WANT_GRADIENT:
                slopes[r, j] += slope
    return loss, active


def better(number, column, other, another):
    """The larger number with its column, which is -1 for none; the first of equal ones."""
    if another >= 0 and (column < 0 or other > number or (other == number and another < column)):
        return other, another
    return number, column


def block_best(number, column):
    """The best of all threads, for all of them."""
    numbers = cuda.shared.array(THREADS, WIDE)
    columns = cuda.shared.array(THREADS, IDS)
    thread = cuda.threadIdx.x
    numbers[thread], columns[thread] = number, column
    half = THREADS // 2
    while half > 0:
        cuda.syncthreads()
        if thread < half:
            one, other = thread, thread + half
            numbers[one], columns[one] = better(numbers[one], columns[one], numbers[other], columns[other])
        half //= 2
    cuda.syncthreads()
    number, column = numbers[0], columns[0]
    cuda.syncthreads()
    return number, column


def extreme(distances, place, bounds, side, beyond):
    """The farthest (side 1) or the nearest (-1) of some columns, the anchor's aside, that is farther than `beyond`."""
    r, a = place
    number, column = -INFINITY, -1
    for j in range(bounds[0] + cuda.threadIdx.x, bounds[1], THREADS):
        d = np.float64(distances[r, j])
        if j != a and d > beyond:
            number, column = better(number, column, side * d, j)
    return number, column


def extreme_negative(distances, place, bounds, side, beyond):
    """The same of the columns outside the anchor's class."""
    before = extreme(distances, place, (0, bounds[0]), side, beyond)
    after = extreme(distances, place, (bounds[1], distances.shape[1]), side, beyond)
    number, column = block_best(*better(before[0], before[1], after[0], after[1]))
    return side * number, column


def hardest_triplet(strips, place, bounds, weights, settings):
    distances, slopes = strips
    r, a = place
    there, far = block_best(*extreme(distances, place, bounds, 1.0, -1.0))
    here, near = extreme_negative(distances, place, bounds, -1.0, -1.0)
    gap = lead(there, here, settings)
    if WANT_GRADIENT and cuda.threadIdx.x == 0:
        slope = weights[a] * slope_of(gap)
        slopes[r, far] = slope * inverse(there)
        slopes[r, near] = -slope * inverse(here)
    return softplus(gap), 1.0, 1


def semihard_triplets(strips, place, bounds, weights, settings):
    distances, slopes = strips
    r, a = place
    begin, end = bounds
    farthest = extreme_negative(distances, place, bounds, 1.0, -1.0)
    loss = 0.0
    for p in range(begin, end):
        if p != a:
            own = np.float64(distances[r, p])
            here, chosen = extreme_negative(distances, place, bounds, -1.0, own)
            if chosen < 0:
                here, chosen = farthest
            gap = lead(own, here, settings)
            loss += softplus(gap)
            if WANT_GRADIENT and cuda.threadIdx.x == 0:
                slope = weights[a] * slope_of(gap)
                slopes[r, p] += slope * inverse(own)
                slopes[r, chosen] -= slope * inverse(here)
    return loss, float(end - begin - 1), end - begin - 1


def every_pair(strips, place, bounds, weights, settings):
    """Half of what each pair with the anchor costs; distances become slopes where they lie."""
    distances, slopes = strips
    r, a = place
    own, loss, mass = 0.5 * weights[a], 0.0, 0.0
    for j in range(cuda.threadIdx.x, distances.shape[1], THREADS):
        label = 1.0 if bounds[0] <= j < bounds[1] else 0.0
        cost, weight = pairs_of(distances, r, (j, j + 1), (label, own, weights), settings)
        loss += cost
        mass += weight
        if WANT_GRADIENT:
            slopes[r, j] = distances[r, j] if j != a else 0.0
    loss, _ = block_sum(loss, 0)
    cuda.syncthreads()
    mass, _ = block_sum(mass, 0)
    cuda.syncthreads()
    return weighed(own, loss), own * (mass - weights[a]), distances.shape[1] - 1


KINDS = {"all": every_triplet, "smooth": every_triplet, "hard": hardest_triplet, "semihard": semihard_triplets}


def kernel_of(kind: Kind, dtype: np.dtype, wanted: bool) -> Code:
    """The kernel of one way of mining."""
    pairs, soft = kind.name == "pairs", kind.soft or kind.name == "smooth"
    names: dict[str, Any] = {"SQUARED": kind.squared, "WANT_GRADIENT": wanted, "TRIPLETS": not pairs}
    names["FINITE"] = kind.name == "smooth"  # the CPU's sums in linear time know no infinite scores
    if pairs:
        names |= {"of_anchor": every_pair, **dict(kind.formulas.names)}
    else:
        names |= {"of_anchor": KINDS[kind.name], "SOFT": soft}
        names["softplus"] = elementary.softplus if soft else mining.positive_part
        names["slope_of"] = elementary.sigmoid if soft else mining.positive_slope
    formulas = f"_{kind.formulas.name}" if pairs else ""
    name = f"{kind.name}{formulas}_{dtype.name}_{kind.squared:d}{kind.soft:d}{wanted:d}"
    return code(kernel, name, **names)


def run(examples: Examples, kind: Kind, settings: tuple[float, float], wanted: bool) -> Outcome:
    """Every anchor, a strip of them at a time."""
    store, rows, *more = examples
    count, depth = rows.shape
    dtype, place = np.dtype(rows.dtype), store.place
    squares = store.dots(rows, None, rows, None).astype(dtype)
    own = (rows, *map(place.device, (squares, *more)))
    outputs = place.zeros(count), place.zeros(count), place.zeros(count, np.int64), place.zeros(count)
    by_rows = place.zeros((count if wanted else 0, depth), dtype)
    step = max(1, min(count, STRIP // max(count, 1)))
    distances, slopes = place.empty((step, count), dtype), place.empty((step if wanted else 0, count), dtype)
    mine, given = kernel_of(kind, dtype, wanted), place.device(np.array(settings, np.float64))
    for start in range(0, count, step):
        some = slice(start, min(start + step, count))
        height, anchors = some.stop - start, own[0][some]
        strips = distances[:height], slopes[:height] if wanted else slopes
        multiply(place, PRODUCT, (anchors, own[0]), strips[0].reshape(1, height, count))
        launch(place, mine, a_block_each(height), strips, start, own, given, outputs)
        if wanted:
            accumulate(place, BY_ROWS, (strips[1], own[0]), by_rows[some])
            accumulate(place, BY_COLUMNS, (strips[1], anchors), by_rows)
            add_columns(place, strips[1], outputs[3])
    losses, active, every, sums = map(place.host, outputs)
    gradient = store.zeros(by_rows.shape, np.float64)  # they may be nearly the same
    store.add(gradient, None, sums, rows, None)
    store.add(gradient, None, -np.ones(count), by_rows, None)
    return Outcome(each=losses, gradients=(gradient,), counts=Counts(active, every))
