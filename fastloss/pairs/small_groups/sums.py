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
from fastloss.compile.templates import regroups, rounds_products, unbound
from fastloss.pairs.pair import logistic_bend, logistic_slope, logistic_value

WANT_VALUE = unbound
WANT_EACH = unbound
WANT_GRADIENT = unbound
WANT_CURVATURE = unbound
WEIGHTED = unbound

value = slope = curvature = unbound


@rounds_products
@regroups
def add_losses(r, own, other, which, sums, later):
    """Add a pair's loss to its first item's row, or to the earlier row where only the sum of all is wanted.

    Here and below `own` and `other` are what the pair is to the earlier row and to the later one.
    """
    is_first, is_second = which
    if WANT_EACH:
        sums.loss[r] += own if is_first else 0.0
        later.loss[r] += other if is_second else 0.0
    else:
        sums.loss[r] += own if is_first | is_second else 0.0


@rounds_products
@regroups
def add_slopes(r, own, other, which, sums, later):
    """Add a pair's slope by the score of its first item to both rows."""
    is_first, is_second = which
    is_pair = is_first | is_second
    sums.slope[r] += (own if is_first else -own) if is_pair else 0.0
    later.slope[r] -= (other if is_first else -other) if is_pair else 0.0


@rounds_products
@regroups
def add_curvatures(r, own, other, which, sums, later):
    """Add a pair's curvature to both rows."""
    is_first, is_second = which
    is_pair = is_first | is_second
    sums.curvature[r] += own if is_pair else 0.0
    later.curvature[r] += other if is_pair else 0.0


@regroups
def add_pairs(rows, behind, parameters, sums, later):
    """Add the pairs of each row and the row of the same index among those behind, by the formulas of the gap."""
    for r in range(np.uint64(behind.labels.size)):
        which = rows.labels[r] > behind.labels[r], rows.labels[r] < behind.labels[r]
        difference = rows.scores[r] - behind.scores[r]
        gap = difference if which[0] else -difference
        own, other = (behind.weights[r], rows.weights[r]) if WEIGHTED else (1.0, 1.0)
        if WANT_VALUE:
            loss = value(gap, *parameters)
            add_losses(r, weighed(own, loss), weighed(other, loss), which, sums, later)
        if WANT_GRADIENT:
            steep = slope(gap, *parameters)
            add_slopes(r, weighed(own, steep), weighed(other, steep), which, sums, later)
        if WANT_CURVATURE:
            bend = curvature(gap, *parameters)
            add_curvatures(r, weighed(own, bend), weighed(other, bend), which, sums, later)


@regroups
def add_logistic_pairs(rows, behind, sigma, sums, later):
    """Add them by the exponentials of the scores. Without weights the losses are log(1 + result), see `joined`.

    All numbers are finite here, so that no product needs `weighed`.
    """
    for r in range(np.uint64(behind.labels.size)):
        which = rows.labels[r] > behind.labels[r], rows.labels[r] < behind.labels[r]
        is_first, is_second = which
        one, two = rows.exponentials[r], behind.exponentials[r]
        high, low = (one, two) if is_first else (two, one)
        own, other = (behind.weights[r], rows.weights[r]) if WEIGHTED else (1.0, 1.0)
        if WANT_VALUE and WEIGHTED:
            difference = sigma * (rows.scores[r] - behind.scores[r])
            loss = logistic_value(difference if is_first else -difference, high, low)
            add_losses(r, own * loss, other * loss, which, sums, later)
        elif WANT_VALUE and WANT_EACH:
            sums.loss[r] = joined(sums.loss[r], low / high if is_first else 0.0)
            later.loss[r] = joined(later.loss[r], low / high if is_second else 0.0)
        elif WANT_VALUE:
            sums.loss[r] = joined(sums.loss[r], low / high if is_first | is_second else 0.0)
        if WANT_GRADIENT:
            steep = sigma * logistic_slope(high, low)
            add_slopes(r, own * steep, other * steep, which, sums, later)
        if WANT_CURVATURE:
            bend = sigma * (sigma * logistic_bend(high, low))
            add_curvatures(r, own * bend, other * bend, which, sums, later)
