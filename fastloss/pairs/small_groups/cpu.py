"""Small groups on the CPU: a task is a batch of whole groups, brought together by their size.

A batch lies in the cache with all that its rows add up. Groups of one size are laid one behind another, so that
`sums.py` has long loops and visits no distance that is none of theirs.
"""

from typing import Any, NamedTuple

import numpy as np

from fastloss.compile.elementary import exp, joined, log1p, weighed
from fastloss.compile.launch import as_input
from fastloss.compile.templates import known_names, regroups, unbound
from fastloss.core.validate import kernel_dtype
from fastloss.core.requests import Wanted
from fastloss.pairs.cpu_nodes import Scratch, run_block
from fastloss.pairs.direct.arrange import batches_of
from fastloss.pairs.pair import SPREAD, PairFormulas, multiplier_one
from fastloss.pairs.records import Groups, Results, Rows
from fastloss.pairs.small_groups.sums import Band, Sums, add_logistic_pairs, add_pairs

MOST = 128  # rows of a group
BATCH = 2048  # rows of a task, and those of its last group
FACTORS = 20  # of 1 + e**SPREAD at most, whose product is finite

HAS_EXPONENTIALS = WANT_VALUE = WANT_EACH = WANT_GRADIENT = WANT_CURVATURE = WEIGHTED = unpack = unbound


class SmallGroups(NamedTuple):
    """Groups of at most `MOST` rows, and the pairs that each has."""

    rows: Rows
    batches: np.ndarray
    pairs: np.ndarray
    weight: np.ndarray


class Batch(NamedTuple):
    """Rows of a batch as they are laid, and where they came from."""

    band: Band
    home: Any


@regroups
def spread_of(scores, rows, start, stop):
    """Return bounds of the scores of a group, NaN if one is."""
    low = high = np.float64(scores[rows[start] if rows.size else start])
    for k in range(start + 1, stop):
        x = np.float64(scores[rows[k] if rows.size else k])
        low = x if not x >= low else low
        high = x if not x <= high else high
    return low, high


@regroups
def count_kinds(g, end, given, sigma, kinds, centres, ends):
    """Write what kind each group is, its size or, where its scores lie too far apart, beyond; and where kinds end."""
    scores, rows, offsets = given
    for kind in range(ends.size):
        ends[kind] = 0
    for at in range(end - g):
        start, stop = offsets[g + at], offsets[g + at + 1]
        kind = stop - start
        if HAS_EXPONENTIALS and kind > 0:
            low, high = spread_of(scores, rows, start, stop)
            centres[at] = low + 0.5 * (high - low)
            kind += 0 if sigma * (high - low) <= SPREAD else MOST + 1
        kinds[at] = kind
        ends[kind] += stop - start
    total = 0
    for kind in range(ends.size):
        size = ends[kind]
        ends[kind] = total
        total += size


@regroups
def lay(g, end, given, labels, weights, batch, kinds, centres, ends):
    """Copy the rows of groups to where their kind lies, and write where that is over the kinds."""
    scores, rows, offsets = given
    band, home = batch
    for at in range(end - g):
        start, stop = offsets[g + at], offsets[g + at + 1]
        place = ends[kinds[at]]
        ends[kinds[at]] += stop - start
        kinds[at] = place
        for k in range(stop - start):
            row = rows[start + k] if rows.size else start + k
            home[place + k] = row
            band.scores[place + k] = scores[row]
            band.labels[place + k] = labels[row]
            band.behind[place + k] = stop - start - 1 - k
            if WEIGHTED:
                band.weights[place + k] = weights[row]
            if HAS_EXPONENTIALS:
                band.exponentials[place + k] = centres[at]


@regroups
def take_logs(begin, end, sums, logs):
    """Add the logarithms of rows' products to their losses, and begin new products."""
    for r in range(np.uint64(begin), np.uint64(end)):
        logs[r] += log1p(sums.loss[r])
        sums.loss[r] = 0.0
        if WANT_EACH:
            logs[r] += log1p(sums.loss_later[r])
            sums.loss_later[r] = 0.0


