"""What crosses the edges between ranges: sums of each label, carried from range to range with the edge as their origin.

A source above the edge c' of a target's range costs ((c' - t) + (s - c'))**p, where t = x - margin is the target's
threshold: sums of w, w u and w u**2 over what lies on one side, u being the distance from the edge, and the same of the
other side make the loss of all pairs. Carried to the next edge, u grows by the gap: all terms are positive, and nothing
cancels.
"""

import math
from typing import Any, NamedTuple

import numpy as np

from fastloss.core import summation
from fastloss.core.summation import weighed
from fastloss.dask.ranges.plan import Plan
from fastloss.pairs.pair import PairFormulas
from fastloss.pairs.thresholds.sums import Sums, joined

WEIGHT, LEAD, SQUARE = range(3)


class Carried(NamedTuple):
    """What rows meet beyond the edges of their range."""

    table: np.ndarray  # [range, code] of the sums over all lower or higher labels
    weight: float  # of all pairs


def added(parts: list[np.ndarray]) -> np.ndarray:
    """Return the totals of partitions' rows."""
    return np.sum(parts, axis=0)


def weight(plan: Plan, totals: np.ndarray) -> float:
    """Return the weight of all pairs, exact where there are no weights."""
    if not plan.weighted:
        return float(plan.pairs())
    total, below, levels = 0.0, 0.0, plan.labels.size
    for level in range(levels):
        own = float(totals[:, levels + level if level else 0, WEIGHT].sum())
        total, below = total + own * below, below + own
    return total


def _along(splitters: np.ndarray, totals: np.ndarray) -> np.ndarray:
    """Return what lies below each range, relative to its edge below, of sums relative to the edges above."""
    made = np.zeros_like(totals)
    rest, edge = Sums(0.0, 0.0, 0.0), float(splitters[0]) if splitters.size else 0.0
    for at, new in enumerate(splitters.tolist()):
        rest = joined(Sums(*totals[at].tolist()), rest, abs(new - edge))
        made[at + 1], edge = rest, new
    return made


def carried(plan: Plan, totals: np.ndarray) -> Carried:
    """Return the sums that the rows of each range and code meet."""
    levels, table = plan.labels.size, np.zeros_like(totals)
    below = [_along(plan.splitters, totals[:, levels + level]) for level in range(levels)]
    above = [_along(plan.splitters[::-1], totals[::-1, level])[::-1] for level in range(levels)]
    for level in range(levels):
        table[:, level] = sum(below[level + 1 :], np.zeros(3))
        table[:, levels + level] = sum(above[:level], np.zeros(3))
    return Carried(table, weight(plan, totals))


def between(table: np.ndarray, totals: np.ndarray, power: int) -> float:
    """Return the loss of all pairs in two ranges, from the targets' sums and from what they meet."""
    levels = totals.shape[1] // 2
    own, met = totals[:, levels:], table[:, levels:]
    total = 0.0
    for at in range(power + 1):
        ways = 2.0 if 0 < at < power else 1.0
        total += ways * float(weighed(own[:, :, at], met[:, :, power - at]).sum())
    return total


def counted(plan: Plan, totals: np.ndarray, signed: bool) -> Any:
    """Return the weight of the pairs in two ranges that are in the wrong order, an integer if there are no weights.

    `signed`: less these, the weight of those in the right order.
    """
    levels, own = plan.labels.size, totals[:, :, WEIGHT]
    if not plan.weighted:
        own = own.astype(np.int64).astype(object)  # Python's integers: products may exceed 64 bits
    sources, targets = own[:, :levels], own[:, levels:]
    lower = _before(sources.T).T
    inverted = (targets * _before(lower[::-1])[::-1]).sum()
    return (targets * _before(lower)).sum() - inverted if signed else inverted


def together(formulas: PairFormulas, plan: Plan, totals: np.ndarray, inside: list[float]) -> tuple[Any, Any]:
    """Return the loss or the count of all pairs, from each range's own, and their weight; integers if both are."""
    if not plan.fine:
        return math.nan, weight(plan, totals)
    if formulas.power:
        found = carried(plan, totals)
        across: Any = between(found.table, totals, formulas.power)
        return summation.ordered_sum(np.append(inside, across)), found.weight
    across = counted(plan, totals, formulas.signed)
    if plan.weighted:
        return summation.ordered_sum(np.append(inside, across)), weight(plan, totals)
    return sum(map(round, inside), across), plan.pairs()


def _before(rows: np.ndarray) -> np.ndarray:
    """Return the sums of the rows before each."""
    return np.cumsum(np.concatenate((np.zeros_like(rows[:1]), rows[:-1])), axis=0)
