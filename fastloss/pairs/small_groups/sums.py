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

from typing import Any, NamedTuple

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


class Band(NamedTuple):
    """Rows of groups of one size, the first of all groups before the second."""

    scores: Any
    labels: Any
    weights: Any
    exponentials: Any


class Sums(NamedTuple):
    """What rows add up over their pairs with later rows, or with earlier ones."""

    loss: Any
    slope: Any
    bend: Any


@regroups
def add_pairs(band, later, parameters, sums, sums_later):
    """Add the pairs of each row and the later row of the same index, by the formulas of the gap."""
    for r in range(np.uint64(later.labels.size)):
        is_first, is_second = band.labels[r] > later.labels[r], band.labels[r] < later.labels[r]
        is_pair = is_first | is_second
        difference = band.scores[r] - later.scores[r]
        gap = difference if is_first else -difference
        own, other = (band.weights[r], later.weights[r]) if WEIGHTED else (1.0, 1.0)
        if WANT_VALUE:
            loss = value(gap, *parameters)
            own_loss, other_loss = weighed(other, loss), weighed(own, loss)
            if WANT_EACH:
                sums.loss[r] += own_loss if is_first else 0.0
                sums_later.loss[r] += other_loss if is_second else 0.0
            else:
                sums.loss[r] += own_loss if is_pair else 0.0
        if WANT_GRADIENT:
            steep = slope(gap, *parameters)
            steep = steep if is_first else -steep
            own_slope, other_slope = weighed(other, steep), weighed(own, steep)
            sums.slope[r] += own_slope if is_pair else 0.0
            sums_later.slope[r] -= other_slope if is_pair else 0.0
        if WANT_CURVATURE:
            bend = curvature(gap, *parameters)
            own_bend, other_bend = weighed(other, bend), weighed(own, bend)
            sums.bend[r] += own_bend if is_pair else 0.0
            sums_later.bend[r] += other_bend if is_pair else 0.0


@regroups
def add_logistic_pairs(band, later, sigma, sums, sums_later):
    """Add them by the exponentials of the scores. Without weights the losses are log(1 + result), see `joined`."""
    for r in range(np.uint64(later.labels.size)):
        is_first, is_second = band.labels[r] > later.labels[r], band.labels[r] < later.labels[r]
        is_pair = is_first | is_second
        one, two = band.exponentials[r], later.exponentials[r]
        high, low = (one, two) if is_first else (two, one)
        own, other = (band.weights[r], later.weights[r]) if WEIGHTED else (1.0, 1.0)
        if WANT_VALUE and WEIGHTED:
            difference = sigma * (band.scores[r] - later.scores[r])
            loss = logistic_value(difference if is_first else -difference, high, low)
            own_loss, other_loss = other * loss, own * loss
            if WANT_EACH:
                sums.loss[r] += own_loss if is_first else 0.0
                sums_later.loss[r] += other_loss if is_second else 0.0
            else:
                sums.loss[r] += own_loss if is_pair else 0.0
        elif WANT_VALUE:
            x = low / high
            if WANT_EACH:
                sums.loss[r] = joined(sums.loss[r], x if is_first else 0.0)
                sums_later.loss[r] = joined(sums_later.loss[r], x if is_second else 0.0)
            else:
                sums.loss[r] = joined(sums.loss[r], x if is_pair else 0.0)
        if WANT_GRADIENT:
            steep = sigma * logistic_slope(high, low)
            steep = (steep if is_first else -steep) if is_pair else 0.0
            sums.slope[r] += other * steep
            sums_later.slope[r] -= own * steep
        if WANT_CURVATURE:
            bend = sigma * (sigma * logistic_bend(high, low)) if is_pair else 0.0
            sums.bend[r] += other * bend
            sums_later.bend[r] += own * bend
