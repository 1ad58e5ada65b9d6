"""Pairs of a query weighed by what swapping them would change in NDCG. Written once, for every engine.

The rows come ranked by falling score. A pair of ranks i < j weighs |gain_i - gain_j| (discount_i - discount_j) /
maxDCG; labels that are equal make equal gains, hence weight 0. The engines bind the names below before they compile.

Sums leave out maxDCG and sigma, by which `scaled` multiplies them. With gap = sigma (s_i - s_j) >= 0 and x = e**-gap,
a pair of weight w costs w log(1 + x) if i has the larger gain, else w (gap + log(1 + x)); the derivatives by sigma s_i
are -w x / (1 + x), or w more, and w x / (1 + x)**2.
"""

from typing import Any, NamedTuple

import numpy as np

from fastloss.compile.elementary import exp_negative, expm1_negative, log1p_unit
from fastloss.compile.sorting import argsort
from fastloss.compile.templates import regroups, unbound
from fastloss.pairs.pair import RowSums

WANT_GRADIENT = unbound
WANT_CURVATURE = unbound
LINEAR = unbound

LN2 = 0.6931471805599453
FLAT, FAINT, LIFT = 2.0**-60, 2.0**-300, 2.0**600
MOST_LIFT = 400.0  # the power of two by which gains are lifted once more: both together are finite


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
    """Return what the gains of a query are multiplied by at first, given its largest label; their ratios alone count.

    Sums of gains that small would be subnormal, and their inverses infinite.
    """
    return LIFT if largest < FAINT else 1.0


def gain(label, unit):
    """Return 2**label - 1, or the label, times `unit`, a power of two.

    Below 1, e**x - 1 = (1 - e**-x) / e**-x does not cancel; below `FLAT`, 2**label - 1 is label log 2 to the last bit.
    """
    if LINEAR:
        return label * unit
    if label >= 1.0:
        return (2.0**label - 1.0) * unit
    less = expm1_negative(-LN2 * label)
    return label * unit * LN2 if label < FLAT else abs(less) / (1.0 + less) * unit


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
def fill_ranks(begin, end, labels, unit, gains, discounts):
    """Do the same for some ranks, given the labels by rank and the gains' unit."""
    for k in range(begin, end):
        gains[k], discounts[k] = gain(labels[k], unit), discount(k)


@regroups
def largest_dcg(gains, discounts, level, scratch):
    """Return the DCG at a level of the best ranking; `scratch` is two arrays of integers of the gains' size."""
    rising = scratch[0]
    argsort(gains, rising, scratch[1])
    total = 0.0
    for k in range(min(level, gains.size)):
        total += gains[rising[gains.size - 1 - k]] * discounts[k]
    return total


class Ideal(NamedTuple):
    """1 / maxDCG, 0 where that is 0, of gains multiplied by a unit, which makes it 1 to 2 if the labels are not tiny.

    So a sum of pairs is infinite only if the loss is.
    """

    inverse: Any
    unit: Any


def ideal_of(best):
    """Return these for gains of the largest DCG `best`."""
    if not best > 0.0:
        return Ideal(0.0, 1.0)
    unit = 2.0 ** min(-np.ceil(np.log2(best)), MOST_LIFT)
    return Ideal(1.0 / (best * unit), unit)


def pair_sums(better, falls, gap, x):
    """Return what a pair of ranks i < j adds up: `better` is gain_i - gain_j, `falls` discount_i - discount_j.

    Equal gains add 0 whatever the scores: the gap may be NaN or infinite.
    """
    weight = abs(better) * falls
    x = x if better != 0.0 else 0.0
    loss = weight * log1p_unit(x) + (weight * gap if better < 0.0 else 0.0)
    first = second = 0.0
    if WANT_GRADIENT or WANT_CURVATURE:
        p = x / (1.0 + x)
        first = (weight if better < 0.0 else 0.0) - weight * p
        second = weight * (p * (1.0 - p))
    return RowSums(loss, first, second)


def pair(i, j, columns, sigma):
    """Return what the pair of ranks i < j adds up; the slope by the score of j is opposite."""
    scores, gains, discounts = columns
    gap = sigma * (scores[i] - scores[j])
    return pair_sums(gains[i] - gains[j], discounts[i] - discounts[j], gap, exp_negative(-gap))


def scaled(sums, inverse, sigma):
    """Return loss and derivatives from sums over pairs and 1 / maxDCG."""
    return RowSums(inverse * sums.loss, inverse * (sigma * sums.slope), inverse * (sigma * (sigma * sums.curvature)))
