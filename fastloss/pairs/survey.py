"""The levels of labels of groups, on the host, for every engine."""

from typing import Any, NamedTuple

import numpy as np

from fastloss.compile.sorting import LARGEST, in_order
from fastloss.compile.templates import regroups
from fastloss.pairs.cpu_nodes import ROWS, run_block
from fastloss.pairs.halving import LEVELS, Levels
from fastloss.pairs.nodes import pieces
from fastloss.pairs.records import Columns

BEGIN, END = range(2)  # columns of ranges of rows
# And of what is found in each: the number of labels, bounds of finite scores, how many others, whether labels are left.
NUMBER, LOW, HIGH, INFINITE, MORE = range(5)

SEGMENT = np.uint64(256)  # rows compared with one label after another


@regroups
def survey_block(inputs, parameters, outputs, first, last):
    scores, labels, weights, ranges = inputs
    values, counts, totals, found = outputs
    for task in range(first, last):
        begin, end = np.uint64(ranges[task, BEGIN]), np.uint64(ranges[task, END])
        reach(begin, end, scores, found[task])
        own = Tallies(values[task], counts[task], totals[task])
        number, more = 0, False
        for start in range(begin, end, SEGMENT):
            stop = min(start + SEGMENT, end)
            number, more = tally(start, stop, labels, weights, own, number)
            if more:
                together(begin, end, weights, own)
                break
        found[task, NUMBER], found[task, MORE] = number, more


class Tallies(NamedTuple):
    """The labels of a range in the order of their appearance, how many rows have each, and the rows' weights."""

    values: Any
    counts: Any
    totals: Any


@regroups
def reach(begin, end, scores, found):
    """Write the bounds of the scores: minima of integers are packed instructions, and those of floats are not."""
    low, high, finite = LARGEST, -LARGEST, np.uint64(0)
    for i in range(begin, end):
        x = np.float64(scores[i])
        key = in_order(np.float64(x).view(np.int64))
        low, high = min(low, key), max(high, key)
        finite += np.uint64(abs(x) < np.inf)
    found[INFINITE] = end - begin - finite
    if finite < end - begin:
        low, high = LARGEST, -LARGEST
        for i in range(begin, end):
            x = np.float64(scores[i])
            if abs(x) < np.inf:
                key = in_order(np.float64(x).view(np.int64))
                low, high = min(low, key), max(high, key)
    found[LOW] = np.int64(in_order(low)).view(np.float64) if finite else np.inf
    found[HIGH] = np.int64(in_order(high)).view(np.float64) if finite else -np.inf


@regroups
def tally(start, stop, labels, weights, own, number):
    """Count the labels of a segment; return how many labels there are so far, and whether there are too many.

    Labels are few, and comparing a segment with each of them in turn is packed instructions.
    """
    left, at = stop - start, 0
    while left > np.uint64(0):
        if at == number:
            if number == LEVELS:
                return number, True
            own.values[at] = first_other(start, stop, labels, own.values[:number])
            own.counts[at] = own.totals[at] = 0.0
            number += 1
        y = own.values[at]
        inside = np.uint64(0)
        for i in range(start, stop):
            inside += np.uint64(np.float64(labels[i]) == y)
        own.counts[at] += inside
        left -= inside
        total = np.float64(inside)
        if weights.size:
            total = 0.0
            for i in range(start, stop):
                total += weights[i] if np.float64(labels[i]) == y else 0.0
        own.totals[at] += total
        at += 1
    return number, False


def first_other(start, stop, labels, values):
    """Return the first label of a segment that is none of some values."""
    for i in range(start, stop):
        y = np.float64(labels[i])
        at = 0
        while at < values.size and values[at] != y:
            at += 1
        if at == values.size:
            return y
    return np.nan


@regroups
def together(begin, end, weights, own):
    """Count all rows for the first label: there are too many labels to count each."""
    total = 0.0
    for i in range(begin, end):
        total += weights[i] if weights.size else 1.0
    for at in range(LEVELS):
        own.counts[at] = own.totals[at] = 0.0
    own.counts[0], own.totals[0] = np.float64(end - begin), total


def survey(rows: Columns, bounds: np.ndarray) -> list[Levels]:
    """Return the levels of groups of rows, given by their (begin, end)."""
    owner, start, stop = pieces(bounds[:, 0], bounds[:, 1], ROWS)
    size = len(owner)
    values, counts, totals = (np.zeros((size, LEVELS)) for _ in range(3))
    found = np.empty((size, 5))
    outputs = values, counts, totals, found
    run_block(survey_block, "any", (*rows, np.stack((start, stop), axis=1)), (0.0,), outputs, size)
    return _united(values, counts, totals, found, owner)


def _united(values, counts, totals, found, owner) -> list[Levels]:
    """Merge the levels of ranges into those of their groups, `owner`, rising: all groups in one pass."""
    if not owner.size:
        return []
    number, low, high, infinite, more = found.T
    used = np.arange(LEVELS) < number[:, None]
    owners, levels = np.broadcast_to(owner[:, None], used.shape)[used], values[used]
    order = np.lexsort((levels, owners))
    owners, levels = owners[order], levels[order]
    fresh = np.append(True, (levels[1:] != levels[:-1]) | (owners[1:] != owners[:-1]))
    where = np.cumsum(fresh) - 1
    levels, rows, weights = (
        levels[fresh],
        np.bincount(where, counts[used][order]),
        np.bincount(where, totals[used][order]),
    )
    groups = np.arange(owner[-1] + 1)
    ends = np.searchsorted(owners[fresh], groups, "right")
    starts = np.append(0, ends[:-1])
    first = np.searchsorted(owner, groups)
    many = (np.maximum.reduceat(more, first) > 0.0) | (ends - starts > LEVELS)
    low, high = np.minimum.reduceat(low, first), np.maximum.reduceat(high, first)
    finite = np.maximum.reduceat(infinite, first) == 0.0
    rows = rows.astype(np.int64)
    return [
        Levels(levels[i:j], rows[i:j], weights[i:j], bool(many[g]), float(low[g]), float(high[g]), bool(finite[g]))
        for g, (i, j) in enumerate(zip(starts.tolist(), ends.tolist(), strict=True))
    ]