def add_kind(kind, begin, end, band, parameters, sums, logs):
    """Add all pairs of the groups of one kind."""
    if HAS_EXPONENTIALS and kind <= MOST:
        for d in range(1, kind):
            add_logistic_pairs(d, begin, end, band, parameters[0], sums)
            if WANT_VALUE and not WEIGHTED and d % FACTORS == 0:
                take_logs(begin, end, sums, logs)
        if WANT_VALUE and not WEIGHTED:
            take_logs(begin, end, sums, logs)
    else:
        for d in range(1, kind - (MOST + 1) if kind > MOST else kind):
            add_pairs(d, begin, end, band, parameters, sums)


@regroups
def clear(count, sums, logs):
    for r in range(np.uint64(count)):
        if WANT_VALUE:
            sums.loss[r] = 0.0
            if WANT_EACH:
                sums.loss_later[r] = 0.0
            if logs.size:
                logs[r] = 0.0
        if WANT_GRADIENT:
            sums.slope[r] = sums.slope_later[r] = 0.0
        if WANT_CURVATURE:
            sums.bend[r] = sums.bend_later[r] = 0.0


@regroups
def give_back(place, stop, batch, sums, logs, scale, results):
    """Write what the rows of one group have added up, and return the group's loss."""
    weights, home = batch.band.weights, batch.home
    total = 0.0
    for r in range(place, stop):
        w = weights[r] if WEIGHTED else 1.0
        if WANT_VALUE:
            loss = sums.loss[r] + sums.loss_later[r] if WANT_EACH else sums.loss[r]
            loss = weighed(w, loss + logs[r] if logs.size else loss)
            total += loss
            if WANT_EACH:
                results.each[home[r]] = loss
        if WANT_GRADIENT:
            results.gradient[home[r]] = weighed(w * scale, sums.slope[r] + sums.slope_later[r])
        if WANT_CURVATURE:
            results.curvature[home[r]] = weighed(w * scale, sums.bend[r] + sums.bend_later[r])
    return total


@regroups
def block(inputs, parameters, outputs, first, last):
    scores, labels, weights, rows, offsets, scales, batches = inputs
    each, gradient, curvature, losses = outputs[:4]
    s, y, w, e, loss, loss_later, slope, slope_later, bend, bend_later, logs, centres = outputs[4:16]
    behind, home, kinds, ends = outputs[16:]
    batch = Batch(Band(s, y, w, behind, e), home)
    sums, results = Sums(loss, loss_later, slope, slope_later, bend, bend_later), Results(each, gradient, curvature)
    given, numbers = (scores, rows, offsets), unpack(parameters)
    for task in range(first, last):
        g, end = batches[task], batches[task + 1]
        count = offsets[end] - offsets[g]
        count_kinds(g, end, given, parameters[1], kinds, centres, ends)
        lay(g, end, given, labels, weights, batch, kinds, centres, ends)
        if HAS_EXPONENTIALS:
            for r in range(np.uint64(count)):
                e[r] = exp(parameters[1] * (s[r] - e[r]))
        clear(count, sums, logs)
        begin = np.int64(0)
        for kind in range(ends.size):
            if ends[kind] > begin:
                add_kind(kind, begin, ends[kind], batch.band, numbers, sums, logs)
                begin = ends[kind]
        for at in range(end - g):
            size = offsets[g + at + 1] - offsets[g + at]
            losses[g + at] = give_back(kinds[at], kinds[at] + size, batch, sums, logs, scales[g + at], results)


