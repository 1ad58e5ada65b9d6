"""Sums of a smooth kernel of score differences in linear time, for every engine.

For targets x and sources t with weights w, sum_j w_j k(x - t_j) for every x: a kernel analytic near the real axis is a
polynomial of low degree on any short interval, so a box of sources acts through a few moments. Four steps:

1. `add_moments`: in fine boxes of width H / SUB, the sums of w u**n, n < FINE; u in [-1, 1] is the place in the box.
2. `gather`: the moments of Chebyshev polynomials of coarse boxes, of width H, from those of their fine boxes; `scan`:
   running sums over boxes for what lies far away, where the kernel is a straight line or a single exponential to the
   last bit (`TAILS`).
3. `couple`: a coarse box of targets receives the table's polynomial from each near box and the far sums; `cut` hands
   its polynomial to its fine boxes.
4. `evaluate`: a polynomial of degree FINE - 1 at each target.

Coordinates are z = scale x with a power of two `scale`, so that boxes and places are free of rounding, and the
kernel's steepness s in z lies in (1/2, 1]. Far sums are kept relative to a moving edge and shifted by positive gaps:
every term is positive, nothing cancels. `docs/accuracy.md` derives the error.

Rejected: sorting the scores (more than the time of all four steps); one level of boxes (a row costs twice as many
multiplications and memory operations); far sums as differences of global sums (they cancel).
"""

import functools
from typing import Any, NamedTuple

import numpy as np

from fastloss.compile.elementary import exp, floor, weighed
from fastloss.compile.templates import regroups, unbound

H = 0.5  # the width of a coarse box
SUB = 16  # fine boxes in a coarse one
FINE = 6  # coefficients of a fine box
DEGREES = 12  # coefficients of a coarse box
WINDOW = 154  # near boxes on each side; s H WINDOW > 38, and e**-38 is below half a unit in the last place of 1

# Columns of a coarse box: its moments and sum of weights; then, over it and all boxes on one side of it, the weights
# and the reach sum w (t - left edge) to the right, and sums of e**(-s |t - edge|) to the right and to the left.
COUNT, RIGHT, REACH, FALLING, RISING = DEGREES, DEGREES + 1, DEGREES + 2, DEGREES + 3, DEGREES + 4
COLUMNS = DEGREES + 5
# What lies beyond a box's window, and the tails by which a kernel is made of it.
FAR_WEIGHT, FAR_REACH, FAR_FALLING, FAR_RISING = range(4)

SEGMENT = np.uint64(64)  # rows
LATTICE = 2.0**53  # from which on a coarse box's right edge may have no number

WANT_VALUE = unbound
WANT_GRADIENT = unbound
WANT_CURVATURE = unbound
WEIGHTED = unbound
value = slope = curvature = unbound


class NoState(ValueError):
    """Rows that a state of moments cannot hold."""


class Grid(NamedTuple):
    """The boxes of a node: if `first_key` < `last_key`, the coarse ones are keys[first_key:last_key] and no others."""

    origin: Any  # the number of the first fine box on the whole axis
    first_key: Any
    last_key: Any
    keys: Any


class Received(NamedTuple):
    """The polynomials of fine boxes, and factors: of slopes, and of curvatures over that of slopes."""

    coefficients: Any
    slope_factor: Any
    bend_factor: Any


def fine_box(fine, grid):
    """Return the box numbered `fine` on the whole axis, counted from the grid's first."""
    if grid.last_key <= grid.first_key:
        return np.int64(fine - grid.origin)
    keys = grid.keys
    coarse = floor(fine * (1.0 / SUB))
    low, high = grid.first_key, grid.last_key - 1
    while low < high:
        middle = (low + high) // 2
        if keys[middle] < coarse:
            low = middle + 1
        else:
            high = middle
    return SUB * (low - grid.first_key) + np.int64(fine - SUB * coarse)


def place(scaled, fine):
    """Return u in [-1, 1]. Without a loop of its own: it must not be regrouped."""
    return 2.0 * (scaled - fine) - 1.0


def select(bounds, labels, between, chosen):
    """Write the rows start <= i < stop whose label lies between two, both included; return how many there are."""
    return select_either(bounds, labels, between, between, chosen)


