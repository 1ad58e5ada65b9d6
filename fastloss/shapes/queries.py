"""Pairs of a query weighed by what swapping them would change in NDCG. Written once, for every engine.

The rows come ranked by falling score. A pair of ranks i < j weighs |gain_i - gain_j| (discount_i - discount_j) /
maxDCG; labels that are equal make equal gains, hence weight 0. The engines bind the names below before they compile.
"""

import numpy as np

from fastloss.shapes.pointwise import unbound
from fastloss.shapes.sorting import argsort

WANT_GRADIENT = False
WANT_CURVATURE = False
LINEAR = False

value = slope = curvature = unbound


def gain(label):
    """2**label - 1, or the label."""
    return label if LINEAR else 2.0**label - 1.0


def discount(rank):
    """What a rank counts in DCG; the first is rank 0."""
    return 1.0 / np.log2(rank + 2.0)


def fill(labels, ranked, gains, discounts):
    """Gains of the ranked rows, and the ranks' discounts 1 / log2(rank + 1)."""
    for k in range(ranked.size):
        gains[k] = gain(labels[ranked[k]])
        discounts[k] = discount(k)


def largest_dcg(gains, discounts, level):
    """The DCG at a level of the best ranking."""
    rising = np.empty(gains.size, np.int64)
    argsort(gains, rising, np.empty(gains.size, np.int64))
    total = 0.0
    for k in range(min(level, gains.size)):
        total += gains[rising[gains.size - 1 - k]] * discounts[k]
    return total


def pair(i, j, columns, inverse, sigma):
    """The loss of the ranks i < j, its slope by the score of i (by that of j it is the opposite), and its curvature."""
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
    return loss, first, second


def pairs_of(i, columns, inverse, sigma, slopes):
    """Loss and derivatives of rank i over the ranks behind it; theirs are added to `slopes`, (first, second)."""
    loss = first = second = 0.0
    for j in range(np.uint64(i + 1), np.uint64(columns[0].size)):
        more, d, c = pair(i, j, columns, inverse, sigma)
        loss += more
        if WANT_GRADIENT:
            first += d
            slopes[0][j] -= d
        if WANT_CURVATURE:
            second += c
            slopes[1][j] += c
    return loss, first, second
