"""The pairs of many small groups, all those at one distance at a time.

Rows of groups lie one behind another. Rows r and r + d make a pair if both are of one group, hence if at least d rows
of r's group are behind it, and if their labels differ. One loop over r is long, whatever the size of a group, and its
steps are independent: it becomes packed instructions. Each pair is met once, and adds to both of its rows; what a row
gets as the earlier of two and what it gets as the later lie in two arrays, so that no step waits for another.

Rejected: sorting each group by label, so that a row's pairs are one range (`direct/`): for ten rows the sort takes
longer than the pairs, and ranges of five rows are too short for packed instructions.
"""

from typing import Any, NamedTuple

import numpy as np

from fastloss.compile.elementary import joined, log1p, weighed
from fastloss.compile.templates import disjoint, regroups, unbound
from fastloss.pairs.pair import logistic_bend, logistic_slope

WANT_VALUE = unbound
WANT_EACH = unbound
WANT_GRADIENT = unbound
WANT_CURVATURE = unbound
WEIGHTED = unbound

value = slope = curvature = unbound


class Band(NamedTuple):
    """Rows of groups of few sizes, those of one size one behind another."""

    scores: Any
    labels: Any
    weights: Any
    behind: Any  # how many rows of the same group are behind a row
    exponentials: Any


class Sums(NamedTuple):
    """What rows add up over their pairs; `later` is what they get as the later row of a pair."""

    loss: Any
    loss_later: Any
    slope: Any
    slope_later: Any
    bend: Any
    bend_later: Any


@disjoint
@regroups
def add_pairs(d, begin, end, band, parameters, sums):
    """Add the pairs (r, r + d) of rows begin <= r < end - d, by the formulas of the gap."""
    scores, labels, weights, behind, _ = band
    for r in range(np.uint64(begin), np.uint64(end - d)):
        q = r + np.uint64(d)
        same = behind[r] >= d
        is_first, is_second = same & (labels[r] > labels[q]), same & (labels[r] < labels[q])
        is_pair = is_first | is_second
        gap = scores[r] - scores[q] if is_first else scores[q] - scores[r]
        own, other = (weights[r], weights[q]) if WEIGHTED else (1.0, 1.0)
        if WANT_VALUE:
            loss = value(gap, *parameters)
            if WANT_EACH:
                sums.loss[r] += weighed(other, loss) if is_first else 0.0
                sums.loss_later[q] += weighed(own, loss) if is_second else 0.0
            else:
                sums.loss[r] += weighed(other, loss) if is_pair else 0.0
        if WANT_GRADIENT:
            steep = slope(gap, *parameters)
            steep = steep if is_first else -steep
            sums.slope[r] += weighed(other, steep) if is_pair else 0.0
            sums.slope_later[q] -= weighed(own, steep) if is_pair else 0.0
        if WANT_CURVATURE:
            bend = curvature(gap, *parameters)
            sums.bend[r] += weighed(other, bend) if is_pair else 0.0
            sums.bend_later[q] += weighed(own, bend) if is_pair else 0.0


@disjoint
@regroups
def add_logistic_pairs(d, begin, end, band, sigma, sums):
    """Add them by the exponentials of the scores. Without weights the losses are log(1 + result), see `joined`."""
    _, labels, weights, behind, exponentials = band
    for r in range(np.uint64(begin), np.uint64(end - d)):
        q = r + np.uint64(d)
        same = behind[r] >= d
        is_first, is_second = same & (labels[r] > labels[q]), same & (labels[r] < labels[q])
        high = exponentials[r] if is_first else exponentials[q]
        low = exponentials[q] if is_first else exponentials[r]
        low = low if is_first | is_second else 0.0
        own, other = (weights[r], weights[q]) if WEIGHTED else (1.0, 1.0)
        if WANT_VALUE:
            x = low / high
            if WEIGHTED:
                loss = log1p(x)
                if WANT_EACH:
                    sums.loss[r] += other * loss if is_first else 0.0
                    sums.loss_later[q] += own * loss if is_second else 0.0
                else:
                    sums.loss[r] += other * loss
            elif WANT_EACH:
                sums.loss[r] = joined(sums.loss[r], x if is_first else 0.0)
                sums.loss_later[q] = joined(sums.loss_later[q], x if is_second else 0.0)
            else:
                sums.loss[r] = joined(sums.loss[r], x)
        if WANT_GRADIENT:
            steep = sigma * logistic_slope(high, low)
            steep = steep if is_first else -steep
            sums.slope[r] += other * steep
            sums.slope_later[q] -= own * steep
        if WANT_CURVATURE:
            bend = sigma * (sigma * logistic_bend(high, low))
            sums.bend[r] += other * bend
            sums.bend_later[q] += own * bend
