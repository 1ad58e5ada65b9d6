"""Pairs of sources and targets that are cut into ranges by score, each range summed where its rows are.

Sources of a range lie between two edges, c <= t < c'; so does what counts for a target: c does not and c' does, by the
formula's own rounding. Within a range both sides are merged as ever. Of any other, a target counts all sources or none,
and with an edge between them d = margin - (x - t) = (margin - (x - c)) + (t - c), neither below 0: sums over one side
relative to the edge are all that the rows of the other side need, and may have been made elsewhere.

Rows have codes: that of a source is the level of its label, that of a target its level + the number of levels. A row
that is both lies here twice.
"""

from typing import NamedTuple

import numpy as np

from fastloss.compile.sorting import LARGEST, in_order
from fastloss.compile.templates import regroups, unbound
from fastloss.core.requests import Wanted
from fastloss.pairs import halving
from fastloss.pairs.cpu_nodes import ROWS, few_within, run_block
from fastloss.pairs.halving import Large, Levels
from fastloss.pairs.nodes import Parameters, pieces, wanted_names
from fastloss.pairs.pair import PairFormulas
from fastloss.pairs.records import Columns, Results
from fastloss.pairs.thresholds import cpu
from fastloss.pairs.thresholds.merge import CHUNK, Rule, Side, near_sums
from fastloss.pairs.thresholds.sums import (
    Settings,
    Sums,
    excess,
    joined,
    reached,
    row_sums,
    sums_from,
    write_sums,
)

SUMMED = 1 << 13  # rows that are added up by themselves; sums depend on it
OWNER, BEGIN, END = range(3)  # columns of ranges of rows
EDGE, MARGIN, SIGN = range(3)  # columns of sides: how far rows lie from an edge, and on which side of it
BITS = 64

WEIGHTED = unbound


def cutoffs(splitters: np.ndarray, margin: float) -> np.ndarray:
    """Return the largest float64 for which each splitter counts: d falls with the target's score.

    A target's range is the number of cutoffs below its score; rounding it differently from the pairs would cost one.
    """
    low, high = (np.full(splitters.shape, end).view(np.int64) for end in (-np.inf, np.inf))
    low, high = in_order(low), in_order(high)
    with np.errstate(over="ignore", invalid="ignore"):
        for _ in range(BITS):
            middle = (low & high) + ((low ^ high) >> np.int64(1))
            x = (middle ^ ((middle >> np.int64(63)) & LARGEST)).view(np.float64)
            does = reached(splitters, x, margin, 1.0, False)
            low, high = np.where(does, middle, low), np.where(does, high, middle)
    return in_order(low).view(np.float64)


class Sides(NamedTuple):
    """The sides of an edge, for rows that are summed or that meet such sums: see `excess`."""

    sources: tuple[float, float, float]
    targets: tuple[float, float, float]


def summed_at(below: float, above: float, margin: float) -> Sides:
    """Return how a range's rows are summed: sources relative to its edge below, targets to the one above."""
    return Sides((below, 0.0, 1.0), (above, margin, -1.0))


def met_at(below: float, above: float, margin: float) -> Sides:
    """Return how a range's rows meet others: sources the targets below, targets the sources above."""
    return Sides((below, 0.0, -1.0), (above, margin, 1.0))


@regroups
def sum_block(inputs, parameters, outputs, first, last):
    scores, weights, ranges, sides = inputs
    (table,) = outputs
    for task in range(first, last):
        own, begin, end = ranges[task, OWNER], np.uint64(ranges[task, BEGIN]), np.uint64(ranges[task, END])
        rule = Rule(sides[own, MARGIN], sides[own, SIGN], False, CHUNK)
        side = Side(scores, weights, begin, end, False)
        write_sums(table, task, near_sums(side, np.uint64(0), end - begin, sides[own, EDGE], rule))


def totals(scores: np.ndarray, weights: np.ndarray, bounds: np.ndarray, sides: np.ndarray) -> np.ndarray:
    """Return the sums over slices of rows, (begin, end) each, relative to the edges of their sides."""
    ranges = np.column_stack(pieces(bounds[:, 0], bounds[:, 1], SUMMED))
    table = np.empty((len(ranges), 3))
    names, few = {"WEIGHTED": weights.size > 0}, few_within(len(ranges), scores.size)
    name = "w" if weights.size else "u"
    run_block(sum_block, name, (scores, weights, ranges, sides), (0.0,), (table,), len(ranges), names=names, few=few)
    made = [np.bincount(ranges[:, OWNER], column, len(bounds)) for column in table.T]
    return np.stack(made, axis=1)


@regroups
def slope_block(inputs, parameters, outputs, first, last):
    scores, codes, weights, table, sides = inputs
    (gradient,) = outputs
    factor, rows = parameters[0], np.int64(parameters[1])
    for i in range(np.int64(first) * rows, min(np.int64(last) * rows, np.int64(scores.size))):
        code = np.int64(codes[i])
        margin, sign = sides[code, MARGIN], sides[code, SIGN]
        d = excess(np.float64(scores[i]), margin, sign, sides[code, EDGE])
        met = joined(Sums(0.0, 0.0, 0.0), sums_from(table, code), d)
        settings = Settings(margin, sign, sign * factor, 0.0)
        gradient[i] += row_sums(weights[i] if WEIGHTED else 1.0, met, settings).slope


def add_slopes(
    formulas: PairFormulas, rows: Columns, table: np.ndarray, sides: Sides, factor: float, gradient: np.ndarray
) -> None:
    """Add the slopes of rows in their pairs with what `table` sums, for each code, on the other side of an edge."""
    of_codes = np.repeat(np.array(sides), len(table) // 2, axis=0)
    weighted, chunks = rows.weights.size > 0, -(-rows.scores.size // ROWS)
    names = {**wanted_names(Wanted(gradient=True), weighted), "POWER": formulas.power}
    name = f"g{formulas.power}{'w' if weighted else 'u'}"
    inputs = (*rows, table, of_codes)
    run_block(slope_block, name, inputs, (factor, float(ROWS)), (gradient,), chunks, names=names)


def within(
    formulas: PairFormulas,
    rows: Columns,
    counts: np.ndarray,
    margin: float,
    wanted: Wanted,
    factor: float = 1.0,
) -> tuple[float, np.ndarray]:
    """Return the loss of the pairs within a range, and the gradient times a factor where it is wanted.

    `rows.labels` are codes, `counts` the rows of each.
    """
    levels, results = counts.size // 2, Results.zeros(rows.scores.size, wanted)
    found = Levels(np.arange(levels), counts[:levels] + counts[levels:], np.zeros(levels), False, 0.0, 0.0, True)
    one = Large(0, rows, None, 0, rows.scores.size, found)
    losses = [0.0]
    for depth in halving.by_depth([one], np.array([factor]), lambda *_: (0.0, 0.0)):
        nodes = [node._replace(targets=(node.targets[0] + levels, node.targets[1] + levels)) for _, node in depth]
        losses += cpu.sums(formulas, nodes, rows, Parameters(margin), wanted, results).tolist()
    return sum(losses), results.gradient


__all__ = ["Sides", "add_slopes", "cutoffs", "met_at", "summed_at", "totals", "within"]
