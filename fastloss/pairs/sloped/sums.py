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

from fastloss.compile.templates import regroups, unbound
from fastloss.pairs.thresholds.sums import bucket_scale, excess, first_source, power_sum

POWER = unbound
WANT_VALUE = unbound
WANT_GRADIENT = unbound
WANT_CURVATURE = unbound
WEIGHTED = unbound


def weight_of(k, weights):
    return weights[k] if WEIGHTED else 1.0


def less_own(total, own):
    """A sum of positive terms without one of them; negative where so little is left that digits would be lost."""
    return total - own if own <= 0.5 * total else -1.0


@regroups
def others_above(p, first, margin, scores, weights, steep):
    """What `first_items` takes `less_own` of, added up without row p."""
    count = lead = 0.0
    for k in range(first, scores.size):
        if k != p:
            w = weight_of(k, weights)
            count += w
            lead += w * excess(scores[p], margin, steep, scores[k])
    return count, lead


@regroups
def first_items(rows, margin, sources, places, results):
    """Losses and derivatives of first items start <= p < stop with a positive slope, and where their sources start.

    `rows` is (start, stop, sorted scores, slopes, weights), `places` takes each row's first source, all sources for a
    row without one. Results are not multiplied by the row's own weight.
    """
    start, stop, scores, slopes, weights = rows
    table, starts = sources
    each, gradient, curvature = results
    scale = bucket_scale(scores, starts.size - 1)
    for p in range(start, stop):
        places[p] = scores.size
        a, x = slopes[p], scores[p]
        if not a > 0.0:
            continue
        first = first_source(x, margin, a, scores, starts, scale)
        places[p] = first
        if first >= scores.size:
            continue
        d = excess(x, margin, a, scores[first])
        row = table[first, 0], a * table[first, 1], a * a * table[first, 2]
        if WANT_VALUE:
            each[p] += power_sum(POWER, row, d)
        if WANT_GRADIENT or WANT_CURVATURE:
            w = weight_of(p, weights)
            count, lead = less_own(row[0], w), less_own(power_sum(1, row, d), w * margin)
            if count < 0.0 or (POWER == 2 and lead < 0.0):
                count, lead = others_above(p, first, margin, scores, weights, a)
            if WANT_GRADIENT:
                gradient[p] -= a * (2.0 * lead if POWER == 2 else count)
            if WANT_CURVATURE:
                curvature[p] += 2.0 * a * a * count


@regroups
def others_below(p, margin, rows, places):
    """What `second_items` takes `less_own` of, added up without row p."""
    scores, slopes, weights = rows
    count = lead = square = 0.0
    for k in range(scores.size):
        if k != p and places[k] <= p:
            a, w = slopes[k], weight_of(k, weights)
            count += w * a
            square += w * a * a
            lead += w * a * excess(scores[k], margin, a, scores[p])
    return count, lead, square


@regroups
def put_down(rows, margin, places, given):
    """What first items give to their sources, at the first of them."""
    scores, slopes, weights = rows
    for p in range(scores.size):
        k = places[p]
        if k < scores.size:
            a = slopes[p]
            once = weight_of(p, weights) * a
            given[k, 0] += once
            given[k, 1] += once * excess(scores[p], margin, a, scores[k])
            given[k, 2] += once * a


@regroups
def second_items(rows, margin, places, given, results):
    """Derivatives of all rows as second items, in rising order; not multiplied by the row's own weight."""
    scores, slopes, weights = rows
    _, gradient, curvature = results
    count = lead = square = 0.0
    for p in range(scores.size):
        if p:
            lead += square * (scores[p] - scores[p - 1])
        count, lead, square = count + given[p, 0], lead + given[p, 1], square + given[p, 2]
        one, ahead, bend = count, lead, square
        a = slopes[p]
        if a > 0.0:
            own = weight_of(p, weights) * a
            one, ahead, bend = less_own(count, own), less_own(lead, own * margin), less_own(square, own * a)
            if (POWER == 1 and one < 0.0) or (POWER == 2 and (ahead < 0.0 or bend < 0.0)):
                one, ahead, bend = others_below(p, margin, rows, places)
        if WANT_GRADIENT:
            gradient[p] += 2.0 * ahead if POWER == 2 else one
        if WANT_CURVATURE:
            curvature[p] += 2.0 * bend
