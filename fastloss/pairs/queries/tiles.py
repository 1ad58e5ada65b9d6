"""Pairs of ranks summed one by one on the CPU, with an exponential for each rank of a tile, not for each pair.

A tile is the pairs of some ranks with others behind them. Between the two lies a score c, so that
e**-gap = e**(-sigma (s_i - c)) e**(-sigma (c - s_j)), where neither factor exceeds 1: nothing overflows however far the
scores lie apart, and the product is as exact as the exponential of the gap. A triangle is the pairs within some ranks:
strips of few of them, each with all behind it.
"""

from typing import Any, NamedTuple

import numpy as np

from fastloss.compile.elementary import exp_negative
from fastloss.compile.templates import regroups, unbound
from fastloss.pairs.pair import RowSums
from fastloss.pairs.queries.query import pair, pair_sums

STRIP = 16
LARGEST = 1.7976931348623157e308

WANT_GRADIENT = unbound
WANT_CURVATURE = unbound


class Derivatives(NamedTuple):
    """By sigma times the score of each rank; the curvatures are empty if they are not wanted."""

    slopes: Any
    curvatures: Any


@regroups
def add_triangle(begin, end, stop, columns, sigma, derivatives, factors):
    """Return the loss of the pairs begin <= i < end, i < j < stop; `factors` is scratch for as many ranks."""
    total = 0.0
    for start in range(begin, end, STRIP):
        behind = min(start + STRIP, end)
        total += add_strip(start, behind, columns, sigma, derivatives)
        if behind < stop:
            own = Derivatives(derivatives.slopes[start:behind], derivatives.curvatures[start:behind])
            total += add_tile(start, behind, behind, stop, columns, sigma, own, derivatives, factors)
    return total


@regroups
def add_strip(begin, end, columns, sigma, derivatives):
    """Return the loss of the pairs begin <= i < j < end."""
    total = 0.0
    for i in range(begin, end - 1):
        sums = RowSums(0.0, 0.0, 0.0)
        for j in range(np.uint64(i + 1), np.uint64(end)):
            sums = with_pair(sums, j, pair(i, j, columns, sigma), derivatives)
        total += with_row(i, sums, derivatives)
    return total


@regroups
def add_tile(begin, end, start, stop, columns, sigma, own, derivatives, factors):
    """Return the loss of the pairs begin <= i < end, start <= j < stop, where end <= start < stop.

    The derivatives of the ranks i are added to `own`, whose first is that of `begin`.
    """
    scores, total = columns.scores, 0.0
    between = clipped(scores[start])
    fill_factors(factors, between, start, stop, scores, sigma)
    for i in range(begin, end):
        near = exp_negative(-sigma * (scores[i] - between))
        sums = row_sums(i, near, start, stop, columns, sigma, derivatives, factors)
        total += with_row(i - begin, sums, own)
    return total


def clipped(score):
    """Return the score, or the largest float for an infinite one; NaN stays.

    Two scores of one infinity then lie on one side of it, where `exp_negative` is NaN, as the gap between them is.
    """
    score = LARGEST if score > LARGEST else score
    return -LARGEST if score < -LARGEST else score


@regroups
def fill_factors(factors, above, start, stop, scores, sigma):
    """Write the exponentials of the gaps below a score, in the order of the ranks start <= j < stop."""
    for k in range(np.uint64(stop - start)):
        factors[k] = exp_negative(-sigma * (above - scores[start + k]))


@regroups
def row_sums(i, near, start, stop, columns, sigma, derivatives, factors):
    """Return the sums of rank i over the ranks start <= j < stop, for which derivatives are added."""
    score, gain, discount = columns.scores[i], columns.gains[i], columns.discounts[i]
    scores, gains, discounts = columns.scores[start:stop], columns.gains[start:stop], columns.discounts[start:stop]
    others = Derivatives(derivatives.slopes[start:stop], derivatives.curvatures[start:stop])
    sums = RowSums(0.0, 0.0, 0.0)
    for k in range(np.uint64(scores.size)):
        found = pair_sums(gain - gains[k], discount - discounts[k], sigma * (score - scores[k]), near * factors[k])
        sums = with_pair(sums, k, found, others)
    return sums


@regroups
def with_pair(sums, j, found, derivatives):
    """Return the sums with those of a pair, whose derivatives are added for the second rank j too."""
    if WANT_GRADIENT:
        derivatives.slopes[j] -= found.slope
    if WANT_CURVATURE:
        derivatives.curvatures[j] += found.curvature
    return RowSums(sums.loss + found.loss, sums.slope + found.slope, sums.curvature + found.curvature)


@regroups
def with_row(i, sums, derivatives):
    """Add the derivatives of a first rank, and return the loss."""
    if WANT_GRADIENT:
        derivatives.slopes[i] += sums.slope
    if WANT_CURVATURE:
        derivatives.curvatures[i] += sums.curvature
    return sums.loss
