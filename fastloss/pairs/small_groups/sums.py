"""The pairs of many groups of one size, all those at one distance at a time.

Groups lie across: the first rows of all groups, then their second rows, and so on. With G groups, rows r and r + d G
are a group's k-th and (k + d)-th row, for every r that has so many rows behind it. So one loop over r has all pairs at
the distance d, it is long even where groups are small, and its steps are independent: it becomes packed instructions.
Each pair is met once, and adds to both of its rows; what a row gets as the earlier of two and what it gets as the later
lie in two arrays, so that no step waits for another.

Rejected: sorting each group by label, so that a row's pairs are one range (`direct/`): for ten rows the sort takes
longer than the pairs, and ranges of five rows are too short for packed instructions. Groups one behind another, where
half of the steps meet rows of two groups.
"""

import numpy as np

from fastloss.compile.elementary import joined, weighed
from fastloss.compile.templates import regroups, unbound
from fastloss.pairs.pair import logistic_bend, logistic_slope, logistic_value

WANT_VALUE = unbound
WANT_EACH = unbound
WANT_GRADIENT = unbound
WANT_CURVATURE = unbound
WEIGHTED = unbound

value = slope = curvature = unbound


@regroups
def add_losses(r, loss, which, weights, sums, later):
    """Add a pair's loss to its first item's row, or to either row where only the sum of all is wanted."""
    (is_first, is_second), (own, other) = which, weights
    own_loss, other_loss = weighed(other, loss), weighed(own, loss)
    if WANT_EACH:
        sums.loss[r] += own_loss if is_first else 0.0
        later.loss[r] += other_loss if is_second else 0.0
    else:
        sums.loss[r] += own_loss if is_first | is_second else 0.0


@regroups
def add_derivatives(r, steep, bend, which, weights, sums, later):
    """Add a pair's derivatives by the score of its first item to both rows."""
    (is_first, is_second), (own, other) = which, weights
    is_pair = is_first | is_second
    if WANT_GRADIENT:
        turned = steep if is_first else -steep
        own_slope, other_slope = weighed(other, turned), weighed(own, turned)
        sums.slope[r] += own_slope if is_pair else 0.0
        later.slope[r] -= other_slope if is_pair else 0.0
    if WANT_CURVATURE:
        own_bend, other_bend = weighed(other, bend), weighed(own, bend)
        sums.curvature[r] += own_bend if is_pair else 0.0
        later.curvature[r] += other_bend if is_pair else 0.0


@regroups
def add_pairs(rows, behind, parameters, sums, later):
    """Add the pairs of each row and the row of the same index among those behind, by the formulas of the gap."""
    for r in range(np.uint64(behind.labels.size)):
        which = rows.labels[r] > behind.labels[r], rows.labels[r] < behind.labels[r]
        difference = rows.scores[r] - behind.scores[r]
        gap = difference if which[0] else -difference
        weights = (rows.weights[r], behind.weights[r]) if WEIGHTED else (1.0, 1.0)
        if WANT_VALUE:
            add_losses(r, value(gap, *parameters), which, weights, sums, later)
        steep = slope(gap, *parameters) if WANT_GRADIENT else 0.0
        bend = curvature(gap, *parameters) if WANT_CURVATURE else 0.0
        add_derivatives(r, steep, bend, which, weights, sums, later)


@regroups
def add_logistic_pairs(rows, behind, sigma, sums, later):
    """Add them by the exponentials of the scores. Without weights the losses are log(1 + result), see `joined`."""
    for r in range(np.uint64(behind.labels.size)):
        which = rows.labels[r] > behind.labels[r], rows.labels[r] < behind.labels[r]
        is_first, is_second = which
        one, two = rows.exponentials[r], behind.exponentials[r]
        high, low = (one, two) if is_first else (two, one)
        weights = (rows.weights[r], behind.weights[r]) if WEIGHTED else (1.0, 1.0)
        if WANT_VALUE and WEIGHTED:
            difference = sigma * (rows.scores[r] - behind.scores[r])
            gap = difference if is_first else -difference
            add_losses(r, logistic_value(gap, high, low), which, weights, sums, later)
        elif WANT_VALUE and WANT_EACH:
            sums.loss[r] = joined(sums.loss[r], low / high if is_first else 0.0)
            later.loss[r] = joined(later.loss[r], low / high if is_second else 0.0)
        elif WANT_VALUE:
            sums.loss[r] = joined(sums.loss[r], low / high if is_first | is_second else 0.0)
        steep = sigma * logistic_slope(high, low) if WANT_GRADIENT else 0.0
        bend = sigma * (sigma * logistic_bend(high, low)) if WANT_CURVATURE else 0.0
        add_derivatives(r, steep, bend, which, weights, sums, later)
