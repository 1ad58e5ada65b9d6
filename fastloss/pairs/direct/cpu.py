"""Every pair of a group, O(n^2) a group: the best for small ones.

Three steps. `arrange.py` (parallel over groups) brings each group's rows into the order of falling labels, so that the
rows below a row are one range and no pair needs a test; it also counts pairs. `pieces_of` cuts the rows into pieces of
bounded cost: many small groups together, a large group into several. `block` does pieces; each row adds up its own
pairs, and whole groups or slices of one are summed in row order, so that no bit depends on the threads.
"""

import numpy as np

from fastloss.compile.elementary import weighed
from fastloss.compile.kernels import Kernel, kernel, once
from fastloss.compile.launch import as_input, launch
from fastloss.compile.signatures import INTEGERS, REALS, Array, Signature, array_of
from fastloss.compile.templates import bind, known_names, regroups, unbound
from fastloss.core.outcomes import Outcome
from fastloss.core.requests import Wanted
from fastloss.pairs.direct.arrange import Arranged
from fastloss.pairs.halving import Kind
from fastloss.pairs.nodes import pieces
from fastloss.pairs.pair import PairFormulas, Ranges, SortedRows, row_sums
from fastloss.pairs.records import Results

COST = 1 << 18  # pairs in a piece; a constant of the library, since the sums of slices depend on it
FIRST_ROW, END_ROW, FIRST_GROUP = range(3)  # columns of pieces

# UNORDERED: all pairs count, whatever the order of the labels.
UNORDERED = unpack = unbound


def row_ranges(i, bounds, level, labels):
    """Return where a row's pairs lie, and where its label's rows begin and end; `level` is that of the row before."""
    start, stop = bounds
    if UNORDERED:
        return Ranges(start, stop, start, stop), level
    above, below = level
    if i >= below or i < above or below <= start:
        above = i
        while above > start and labels[above - 1] == labels[i]:
            above -= 1
        below = i + 1
        while below < stop and labels[below] == labels[i]:
            below += 1
    return Ranges(below, stop, start, above), (above, below)


@regroups
def block(inputs, parameters, outputs, first, last):
    scores, labels, weights, exponentials, order, offsets, scales, spread, pieces = inputs
    each, gradient, curvature, group_loss, slice_loss = outputs
    data = SortedRows(scores, labels, weights, exponentials)
    numbers = unpack(parameters)
    for piece in range(first, last):
        row, end, g = pieces[piece, FIRST_ROW], pieces[piece, END_ROW], pieces[piece, FIRST_GROUP]
        while row < end:
            while offsets[g + 1] <= row:
                g += 1
            bounds = offsets[g], offsets[g + 1]
            stop = min(end, bounds[1])
            whole = row == bounds[0] and stop == bounds[1]
            level = bounds[0], bounds[0]
            total = 0.0
            for i in range(row, stop):
                ranges, level = row_ranges(i, bounds, level, labels)
                loss, slope, bend = row_sums(i, ranges, data, numbers, spread[g])
                w = weights[i] if weights.size else 1.0
                total += weighed(w, loss)
                if each.size:
                    each[order[i]] = weighed(w, loss)
                if gradient.size:
                    gradient[order[i]] = weighed(w * scales[g], slope)
                if curvature.size:
                    curvature[order[i]] = weighed(w * scales[g], bend)
            if whole:
                group_loss[g] = total
            else:
                slice_loss[piece] = total
            row = stop


@once
def compiled_block(formulas: PairFormulas, kind: Kind, wanted: Wanted, weighted: bool, dtype: np.dtype) -> Kernel:
    """Compile the block for one loss and set of outputs."""
    out, pieces = array_of(dtype), Array(INTEGERS.dtype, 2)
    signature = Signature(
        (REALS, REALS, REALS, REALS, INTEGERS, INTEGERS, REALS, REALS, pieces), (out, out, out, REALS, REALS)
    )
    names = formulas.bindings(wanted, weighted, kind.multiplier, kind.unordered)
    name = f"{formulas.name}_{kind.multiplier.__name__}_{wanted.code}{'w' if weighted else ''}"
    return kernel(bind(block, **known_names(block, names)), name, signature)


def pieces_of(offsets: np.ndarray) -> np.ndarray:
    """Cut arranged rows into pieces; the columns are FIRST_ROW, END_ROW and FIRST_GROUP."""
    sizes = offsets[1:] - offsets[:-1]
    costs = sizes * (sizes + 8)
    if 0 < costs.sum() <= COST:
        return np.array([[0, offsets[-1], 0]])
    is_large = sizes * sizes > COST
    batch = np.cumsum(np.where(is_large, 0, costs)) // COST
    is_new = np.diff(batch, prepend=-1).astype(bool) | is_large
    is_new[1:] |= is_large[:-1]
    begin = np.flatnonzero(is_new)
    edges = np.append(begin, sizes.size)
    first, last = offsets[edges[:-1]], offsets[edges[1:]]
    rows = np.where(is_large[begin], np.maximum(COST // np.maximum(sizes[begin], 1), 1), np.maximum(last - first, 1))
    owner, start, stop = pieces(first, last, rows)
    return np.stack((start, stop, begin[owner]), axis=1)


def evaluate(
    formulas: PairFormulas,
    kind: Kind,
    rows: Arranged,
    scales: np.ndarray,
    parameters: tuple[float, ...],
    wanted: Wanted,
    results: Results,
) -> Outcome:
    """Sum the pairs of arranged rows, and write the results; `scales` multiplies each group's derivatives."""
    groups = rows.offsets.size - 1
    weighted = bool(rows.data.weights.size)
    kernel = compiled_block(formulas, kind, wanted, weighted, rows.dtype)
    pieces = pieces_of(rows.offsets)
    if len(pieces) > 1:
        # Costs within a large group fall with the row: a stride scatters them over whatever number of threads there is.
        pieces = pieces[(np.arange(len(pieces)) * _stride(len(pieces))) % len(pieces)]
    loss, slices = np.zeros(groups), np.zeros(len(pieces))
    inputs = (*rows.data, rows.order, rows.offsets, as_input(scales, np.float64), rows.spread, pieces)
    launch(kernel, inputs, np.array((1.0, *parameters), np.float64), (*results, loss, slices), len(pieces))
    if len(pieces) > 1:  # else it holds whole groups
        in_order = np.argsort(pieces[:, FIRST_ROW])
        loss += np.bincount(pieces[in_order, FIRST_GROUP], slices[in_order], groups)
    return wanted.outcome(results, groups=loss)


def _stride(count: int) -> int:
    """Return a number without a common divisor with `count`, near the golden section of it."""
    stride = int(count * 0.618) | 1
    while np.gcd(stride, count) > 1:
        stride += 2
    return stride
