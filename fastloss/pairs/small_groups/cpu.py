"""Small groups on the CPU: a task is a batch of whole groups, brought together by their size.

A batch lies in the cache with all that its rows add up. Groups of one size are laid one behind another, so that
`sums.py` has long loops and visits no distance that is none of theirs.
"""

from typing import Any, NamedTuple

import numpy as np

from fastloss.compile.elementary import exp, log1p, weighed
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
BEYOND = MOST + 1  # what is added to the kind of groups whose scores lie far apart
BATCH = 4096  # rows of a task, and those of its last group
TINY = 6  # rows up to which labels are compared at once
FACTORS = 20  # of 1 + e**SPREAD at most, whose product is finite

HAS_EXPONENTIALS = WANT_VALUE = WANT_EACH = WANT_GRADIENT = WANT_CURVATURE = WEIGHTED = unpack = unbound


class SmallGroups(NamedTuple):
    """Groups of at most `MOST` rows, and the pairs that each has."""

    rows: Rows
    batches: np.ndarray
    pairs: np.ndarray
    weight: np.ndarray


class Layout(NamedTuple):
    """Where the groups of a batch lie: each group's first row and what is between its rows, and its kinds' places."""

    groups: Any  # kinds, then first places
    steps: Any
    counts: Any  # groups of a kind
    begins: Any
    next: Any


def size_of(kind):
    """Return the number of rows of groups of a kind."""
    return kind if kind < BEYOND else kind - BEYOND


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
def count_kinds(first, given, sigma, centres, layout):
    """Write each group's kind, its size or, where its scores lie too far apart, beyond; and where kinds begin."""
    scores, rows, offsets = given
    for kind in range(layout.counts.size):
        layout.counts[kind] = 0
    for g in range(layout.groups.size):
        start, stop = offsets[first + g], offsets[first + g + 1]
        kind = stop - start
        if HAS_EXPONENTIALS and kind > 0:
            low, high = spread_of(scores, rows, start, stop)
            centres[g] = low + 0.5 * (high - low)
            kind += 0 if sigma * (high - low) <= SPREAD else BEYOND
        layout.groups[g] = kind
        layout.counts[kind] += 1
    total = 0
    for kind in range(layout.counts.size):
        layout.begins[kind] = layout.next[kind] = total
        total += layout.counts[kind] * size_of(kind)


@regroups
def lay(first, given, labels, weights, band, home, centres, layout):
    """Copy the rows of groups to where their kind lies, and write each group's first place over its kind."""
    scores, rows, offsets = given
    for g in range(layout.groups.size):
        kind = layout.groups[g]
        place, step = layout.next[kind], layout.counts[kind]
        layout.next[kind] += 1
        layout.groups[g], layout.steps[g] = place, step
        for k in range(offsets[first + g], offsets[first + g + 1]):
            row = rows[k] if rows.size else k
            home[place] = row
            band.scores[place] = scores[row]
            band.labels[place] = labels[row]
            if WEIGHTED:
                band.weights[place] = weights[row]
            if HAS_EXPONENTIALS:
                band.exponentials[place] = centres[g]
            place += step


@regroups
def take_logs(begin, end, logs, loss):
    """Add the logarithms of rows' products to their losses, and begin new products."""
    for r in range(np.uint64(begin), np.uint64(end)):
        logs[r] += log1p(loss[r])
        loss[r] = 0.0


def add_distance(distance, begin, end, band, parameters, by_exponentials, sums, sums_later):
    """Add the pairs of rows so far from each other."""
    s, y, w, e = band
    stop, start = end - distance, begin + distance
    own = Band(s[begin:stop], y[begin:stop], w[begin:stop], e[begin:stop])
    later = Band(s[start:end], y[start:end], w[start:end], e[start:end])
    own_sums = Sums(sums.loss[begin:stop], sums.slope[begin:stop], sums.bend[begin:stop])
    later_sums = Sums(sums_later.loss[start:end], sums_later.slope[start:end], sums_later.bend[start:end])
    if HAS_EXPONENTIALS and by_exponentials:
        add_logistic_pairs(own, later, parameters[0], own_sums, later_sums)
    else:
        add_pairs(own, later, parameters, own_sums, later_sums)


