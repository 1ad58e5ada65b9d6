"""Mining on CUDA: strips of distances, a block of threads an anchor, then two products for the gradient.

Every triplet is looked at, in time proportional to N**2 times a class's size, where the CPU places each negative among
an anchor's positives (`anchor.py` says why). The interface is that of `embeddings.mining.cpu`.
"""

from typing import Any

import numpy as np
from numba import cuda

from fastloss.compile import elementary
from fastloss.compile.cuda.launch import Code, a_block_each, code, launch
from fastloss.compile.cuda.reduction import block_sum
from fastloss.compile.elementary import INFINITY, weighed
from fastloss.compile.templates import unbound
from fastloss.core.outcomes import Outcome
from fastloss.embeddings.cuda_products import BY_COLUMNS, BY_ROWS, PRODUCT, accumulate, add_columns, multiply
from fastloss.embeddings.cuda_rows import block_best, fill, sum_row
from fastloss.embeddings.mining import anchor as mining
from fastloss.embeddings.mining.anchor import (
    Anchor,
    Counts,
    Examples,
    Settings,
    Strategy,
    add_slopes,
    extreme,
    extreme_negative,
    inverse,
    lead,
    sum_pairs,
)
from fastloss.embeddings.mining.distances import recompute_near, to_roots, to_squares

STRIP = 1 << 25  # elements of a strip of distances; one of slopes is as large

SQUARED = WANT_GRADIENT = FINITE = TRIPLETS = THREADS = unbound
mine = penalty = penalty_slope = unbound


def kernel(strips, first, examples, parameters, outputs):
    """Compute an anchor's distances, in place of products, its loss, and its slopes in a strip of their own."""
    distances, slopes = strips
    rows, squares, starts, ends, weights = examples
    losses, active, total, sums = outputs
    settings = Settings(parameters[0], parameters[1])
    r = cuda.blockIdx.x
    a = first + r
    anchor = Anchor(r, a, starts[a], ends[a], weights[a])
    mates, width = anchor.end - anchor.begin - 1, distances.shape[1]
    negatives = width - mates - 1
    unknown = cuda.syncthreads_or(to_distances(distances, r, a, rows, squares)) != 0
    loss, counted, count = 0.0, 0.0, 0
    if TRIPLETS and (mates == 0 or negatives == 0):
        if WANT_GRADIENT:
            fill(slopes, r, 0.0)
    elif TRIPLETS and unknown:
        if WANT_GRADIENT:
            fill(slopes, r, np.nan)
        loss, count = np.nan, mates * negatives if FINITE else 0
        counted = float(count)
    else:
        if WANT_GRADIENT:
            fill(slopes, r, 0.0)
        loss, counted, count = mine(distances, slopes, anchor, weights, settings)
    cuda.syncthreads()
    if cuda.threadIdx.x == 0:
        losses[a], active[a], total[a] = loss, counted, count
    if WANT_GRADIENT:
        row_total, _ = block_sum(sum_row(slopes, r), 0)
        if cuda.threadIdx.x == 0:
            sums[a] += row_total


def to_distances(strip, r, anchor, rows, squares):
    """Compute a thread's distances of a row; return whether a loss of triplets is unknown for one of them."""
    unknown = 0
    for j in range(cuda.threadIdx.x, strip.shape[1], THREADS):
        if to_squares(strip, r, j, j + 1, squares[anchor], squares):
            recompute_near(strip, r, j, j + 1, anchor, rows, squares)
        if not SQUARED:
            to_roots(strip, r, j, j + 1)
        d = strip[r, j]
        if d != d or (FINITE and d == INFINITY):
            unknown = 1
    return unknown


def every_triplet(distances, slopes, anchor, weights, settings):
    """Sum all triplets; the loss and the two numbers are known to the first thread, as all results below."""
    r, width = anchor.row, distances.shape[1]
    loss = counted = 0.0
    for p in range(anchor.begin, anchor.end):
        if p != anchor.number:
            there = np.float64(distances[r, p])
            cost, active = add_negatives(distances, slopes, anchor, there, settings)
            cost, _ = block_sum(cost, 0)
            cuda.syncthreads()
            active, _ = block_sum(active, 0)
            cuda.syncthreads()
            loss += cost
            counted += active
            if WANT_GRADIENT and cuda.threadIdx.x == 0:
                slopes[r, p] = anchor.weight * active * inverse(there)
    if WANT_GRADIENT:
        for j in range(cuda.threadIdx.x, width, THREADS):
            if j < anchor.begin or j >= anchor.end:
                slopes[r, j] *= -anchor.weight * inverse(np.float64(distances[r, j]))
    triplets = (anchor.end - anchor.begin - 1) * (width - (anchor.end - anchor.begin))
    return loss, float(triplets) if FINITE else counted, triplets


def add_negatives(distances, slopes, anchor, there, settings):
    """Sum the losses and slopes of one positive against a thread's negatives; slopes are added to each negative's."""
    loss = active = 0.0
    for j in range(cuda.threadIdx.x, distances.shape[1], THREADS):
        if j < anchor.begin or j >= anchor.end:
            x = lead(there, np.float64(distances[anchor.row, j]), settings)
            loss += penalty(x)
            slope = penalty_slope(x)
            active += slope
            if WANT_GRADIENT:
                slopes[anchor.row, j] += slope
    return loss, active


