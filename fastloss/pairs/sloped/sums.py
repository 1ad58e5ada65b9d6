"""Sums of max(0, margin - y_i (s_i - s_j))**power over every i and j: each first item has a slope y_i of its own.

Rows with y_i > 0 and rows with y_i < 0 are two passes over the scores in rising order, the second with the signs of
scores and slopes turned; y_i = 0 is a constant. With a = |y_i|, a first item x counts the sources t from some place k
on, as in `thresholds.py`, d = margin - a (x - t); and sum w d**p is W_k, a S_k + W_k d or a**2 Q_k + 2 a d S_k +
d**2 W_k by the sums of that module.

A source in turn is counted by the first items whose k it is not before. So what they give is put down at their k, and
runs upwards: sum w a**2, and sum w a d, which grows by the former times the gap to the next source. Where the
threshold lies is decided once, by the formula's own rounding.

A row counts itself, with d = margin, and its two slopes cancel. It is taken out of the sums that it is less than half
of; where it is more, which can befall only so many rows as weights can double, the others are added up one by one.
"""

from typing import Any, NamedTuple

from fastloss.compile.templates import regroups, unbound
from fastloss.pairs.thresholds.sums import (
    LEAD,
    SQUARE,
    WEIGHT,
    Sums,
    bucket_scale,
    excess,
    first_source,
    moved,
    power_sum,
)

POWER = unbound
WANT_VALUE = unbound
WANT_GRADIENT = unbound
WANT_CURVATURE = unbound
WEIGHTED = unbound


class SlopedRows(NamedTuple):
    """Rows in the order of rising scores; a row's slope is its label."""

    scores: Any
    slopes: Any
    weights: Any


def weight_of(k, weights):
    return weights[k] if WEIGHTED else 1.0


def less_own(total, own):
    """Return a sum of positive terms without one of them; negative where too few digits would be left."""
    return total - own if own <= 0.5 * total else -1.0


@regroups
def others_above(p, first, margin, scores, weights, steep):
    """Add up what `first_items` takes `less_own` of, without row p."""
    count = lead = 0.0
    for k in range(first, scores.size):
        if k != p:
            w = weight_of(k, weights)
            count += w
            lead += w * excess(scores[p], margin, steep, scores[k])
    return count, lead


@regroups
def first_items(bounds, rows, margin, sources, first_sources, results):
    """Add losses and derivatives of first items of positive slope, from start to stop - 1.

    Write the first source of each, the number of all sources where there is none. Results are not multiplied by the
    row's own weight.
    """
    start, stop = bounds
    scores, slopes, weights = rows
    table, starts = sources.table, sources.starts
    each, gradient, curvature = results
    scale = bucket_scale(scores, starts.size - 1)
    for p in range(start, stop):
        first_sources[p] = scores.size
        a, x = slopes[p], scores[p]
        if not a > 0.0:
            continue
        first = first_source(x, margin, a, scores, starts, scale)
        first_sources[p] = first
        if first >= scores.size:
            continue
        d = excess(x, margin, a, scores[first])
        sums = moved(Sums(table[first, WEIGHT], a * table[first, LEAD], a * a * table[first, SQUARE]), d)
        if WANT_VALUE:
            each[p] += power_sum(POWER, sums)
        if WANT_GRADIENT or WANT_CURVATURE:
            w = weight_of(p, weights)
            count, lead = less_own(sums.weight, w), less_own(power_sum(1, sums), w * margin)
            if count < 0.0 or (POWER == 2 and lead < 0.0):
                count, lead = others_above(p, first, margin, scores, weights, a)
            if WANT_GRADIENT:
                gradient[p] -= a * (2.0 * lead if POWER == 2 else count)
            if WANT_CURVATURE:
                curvature[p] += 2.0 * a * a * count


@regroups
def others_below(p, margin, rows, first_sources):
    """Add up what `second_items` takes `less_own` of, without row p."""
    scores, slopes, weights = rows
    count = lead = square = 0.0
    for k in range(scores.size):
        if k != p and first_sources[k] <= p:
            a, w = slopes[k], weight_of(k, weights)
            count += w * a
            square += w * a * a
            lead += w * a * excess(scores[k], margin, a, scores[p])
    return Sums(count, lead, square)


@regroups
def put_down(rows, margin, first_sources, received):
    """Add what first items give to their sources, at the first of these."""
    scores, slopes, weights = rows
    for p in range(scores.size):
        k = first_sources[p]
        if k < scores.size:
            a = slopes[p]
            once = weight_of(p, weights) * a
            received[k, WEIGHT] += once
            received[k, LEAD] += once * excess(scores[p], margin, a, scores[k])
            received[k, SQUARE] += once * a


@regroups
def second_items(rows, margin, first_sources, received, results):
    """Add derivatives of all rows as second items, in rising order; not multiplied by the row's own weight."""
    scores, slopes, weights = rows
    gradient, curvature = results.gradient, results.curvature
    count = lead = square = 0.0
    for p in range(scores.size):
        if p:
            lead += square * (scores[p] - scores[p - 1])
        count, lead = count + received[p, WEIGHT], lead + received[p, LEAD]
        square += received[p, SQUARE]
        one, ahead, bend = count, lead, square
        a = slopes[p]
        if a > 0.0:
            own = weight_of(p, weights) * a
            one, ahead, bend = less_own(count, own), less_own(lead, own * margin), less_own(square, own * a)
            if (POWER == 1 and one < 0.0) or (POWER == 2 and (ahead < 0.0 or bend < 0.0)):
                one, ahead, bend = others_below(p, margin, rows, first_sources)
        if WANT_GRADIENT:
            gradient[p] += 2.0 * ahead if POWER == 2 else one
        if WANT_CURVATURE:
            curvature[p] += 2.0 * bend