@regroups
def select_either(bounds, labels, between, other, chosen):
    """Do the same for the rows whose label lies in either of two intervals.

    Segments that are chosen whole, or not at all, need no look at each row's place.
    """
    begin, end = np.uint64(bounds[0]), np.uint64(bounds[1])
    count = np.uint64(0)
    for start in range(begin, end, SEGMENT):
        stop = min(start + SEGMENT, end)
        inside = np.uint64(0)
        for i in range(start, stop):
            inside += is_between(labels[i], between) | is_between(labels[i], other)
        if inside == stop - start:
            for i in range(start, stop):
                chosen[count + i - start] = i
            count += inside
        elif inside > np.uint64(0):
            for i in range(start, stop):
                chosen[count] = i
                count += is_between(labels[i], between) | is_between(labels[i], other)
    return count


def is_between(label, between):
    y = np.float64(label)
    return np.uint64((y >= between[0]) & (y <= between[1]))


def located(x, scale, grid):
    """Return the fine box of a score, and the place in it."""
    scaled = scale * np.float64(x) * (SUB / H)
    fine = floor(scaled)
    return fine_box(fine, grid), place(scaled, fine)


@regroups
def locate(chosen, rows, targets, aside, scale, grid, boxes, places):
    """Write the fine box of each chosen row of `rows`, (scores, labels), and the place in it.

    Boxes of rows whose label is none of the targets' are counted from `aside`.
    """
    count = np.uint64(chosen.size)
    if count == np.uint64(0):
        return
    first, whole = chosen[0], Grid(grid.origin, 0, 0, grid.keys)
    if grid.last_key > grid.first_key:  # a search for each: not in vectors
        for k in range(count):
            boxes[k], places[k] = located_aside(chosen[k], rows, targets, aside, scale, grid)
    elif chosen[count - np.uint64(1)] - first == count - np.uint64(1):  # rows without a gap are loaded, not gathered
        for k in range(count):
            boxes[k], places[k] = located_aside(first + k, rows, targets, aside, scale, whole)
    else:
        for k in range(count):
            boxes[k], places[k] = located_aside(chosen[k], rows, targets, aside, scale, whole)


def located_aside(i, rows, targets, aside, scale, grid):
    scores, labels = rows
    box, u = located(scores[i], scale, grid)
    return np.uint32(np.uint64(box) + np.uint64(aside) * (np.uint64(1) - is_between(labels[i], targets))), u


@regroups
def add_moments(chosen, weights, located, moments):
    """Do step 1 for the chosen rows, `located` being their fine boxes and the places there.

    These come first, for many rows at a time: the additions to memory then wait for nothing but each other.
    """
    boxes, places = located
    for k in range(np.uint64(chosen.size)):
        at, u = np.uint64(boxes[k]), places[k]
        w = weights[chosen[k]] if WEIGHTED else 1.0
        for n in range(np.uint64(FINE)):
            moments[at, n] += w
            w *= u


@regroups
def gather(moments, cuts, edges, boxes):
    """Step 2 up to the far sums, which start as the box's own."""
    for b in range(boxes.shape[0]):
        for column in range(COLUMNS):
            boxes[b, column] = 0.0
        for sub in range(SUB):
            own = moments[b * SUB + sub]
            if own[0] == 0.0:
                continue
            for m in range(DEGREES):
                for n in range(FINE):
                    boxes[b, m] += cuts[sub, m, n] * own[n]
            for n in range(FINE):
                boxes[b, FALLING] += edges[0, sub, n] * own[n]
                boxes[b, RISING] += edges[1, sub, n] * own[n]
            boxes[b, COUNT] += own[0]
            boxes[b, REACH] += (H / SUB) * (sub * own[0] + 0.5 * (own[0] + own[1]))
        boxes[b, RIGHT] = boxes[b, COUNT]


@regroups
def scan(boxes, keys, s):
    """The far sums: each box's own, and those of the next box shifted to this one's edge."""
    for b in range(boxes.shape[0] - 2, -1, -1):
        gap = H * (keys[b + 1] - keys[b])
        boxes[b, RIGHT] += boxes[b + 1, RIGHT]
        boxes[b, REACH] += boxes[b + 1, REACH] + boxes[b + 1, RIGHT] * gap
        boxes[b, FALLING] += boxes[b + 1, FALLING] * exp(-s * gap)
    for b in range(1, boxes.shape[0]):
        boxes[b, RISING] += boxes[b - 1, RISING] * exp(-s * H * (keys[b] - keys[b - 1]))


def near(q, keys):
    """The boxes first <= b < last within the window of box q."""
    first, last = q, q + 1
    if keys[keys.size - 1] - keys[0] == keys.size - 1.0:
        return max(0, q - WINDOW), min(keys.size, q + WINDOW + 1)
    while first > 0 and keys[q] - keys[first - 1] <= WINDOW:
        first -= 1
    while last < keys.size and keys[last] - keys[q] <= WINDOW:
        last += 1
    return first, last


