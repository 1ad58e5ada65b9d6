"""A positive item's score against the scores of negatives: its own (one, some, or a ragged number), or all shared ones.

`scores` is (positives, negatives); a formula sees gap = positive - negative. The engines bind the names below before
they compile.
"""

import numpy as np

from fastloss.compile.templates import regroups, unbound

WANT_GRADIENT = unbound
OWN = unbound  # bound: whether a negative belongs to one positive, whose row then writes the negative's slope

value = slope = unbound

SIGMA = 1.0  # the steepness of the pairwise formulas


def against(score, j, negatives, factor, negative_slopes):
    """Return the loss and the slope of a positive's score against negative j; its slope is written if it is its own."""
    gap = score - np.float64(negatives[j])
    steep = 0.0
    if WANT_GRADIENT:
        steep = slope(gap, SIGMA)
        if OWN:
            negative_slopes[j] = -factor * steep
    return value(gap, SIGMA), steep


@regroups
def positive(b, bounds, scores, factor, negative_slopes):
    """Return the mean loss and slope of positive b over a range of negatives; `factor` scales what is written."""
    start, stop = bounds
    positives, negatives = scores
    score = np.float64(positives[b])
    share = 1.0 / (stop - start) if stop > start else 0.0
    loss = steep = 0.0
    for j in range(np.uint64(start), np.uint64(stop)):
        more, steeper = against(score, j, negatives, factor * share, negative_slopes)
        loss += more
        steep += steeper
    return share * loss, share * steep


@regroups
def shared_negative(j, scores, weights):
    """Return the slope by the score of negative j, which all positives share: weighted and summed, not yet scaled."""
    positives, negatives = scores
    score = np.float64(negatives[j])
    steep = 0.0
    for b in range(np.uint64(0), np.uint64(positives.size)):
        s = slope(np.float64(positives[b]) - score, SIGMA)
        steep -= (weights[b] if weights.size else 1.0) * s
    return steep
