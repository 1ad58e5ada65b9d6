"""Rows of distances from an anchor to all examples: what each loss makes of one, in place.

A strip holds the rows' inner products with all examples, first as distances, at last as slopes: h_aj, so that the
gradient by x_a is sum_j h_aj (x_a - x_j), and by x_j its negative; h = 2 dl/d(d^2), or (dl/dd) / d. Examples are
centred, and in the order of their classes: an anchor's class is a range of columns.
"""

import math
from typing import Any, NamedTuple

import numpy as np

from fastloss.compile.elementary import weighed
from fastloss.compile.sorting import argsort
from fastloss.compile.templates import regroups, unbound

FIRST = np.uint64(0)
SEGMENT = np.uint64(64)
ONE = np.uint32(1)
SQUARED = unbound
WANT_GRADIENT = unbound
SOFT = unbound
TRIPLETS = unbound  # an anchor needs a positive and a negative; with a NaN among its distances it is NaN
NEAR = 0.05  # of the squared lengths: below that share a squared distance is computed from differences
FLOAT = BITS = unbound  # the distances' precision, and integers of its size
softplus = slope_of = of_anchor = value = slope = unbound


class Kind(NamedTuple):
    """How a row of distances is mined: a way of mining, or formulas of pairs; on squares; by softplus or the hinge."""

    name: str
    formulas: Any = None
    squared: bool = False
    soft: bool = False


class Examples(NamedTuple):
    """Centred, in the order of their classes."""

    store: Any  # the engine's, of vectors
    rows: Any  # a matrix there
    starts: np.ndarray  # of each row's class
    ends: np.ndarray
    weights: np.ndarray


class Counts(NamedTuple):
    """The numbers of triplets (or of pairs of anchor and positive): of those whose loss is above 0, and of all."""

    active: Any
    total: Any


@regroups
def to_distances(strip, first, rows, squares):
    """From inner products; exact zeros where vectors are equal, never below zero, NaN kept."""
    for r in range(np.uint64(strip.shape[0])):
        own = squares[first + r]
        for start in range(FIRST, np.uint64(strip.shape[1]), SEGMENT):
            stop = min(start + SEGMENT, np.uint64(strip.shape[1]))
            if to_squares(strip, r, (start, stop), own, squares):
                near_ones(strip, r, (start, stop), (first + r, rows), squares)
        if not SQUARED:
            to_roots(strip, r, (FIRST, np.uint64(strip.shape[1])))


@regroups
def to_squares(strip, r, bounds, own, squares):
    """How many are so near that digits are lost."""
    near = 0
    for j in range(bounds[0], bounds[1]):
        both = own + squares[j]
        strip[r, j] = both - (strip[r, j] + strip[r, j])
        near += np.int64(strip[r, j] < strip.dtype.type(NEAR) * both)
    return near


@regroups
def near_ones(strip, r, bounds, own, squares):
    anchor, rows = own
    for j in range(bounds[0], bounds[1]):
        if strip[r, j] < strip.dtype.type(NEAR) * (squares[anchor] + squares[j]):
            strip[r, j] = squared_distance(rows, anchor, j)


@regroups
def squared_distance(rows, i, j):
    total = 0.0
    for k in range(np.uint64(rows.shape[1])):
        gap = np.float64(rows[i, k]) - np.float64(rows[j, k])
        total += gap * gap
    return total


@regroups
def to_roots(strip, r, bounds):
    for j in range(bounds[0], bounds[1]):
        strip[r, j] = math.sqrt(strip[r, j])


def inverse(d):
    """dl/dd times this is h."""
    return 2.0 if SQUARED else (1.0 / d if d > 0.0 else 0.0)


