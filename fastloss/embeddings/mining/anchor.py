"""Mining of one anchor: the loss of a row of distances to all examples, and its slopes.

A strip holds the rows' inner products with all examples, then their distances. On the CPU these are replaced by slopes
in the end, on CUDA slopes have a strip of their own. Slopes are h_aj, so that the gradient by x_a is
sum_j h_aj (x_a - x_j), and by x_j its negative; h = 2 dl/d(d^2), or (dl/dd) / d. Examples are centred and sorted by
class: an anchor's class is a range of columns.

CUDA uses the same distances, the same search for the hardest examples and the same pairs. It looks at every triplet,
and at every negative of a semi-hard pair, since its threads compare faster than they sort; the CPU, which has few
threads, sorts the positives and finds each negative's rank among them.
"""

from typing import Any, NamedTuple

import numpy as np

from fastloss.compile.elementary import INFINITY, weighed
from fastloss.compile.sorting import argsort
from fastloss.compile.templates import regroups, unbound
from fastloss.embeddings.mining.distances import SEGMENT, to_distances
from fastloss.embeddings.tiles import better

ONE = np.uint32(1)
SQUARED = unbound
WANT_GRADIENT = unbound
SOFT = unbound
TRIPLETS = unbound  # an anchor needs a positive and a negative; with a NaN among its distances it is NaN
FLOAT = BITS = unbound  # the distances' precision, and integers of its size
penalty = penalty_slope = mine = value = slope = unbound


class Strategy(NamedTuple):
    """Which triplets or pairs of an anchor have a loss, and which loss."""

    name: str  # "all", "smooth", "hard" or "semihard" for triplets, "pairs"
    formulas: Any = None  # of a pair's loss, or of the smooth sum
    squared: bool = False  # whether distances are squared
    soft: bool = False  # softplus instead of the hinge


class Settings(NamedTuple):
    """The margin, and a scale: of what softplus takes, or of a pair's loss."""

    margin: Any
    scale: Any


class Examples(NamedTuple):
    """Centred vectors sorted by class."""

    store: Any  # the engine's, of vectors
    rows: Any  # a matrix there
    starts: np.ndarray  # of each row's class
    ends: np.ndarray
    weights: np.ndarray


class Counts(NamedTuple):
    """Number of active triplets (those whose loss is above 0) and of all; for semi-hard mining, of positive pairs."""

    active: Any
    total: Any


class Anchor(NamedTuple):
    """An anchor: its row of the strip, its number, the columns begin <= j < end of its class, and its weight."""

    row: Any
    number: Any
    begin: Any
    end: Any
    weight: Any


class Scratch(NamedTuple):
    """A thread's scratch arrays, with room for the largest class."""

    integers: Any
    reals: Any
    stairs: Any
    ranks: Any


class Thresholds(NamedTuple):
    """An anchor's distances to positives plus the margin, and sums over the negatives placed at each."""

    values: Any  # in rising order, then a 0 for the negatives beyond the last
    stairs: Any  # see `fill_stairs`
    counts: Any
    excess: Any  # threshold minus distance


def inverse(d):
    """Return what dl/dd is multiplied by to be h."""
    return 2.0 if SQUARED else (1.0 / d if d > 0.0 else 0.0)


def lead(positive, negative, settings):
    """Return what the hinge or softplus takes of a triplet's two distances."""
    return (positive - negative) * settings.scale if SOFT else positive - negative + settings.margin


def hinge(x):
    return 0.0 if x < 0.0 else x


def hinge_slope(x):
    return 1.0 if x > 0.0 else (0.0 if x <= 0.0 else x)


def add_slopes(slopes, r, positive, negative, factor, there, here):
    """Add a triplet's slopes; `there` and `here` are the distances of its positive and its negative."""
    slopes[r, positive] += factor * inverse(there)
    slopes[r, negative] -= factor * inverse(here)


def extreme(distances, anchor, begin, end, sign, beyond, thread, threads):
    """Find the farthest (sign 1) or nearest (-1) example beyond a distance, the anchor aside: sign * distance, column.

    Each of several threads looks at some of the columns.
    """
    number, column = -INFINITY, -1
    for j in range(begin + thread, end, threads):
        d = np.float64(distances[anchor.row, j])
        if j != anchor.number and d > beyond:
            number, column = better(number, column, sign * d, j)
    return number, column


def extreme_negative(distances, anchor, sign, beyond, thread, threads):
    """Find the same among the columns outside the anchor's class."""
    number, column = extreme(distances, anchor, 0, anchor.begin, sign, beyond, thread, threads)
    other, another = extreme(distances, anchor, anchor.end, distances.shape[1], sign, beyond, thread, threads)
    return better(number, column, other, another)


