"""Small groups on the CPU: a task is a batch of whole groups, brought together by their size.

A batch lies in the cache with all that its rows add up.
"""

from typing import Any, NamedTuple

import numpy as np

from fastloss.compile.elementary import exp, log1p, weighed
from fastloss.compile.kernels import Kernel, once
from fastloss.compile.launch import as_input, launch
from fastloss.compile.signatures import INTEGERS, REALS, Signature, array_of
from fastloss.compile.templates import known_names, regroups, unbound
from fastloss.core.requests import Wanted
from fastloss.core.validate import kernel_dtype
from fastloss.pairs.cpu_nodes import compiled
from fastloss.pairs.direct.arrange import batches_of
from fastloss.pairs.pair import PairFormulas, RowSums, SortedRows, multiplier_one
from fastloss.pairs.records import Results, Rows
from fastloss.pairs.small_groups.counts import compiled_count
from fastloss.pairs.small_groups.layout import BEYOND, MOST, Given, Layout, count_kinds, lay, size_of
from fastloss.pairs.small_groups.sums import add_logistic_pairs, add_pairs

BATCH = 16384  # rows within which a task's groups begin
FACTORS = 20  # of 1 + e**SPREAD at most, whose product is finite

HAS_EXPONENTIALS = WANT_VALUE = WANT_EACH = WANT_GRADIENT = WANT_CURVATURE = WEIGHTED = unpack = unbound


class SmallGroups(NamedTuple):
    """Groups of at most `MOST` rows, and the pairs that each has."""

    given: Given
    batches: np.ndarray
    pairs: np.ndarray
    weight: np.ndarray


class Scratch(NamedTuple):
    """A thread's arrays for a batch, or their lengths; those that a call does not use are empty."""

    # of rows: columns, and what they add up as the earlier row of a pair and as the later
    scores: Any
    labels: Any
    weights: Any
    exponentials: Any
    loss: Any
    slope: Any
    curvature: Any
    later_loss: Any
    later_slope: Any
    later_curvature: Any
    logs: Any  # of products whose factors the losses no longer hold
    centres: Any  # of groups
    home: Any  # of rows: where they came from
    kinds: Any  # of groups
    places: Any
    steps: Any
    counts: Any  # of kinds
    begins: Any
    following: Any


REAL_ARRAYS = Scratch._fields.index("home")  # the others are of integers


class Totals(NamedTuple):
    """What the rows of a batch have added up."""

    earlier: Any
    later: Any
    logs: Any


@regroups
def take_logs(begin, end, logs, loss):
    """Add the logarithms of rows' products to their losses, and begin new products."""
    for r in range(np.uint64(begin), np.uint64(end)):
        logs[r] += log1p(loss[r])
        loss[r] = 0.0


def add_distance(distance, begin, end, laid, parameters, by_exponentials, totals):
    """Add the pairs of rows so far from each other."""
    s, y, w, e = laid
    stop, start = end - distance, begin + distance
    rows = SortedRows(s[begin:stop], y[begin:stop], w[begin:stop], e[begin:stop])
    behind = SortedRows(s[start:end], y[start:end], w[start:end], e[start:end])
    (loss, slope, curvature), (later_loss, later_slope, later_curvature), _ = totals
    sums = RowSums(loss[begin:stop], slope[begin:stop], curvature[begin:stop])
    later = RowSums(later_loss[start:end], later_slope[start:end], later_curvature[start:end])
    if HAS_EXPONENTIALS and by_exponentials:
        add_logistic_pairs(rows, behind, parameters[0], sums, later)
    else:
        add_pairs(rows, behind, parameters, sums, later)


def add_kind(kind, begin, groups, laid, parameters, totals):
    """Add all pairs of the groups of one kind."""
    size, is_narrow = size_of(kind), kind < BEYOND
    end = begin + size * groups
    for d in range(1, size):
        add_distance(d * groups, begin, end, laid, parameters, is_narrow, totals)
        if HAS_EXPONENTIALS and totals.logs.size and is_narrow and (d % FACTORS == 0 or d == size - 1):
            take_logs(begin, end, totals.logs, totals.earlier.loss)
            if WANT_EACH:
                take_logs(begin, end, totals.logs, totals.later.loss)


def give_back(place, step, size, rows, totals, scale, results):
    """Write what the rows of one group have added up, and return the group's loss."""
    weights, home = rows
    sums, later, logs = totals
    total = 0.0
    for k in range(size):
        r = place + k * step
        w = weights[r] if WEIGHTED else 1.0
        if WANT_VALUE:
            loss = sums.loss[r] + later.loss[r] if WANT_EACH else sums.loss[r]
            loss = weighed(w, loss + logs[r] if logs.size else loss)
            total += loss
            if WANT_EACH:
                results.each[home[r]] = loss
        if WANT_GRADIENT:
            results.gradient[home[r]] = weighed(w * scale, sums.slope[r] + later.slope[r])
        if WANT_CURVATURE:
            results.curvature[home[r]] = weighed(w * scale, sums.curvature[r] + later.curvature[r])
    return total


@regroups
def exponentials_of(scores, centres, sigma):
    """Write the exponentials of scores over their groups' centres."""
    for r in range(np.uint64(scores.size)):
        centres[r] = exp(sigma * (scores[r] - centres[r]))


