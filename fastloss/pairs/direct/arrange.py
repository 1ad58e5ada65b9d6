"""Rows of groups in the order of falling labels, and the pairs that they have: on the host, for every engine."""

from typing import NamedTuple

import numpy as np

from fastloss.compile.elementary import exp, weighed
from fastloss.compile.kernels import Kernel, kernel, once
from fastloss.compile.launch import as_input, launch
from fastloss.compile.signatures import INTEGERS, REALS, Signature, array_of
from fastloss.compile.templates import bind, known_names, regroups, unbound
from fastloss.core import orders
from fastloss.core.validate import kernel_dtype
from fastloss.pairs.halving import Kind
from fastloss.pairs.pair import SPREAD, PairFormulas, SortedRows, greater, lesser
from fastloss.pairs.records import Rows

SMALL = 16  # rows in a group that is sorted by insertion
LEVELS = 64  # labels that are integers below this are sorted by counting
BATCH = 1 << 14  # rows that one chunk of `arrange` holds, if it is not one larger group

UNORDERED = HAS_EXPONENTIALS = unbound


@regroups
def is_falling(labels, order, start, stop):
    for k in range(start + 1, stop):
        if labels[order[k]] > labels[order[k - 1]]:
            return False
    return True


@regroups
def sort_by_counting(labels, order, bounds, scratch, ends):
    """Sort by falling label, stably; return False, with nothing done, if a label is not an integer in [0, LEVELS)."""
    start, stop = bounds
    for level in range(LEVELS + 1):
        ends[level] = 0
    for k in range(start, stop):
        y = labels[order[k]]
        if not (y >= 0.0 and y < LEVELS) or y != np.floor(y):
            return False
        ends[LEVELS - 1 - np.int64(y)] += 1
    at = start
    for level in range(LEVELS):
        count = ends[level]
        ends[level] = at
        at += count
    for k in range(start, stop):
        scratch[k] = order[k]
    for k in range(start, stop):
        level = LEVELS - 1 - np.int64(labels[scratch[k]])
        order[ends[level]] = scratch[k]
        ends[level] += 1
    return True


@regroups
def sort_by_insertion(labels, order, start, stop):
    for k in range(start + 1, stop):
        row = order[k]
        y = labels[row]
        at = k
        while at > start and labels[order[at - 1]] < y:
            order[at] = order[at - 1]
            at -= 1
        order[at] = row


@regroups
def sort_by_merging(labels, order, bounds, scratch):
    """Sort by falling label, stably: runs of SMALL rows are merged by twos, wider and wider."""
    start, stop = bounds
    for begin in range(start, stop, SMALL):
        sort_by_insertion(labels, order, begin, min(begin + SMALL, stop))
    width = SMALL
    while width < stop - start:
        for begin in range(start, stop - width, 2 * width):
            left, right, end = begin, begin + width, min(begin + 2 * width, stop)
            for k in range(left, right):
                scratch[k] = order[k]
            for at in range(begin, end):
                if left == begin + width:
                    break  # the rest of the second run lies where it belongs
                if right < end and labels[order[right]] > labels[scratch[left]]:
                    order[at] = order[right]
                    right += 1
                else:
                    order[at] = scratch[left]
                    left += 1
        width *= 2


def sort_group(labels, order, bounds, scratch, ends):
    """Bring the rows order[start:stop] into the order of falling label, equal labels as they stand."""
    start, stop = bounds
    if stop - start <= SMALL:
        sort_by_insertion(labels, order, start, stop)
    elif not is_falling(labels, order, start, stop) and not sort_by_counting(labels, order, bounds, scratch, ends):
        sort_by_merging(labels, order, bounds, scratch)


@regroups
def count_pairs(labels, weights, start, stop):
    """Count the pairs of a sorted group whose first label is the greater, and sum their weights."""
    pairs = below = level = 0
    weight = weight_below = weight_level = 0.0
    for k in range(stop - 1, start - 1, -1):
        if k + 1 < stop and labels[k] != labels[k + 1]:
            below += level
            weight_below += weight_level
            level, weight_level = 0, 0.0
        w = weights[k] if weights.size else 1.0
        level += 1
        weight_level += w
        pairs += below
        weight += weighed(w, weight_below)
    return pairs, weight


