"""The levels of labels of groups, on the host, for every engine."""

import numpy as np

from fastloss.compile.templates import regroups
from fastloss.pairs.cpu_nodes import ROWS, run_block
from fastloss.pairs.halving import LEVELS, Levels
from fastloss.pairs.nodes import pieces
from fastloss.pairs.records import Columns

BEGIN, END = range(2)  # columns of ranges of rows
# And of what is found in each: the number of labels, bounds of finite scores, how many others, whether labels are left.
NUMBER, LOW, HIGH, INFINITE, MORE = range(5)


@regroups
def survey_block(inputs, parameters, outputs, first, last):
    scores, labels, weights, ranges = inputs
    values, counts, totals, found = outputs
    for task in range(first, last):
        number, infinite, more = 0, 0, 0
        low, high = np.inf, -np.inf
        for i in range(ranges[task, BEGIN], ranges[task, END]):
            x, y = np.float64(scores[i]), np.float64(labels[i])
            finite = abs(x) < np.inf
            infinite += 0 if finite else 1
            low = x if finite and x < low else low
            high = x if finite and x > high else high
            at = 0
            while at < number and values[task, at] != y:
                at += 1
            if at == number:
                if number == LEVELS:
                    more = 1
                    at = 0
                else:
                    values[task, at], counts[task, at], totals[task, at] = y, 0.0, 0.0
                    number += 1
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