def unit_of(largest, dtype):
    """The power of two to divide embeddings by: 1 unless their squares could over- or underflow.

    Losses scale with the embeddings and the margin, but for softplus, which takes them in their own unit. Below
    2**-450, embeddings are lost beside a margin, which has to be in their unit.
    """
    far = 40 if dtype == np.float32 else 400
    exponent = math.frexp(largest)[1]
    return 1.0 if largest == 0.0 or abs(exponent) <= far else 2.0 ** min(max(exponent, -450), 1000)


def lead(there, here, settings):
    """What the softplus takes of a positive's and a negative's distance; settings are (margin, unit of softplus)."""
    return (there - here) * settings[1] if SOFT else there - here + settings[0]


@regroups
def positives(strip, place, bounds, scratch):
    """The distances to the anchor's class, itself aside, and their columns, nearest first; in `scratch`."""
    r, anchor = place
    begin, end = bounds
    count = end - begin - 1
    integers, reals = scratch[0], scratch[1]
    given, distances = reals[:count], reals[count : 2 * count]
    ranks, columns = integers[:count], integers[count : 2 * count]
    for k in range(count):
        given[k] = strip[r, begin + k + (begin + k >= anchor)]
    argsort(given, ranks, columns)
    for k in range(count):
        distances[k], columns[k] = given[ranks[k]], begin + ranks[k] + (begin + ranks[k] >= anchor)
    return distances, columns


def next_above(x):
    """The least number of the precision above x; infinity for itself. Numba calls a function of its own."""
    if x > 0.0:
        return BITS(FLOAT(x).view(BITS) + 1).view(FLOAT) if x < np.inf else x
    return BITS(FLOAT(x).view(BITS) - 1).view(FLOAT) if x < 0.0 else BITS(1).view(FLOAT)


@regroups
def fill_stairs(numbers, above, stairs):
    """Write the least numbers of the precision at or above (or only above) each, then infinities up to a power of two.

    The precision is that of `stairs`. Returns that power of two.
    """
    dtype = stairs.dtype
    size = 2
    while size <= numbers.size:
        size *= 2
    for p in range(size):
        stairs[p] = np.inf
    for p in range(numbers.size):
        near = dtype.type(numbers[p])
        if near < numbers[p] or (above and near == numbers[p]):
            near = next_above(near)
        stairs[p] = near
    return size


@regroups
def climb(strip, r, bounds, stairs, ranks):
    """How many of the stairs lie at or below each distance, by halving, all distances of a segment side by side.

    A search for each alone, as `np.searchsorted`, guesses its branches wrongly: five to eight times as slow.
    """
    start, stop = bounds
    for j in range(start, stop):
        ranks[j - start] = 0
    half = np.uint32(stairs.size)
    while half > ONE:
        half >>= ONE
        for j in range(start, stop):
            rank = ranks[j - start]
            ranks[j - start] = rank + half * np.uint32(strip[r, j] >= stairs[rank + half - ONE])


@regroups
def every_triplet(strip, place, bounds, weights, settings, scratch):
    """(loss, active, triplets): each negative is placed among the thresholds d_ap + margin.

    Sums of t - d above a negative are carried from threshold to threshold: A more at a distance of g add A g. Every
    term is positive, so that nothing cancels.
    """
    r, anchor = place
    weight, margin = weights[anchor], settings[0]
    near, columns = positives(strip, place, bounds, scratch)
    count, width = near.size, strip.shape[1]
    negatives = width - count - 1
    reals, ranks = scratch[1][2 * count :], scratch[3]
    size = count + 1
    thresholds, totals, excess = reals[:size], reals[size : 2 * size], reals[2 * size : 3 * size]
    for p in range(count):
        thresholds[p] = near[p] + margin
    thresholds[count] = 0.0
    stairs = scratch[2][: fill_stairs(thresholds[:count], False, scratch[2])]
    for p in range(count + 1):
        totals[p] = excess[p] = 0.0
    place_range(strip, r, (0, bounds[0]), (weight, thresholds, stairs), (totals, excess, ranks))
    place_range(strip, r, (bounds[1], width), (weight, thresholds, stairs), (totals, excess, ranks))
    loss = active = above = carried = 0.0
    for p in range(count):
        if p:
            carried += above * (thresholds[p] - thresholds[p - 1])
        above += totals[p]
        carried += excess[p]
        loss += carried
        active += above
        if WANT_GRADIENT:
            strip[r, columns[p]] = weight * above * inverse(near[p])
    if WANT_GRADIENT:
        strip[r, anchor] = 0.0
    return loss, active, count * negatives