@regroups
def arrange(inputs, parameters, outputs, first, last):
    scores, labels, weights, rows, offsets, batches = inputs
    order, s, y, w, e, pairs, pair_weight, spread, scratch, ends = outputs
    for g in range(batches[first], batches[last]):
        start, stop = offsets[g], offsets[g + 1]
        for k in range(start, stop):
            order[k] = rows[k] if rows.size else k
        if not UNORDERED:
            sort_group(labels, order, (start, stop), scratch, ends)
        low, high = np.inf, -np.inf
        for k in range(start, stop):
            s[k] = scores[order[k]]
            y[k] = labels[order[k]]
            if weights.size:
                w[k] = weights[order[k]]
            low, high = lesser(low, s[k]), greater(high, s[k])
        if UNORDERED:
            total = 0.0
            for k in range(start, stop):
                total += w[k] if weights.size else 1.0
            pairs[g], pair_weight[g] = (stop - start) ** 2, total * total
        else:
            pairs[g], pair_weight[g] = count_pairs(y, w, start, stop)
        spread[g] = parameters[0] * (high - low)
        if HAS_EXPONENTIALS and spread[g] <= SPREAD:
            centre = low + 0.5 * (high - low)
            for k in range(np.uint64(start), np.uint64(stop)):
                e[k] = exp(parameters[0] * (s[k] - centre))


class Arranged(NamedTuple):
    """Rows brought into order, group by group, and the pairs that each group has."""

    data: SortedRows
    order: np.ndarray
    offsets: np.ndarray
    pairs: np.ndarray
    weight: np.ndarray
    spread: np.ndarray
    dtype: np.dtype


@once
def compiled_arrange(dtype: np.dtype, unordered: bool, exponentials: bool) -> Kernel:
    """Compile the block that arranges groups, for scores of one dtype."""
    signature = Signature(
        (array_of(dtype), REALS, REALS, INTEGERS, INTEGERS, INTEGERS),
        (INTEGERS, REALS, REALS, REALS, REALS, INTEGERS, REALS, REALS, INTEGERS),
        (INTEGERS,),
    )
    names = known_names(arrange, {"UNORDERED": unordered, "HAS_EXPONENTIALS": exponentials})
    name = f"{'all' if unordered else 'ordered'}{'_e' if exponentials else ''}"
    return kernel(bind(arrange, **names), name, signature)


def batches_of(offsets: np.ndarray, rows: int = BATCH) -> np.ndarray:
    """Return between which groups batches of about so many rows lie."""
    groups, size = offsets.size - 1, int(offsets[-1])
    if size <= rows:
        return np.array([0, groups]) if groups else np.zeros(1, np.int64)
    starts = np.searchsorted(offsets[:-1], np.arange(0, size, rows), side="left")
    return orders.distinct(np.append(np.append(0, starts), groups))


def arranged(formulas: PairFormulas, kind: Kind, rows: Rows, parameters: tuple[float, ...]) -> Arranged:
    """Order the rows of every group, and count its pairs."""
    scores, labels, weights, (row_order, offsets, *_) = rows
    size, groups = scores.size, offsets.size - 1
    dtype = kernel_dtype(scores)
    exponentials = formulas.by_exponentials(kind.unordered)
    kernel = compiled_arrange(dtype, kind.unordered, exponentials)
    batches = batches_of(offsets)
    order = np.empty(size, np.int64)
    scratch = np.empty(0 if kind.unordered else size, np.int64)
    weighted = 0 if weights is None else size
    data = SortedRows(np.empty(size), np.empty(size), np.empty(weighted), np.empty(size if exponentials else 0))
    pairs, weight, spread = np.zeros(groups, np.int64), np.zeros(groups), np.zeros(groups)
    ends = as_input(offsets, np.int64)
    inputs = (
        as_input(scores, dtype),
        as_input(labels, np.float64),
        as_input(np.empty(0) if weights is None else weights, np.float64),
        as_input(np.empty(0, np.int64) if row_order is None else row_order, np.int64),
        ends,
        batches,
    )
    outputs = (order, *data, pairs, weight, spread, scratch)
    launch(kernel, inputs, np.array(parameters, np.float64), outputs, batches.size - 1, 1, (LEVELS + 1,))
    return Arranged(data, order, ends, pairs, weight, spread, dtype)