@regroups
def couple(q, boxes, keys, table, received):
    """Step 3: the polynomial of degree DEGREES - 1 that the near boxes make in box q."""
    first, last = near(q, keys)
    for m in range(DEGREES):
        received[m] = 0.0
    for b in range(first, last):
        if boxes[b, COUNT] != 0.0:
            d = np.int64(keys[b] - keys[q]) + WINDOW
            for n in range(DEGREES):
                moment = boxes[b, n]
                for m in range(DEGREES):
                    received[m] += table[d, n, m] * moment


def far_sums(q, boxes, keys, s, sums):
    """Write what lies beyond the window of box q: weights, reach, and two sums of exponentials, from q's left edge."""
    first, last = near(q, keys)
    sums[FAR_WEIGHT] = sums[FAR_REACH] = sums[FAR_FALLING] = sums[FAR_RISING] = 0.0
    if last < keys.size:
        gap = H * (keys[last] - keys[q])
        sums[FAR_WEIGHT] = boxes[last, RIGHT]
        sums[FAR_REACH] = boxes[last, REACH] + boxes[last, RIGHT] * gap
        sums[FAR_FALLING] = boxes[last, FALLING] * exp(-s * (gap - H))
    if first > 0:
        sums[FAR_RISING] = boxes[first - 1, RISING] * exp(-s * H * (keys[q] - keys[first - 1] - 1.0))


@regroups
def cut(received, sums, tails, tables, polynomials):
    """Hand the polynomial of a coarse box, and the far sums by the kernel's tails, to its fine boxes."""
    cuts, edges = tables
    for sub in range(SUB):
        for n in range(FINE):
            total = (
                tails[FAR_FALLING] * sums[FAR_FALLING] * edges[1, sub, n]
                + tails[FAR_RISING] * sums[FAR_RISING] * edges[0, sub, n]
            )
            for m in range(DEGREES):
                total += cuts[sub, m, n] * received[m]
            polynomials[sub, n] = total
        polynomials[sub, 0] += tails[FAR_WEIGHT] * sums[FAR_WEIGHT]
        if tails[FAR_REACH] != 0.0:  # the reach may be infinite
            polynomials[sub, 0] += tails[FAR_REACH] * (sums[FAR_REACH] - (sub + 0.5) * (H / SUB) * sums[FAR_WEIGHT])
            polynomials[sub, 1] -= tails[FAR_REACH] * 0.5 * (H / SUB) * sums[FAR_WEIGHT]


def polynomial(coefficients, at, kernel, u):
    """A fine box's polynomial for one kernel, at the place u."""
    p = coefficients[at, kernel, 5]
    p = p * u + coefficients[at, kernel, 4]
    p = p * u + coefficients[at, kernel, 3]
    p = p * u + coefficients[at, kernel, 2]
    p = p * u + coefficients[at, kernel, 1]
    return p * u + coefficients[at, kernel, 0]


def add_row(i, w, where, received, results):
    """Return row i's loss, `where` being its fine box and the place in it; derivatives are added to the results."""
    at, u = where
    coefficients, steep, bend = received
    each, gradient, curvature = results
    loss = 0.0
    if WANT_VALUE:
        loss = weighed(w, polynomial(coefficients, at, 0, u))
        if each.size:
            each[i] += loss
    if WANT_GRADIENT:
        gradient[i] += weighed(steep * w, polynomial(coefficients, at, 1 if WANT_VALUE else 0, u))
    if WANT_CURVATURE:
        curvature[i] += bend * weighed(steep * w, polynomial(coefficients, at, 2 if WANT_VALUE else 1, u))
    return loss


@regroups
def evaluate(chosen, weights, located, received, results):
    """Do step 4 for the chosen rows: losses and derivatives are added to the results."""
    boxes, places = located
    for k in range(np.uint64(chosen.size)):
        i = chosen[k]
        w = weights[i] if WEIGHTED else 1.0
        add_row(i, w, (np.uint64(boxes[k]), places[k]), received, results)


@regroups
def summed(moments, polynomials):
    """The loss of rows of some moments: the sum of step 4 over them, since a polynomial's sum is one of moments."""
    total = 0.0
    for slot in range(moments.shape[0]):
        if moments[slot, 0] != 0.0:
            total += moments[slot, 0] * mean_of(moments[slot], polynomials[slot])
    return total


