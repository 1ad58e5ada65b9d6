"""Sums of max(0, margin - (x - t))**power over sorted sources t, power 0, 1 or 2, for every target x.

The sources that count for a target are those from some place k on. Sums over them are kept relative to their first,
t_k: W_k = sum w, S_k = sum w (t - t_k), Q_k = sum w (t - t_k)**2, so that all terms are positive and nothing cancels;
with d = margin - (x - t_k) >= 0, sum w d**p is W_k, S_k + W_k d or Q_k + 2 d S_k + d**2 W_k.

Rejected: prefix sums of t and t**2, which lose 16 digits to the square of the scores' offset; the threshold x - margin,
whose rounding exceeds the distance to it where scores are large.
"""

import numpy as np

from fastloss.compile.elementary import weighed
from fastloss.compile.templates import regroups, unbound

POWER = unbound
WANT_VALUE = unbound
WANT_GRADIENT = unbound
WANT_CURVATURE = unbound
WEIGHTED = unbound


@regroups
def suffix_sums(sorted_scores, weights, table):
    """W_k, S_k, Q_k in the columns of `table`, one row more than sources."""
    size = sorted_scores.size
    for column in range(3):
        table[size, column] = 0.0
    w = s = q = gap = 0.0
    for at in range(size):
        k = size - 1 - at
        if at:
            gap = sorted_scores[k + 1] - sorted_scores[k]
        if w > 0.0:  # the gap may be infinite
            q += gap * (2.0 * s + gap * w)
            s += gap * w
        w += weights[k] if weights.size else 1.0
        table[k, 0], table[k, 1], table[k, 2] = w, s, q


def joined(own, rest, gap):
    """The sums over two runs of sources relative to the first of one run, `gap` before the first of the other."""
    if not rest[0] > 0.0:  # the gap may be infinite
        return own
    return (
        own[0] + rest[0],
        own[1] + (rest[1] + gap * rest[0]),
        own[2] + (rest[2] + gap * (2.0 * rest[1] + gap * rest[0])),
    )


@regroups
def index_starts(sorted_scores, starts):
    """For each of as many buckets of equal width, the first source in it or behind; one number more than buckets."""
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
    """Buckets for a unit of the score; 0, which puts all into one, where that is no finite number."""
    spread = sorted_scores[sorted_scores.size - 1] - sorted_scores[0]
    return buckets / spread if buckets * 1e-300 < spread else 0.0


def bucket_of(t, low, scale, buckets):
    """The bucket of a score."""
    place = (t - low) * scale
    return np.int64(place) if 0.0 < place < buckets else (np.int64(0) if not place > 0.0 else buckets - 1)


def excess(x, margin, steep, t):
    """d = margin - steep (x - t), as the formulas have it: of its own, since a loop that sums may regroup it."""
    return margin - steep * (x - t)


def counts(k, x, margin, steep, sorted_scores):
    """Whether source k, hence all behind it, counts for a target: d = 0 does for a slope, not for an inversion."""
    d = excess(x, margin, steep, sorted_scores[k])
    return d > 0.0 if POWER == 0 else d >= 0.0


def first_source(x, margin, steep, sorted_scores, starts, scale):
    """The first source that counts for a target.

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


def power_sum(power, row, d):
    """sum w d_j**power over the sources that count."""
    if power == 0:
        return row[0]
    if power == 1:
        return row[1] + row[0] * d
    return row[2] + d * (2.0 * row[1] + d * row[0])


@regroups
def evaluate(chosen, rows, settings, sources, results):
    """The losses of the chosen targets, returned and added; derivatives are multiplied by the factors and added.

    `settings` is (margin, orientation, slope's factor, curvature's factor).
    """
    scores, weights = rows
    sorted_scores, table, starts = sources
    each, gradient, curvatures = results
    scale = bucket_scale(sorted_scores, starts.size - 1)
    total = 0.0
    for k in range(chosen.size):
        i = chosen[k]
        x = settings[1] * np.float64(scores[i])
        first = first_source(x, settings[0], 1.0, sorted_scores, starts, scale)
        if first < sorted_scores.size and table[first, 0] > 0.0:
            w = weights[i] if WEIGHTED else 1.0
            d = excess(x, settings[0], 1.0, sorted_scores[first])
            row = table[first, 0], table[first, 1], table[first, 2]
            if WANT_VALUE:
                loss = weighed(w, power_sum(POWER, row, d))
                total += loss
                if each.size:
                    each[i] += loss
            if WANT_GRADIENT:
                gradient[i] -= weighed(settings[2] * w, POWER * power_sum(POWER - 1, row, d))
            if WANT_CURVATURE:
                curvatures[i] += settings[3] * w * (2.0 * power_sum(0, row, d) if POWER == 2 else 0.0)
    return total
