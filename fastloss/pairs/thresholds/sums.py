"""Sums of max(0, margin - (x - t))**power over sorted sources t, power 0, 1 or 2, for every target x.

The sources that count for a target are those from some place k on. Sums over them are kept relative to their first,
t_k: W_k = sum w, S_k = sum w (t - t_k), Q_k = sum w (t - t_k)**2, so that all terms are positive and nothing cancels;
with d = margin - (x - t_k) >= 0, sum w d**p is W_k, S_k + W_k d or Q_k + 2 d S_k + d**2 W_k.

Rejected: prefix sums of t and t**2, which lose 16 digits to the square of the scores' offset; the threshold x - margin,
whose rounding exceeds the distance to it where scores are large.
"""

from typing import Any, NamedTuple

import numpy as np

from fastloss.compile.elementary import weighed
from fastloss.compile.templates import regroups, unbound
from fastloss.pairs.pair import RowSums

POWER = unbound
WANT_VALUE = unbound
WANT_GRADIENT = unbound
WANT_CURVATURE = unbound
WEIGHTED = unbound


WEIGHT, LEAD, SQUARE = range(3)  # columns of a table of sources: W, S and Q


class Sums(NamedTuple):
    """W, S and Q from some source on."""

    weight: Any
    lead: Any
    square: Any


class Sources(NamedTuple):
    """Sorted scores, their W, S and Q, and the first source of each bucket."""

    scores: Any
    table: Any
    starts: Any


class Settings(NamedTuple):
    """The margin, the orientation of gaps, and what slopes and curvatures are multiplied by."""

    margin: Any
    orientation: Any
    slope_factor: Any
    bend_factor: Any


def sums_from(table, k):
    """Return the sums from source k on."""
    return Sums(table[k, WEIGHT], table[k, LEAD], table[k, SQUARE])


def write_sums(table, k, sums):
    """Write the sums from source k on."""
    table[k, WEIGHT], table[k, LEAD], table[k, SQUARE] = sums.weight, sums.lead, sums.square


@regroups
def suffix_sums(sorted_scores, weights, table):
    """Write W_k, S_k, Q_k into `table`, which has one row more than sources."""
    size = sorted_scores.size
    for column in range(3):
        table[size, column] = 0.0
    sums, gap = Sums(0.0, 0.0, 0.0), 0.0
    for at in range(size):
        k = size - 1 - at
        if at:
            gap = np.float64(sorted_scores[k + 1]) - np.float64(sorted_scores[k])
        sums = joined(Sums(weights[k] if weights.size else 1.0, 0.0, 0.0), sums, gap)
        write_sums(table, k, sums)


def moved(sums, gap):
    """Return the sums relative to what lies `gap` before."""
    weight, lead, square = sums
    if gap == 0.0:  # of sums that may be infinite
        return sums
    return Sums(weight, lead + gap * weight, square + gap * (2.0 * lead + gap * weight))


def joined(sums, rest, gap):
    """Return the sums over two runs of sources relative to the first of all, `gap` before the first of `rest`."""
    if not rest.weight > 0.0:  # the gap may be infinite
        return sums
    weight, lead, square = moved(rest, gap)
    return Sums(sums.weight + weight, sums.lead + lead, sums.square + square)


@regroups
def index_starts(sorted_scores, starts):
    """Write for each bucket of equal width the first source in it or behind; `starts` has one more."""
    buckets = starts.size - 1
    low, scale = sorted_scores[0], bucket_scale(sorted_scores, buckets)
    filled = 0
    for k in range(sorted_scores.size):
        bucket = bucket_of(sorted_scores[k], low, scale, buckets)
        while filled <= bucket:
            starts[filled] = k
            filled += 1
    while filled <= buckets:
        starts[filled] = sorted_scores.size
        filled += 1