def mean_of(moments, polynomial):
    """The mean of a polynomial over rows of some moments: products of a moment and a coefficient may be infinite.

    Not regrouped: the inverse of a weight may be infinite too.
    """
    weight, mean = moments[0], polynomial[0]
    if weight < np.inf:
        for n in range(1, FINE):
            mean += moments[n] / weight * polynomial[n]
    return mean


@regroups
def turn(keys, polynomials):
    """Turn moments, or polynomials, into those of the negated scores: [fine box, kernel, power], in place.

    `keys` are the boxes', and `turned_key` of them, from the last to the first, those of the result.
    """
    count, (_, kernels, powers) = keys.size, polynomials.shape
    for q in range(count // 2 * SUB):
        other = (count - 1 - q // SUB) * SUB + q % SUB
        for k in range(kernels):
            for n in range(powers):
                one = polynomials[q, k, n]
                polynomials[q, k, n] = polynomials[other, k, n]
                polynomials[other, k, n] = one
    for b in range(count):
        if turned_key(keys[count - 1 - b]) == -keys[count - 1 - b]:
            continue
        for sub in range(SUB // 2):
            q, other = b * SUB + sub, b * SUB + SUB - 1 - sub
            for k in range(kernels):
                for n in range(powers):
                    sign = 1.0 - 2.0 * (n % 2)
                    one = polynomials[q, k, n]
                    polynomials[q, k, n] = sign * polynomials[other, k, n]
                    polynomials[other, k, n] = sign * one


def turned_key(key):
    """Return the number of a coarse box of the negated scores.

    Where the next box has no number of its own, all rows lie on a box's left edge, and so do the negated ones.
    """
    return -key - (abs(key) < LATTICE)


@regroups
def at_nodes(gaps, s, values):
    """Value, slope and curvature at the table's nodes."""
    for i in range(gaps.size):
        values[0, i] = value(gaps[i], s)
        values[1, i] = slope(gaps[i], s)
        values[2, i] = curvature(gaps[i], s)


@functools.cache
def nodes(count: int) -> tuple[np.ndarray, np.ndarray]:
    """Chebyshev nodes, and the matrix from a polynomial's values there to its Chebyshev coefficients."""
    angles = (np.arange(count) + 0.5) * np.pi / count
    matrix = np.cos(np.outer(np.arange(count), angles)) * (2.0 / count)
    matrix[0] /= 2.0
    return np.cos(angles), matrix


@functools.cache
def _powers() -> np.ndarray:
    """Coefficients of 1, u, ... of the first FINE polynomials of Chebyshev's."""
    return np.array([np.pad(p, (0, FINE - p.size)) for p in map(_chebyshev_powers, range(FINE))])


def _to_powers(values: np.ndarray) -> np.ndarray:
    """Coefficients of 1, u, ..., from values at the FINE nodes, along the last axis."""
    _, matrix = nodes(FINE)
    return values @ matrix.T @ _powers()


def _chebyshev_powers(degree: int) -> np.ndarray:
    return np.polynomial.chebyshev.cheb2poly(np.eye(degree + 1)[degree])


def _offsets() -> np.ndarray:
    """The distance of each fine box's nodes from the coarse box's left edge, shape (SUB, FINE)."""
    return (H / SUB) * (np.arange(SUB)[:, None] + 0.5 * (nodes(FINE)[0] + 1.0))


@functools.cache
def cut_table() -> np.ndarray:
    """T_m of the coarse box as a polynomial in each fine box's u: [fine box, m, power]."""
    places = 2.0 * _offsets() / H - 1.0
    values = np.cos(np.arange(DEGREES)[:, None, None] * np.arccos(places))
    return np.ascontiguousarray(_to_powers(values).transpose(1, 0, 2))


@functools.lru_cache(maxsize=64)
def edge_table(s: float) -> np.ndarray:
    """e**(-s offset) and e**(-s (H - offset)) as polynomials in each fine box's u."""
    return np.ascontiguousarray(_to_powers(np.exp(-s * np.stack((_offsets(), H - _offsets())))))


def node_gaps() -> np.ndarray:
    """x - t for x in a box and t in the box d = -WINDOW, ..., WINDOW boxes to its right: [d, node of x, node of t]."""
    places = nodes(DEGREES)[0]
    return -H * np.arange(-WINDOW, WINDOW + 1)[:, None, None] + 0.5 * H * (places[:, None] - places[None, :])


def coupling_table(values: np.ndarray) -> np.ndarray:
    """From a kernel at `node_gaps()` to Chebyshev coefficients: [d, degree in t, degree in x]."""
    matrix = nodes(DEGREES)[1]
    return np.ascontiguousarray(matrix @ values.transpose(0, 2, 1) @ matrix.T)
