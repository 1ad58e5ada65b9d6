"""Every pair of a group on CUDA: a thread a row, the rows of its group streamed through shared memory.

Each group is ordered by falling label, on the host or, where the labels lie on the device, there (`cuda_labels.py`), so
that the rows below a row are one range and no pair needs a test. A block's threads are neighbouring rows, of one group
or of many small ones: it streams all rows of their groups, and a thread takes of each tile what is its own. Losses of
rows are added up by group after that, in an order that depends on the group's size alone.
"""

import math
from typing import Any, NamedTuple

import numpy as np
from numba import cuda, float64, int64

from fastloss.compile.cuda.arrays import Place
from fastloss.compile.cuda.launch import a_block_each, a_thread_each, code, launch
from fastloss.compile.cuda.ranges import block_range
from fastloss.compile.cuda.reduction import block_sum
from fastloss.compile.cuda.sizes import sizes
from fastloss.compile.elementary import exp, weighed
from fastloss.compile.templates import unbound
from fastloss.core.requests import Wanted
from fastloss.pairs.direct import arrange as host
from fastloss.pairs.halving import Kind
from fastloss.pairs.pair import SPREAD, PairFormulas, Ranges, SortedRows, row_sums
from fastloss.pairs.records import Results, Rows

INFINITY = math.inf
NO_FORMULAS = PairFormulas("none", unbound, unbound, unbound)

THREADS = unbound
TILE = unbound  # rows in shared memory: the block's own, then those of the tile
UNORDERED = HAS_EXPONENTIALS = WEIGHTED = unbound
unpack = unbound


def arrange(inputs, parameters, outputs):
    """A block brings a group's scores into order; exponentials are relative to the middle of their range."""
    scores, order, offsets = inputs
    arranged, exponentials, spreads = outputs
    g = cuda.blockIdx.x
    low, high = INFINITY, -INFINITY
    k = offsets[g] + cuda.threadIdx.x
    while k < offsets[g + 1]:
        x = np.float64(scores[order[k]])
        arranged[k] = x
        low = x if x < low else low
        high = x if x > high else high
        k += THREADS
    low, high = block_range(low, high)
    spread = parameters[0] * (high - low) if high >= low else INFINITY
    if cuda.threadIdx.x == 0:
        spreads[g] = spread
    if HAS_EXPONENTIALS and spread <= SPREAD:
        centre = low + 0.5 * (high - low)
        k = offsets[g] + cuda.threadIdx.x
        while k < offsets[g + 1]:
            exponentials[k] = exp(parameters[0] * (arranged[k] - centre))
            k += THREADS


def group_of(i, offsets):
    """Find the group that holds row i."""
    low, high = 0, offsets.size - 1
    while high - low > 1:
        middle = (low + high) // 2
        if offsets[middle] <= i:
            low = middle
        else:
            high = middle
    return low


def pairs_of(i, bounds, labels):
    """Return where the pairs of row i lie, whose group is that between `bounds`."""
    start, stop = bounds
    if UNORDERED:
        return Ranges(start, stop, start, stop)
    y = labels[i]
    above, high = start, i
    while above < high:
        middle = (above + high) // 2
        if labels[middle] > y:
            above = middle + 1
        else:
            high = middle
    below, high = i + 1, stop
    while below < high:
        middle = (below + high) // 2
        if labels[middle] < y:
            high = middle
        else:
            below = middle + 1
    return Ranges(below, stop, start, above)


def in_tile(ranges, base, slot):
    """Return the part of a row's pairs in the tile that starts with row `base`, by their slots from `slot` on."""
    a, b, c, d = ranges
    end = base + THREADS
    a, b = a if a > base else base, b if b < end else end
    c, d = c if c > base else base, d if d < end else end
    shift = slot - base
    return Ranges(a + shift, (b if b > a else a) + shift, c + shift, (d if d > c else c) + shift)


def fill(slot, row, columns, tile):
    """Bring a row into shared memory."""
    tile.scores[slot] = columns.scores[row]
    if UNORDERED:
        tile.labels[slot] = columns.labels[row]
    if WEIGHTED:
        tile.weights[slot] = columns.weights[row]
    if HAS_EXPONENTIALS:
        tile.exponentials[slot] = columns.exponentials[row]