@regroups
def count_pairs(labels, weights):
    """Count the pairs of a group, and sum their weights."""
    size = labels.size
    low = high = labels[0] if size else 0.0
    for k in range(size):
        low = labels[k] if labels[k] < low else low
        high = labels[k] if labels[k] > high else high
    lowest = highest = 0
    weight_lowest = weight_highest = 0.0
    for k in range(size):
        is_low, is_high = labels[k] == low, labels[k] == high
        lowest += is_low
        highest += is_high
        w = weights[k] if weights.size else 1.0
        weight_lowest += w if is_low else 0.0
        weight_highest += w if is_high else 0.0
    if low == high:
        return 0, 0.0
    if lowest + highest == size:
        return lowest * highest, weight_lowest * weight_highest
    pairs, weight = 0, 0.0
    for i in range(size):
        others, weight_others = 0, 0.0
        for j in range(np.uint64(i)):
            differs = labels[j] != labels[i]
            others += differs
            if weights.size:
                weight_others += weights[j] if differs else 0.0
        pairs += others
        weight += weights[i] * weight_others if weights.size else np.float64(others)
    return pairs, weight


@regroups
def count_block(inputs, parameters, outputs, first, last):
    labels, weights, rows, offsets, batches = inputs
    pairs, weight, y, w = outputs
    for g in range(batches[first], batches[last]):
        start, size = offsets[g], offsets[g + 1] - offsets[g]
        for k in range(size):
            row = rows[start + k] if rows.size else start + k
            y[k] = labels[row]
            if weights.size:
                w[k] = weights[row]
        pairs[g], weight[g] = count_pairs(y[:size], w[:size] if weights.size else w)


def counted(rows: Rows) -> SmallGroups:
    """Count the pairs of each group."""
    scores, labels, weights, (order, offsets, _) = rows
    offsets = as_input(offsets, np.int64)
    batches = batches_of(offsets, BATCH)
    weights = np.empty(0) if weights is None else as_input(weights, np.float64)
    order = np.empty(0, np.int64) if order is None else as_input(order, np.int64)
    labels = as_input(labels, np.float64)
    pairs, weight = np.empty(offsets.size - 1, np.int64), np.empty(offsets.size - 1)
    inputs, outputs = (labels, weights, order, offsets, batches), (pairs, weight)
    scratch = Scratch(MOST, np.float64), Scratch(MOST if weights.size else 0, np.float64)
    run_block(count_block, "any", inputs, (0.0,), outputs, batches.size - 1, scratch)
    own = Rows(as_input(scores, kernel_dtype(scores)), labels, weights, Groups(order, offsets, None))
    return SmallGroups(own, batches, pairs, weight)


def evaluate(
    formulas: PairFormulas,
    small: SmallGroups,
    scales: np.ndarray,
    parameters: tuple[float, ...],
    wanted: Wanted,
    results: Results,
) -> np.ndarray:
    """Return the groups' losses, and write the results; `scales` multiplies each group's derivatives."""
    scores, labels, weights, (order, offsets, _) = small.rows
    weighted, exponentials = bool(weights.size), formulas.by_exponentials(False)
    names = formulas.bindings(wanted, weighted, multiplier_one, False) | {"WANT_EACH": wanted.each}
    name = f"{formulas.name}_{wanted.code}{'w' if weighted else ''}"
    losses = np.empty(offsets.size - 1)
    inputs = (scores, labels, weights, order, offsets, as_input(scales, np.float64), small.batches)
    valued, later = wanted.value or wanted.each, wanted.each
    logs = valued and exponentials and not weighted
    some = (True, True, weighted, exponentials, valued, later, wanted.gradient, wanted.gradient)
    some += (wanted.curvature, wanted.curvature, logs, exponentials)
    scratch = [Scratch(BATCH + MOST if one else 0, np.float64) for one in some]
    scratch += [Scratch(BATCH + MOST, np.int64)] * 3 + [Scratch(2 * MOST + 2, np.int64)]
    run_block(
        block, name, inputs, (1.0, *parameters), (*results, losses), small.batches.size - 1, tuple(scratch),
        known_names(block, names),
    )
    return losses
