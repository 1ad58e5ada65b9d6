"""The double sum over every i and j whose multiplier is y_i - y_j, by pairs of labels: one bipartite sum each.

The pairs (i, j) and (j, i) have the same gap (y_i - y_j)(s_i - s_j), so each two labels make one sum, counted twice;
rows of equal labels are a constant. K labels make K (K - 1) / 2 sums over their two labels' rows, (K - 1) N rows
together, each with a steepness of its own: near-linear for up to `MOST` labels, and quadratic beyond.
"""

import copy
from typing import Any, NamedTuple

import numpy as np

from fastloss.core.requests import Wanted
from fastloss.pairs.boxes.sums import WINDOW, H
from fastloss.pairs.nodes import Node, Parameters
from fastloss.pairs.pair import PairFormulas
from fastloss.pairs.records import Results

MOST = 64  # labels
# Nanoseconds of a thread: a pair computed directly, a row and a pair of near boxes of a sum, the sum itself, and the
# tables of a steepness.
PAIR, ROW, BOXES, SUM, TABLES = 11.0, 60.0, 100.0, 1_000_000.0, 3_000_000.0
PATIENCE = 50.0  # how much longer than all pairs the sums may take where they are asked for


class Runs(NamedTuple):
    """The labels of a group in rising order, and where their rows are."""

    values: np.ndarray
    weights: np.ndarray
    begins: np.ndarray
    ends: np.ndarray
    counts: np.ndarray


def runs_of(one: Any) -> Runs | None:
    """Return a group's labels; None for more than `MOST`. Few lie anywhere, more are sorted by falling label."""
    levels = one.levels
    if not levels.many:
        begins, ends = (np.full(levels.values.size, at) for at in (one.begin, one.end))
        return Runs(levels.values, levels.weights, begins, ends, levels.counts)
    labels, weights = (column[one.begin : one.end] for column in (one.rows.labels, one.rows.weights))
    starts = np.append(0, np.flatnonzero(labels[1:] != labels[:-1]) + 1)
    if starts.size > MOST:
        return None
    counts = np.diff(np.append(starts, labels.size))
    totals = np.add.reduceat(weights, starts) if weights.size else counts.astype(np.float64)
    begins = (one.begin + starts)[::-1]
    return Runs(labels[starts][::-1].astype(np.float64), totals[::-1], begins, begins + counts[::-1], counts[::-1])


def suits(formulas: PairFormulas, number: float, one: Any, cheaper: bool) -> bool:
    """Check whether a group of finite scores is to be summed so; `cheaper`: only if that is faster than all pairs.

    It may take much longer for a few rows of many labels, so even otherwise there is a limit.
    """
    runs = runs_of(one)
    if runs is None:
        return False
    y = runs.values
    with np.errstate(over="ignore"):
        steep = number * np.subtract.outer(y, y)[np.tril_indices(y.size, -1)]
    if not np.isfinite(steep).all() or (steep < 1e-300).any() or (steep > 1e300).any():
        return False
    if y.size <= 2:
        return True
    rows = np.add.outer(runs.counts, runs.counts)[np.tril_indices(y.size, -1)]
    costs = SUM * steep.size + ROW * float(rows.sum())
    if formulas.tails is not None:
        boxes = np.minimum(steep * ((one.levels.high - one.levels.low) / H) + 1.0, rows)
        costs += TABLES * np.unique(np.frexp(steep)[0]).size
        costs += BOXES * float((boxes * np.minimum(boxes, 2.0 * WINDOW)).sum())
    size = float(one.end - one.begin)
    return costs < PAIR * size * size * (1.0 if cheaper else PATIENCE)


def total(run: Any, one: Any, results: Results) -> float:
    """Sum the pairs of one group; losses and derivatives are added to the results where wanted."""
    runs, scale = runs_of(one), run.scales[one.group]
    assert runs is not None
    constant = run.formulas.value(0.0, run.number)
    loss = constant * float(runs.weights @ runs.weights)
    if run.wanted.each:
        for y, weight in zip(runs.values, runs.weights, strict=True):
            run.add(one, y, constant * weight, 1, results.each)
        back = copy.copy(run)
        back.wanted = Wanted(each=True)
    for a in range(runs.values.size):
        for b in range(a):
            high, low = float(runs.values[a]), float(runs.values[b])
            begin, end = int(min(runs.begins[a], runs.begins[b])), int(max(runs.ends[a], runs.ends[b]))
            bounds = one.levels.low, one.levels.high
            node = Node(begin, end, (low, low), (high, high), *bounds, 2.0 * scale)
            steep = run.number * (high - low)
            loss += 2.0 * float(run.sums([node], one.rows, Parameters(steep), results)[0])
            if run.wanted.each:
                back.sums([node.mirrored()], one.rows, Parameters(steep, -1.0), results)
    return loss