def bucket_scale(sorted_scores, buckets):
    """Return how many buckets a unit of the score has; 0, which puts all into one, where that is no finite number."""
    spread = sorted_scores[sorted_scores.size - 1] - sorted_scores[0]
    return buckets / spread if buckets * 1e-300 < spread else 0.0


def bucket_of(t, low, scale, buckets):
    """Return the bucket of a score."""
    bucket = (t - low) * scale
    return np.int64(bucket) if 0.0 < bucket < buckets else (np.int64(0) if not bucket > 0.0 else buckets - 1)


def excess(x, margin, steep, t):
    """Return d = margin - steep (x - t), as the formulas have it: a loop that sums may regroup what it holds."""
    return margin - steep * (x - t)


def counts(k, x, margin, steep, sorted_scores):
    """Check whether source k, hence all behind it, counts: d = 0 does for a slope, not for an inversion."""
    return reached(sorted_scores[k], x, margin, steep, POWER == 0)


def reached(t, x, margin, steep, strictly):
    """Check whether a source counts for a target."""
    d = excess(x, margin, steep, np.float64(t))
    return d > 0.0 if strictly else d >= 0.0


def first_source(x, margin, steep, sorted_scores, starts, scale):
    """Find the first source that counts for a target.

    The threshold x - margin / steep is rounded, and where scores are large the rounding may exceed the width of many
    buckets: the bucket's bounds are moved out, by steps that double, until what is looked for lies between them.
    """
    bucket = bucket_of(x - margin / steep, sorted_scores[0], scale, starts.size - 1)
    low, high, reach = starts[bucket], starts[bucket + 1], np.int64(1)
    while low > 0 and counts(low - 1, x, margin, steep, sorted_scores):
        high = low - 1
        low = max(np.int64(0), low - reach)
        reach *= 2
    while high < sorted_scores.size and not counts(high, x, margin, steep, sorted_scores):
        low = high + 1
        high = min(np.int64(sorted_scores.size), high + reach)
        reach *= 2
    while low < high:
        middle = (low + high) // 2
        if counts(middle, x, margin, steep, sorted_scores):
            high = middle
        else:
            low = middle + 1
    return low


def power_sum(power, sums):
    """Return sum w d_j**power over the sources that count, from the sums relative to where d is 0."""
    return sums.weight if power == 0 else (sums.lead if power == 1 else sums.square)


def row_sums(w, sums, settings):
    """Return the sums over a row's pairs, times its weight and the factors, from those relative to where d is 0."""
    loss = weighed(w, power_sum(POWER, sums)) if WANT_VALUE else 0.0
    slope = curvature = 0.0
    if WANT_GRADIENT:
        slope = -weighed(settings.slope_factor * w, POWER * power_sum(POWER - 1, sums))
    if WANT_CURVATURE and POWER == 2:
        curvature = settings.bend_factor * w * (2.0 * power_sum(0, sums))
    return RowSums(loss, slope, curvature)


@regroups
def evaluate(chosen, rows, settings, sources, results):
    """Return the losses of the chosen targets; each of them and the derivatives are added to the results."""
    scores, weights = rows
    sorted_scores, table, starts = sources
    each, gradient, curvature = results
    margin, orientation = settings.margin, settings.orientation
    scale = bucket_scale(sorted_scores, starts.size - 1)
    total = 0.0
    for k in range(chosen.size):
        i = chosen[k]
        x = orientation * np.float64(scores[i])
        first = first_source(x, margin, 1.0, sorted_scores, starts, scale)
        if first < sorted_scores.size and table[first, WEIGHT] > 0.0:
            w = weights[i] if WEIGHTED else 1.0
            d = excess(x, margin, 1.0, sorted_scores[first])
            found = row_sums(w, moved(sums_from(table, first), d), settings)
            if WANT_VALUE:
                total += found.loss
                if each.size:
                    each[i] += found.loss
            if WANT_GRADIENT:
                gradient[i] += found.slope
            if WANT_CURVATURE:
                curvature[i] += found.curvature
    return total