@regroups
def place_range(strip, r, bounds, own, sums):
    """Negatives below the highest threshold are counted at theirs, the others at one behind the last."""
    weight, thresholds, stairs = own
    totals, excess, ranks = sums
    count = np.uint32(thresholds.size - 1)
    end = np.uint64(bounds[1])
    for start in range(np.uint64(bounds[0]), end, SEGMENT):
        stop = min(start + SEGMENT, end)
        if below(strip, r, (start, stop), stairs[count - ONE]):
            climb(strip, r, (start, stop), stairs, ranks)
            for j in range(start, stop):
                d = np.float64(strip[r, j])
                rank = min(ranks[j - start], count)
                totals[rank] += 1.0
                excess[rank] += thresholds[rank] - d
                if WANT_GRADIENT:
                    strip[r, j] = -weight * np.float64(count - rank) * inverse(d)
        elif WANT_GRADIENT:
            for j in range(start, stop):
                strip[r, j] = 0.0


@regroups
def below(strip, r, bounds, stair):
    count = 0
    for j in range(bounds[0], bounds[1]):
        count += np.int64(strip[r, j] < stair)
    return count


@regroups
def hardest_triplet(strip, place, bounds, weights, settings, scratch):
    """(loss, active, triplets): the farthest of the class and the nearest of the others."""
    r, anchor = place
    weight, width = weights[anchor], strip.shape[1]
    far, near = -1, -1
    for j in range(width):
        if bounds[0] <= j < bounds[1]:
            if j != anchor and (far < 0 or strip[r, j] > strip[r, far]):
                far = j
        elif near < 0 or strip[r, j] < strip[r, near]:
            near = j
    there, here = np.float64(strip[r, far]), np.float64(strip[r, near])
    gap = lead(there, here, settings)
    if WANT_GRADIENT:
        fill(strip, r, 0.0)
        slope = weight * slope_of(gap)
        strip[r, far] = slope * inverse(there)
        strip[r, near] = -slope * inverse(here)
    return softplus(gap), 1.0, 1


@regroups
def fill(strip, r, number):
    for j in range(np.uint64(strip.shape[1])):
        strip[r, j] = number


@regroups
def has_nan(strip, r):
    count = 0
    for j in range(np.uint64(strip.shape[1])):
        count += np.int64(strip[r, j] != strip[r, j])
    return count > 0