def add_kind(kind, begin, groups, band, parameters, sums, sums_later, logs):
    """Add all pairs of the groups of one kind."""
    size, is_narrow = size_of(kind), kind < BEYOND
    end = begin + size * groups
    for d in range(1, size):
        add_distance(d * groups, begin, end, band, parameters, is_narrow, sums, sums_later)
        if logs.size and is_narrow and (d % FACTORS == 0 or d == size - 1):
            take_logs(begin, end, logs, sums.loss)
            if WANT_EACH:
                take_logs(begin, end, logs, sums_later.loss)


@regroups
def give_back(place, step, size, rows, sums, sums_later, logs, scale, results):
    """Write what the rows of one group have added up, and return the group's loss."""
    weights, home = rows
    total = 0.0
    for k in range(size):
        r = place + k * step
        w = weights[r] if WEIGHTED else 1.0
        if WANT_VALUE:
            loss = sums.loss[r] + sums_later.loss[r] if WANT_EACH else sums.loss[r]
            loss = weighed(w, loss + logs[r] if logs.size else loss)
            total += loss
            if WANT_EACH:
                results.each[home[r]] = loss
        if WANT_GRADIENT:
            results.gradient[home[r]] = weighed(w * scale, sums.slope[r] + sums_later.slope[r])
        if WANT_CURVATURE:
            results.curvature[home[r]] = weighed(w * scale, sums.bend[r] + sums_later.bend[r])
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
    s, y, w, e, loss, slope, bend, loss_later, slope_later, bend_later, logs, centres = outputs[4:16]
    home, places, steps, counts, begins, following = outputs[16:]
    band, sums, sums_later = Band(s, y, w, e), Sums(loss, slope, bend), Sums(loss_later, slope_later, bend_later)
    given, numbers, results = (scores, rows, offsets), unpack(parameters), Results(each, gradient, curvature)
    for task in range(first, last):
        g, groups = batches[task], batches[task + 1] - batches[task]
        count = offsets[g + groups] - offsets[g]
        layout = Layout(places[:groups], steps[:groups], counts, begins, following)
        count_kinds(g, given, parameters[1], centres, layout)
        lay(g, given, labels, weights, band, home, centres, layout)
        if HAS_EXPONENTIALS:
            exponentials_of(s[:count], e[:count], parameters[1])
        for column in (loss, slope, bend, loss_later, slope_later, bend_later, logs):
            column[:count] = 0.0
        for kind in range(counts.size):
            if counts[kind] > 0:
                add_kind(kind, begins[kind], counts[kind], band, numbers, sums, sums_later, logs)
        for at in range(groups):
            size, own = offsets[g + at + 1] - offsets[g + at], (w, home)
            losses[g + at] = give_back(places[at], steps[at], size, own, sums, sums_later, logs, scales[g + at], results)


@regroups
def count_pairs_of_two(labels, weights):
    """Count the pairs of rows of the lowest label with those of the highest, and tell whether there are no others."""
    size, low, high = labels.size, labels[0], labels[0]
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
        return True, 0, 0.0
    return lowest + highest == size, lowest * highest, weight_lowest * weight_highest


@regroups
def count_pairs(labels, weights):
    """Count the pairs of a group, and sum their weights: those of two labels in linear time."""
    size = labels.size
    if size > TINY:
        two, pairs, weight = count_pairs_of_two(labels, weights)
        if two:
            return pairs, weight
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
    valued = wanted.value or wanted.each
    logs = valued and exponentials and not weighted
    some = (True, True, weighted, exponentials, valued, wanted.gradient, wanted.curvature)
    some += (wanted.each, wanted.gradient, wanted.curvature, logs, exponentials)
    scratch = [Scratch(BATCH + MOST if one else 0, np.float64) for one in some]
    scratch += [Scratch(BATCH + MOST, np.int64)] * 3 + [Scratch(2 * BEYOND, np.int64)] * 3
    run_block(
        block, name, inputs, (1.0, *parameters), (*results, losses), small.batches.size - 1, tuple(scratch),
        known_names(block, names),
    )
    return losses