def negative(distances, anchor, sign, beyond):
    """Find the farthest (sign 1) or nearest (-1) negative beyond a distance: its distance and column, -1 for none."""
    number, column = extreme_negative(distances, anchor, sign, beyond, cuda.threadIdx.x, THREADS)
    number, column = block_best(number, column)
    return sign * number, column


def hardest_triplet(distances, slopes, anchor, weights, settings):
    number, column = extreme(distances, anchor, anchor.begin, anchor.end, 1.0, -1.0, cuda.threadIdx.x, THREADS)
    there, far = block_best(number, column)
    here, near = negative(distances, anchor, -1.0, -1.0)
    x = lead(there, here, settings)
    if WANT_GRADIENT and cuda.threadIdx.x == 0:
        add_slopes(slopes, anchor.row, far, near, anchor.weight * penalty_slope(x), there, here)
    return penalty(x), 1.0, 1


def semihard_triplets(distances, slopes, anchor, weights, settings):
    farther, farthest = negative(distances, anchor, 1.0, -1.0)
    loss = 0.0
    for p in range(anchor.begin, anchor.end):
        if p != anchor.number:
            there = np.float64(distances[anchor.row, p])
            here, chosen = negative(distances, anchor, -1.0, there)
            if chosen < 0:
                here, chosen = farther, farthest
            x = lead(there, here, settings)
            loss += penalty(x)
            if WANT_GRADIENT and cuda.threadIdx.x == 0:
                add_slopes(slopes, anchor.row, p, chosen, anchor.weight * penalty_slope(x), there, here)
    pairs = anchor.end - anchor.begin - 1
    return loss, float(pairs), pairs


def every_pair(distances, slopes, anchor, weights, settings):
    """Return as `anchor.every_pair`; distances are replaced by slopes, which are then copied."""
    half, loss, mass = 0.5 * anchor.weight, 0.0, 0.0
    for j in range(cuda.threadIdx.x, distances.shape[1], THREADS):
        label = 1.0 if anchor.begin <= j < anchor.end else 0.0
        cost, weight = sum_pairs(distances, anchor.row, j, j + 1, label, half, weights, settings)
        loss += cost
        mass += weight
        if WANT_GRADIENT:
            slopes[anchor.row, j] = distances[anchor.row, j] if j != anchor.number else 0.0
    loss, _ = block_sum(loss, 0)
    cuda.syncthreads()
    mass, _ = block_sum(mass, 0)
    cuda.syncthreads()
    return weighed(half, loss), half * (mass - anchor.weight), distances.shape[1] - 1


MINERS = {
    "all": every_triplet,
    "smooth": every_triplet,
    "hard": hardest_triplet,
    "semihard": semihard_triplets,
    "pairs": every_pair,
}


def kernel_of(strategy: Strategy, dtype: np.dtype, gradient: bool) -> Code:
    """Name the kernel for one strategy."""
    pairs, soft = strategy.name == "pairs", strategy.soft or strategy.name == "smooth"
    names: dict[str, Any] = {"SQUARED": strategy.squared, "WANT_GRADIENT": gradient, "TRIPLETS": not pairs}
    names["FINITE"] = strategy.name == "smooth"  # the CPU's sums in linear time know no infinite scores
    names["mine"] = MINERS[strategy.name]
    if pairs:
        names |= dict(strategy.formulas.names)
    else:
        names["SOFT"] = soft
        names["penalty"] = elementary.softplus if soft else mining.hinge
        names["penalty_slope"] = elementary.sigmoid if soft else mining.hinge_slope
    formulas = f"_{strategy.formulas.name}" if pairs else ""
    name = f"{strategy.name}{formulas}_{dtype.name}_{strategy.squared:d}{strategy.soft:d}{gradient:d}"
    return code(kernel, name, **names)


def run(examples: Examples, strategy: Strategy, settings: Settings, gradient: bool) -> Outcome:
    """Mine every anchor, a strip of them at a time."""
    store, rows = examples.store, examples.rows
    count, depth = rows.shape
    dtype, place = np.dtype(rows.dtype), store.place
    squares = store.dots(rows, None, rows, None).astype(dtype)
    arrays = tuple(map(place.device, (squares, examples.starts, examples.ends, examples.weights)))
    outputs = place.zeros(count), place.zeros(count), place.zeros(count, np.int64), place.zeros(count)
    losses, active, total, sums = outputs
    by_rows = place.zeros((count if gradient else 0, depth), dtype)
    step = max(1, min(count, STRIP // max(count, 1)))
    strip, slope_strip = place.empty((step, count), dtype), place.empty((step if gradient else 0, count), dtype)
    what, parameters = kernel_of(strategy, dtype, gradient), place.device(np.array(settings, np.float64))
    for start in range(0, count, step):
        some = slice(start, min(start + step, count))
        height, anchors = some.stop - start, rows[some]
        distances, slopes = strip[:height], slope_strip[:height] if gradient else slope_strip
        multiply(place, PRODUCT, (anchors, rows), distances.reshape(1, height, count))
        launch(place, what, a_block_each(height), (distances, slopes), start, (rows, *arrays), parameters, outputs)
        if gradient:
            accumulate(place, BY_ROWS, (slopes, rows), by_rows[some])
            accumulate(place, BY_COLUMNS, (slopes, anchors), by_rows)
            add_columns(place, slopes, sums)
    result = store.zeros(by_rows.shape, np.float64)  # they may be nearly the same
    store.add(result, None, place.host(sums), rows, None)
    store.add(result, None, -np.ones(count), by_rows, None)
    return Outcome(each=place.host(losses), gradients=(result,), counts=Counts(place.host(active), place.host(total)))