@regroups
def semihard_triplets(strip, place, bounds, weights, settings, scratch):
    """(loss, active, pairs): for each of the class, the nearest other that is farther, else the farthest other."""
    r, anchor = place
    weight = weights[anchor]
    near, columns = positives(strip, place, bounds, scratch)
    count, width = near.size, strip.shape[1]
    integers, reals, ranks = scratch[0][2 * count :], scratch[1][2 * count :], scratch[3]
    stairs, best = scratch[2][: fill_stairs(near, True, scratch[2])], integers[: count + 1]
    for k in range(count + 1):
        best[k] = -1
    farthest = -1
    for side in range(2):
        end = np.uint64(bounds[0] if side == 0 else width)
        for start in range(np.uint64(0 if side == 0 else bounds[1]), end, SEGMENT):
            stop = min(start + SEGMENT, end)
            climb(strip, r, (start, stop), stairs, ranks)
            for j in range(start, stop):
                if farthest < 0 or strip[r, j] > strip[r, farthest]:
                    farthest = np.int64(j)
                k = min(ranks[j - start], np.uint32(count))
                if best[k] < 0 or strip[r, j] < strip[r, best[k]]:
                    best[k] = np.int64(j)
    for k in range(count - 1, 0, -1):
        if best[k] < 0 or (best[k + 1] >= 0 and strip[r, best[k + 1]] < strip[r, best[k]]):
            best[k] = best[k + 1]
    loss = 0.0
    chosen, slopes = integers[count + 1 : 2 * count + 1], reals[:count]
    for p in range(count):
        chosen[p] = best[p + 1] if best[p + 1] >= 0 else farthest
        gap = lead(near[p], np.float64(strip[r, chosen[p]]), settings)
        loss += softplus(gap)
        slopes[p] = weight * slope_of(gap)
    if WANT_GRADIENT:
        distances = reals[count : 2 * count]
        for p in range(count):
            distances[p] = strip[r, chosen[p]]
        fill(strip, r, 0.0)
        for p in range(count):
            strip[r, columns[p]] += slopes[p] * inverse(near[p])
            strip[r, chosen[p]] -= slopes[p] * inverse(distances[p])
    return loss, np.float64(count), count


def positive_part(gap):
    return 0.0 if gap < 0.0 else gap


def positive_slope(gap):
    return 1.0 if gap > 0.0 else (0.0 if gap <= 0.0 else gap)


@regroups
def every_pair(strip, place, bounds, weights, settings, scratch):
    """(loss, weight, pairs): half of what each pair with the anchor costs."""
    r, anchor = place
    loss = total = 0.0
    own = 0.5 * weights[anchor]
    for side in range(3):
        low = (0, bounds[0], bounds[1])[side]
        high = (bounds[0], bounds[1], strip.shape[1])[side]
        cost, mass = pairs_of(strip, r, (low, high), (1.0 if side == 1 else 0.0, own, weights), settings)
        loss += cost
        total += mass
    if WANT_GRADIENT:
        strip[r, anchor] = 0.0
    return weighed(own, loss), own * (total - weights[anchor]), strip.shape[1] - 1


@regroups
def pairs_of(strip, r, bounds, kind, settings):
    label, own, weights = kind
    loss = total = 0.0
    parameters = (settings[0], 1.0, settings[1])
    for j in range(np.uint64(bounds[0]), np.uint64(bounds[1])):
        d = np.float64(strip[r, j])
        loss += weighed(weights[j], value(d, label, parameters))
        total += weights[j]
        if WANT_GRADIENT:
            strip[r, j] = (own * weights[j]) * slope(d, label, parameters) * inverse(d)
    return loss, total


@regroups
def block(inputs, parameters, outputs, first, last):
    """A strip of anchors: distances, then what a loss makes of each row.

    Parameters are the settings and the strip's first anchor; a strip is one chunk.
    """
    rows, squares, starts, ends, weights = inputs
    strip, losses, active, every = outputs[:4]
    scratch = outputs[4:]
    settings, begin = (parameters[0], parameters[1]), np.int64(parameters[2])
    to_distances(strip, begin, rows, squares)
    for r in range(strip.shape[0]):
        a = begin + r
        mates = ends[a] - starts[a] - 1
        if TRIPLETS and (mates == 0 or mates + 1 == strip.shape[1]):
            losses[a] = active[a] = 0.0
            every[a] = 0
            if WANT_GRADIENT:
                fill(strip, r, 0.0)
        elif TRIPLETS and has_nan(strip, r):
            losses[a], active[a], every[a] = np.nan, 0.0, 0
            if WANT_GRADIENT:
                fill(strip, r, np.nan)
        else:
            between = starts[a], ends[a]
            losses[a], active[a], every[a] = of_anchor(strip, (r, a), between, weights, settings, scratch)


@regroups
def distances(inputs, parameters, outputs, first, last):
    """The distances alone."""
    to_distances(outputs[0], np.int64(parameters[2]), inputs[0], inputs[1])