@regroups
def positives(strip, anchor, scratch):
    """Sort the distances to the anchor's class, itself aside; return them and their columns, both in `scratch`."""
    r, number, begin = anchor.row, anchor.number, anchor.begin
    count = anchor.end - begin - 1
    given, distances = scratch.reals[:count], scratch.reals[count : 2 * count]
    ranks, columns = scratch.integers[:count], scratch.integers[count : 2 * count]
    for k in range(count):
        given[k] = strip[r, begin + k + (begin + k >= number)]
    argsort(given, ranks, columns)
    for k in range(count):
        distances[k], columns[k] = given[ranks[k]], begin + ranks[k] + (begin + ranks[k] >= number)
    return distances, columns


def next_above(x):
    """Return the least number of the precision above x; infinity for itself.

    Rejected: `np.nextafter`, for which Numba calls a function of its own.
    """
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
def climb(strip, r, start, stop, stairs, ranks):
    """Count the stairs at or below each distance, by halving, all distances of a segment side by side.

    A search for each alone, as `np.searchsorted`, guesses its branches wrongly: five to eight times as slow.
    """
    for j in range(start, stop):
        ranks[j - start] = 0
    half = np.uint32(stairs.size)
    while half > ONE:
        half >>= ONE
        for j in range(start, stop):
            rank = ranks[j - start]
            ranks[j - start] = rank + half * np.uint32(strip[r, j] >= stairs[rank + half - ONE])


@regroups
def every_triplet(strip, anchor, weights, settings, scratch):
    """Sum all triplets: each negative is placed among the thresholds d_ap + margin.

    Sums of t - d above a negative are carried from threshold to threshold: A more at a distance of g add A g. Every
    term is positive, so that nothing cancels. Returns the loss, the numbers of active triplets and of all.
    """
    r, weight = anchor.row, anchor.weight
    near, columns = positives(strip, anchor, scratch)
    count, width = near.size, strip.shape[1]
    negatives = width - count - 1
    reals, size = scratch.reals[2 * count :], count + 1
    values, counts, excess = reals[:size], reals[size : 2 * size], reals[2 * size : 3 * size]
    for p in range(count):
        values[p] = near[p] + settings.margin
    values[count] = 0.0
    stairs = scratch.stairs[: fill_stairs(values[:count], False, scratch.stairs)]
    for p in range(count + 1):
        counts[p] = excess[p] = 0.0
    thresholds = Thresholds(values, stairs, counts, excess)
    place_range(strip, r, 0, anchor.begin, weight, thresholds, scratch.ranks)
    place_range(strip, r, anchor.end, width, weight, thresholds, scratch.ranks)
    loss = active = above = carried = 0.0
    for p in range(count):
        if p:
            carried += above * (values[p] - values[p - 1])
        above += counts[p]
        carried += excess[p]
        loss += carried
        active += above
        if WANT_GRADIENT:
            strip[r, columns[p]] = weight * above * inverse(near[p])
    if WANT_GRADIENT:
        strip[r, anchor.number] = 0.0
    return loss, active, count * negatives


@regroups
def place_range(strip, r, begin, end, weight, thresholds, ranks):
    """Count negatives below the highest threshold at theirs, the others at one behind the last."""
    count = np.uint32(thresholds.values.size - 1)
    last = np.uint64(end)
    for start in range(np.uint64(begin), last, SEGMENT):
        stop = min(start + SEGMENT, last)
        if count_below(strip, r, start, stop, thresholds.stairs[count - ONE]):
            climb(strip, r, start, stop, thresholds.stairs, ranks)
            for j in range(start, stop):
                d = np.float64(strip[r, j])
                rank = min(ranks[j - start], count)
                thresholds.counts[rank] += 1.0
                thresholds.excess[rank] += thresholds.values[rank] - d
                if WANT_GRADIENT:
                    strip[r, j] = -weight * np.float64(count - rank) * inverse(d)
        elif WANT_GRADIENT:
            for j in range(start, stop):
                strip[r, j] = 0.0


@regroups
def count_below(strip, r, start, stop, bound):
    count = 0
    for j in range(start, stop):
        count += np.int64(strip[r, j] < bound)
    return count