def pair_sums(inputs, parameters, outputs):
    """A thread adds up the pairs of a row. The block's own tile is where its own rows are: see `as_first`."""
    scores, labels, weights, exponentials, order, offsets, spreads, scales = inputs
    each, gradient, curvature, losses = outputs
    columns = SortedRows(scores, labels, weights, exponentials)
    tile_scores = cuda.shared.array(TILE, float64)
    tile_labels = cuda.shared.array(TILE, float64)
    tile_weights = cuda.shared.array(TILE, float64)
    tile_exponentials = cuda.shared.array(TILE, float64)
    streamed = cuda.shared.array(2, int64)  # the first tile, and the last
    tile = SortedRows(tile_scores, tile_labels, tile_weights, tile_exponentials)
    thread, rows = cuda.threadIdx.x, order.size
    i = np.int64(cuda.blockIdx.x) * THREADS + thread
    here = i < rows
    g = group_of(i if here else rows - 1, offsets)
    ranges = Ranges(i, i, i, i)
    if here:
        fill(thread, i, columns, tile)
        ranges = pairs_of(i, (offsets[g], offsets[g + 1]), labels)
    if thread == 0:
        streamed[0] = offsets[g] // THREADS
    if thread == THREADS - 1:
        streamed[1] = (offsets[g + 1] - 1) // THREADS
    cuda.syncthreads()
    loss = first = second = 0.0
    numbers = unpack(parameters)
    for t in range(streamed[0], streamed[1] + 1):
        base = t * THREADS
        cuda.syncthreads()
        if base + thread < rows:
            fill(THREADS + thread, base + thread, columns, tile)
        cuda.syncthreads()
        if here:
            part = in_tile(ranges, base, 0 if t == cuda.blockIdx.x else THREADS)
            more = row_sums(thread, part, tile, numbers, spreads[g])
            loss, first, second = loss + more.loss, first + more.slope, second + more.curvature
    if here:
        w = weights[i] if WEIGHTED else 1.0
        losses[i] = weighed(w, loss)
        if each.size:
            each[order[i]] += weighed(w, loss)
        if gradient.size:
            gradient[order[i]] += weighed(w * scales[g], first)
        if curvature.size:
            curvature[order[i]] += weighed(w * scales[g], second)


def group_sums(inputs, outputs):
    """A block adds up the losses of a group's rows."""
    losses, offsets = inputs
    (sums,) = outputs
    g = cuda.blockIdx.x
    total = 0.0
    k = offsets[g] + cuda.threadIdx.x
    while k < offsets[g + 1]:
        total += losses[k]
        k += THREADS
    total, _ = block_sum(total, 0)
    if cuda.threadIdx.x == 0:
        sums[g] = total


class Ranked(NamedTuple):
    """Rows on the device in the order of falling labels, group by group, and the pairs that each group has."""

    order: Any
    labels: Any
    weights: Any  # empty if there are none
    offsets: Any
    pairs: np.ndarray
    weight: np.ndarray


class Arranged(NamedTuple):
    """Rows on the device in order, group by group, and the pairs that each group has."""

    place: Place
    columns: SortedRows
    order: Any
    offsets: Any
    spreads: Any
    pairs: np.ndarray
    weight: np.ndarray


def ranked(place: Place, kind: Kind, rows: Rows) -> Ranked:
    """Order rows on the host, which need no scores, by falling label, and copy them to the device."""
    labels_alone = rows._replace(scores=rows.labels)
    on_host = host.arranged(NO_FORMULAS, kind, labels_alone, (1.0,))
    size = int(on_host.offsets[-1])  # the host's arrays may be longer
    columns = on_host.order, on_host.data.labels, on_host.data.weights
    order, labels, weights = (place.device(column[:size]) for column in columns)
    return Ranked(order, labels, weights, place.device(on_host.offsets), on_host.pairs, on_host.weight)


def arranged(
    place: Place, formulas: PairFormulas, kind: Kind, scores: Any, rows: Ranked, parameters: tuple[float, ...]
) -> Arranged:
    """Bring scores on the device into the order of ranked rows."""
    exponential = formulas.by_exponentials(kind.unordered)
    size, groups = rows.order.size, rows.offsets.size - 1
    in_order, powers, spreads = place.empty(size), place.empty(size if exponential else 0), place.empty(groups)
    template = code(arrange, "e" if exponential else "n", HAS_EXPONENTIALS=exponential)
    inputs, outputs = (scores, rows.order, rows.offsets), (in_order, powers, spreads)
    launch(place, template, a_block_each(groups), inputs, parameters, outputs)
    columns = SortedRows(in_order, rows.labels, rows.weights, powers)
    return Arranged(place, columns, rows.order, rows.offsets, spreads, rows.pairs, rows.weight)


def evaluate(
    formulas: PairFormulas,
    kind: Kind,
    rows: Arranged,
    scales: np.ndarray,
    parameters: tuple[float, ...],
    wanted: Wanted,
    results: Results,
) -> np.ndarray:
    """Return the groups' losses; rows add theirs to the results, and `scales` multiplies each group's derivatives."""
    place, size, groups = rows.place, rows.order.size, rows.offsets.size - 1
    weighted = rows.columns.weights.size > 0
    losses, sums = place.empty(size), place.empty(groups)
    inputs = (*rows.columns, rows.order, rows.offsets, rows.spreads, place.device(scales, np.float64))
    template = pair_code(formulas, kind, wanted, weighted)
    launch(place, template, a_thread_each(size), inputs, (1.0, *parameters), (*results, losses))
    launch(place, code(group_sums), a_block_each(groups), (losses, rows.offsets), (sums,))
    return place.host(sums)


def pair_code(formulas: PairFormulas, kind: Kind, wanted: Wanted, weighted: bool) -> Any:
    """Return the kernel for one loss and set of outputs."""
    names = formulas.bindings(wanted, weighted, kind.multiplier, kind.unordered)
    name = f"{formulas.name}_{kind.multiplier.__name__}_{wanted.code}{'w' if weighted else ''}"
    return code(pair_sums, name, TILE=2 * sizes().threads, **names)
