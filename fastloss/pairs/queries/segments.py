"""Pairs of a large query in time proportional to its rows, on the CPU.

The ranks are cut into segments, each within a box of scores and of few rows, whose pairs among themselves are summed
directly. What a rank i gets from all segments behind its own is, for rows j of gain v there,

    sum over v of |gain_i - v| sum over j of (discount_i - discount_j) k(s_i - s_j),

where k is the logistic loss or a derivative, a polynomial in s_i and in s_j within boxes (`pairs/boxes/sums.py`).
Scores fall with the rank, so segments behind lie in the own box or in lower ones: the sum over j follows from their
moments of Chebyshev polynomials, once with weight 1 and once with weight D - discount_j, D being the discount of the
first rank behind. D moves with the segment, and so does the v that gains are taken from: every shift is by a positive
amount and every term is positive, so nothing cancels.

Pairs in which j has the larger gain cost the gap besides, and their weight in the slope: sums of (v - gain_i)
(discount_i - discount_j), and of that times the gap, over all boxes behind, by the same shifts.

What a rank gets from those before it is the same with everything mirrored: ranks reversed, scores, discounts and gains
negated.

Rejected: halving by ranks (log N passes over the rows); moments of every pair of gains (their number squared).
"""

from typing import Any, NamedTuple

import numpy as np

from fastloss.compile.elementary import exp
from fastloss.compile.templates import regroups, unbound
from fastloss.pairs.boxes.sums import DEGREES, WINDOW, H
from fastloss.pairs.pair import RowSums

# Columns of a segment's sums for one gain: moments of weight 1 and D - discount; then, over them, of the drop in score
# from the first rank, and of both. Once scanned, the moments are those of the segments behind in the same box, and the
# others of all segments behind.
LOWER, DROP, BOTH, ROWS, FALLS = DEGREES, 2 * DEGREES, 2 * DEGREES + 1, 2 * DEGREES + 2, 2 * DEGREES + 3
COLUMNS = 2 * DEGREES + 4
# Columns of a box, behind its moments: sums of e**-gap, below its upper edge, over it and all boxes behind.
FADING, FADING_FALLS = 2 * DEGREES, 2 * DEGREES + 1
BOX_COLUMNS = 2 * DEGREES + 2
# Columns of segments, of boxes and of queries. The last row of each only ends the row before.
BEGIN, BOX, IS_SOURCE, IS_TARGET = range(4)
HEAD, QUERY = range(2)  # a box's first rank
FIRST_SEGMENT, FIRST_BOX = range(2)
GAPS = COLUMNS - DROP
ROWS_AT_ONCE = 4  # of a matrix: fewer loads and stores of the sums

WANT_VALUE = unbound
WANT_GRADIENT = unbound
WANT_CURVATURE = unbound


class Side(NamedTuple):
    """The ranks of some queries as one pass meets them, and how they are cut."""

    scaled: Any  # scores, in units in which the steepness is between 1/2 and 1
    places: Any  # in their boxes, from -1 to 1
    discounts: Any
    levels: Any  # the number of each rank's label among the distinct ones
    gains: Any  # of these, rising: [query, level]
    segments: Any
    boxes: Any
    keys: Any  # the number of each box on the axis of scores
    queries: Any


@regroups
def moments_block(inputs, parameters, outputs, first, last):
    side = Side(*inputs)
    (moments,) = outputs
    for segment in range(first, last):
        own = moments[segment]
        own[:, :] = 0.0
        if side.segments[segment, IS_SOURCE]:
            add_moments(side.segments[segment, BEGIN], side.segments[segment + 1, BEGIN], side, own)


def difference(a, b):
    """Return a - b. Without a sum that it could be regrouped into: a number less many others would cancel."""
    return a - b


@regroups
def add_moments(begin, end, side, own):
    """Add the ranks of a segment to its moments."""
    score, discount = side.scaled[begin], side.discounts[begin]
    for i in range(begin, end):
        sums, u = own[side.levels[i]], side.places[i]
        fall, drop = difference(discount, side.discounts[i]), difference(score, side.scaled[i])
        before, polynomial = u, 1.0
        for n in range(DEGREES):
            sums[n] += polynomial
            sums[LOWER + n] += fall * polynomial
            before, polynomial = polynomial, 2.0 * u * polynomial - before
        sums[DROP] += drop
        sums[BOTH] += fall * drop


@regroups
def scan_block(inputs, parameters, outputs, first, last):
    """Replace the segments' moments of some gains by those of the segments behind them, and sum up those of boxes.

    A chunk is a gain of a query.
    """
    side, fading = Side(*inputs[:-1]), inputs[-1]
    moments, sums, state = outputs
    segments, boxes, discounts, scaled = side.segments, side.boxes, side.discounts, side.scaled
    for chunk in range(first, last):
        query, level = chunk // moments.shape[1], chunk % moments.shape[1]
        stop = side.queries[query + 1, FIRST_SEGMENT]
        state[:] = 0.0
        for segment in range(stop - 1, side.queries[query, FIRST_SEGMENT] - 1, -1):
            own, box = moments[segment, level], segments[segment, BOX]
            begin, end = segments[segment, BEGIN], segments[segment + 1, BEGIN]
            if segments[segment + 1, BOX] != box:
                state[:DROP] = 0.0
            falls = drops = 0.0
            if segment + 1 < stop:
                falls = difference(discounts[begin], discounts[end])
                drops = difference(scaled[begin], scaled[end])
            shift(state, own, falls, drops)
            if begin == boxes[box, HEAD]:
                for n in range(DROP):
                    sums[box, level, n] = state[n]
                add_fading(box, sums[:, level], side, fading, parameters[0])