@regroups
def hardest_triplet(strip, anchor, weights, settings, scratch):
    """Take the farthest of the class and the nearest of the others; return as `every_triplet`."""
    there, far = extreme(strip, anchor, anchor.begin, anchor.end, 1.0, -1.0, 0, 1)
    opposite, near = extreme_negative(strip, anchor, -1.0, -1.0, 0, 1)
    x = lead(there, -opposite, settings)
    if WANT_GRADIENT:
        fill(strip, anchor.row, 0.0)
        add_slopes(strip, anchor.row, far, near, anchor.weight * penalty_slope(x), there, -opposite)
    return penalty(x), 1.0, 1


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
def semihard_triplets(strip, anchor, weights, settings, scratch):
    """Take for each of the class the nearest other that is farther, else the farthest other.

    Returns the loss, and the number of pairs as that of active ones and of all.
    """
    r, weight = anchor.row, anchor.weight
    near, columns = positives(strip, anchor, scratch)
    count, width = near.size, strip.shape[1]
    integers, reals = scratch.integers[2 * count :], scratch.reals[2 * count :]
    stairs, best = scratch.stairs[: fill_stairs(near, True, scratch.stairs)], integers[: count + 1]
    for k in range(count + 1):
        best[k] = -1
    farthest = -1
    for side in range(2):
        end = np.uint64(anchor.begin if side == 0 else width)
        for start in range(np.uint64(0 if side == 0 else anchor.end), end, SEGMENT):
            stop = min(start + SEGMENT, end)
            climb(strip, r, start, stop, stairs, scratch.ranks)
            for j in range(start, stop):
                if farthest < 0 or strip[r, j] > strip[r, farthest]:
                    farthest = np.int64(j)
                k = min(scratch.ranks[j - start], np.uint32(count))
                if best[k] < 0 or strip[r, j] < strip[r, best[k]]:
                    best[k] = np.int64(j)
    for k in range(count - 1, 0, -1):
        if best[k] < 0 or (best[k + 1] >= 0 and strip[r, best[k + 1]] < strip[r, best[k]]):
            best[k] = best[k + 1]
    loss = 0.0
    chosen, factors, distances = integers[count + 1 : 2 * count + 1], reals[:count], reals[count : 2 * count]
    for p in range(count):
        chosen[p] = best[p + 1] if best[p + 1] >= 0 else farthest
        distances[p] = strip[r, chosen[p]]
        x = lead(near[p], distances[p], settings)
        loss += penalty(x)
        factors[p] = weight * penalty_slope(x)
    if WANT_GRADIENT:
        fill(strip, r, 0.0)
        for p in range(count):
            add_slopes(strip, r, columns[p], chosen[p], factors[p], near[p], distances[p])
    return loss, np.float64(count), count


@regroups
def every_pair(strip, anchor, weights, settings, scratch):
    """Return half of the loss of all pairs with the anchor, of their weight, and the number of pairs."""
    loss = total = 0.0
    half = 0.5 * anchor.weight
    for side in range(3):
        start = (0, anchor.begin, anchor.end)[side]
        stop = (anchor.begin, anchor.end, strip.shape[1])[side]
        label = 1.0 if side == 1 else 0.0
        cost, mass = sum_pairs(strip, anchor.row, start, stop, label, half, weights, settings)
        loss += cost
        total += mass
    if WANT_GRADIENT:
        strip[anchor.row, anchor.number] = 0.0
    return weighed(half, loss), half * (total - anchor.weight), strip.shape[1] - 1


@regroups
def sum_pairs(strip, r, start, stop, label, half, weights, settings):
    """Return the loss and the weight of pairs with some columns; write their slopes."""
    loss = total = 0.0
    parameters = (settings.margin, 1.0, settings.scale)
    for j in range(np.uint64(start), np.uint64(stop)):
        d = np.float64(strip[r, j])
        loss += weighed(weights[j], value(d, label, parameters))
        total += weights[j]
        if WANT_GRADIENT:
            strip[r, j] = (half * weights[j]) * slope(d, label, parameters) * inverse(d)
    return loss, total


@regroups
def block(inputs, parameters, outputs, first, last):
    """Compute a strip of distances, and the loss and slopes of each of its rows; a strip is one chunk.

    Parameters are the settings and the strip's first anchor.
    """
    rows, squares, starts, ends, weights = inputs
    strip, losses, active, total, integers, reals, stairs, ranks = outputs
    scratch = Scratch(integers, reals, stairs, ranks)
    settings, begin = Settings(parameters[0], parameters[1]), np.int64(parameters[2])
    to_distances(strip, begin, rows, squares)
    for r in range(strip.shape[0]):
        a = begin + r
        mates = ends[a] - starts[a] - 1
        if TRIPLETS and (mates == 0 or mates + 1 == strip.shape[1]):
            losses[a] = active[a] = 0.0
            total[a] = 0
            if WANT_GRADIENT:
                fill(strip, r, 0.0)
        elif TRIPLETS and has_nan(strip, r):
            losses[a], active[a], total[a] = np.nan, 0.0, 0
            if WANT_GRADIENT:
                fill(strip, r, np.nan)
        else:
            anchor = Anchor(r, a, starts[a], ends[a], weights[a])
            losses[a], active[a], total[a] = mine(strip, anchor, weights, settings, scratch)