@regroups
def block(inputs, parameters, outputs, first, last):
    scores, labels, weights, rows, offsets, scales, batches = inputs
    each, gradient, curvature, losses = outputs[:4]
    own, results, numbers = Scratch(*outputs[4:]), Results(each, gradient, curvature), unpack(parameters)
    laid = SortedRows(own.scores, own.labels, own.weights, own.exponentials)
    earlier = RowSums(own.loss, own.slope, own.curvature)
    totals = Totals(earlier, RowSums(own.later_loss, own.later_slope, own.later_curvature), own.logs)
    given = Given(scores, labels, weights, rows, offsets)
    for task in range(first, last):
        g, groups = batches[task], batches[task + 1] - batches[task]
        count = offsets[g + groups] - offsets[g]
        of_groups = own.kinds[:groups], own.places[:groups], own.steps[:groups]
        layout = Layout(*of_groups, own.counts, own.begins, own.following)
        count_kinds(g, given, parameters[1], own.centres, layout)
        lay(g, given, laid, own.home, own.centres, layout)
        if HAS_EXPONENTIALS:
            exponentials_of(own.scores[:count], own.exponentials[:count], parameters[1])
        for sums in (totals.earlier, totals.later):
            sums.loss[:count] = sums.slope[:count] = sums.curvature[:count] = 0.0
        totals.logs[:count] = 0.0
        for kind in range(layout.counts.size):
            if layout.counts[kind] > 0:
                add_kind(kind, layout.begins[kind], layout.counts[kind], laid, numbers, totals)
        for at in range(groups):
            size, place = offsets[g + at + 1] - offsets[g + at], layout.places[at]
            from_rows = own.weights, own.home
            losses[g + at] = give_back(place, layout.steps[at], size, from_rows, totals, scales[g + at], results)


def counted(rows: Rows) -> SmallGroups:
    """Count the pairs of each group."""
    scores, labels, weights, (order, offsets, *_) = rows
    offsets = as_input(offsets, np.int64)
    batches = batches_of(offsets, BATCH)
    weights = np.empty(0) if weights is None else as_input(weights, np.float64)
    order = np.empty(0, np.int64) if order is None else as_input(order, np.int64)
    labels = as_input(labels, np.float64)
    pairs, weight = np.zeros(offsets.size - 1, np.int64), np.zeros(offsets.size - 1)
    inputs, outputs = (labels, weights, order, offsets, batches), (pairs, weight)
    scratch = MOST, MOST if weights.size else 0
    launch(compiled_count(), inputs, np.zeros(1), outputs, batches.size - 1, 1, scratch)
    given = Given(as_input(scores, kernel_dtype(scores)), labels, weights, order, offsets)
    return SmallGroups(given, batches, pairs, weight)


@once
def compiled_block(formulas: PairFormulas, wanted: Wanted, weighted: bool, dtype: np.dtype) -> Kernel:
    """Compile the block for one loss and set of outputs."""
    out = array_of(dtype)
    signature = Signature(
        (out, REALS, REALS, INTEGERS, INTEGERS, REALS, INTEGERS),
        (out, out, out, REALS),
        (REALS,) * REAL_ARRAYS + (INTEGERS,) * (len(Scratch._fields) - REAL_ARRAYS),
    )
    names = formulas.bindings(wanted, weighted, multiplier_one, False) | {"WANT_EACH": wanted.each}
    name = f"{formulas.name}_{wanted.code}{'w' if weighted else ''}"
    return compiled(block, name, signature, tuple(known_names(block, names).items()))


def scratch_of(formulas: PairFormulas, wanted: Wanted, weighted: bool, rows: int, groups: int) -> Scratch:
    """Return the lengths of the block's scratch arrays for batches of so many rows and groups, which may be empty."""
    exponentials, valued = formulas.by_exponentials(False), wanted.value or wanted.each
    return Scratch(
        scores=rows,
        labels=rows,
        weights=rows * weighted,
        exponentials=rows * exponentials,
        loss=rows * valued,
        slope=rows * wanted.gradient,
        curvature=rows * wanted.curvature,
        later_loss=rows * wanted.each,
        later_slope=rows * wanted.gradient,
        later_curvature=rows * wanted.curvature,
        logs=rows * (valued and exponentials and not weighted),
        centres=groups * exponentials,
        home=rows,
        kinds=groups,
        places=groups,
        steps=groups,
        counts=2 * BEYOND,
        begins=2 * BEYOND,
        following=2 * BEYOND,
    )


def evaluate(
    formulas: PairFormulas,
    small: SmallGroups,
    scales: np.ndarray,
    parameters: tuple[float, ...],
    wanted: Wanted,
    results: Results,
) -> np.ndarray:
    """Return the groups' losses, and write the results; `scales` multiplies each group's derivatives."""
    weighted = bool(small.given.weights.size)
    kernel = compiled_block(formulas, wanted, weighted, small.given.scores.dtype)
    losses = np.zeros(small.pairs.size)
    inputs = (*small.given, as_input(scales, np.float64), small.batches)
    groups = int(np.diff(small.batches).max(initial=0))
    scratch = scratch_of(formulas, wanted, weighted, BATCH + MOST, groups)
    numbers = np.array((1.0, *parameters), np.float64)
    launch(kernel, inputs, numbers, (*results, losses), small.batches.size - 1, 1, scratch)
    return losses