@regroups
def shift(state, own, falls, drops):
    """Add a segment to what lies behind it, whose sums are taken from its first rank then; the two change places."""
    rows, falling = own[0], own[LOWER]
    for k in range(COLUMNS):
        behind, more = state[k], own[k]
        own[k], state[k] = behind, behind + more
    for n in range(DEGREES):
        state[LOWER + n] += falls * own[n]
    state[BOTH] += falls * own[DROP] + drops * own[FALLS] + falls * drops * own[ROWS]
    state[DROP] += drops * own[ROWS]
    state[FALLS] += falls * own[ROWS] + falling
    state[ROWS] += rows


@regroups
def add_fading(box, sums, side, fading, s):
    """Write the sums of e**-gap below a box's upper edge, over it and all boxes behind; `fading` makes its own."""
    own, keys, boxes = sums[box], side.keys, side.boxes
    faded = falls = 0.0
    for n in range(DEGREES):
        faded += fading[n] * own[n]
        falls += fading[n] * own[LOWER + n]
    if boxes[box + 1, QUERY] == boxes[box, QUERY]:
        behind, moved = sums[box + 1], side.discounts[boxes[box, HEAD]] - side.discounts[boxes[box + 1, HEAD]]
        decay = exp(-s * H * (keys[box] - keys[box + 1]))
        faded += decay * behind[FADING]
        falls += decay * (behind[FADING_FALLS] + moved * behind[FADING])
    own[FADING], own[FADING_FALLS] = faded, falls


@regroups
def couple_block(inputs, parameters, outputs, first, last):
    """Write the polynomials that all boxes behind make in some boxes: [box, gain, weight x kernel x degree]."""
    sums, table, beyond = inputs[-3:]
    side = Side(*inputs[:-3])
    received, source = outputs
    keys, boxes, discounts = side.keys, side.boxes, side.discounts
    for box in range(first, last):
        received[box] = 0.0
        behind, stop = box + 1, side.queries[boxes[box, QUERY] + 1, FIRST_BOX]
        while behind < stop and keys[box] - keys[behind] <= WINDOW:
            moved = discounts[boxes[box + 1, HEAD]] - discounts[boxes[behind, HEAD]]
            distance = WINDOW - np.int64(keys[box] - keys[behind])
            for level in range(sums.shape[1]):
                if sums[behind, level, 0] != 0.0:
                    take_moments(sums[behind, level], moved, source)
                    couple(table[distance], source, received[box, level])
            behind += 1
        if behind < stop:
            moved = discounts[boxes[box + 1, HEAD]] - discounts[boxes[behind, HEAD]]
            decay = exp(-parameters[0] * H * (keys[box] - keys[behind] - 1.0))
            for level in range(sums.shape[1]):
                add_faded(sums[behind, level], moved, decay, beyond, received[box, level])


@regroups
def take_moments(sums, moved, source):
    """Write moments whose second weight is taken from a discount that is larger by `moved`."""
    for n in range(DEGREES):
        source[n], source[LOWER + n] = sums[n], sums[LOWER + n] + moved * sums[n]


@regroups
def couple(matrix, source, received):
    """Add the polynomials that moments make in a box; `matrix` is the table's for the two boxes."""
    width = matrix.shape[1]
    add_products(matrix, source[:LOWER], received[:width])
    add_products(matrix, source[LOWER:], received[width:])


@regroups
def add_products(matrix, vector, sums):
    """Add the product of a row vector of DEGREES numbers, a multiple of ROWS_AT_ONCE, with a matrix."""
    for n in range(0, DEGREES, ROWS_AT_ONCE):
        a, b, c, d = vector[n], vector[n + 1], vector[n + 2], vector[n + 3]
        first, second, third, fourth = matrix[n], matrix[n + 1], matrix[n + 2], matrix[n + 3]
        for k in range(np.uint64(sums.size)):
            sums[k] += (a * first[k] + b * second[k]) + (c * third[k] + d * fourth[k])


@regroups
def add_faded(sums, moved, decay, beyond, received):
    """Add what lies beyond the window: e**-gap times its limits `beyond`, for every kernel and degree."""
    faded = decay * sums[FADING]
    falls = decay * (sums[FADING_FALLS] + moved * sums[FADING])
    for k in range(beyond.size):
        received[k] += faded * beyond[k]
        received[beyond.size + k] += falls * beyond[k]


