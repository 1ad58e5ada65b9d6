"""Pairs of a query weighed by what swapping them would change in NDCG. Written once, for every engine.

The rows come ranked by falling score. A pair of ranks i < j weighs |gain_i - gain_j| (discount_i - discount_j) /
maxDCG; labels that are equal make equal gains, hence weight 0. The engines bind the names below before they compile.
"""

from typing import Any, NamedTuple

import numpy as np

from fastloss.compile.elementary import expm1_negative
from fastloss.compile.sorting import argsort
from fastloss.compile.templates import regroups, unbound
from fastloss.pairs.pair import RowSums

WANT_GRADIENT = unbound
WANT_CURVATURE = unbound
LINEAR = unbound

LN2 = 0.6931471805599453
FLAT, FAINT, LIFT = 2.0**-60, 2.0**-300, 2.0**600

value = slope = curvature = unbound


class Settings(NamedTuple):
    """LambdaRank's parameters."""

    sigma: float
    level: int  # how many ranks count
    linear: bool  # whether a gain is the label itself


class Ranked(NamedTuple):
    """Scores, gains and discounts of a query's rows, by rank."""

    scores: Any
    gains: Any
    discounts: Any


def unit_of(largest):
    """Return what the gains of a query are multiplied by, given its largest label; their ratios alone count.

    Products of gains that small with differences of discounts would be subnormal, and inverses of their sums infinite.
    """
    return LIFT if largest < FAINT else 1.0


def gain(label, unit):
    """Return 2**label - 1, or the label, times `unit`, which is not 1 only where the largest label is below `FAINT`.

    Below 1, e**x - 1 = (1 - e**-x) / e**-x does not cancel; below `FLAT`, 2**label - 1 is label log 2 to the last bit.
    """
    if LINEAR:
        return label * unit
    if label >= 1.0:
        return 2.0**label - 1.0
    less = expm1_negative(-LN2 * label)
    return label * unit * LN2 if label < FLAT else abs(less) / (1.0 + less)


def discount(rank):
    """Return what a rank counts in DCG; the first is rank 0."""
    return 1.0 / np.log2(rank + 2.0)


@regroups
def unit_among(labels, rows):
    """Return the unit of the gains of some rows."""
    largest = 0.0
    for k in range(rows.size):
        largest = labels[rows[k]] if labels[rows[k]] > largest else largest
    return unit_of(largest)


@regroups
def fill(labels, ranked, gains, discounts):
    """Write gains of the ranked rows, and the ranks' discounts 1 / log2(rank + 1)."""
    unit = unit_among(labels, ranked)
    for k in range(ranked.size):
        gains[k] = gain(labels[ranked[k]], unit)
        discounts[k] = discount(k)


@regroups
def largest_dcg(gains, discounts, level, scratch):
    """Return the DCG at a level of the best ranking; `scratch` is two arrays of integers of the gains' size."""
    rising = scratch[0]
    argsort(gains, rising, scratch[1])
    total = 0.0
    for k in range(min(level, gains.size)):
        total += gains[rising[gains.size - 1 - k]] * discounts[k]
    return total


def pair(i, j, columns, inverse, sigma):
    """Return the loss of the ranks i < j and its derivatives by the score of i; the slope by that of j is opposite."""
    scores, gains, discounts = columns
    better = gains[i] - gains[j]
    weight = abs(better) * (discounts[i] - discounts[j]) * inverse
    m = 1.0 if better > 0.0 else -1.0
    gap = m * (scores[i] - scores[j])
    loss = weight * value(gap, sigma) if better != 0.0 else 0.0
    first = second = 0.0
    if WANT_GRADIENT:
        first = weight * m * slope(gap, sigma) if better != 0.0 else 0.0
    if WANT_CURVATURE:
        second = weight * curvature(gap, sigma) if better != 0.0 else 0.0
    return RowSums(loss, first, second)


@regroups
def pairs_of(i, columns, inverse, sigma, derivatives):
    """Return loss and derivatives of rank i over the ranks behind it; theirs are added to (slopes, curvatures)."""
    slopes, curvatures = derivatives
    loss = first = second = 0.0
    for j in range(np.uint64(i + 1), np.uint64(columns.scores.size)):
        more, d, c = pair(i, j, columns, inverse, sigma)
        loss += more
        if WANT_GRADIENT:
            first += d
            slopes[j] -= d
        if WANT_CURVATURE:
            second += c
            curvatures[j] += c
    return RowSums(loss, first, second)
