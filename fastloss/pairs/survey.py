"""The levels of labels of groups, on the host, for every engine."""

import numpy as np

from fastloss.compile.templates import regroups
from fastloss.pairs.cpu_nodes import ROWS, run_block
from fastloss.pairs.halving import LEVELS, Levels
from fastloss.pairs.nodes import pieces
from fastloss.pairs.records import Columns

SEGMENT = np.uint64(256)  # rows, which the nearest cache holds while label after label is looked for
ONE = np.uint64(1)
BEGIN, END = range(2)  # columns of ranges of rows
# And of what is found in each: the number of labels, bounds of finite scores, how many others, whether labels are left.
NUMBER, LOW, HIGH, INFINITE, MORE = range(5)


@regroups
def count_label(label, begin, end, labels, weights):
    """Return how many of some rows have a label, and their weight."""
    rows, weight = np.uint64(0), 0.0
    for i in range(begin, end):
        same = np.float64(labels[i]) == label
        rows += np.uint64(same)
        if weights.size:
            weight += weights[i] if same else 0.0
    return rows, weight if weights.size else np.float64(rows)


def place_of(label, values, number):
    """Return where a label lies among those found so far, their number if it does not."""
    at = np.uint64(0)
    while at < number and values[at] != label:
        at += ONE
    return at


@regroups
def survey_block(inputs, parameters, outputs, first, last):
    """Look for each label that is known through a segment at a time; one by one at rows that have none of them."""
    scores, labels, weights, ranges = inputs
    values, counts, totals, found = outputs
    for task in range(first, last):
        number, infinite, more = np.uint64(0), np.uint64(0), 0.0
        low, high = np.inf, -np.inf
        begin, end = np.uint64(ranges[task, BEGIN]), np.uint64(ranges[task, END])
        for start in range(begin, end, SEGMENT):
            stop = min(np.uint64(start) + SEGMENT, end)
            for i in range(start, stop):
                x = np.float64(scores[i])
                infinite += np.uint64(not abs(x) < np.inf)
            for i in range(start, stop):
                x = np.float64(scores[i])
                low = x if x < low and x > -np.inf else low
                high = x if x > high and x < np.inf else high
            known = np.uint64(0) if more else number
            left = stop - np.uint64(start)
            for at in range(known):
                rows, weight = count_label(values[task, at], start, stop, labels, weights)
                counts[task, at] += rows
                totals[task, at] += weight
                left -= rows
            for i in range(start, stop if left else start):
                y = np.float64(labels[i])
                at = np.uint64(0) if more else place_of(y, values[task], number)
                if at == LEVELS:
                    more, at = 1.0, np.uint64(0)
                elif at < known:
                    continue
                if at == number:
                    values[task, at] = y
                    number += ONE
                counts[task, at] += 1.0
                totals[task, at] += weights[i] if weights.size else 1.0
        found[task, NUMBER], found[task, LOW], found[task, HIGH] = number, low, high
        found[task, INFINITE], found[task, MORE] = infinite, more


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