@regroups
def evaluate_block(inputs, parameters, outputs, first, last):
    """Add what the targets in some segments get from the segments behind."""
    moments, received, table = inputs[-3:]
    side = Side(*inputs[:-3])
    losses, slopes, curvatures, given, weighed, lost, run, source = outputs
    levels, size = received.shape[1], received.shape[2]
    for segment in range(first, last):
        losses[segment] = 0.0
        if not side.segments[segment, IS_TARGET]:
            continue
        gains = side.gains[side.boxes[side.segments[segment, BOX], QUERY]]
        end = side.segments[segment + 1, BEGIN]
        gather(segment, side, moments[segment], received, table, given, source)
        weighed[: levels * size] = 0.0
        add_from_above(given, gains, size, weighed, run)
        add_from_below(given, gains, size, weighed, run)
        for level in range(levels):
            for k in range(GAPS):
                given[GAPS * level + k] = moments[segment, level, DROP + k]
        lost[: levels * GAPS] = 0.0
        add_from_above(given, gains, GAPS, lost, run)
        for i in range(side.segments[segment, BEGIN], end):
            level = np.int64(side.levels[i])
            polynomials, gaps = weighed[level * size : (level + 1) * size], lost[level * GAPS : (level + 1) * GAPS]
            sums = row_sums(i, end, side, polynomials, gaps, parameters[0])
            losses[segment] += sums.loss
            if WANT_GRADIENT:
                slopes[i] += sums.slope
            if WANT_CURVATURE:
                curvatures[i] += sums.curvature


@regroups
def gather(segment, side, moments, received, table, given, source):
    """Write the polynomials of all that lies behind a segment for each gain, and weights from the first rank behind."""
    box, end, size = side.segments[segment, BOX], side.segments[segment + 1, BEGIN], received.shape[2]
    moved = 0.0
    if side.boxes[box + 1, QUERY] == side.boxes[box, QUERY]:
        moved = side.discounts[end] - side.discounts[side.boxes[box + 1, HEAD]]
    for level in range(moments.shape[0]):
        own, far = given[level * size : (level + 1) * size], received[box, level]
        for k in range(size // 2):
            own[k], own[size // 2 + k] = far[k], far[size // 2 + k] + moved * far[k]
        if moments[level, 0] != 0.0:
            take_moments(moments[level], 0.0, source)
            couple(table[WINDOW], source, own)


@regroups
def add_from_below(given, gains, size, weighed, run):
    """Add to each gain's sums those given of all smaller ones, times their distances; `run` is scratch for two sums."""
    run[: 2 * size] = 0.0
    for level in range(gains.size):
        rise = gains[level] - gains[max(level - 1, 0)]
        add_from_neighbour(rise, given, weighed, level * size, size, run)


@regroups
def add_from_above(given, gains, size, weighed, run):
    """Do the same with all larger ones."""
    run[: 2 * size] = 0.0
    for level in range(gains.size - 1, -1, -1):
        rise = gains[min(level + 1, gains.size - 1)] - gains[level]
        add_from_neighbour(rise, given, weighed, level * size, size, run)


@regroups
def add_from_neighbour(rise, given, weighed, start, size, run):
    """Move the sums of the gains passed so far, and those times their distances, on to the next gain."""
    for k in range(size):
        run[size + k] += rise * run[k]
        run[k] += given[start + k]
        weighed[start + k] += run[size + k]


@regroups
def row_sums(i, end, side, polynomials, gaps, s):
    """Return what rank i gets from those behind its segment; derivatives are by sigma times its score."""
    reference = min(end, side.scaled.size - 1)  # if that is no rank behind, all sums are 0
    fall = difference(side.discounts[i], side.discounts[reference])
    drop = s * difference(side.scaled[i], side.scaled[reference])
    first = second = 0.0
    loss = drop * (fall * gaps[ROWS - DROP] + gaps[FALLS - DROP])
    loss += s * (fall * gaps[0] + gaps[BOTH - DROP])
    kernel = 0
    if WANT_VALUE:
        loss += at_place(side.places[i], fall, polynomials, kernel)
        kernel += 1
    if WANT_GRADIENT:
        slope = at_place(side.places[i], fall, polynomials, kernel)
        first = slope / s + (fall * gaps[ROWS - DROP] + gaps[FALLS - DROP])
        kernel += 1
    if WANT_CURVATURE:
        second = at_place(side.places[i], fall, polynomials, kernel) / (s * s)
    return RowSums(loss, first, second)


@regroups
def at_place(u, fall, polynomials, kernel):
    """Return fall p(u) + q(u), p and q being a kernel's sums of Chebyshev polynomials, of either weight."""
    start, half = kernel * DEGREES, polynomials.size // 2
    p, q = polynomials[start : start + DEGREES], polynomials[half + start : half + start + DEGREES]
    before, polynomial, total = u, 1.0, 0.0
    for n in range(DEGREES):
        total += (fall * p[n] + q[n]) * polynomial
        before, polynomial = polynomial, 2.0 * u * polynomial - before
    return total
