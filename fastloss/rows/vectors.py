"""Rows that are vectors: a loss is a function of distances or cosines between row i of two or three matrices.

Where a distance is 0 its direction is undefined, and its gradient is taken to be 0.
"""

import math
from typing import Any, NamedTuple

import numpy as np

from fastloss.compile.elementary import INFINITY, at_least, log, step, weighed
from fastloss.compile.templates import regroups, unbound
from fastloss.rows.row import FIRST

WANT_GRADIENT = WANT_CURVATURE = unbound
value = slope = unbound
MARGIN, POWER, SHIFT, SWAP = range(4)  # parameters of triplets
EPSILON = 1e-12  # added to squared lengths, as PyTorch does
LARGEST, SMALLEST = 1e300, 1e-290  # sums of squares between them have neither overflowed nor lost digits
SHRUNK = 2.0**-64  # norms of fewer than 2**128 numbers times this do not overflow
HALVED = 2.0**-600  # nor do squares of numbers times this, or underflow if they have overflowed before


def apart(x, y, shift):
    """Return a difference, in this order of operations."""
    return x - y + shift


def largest(i, a, b, shift, u):
    """Return the largest |a - b + shift| times u, a power of two; NaN if there is one."""
    m = 0.0
    for k in range(FIRST, np.uint64(a.shape[1])):
        v = abs(apart(u * np.float64(a[i, k]), u * np.float64(b[i, k]), u * shift))
        m = v if (v > m or v != v) else m
    return m


def power(base, exponent):
    """Return base**exponent for base in [0, 1], 0 at base 0 whatever the exponent."""
    return base**exponent if base > 0.0 else base


@regroups
def sum_squares(i, a, b, shift):
    total = 0.0
    for k in range(FIRST, np.uint64(a.shape[1])):
        v = apart(np.float64(a[i, k]), np.float64(b[i, k]), shift)
        total += v * v
    return total


@regroups
def sum_magnitudes(i, a, b, shift):
    total = 0.0
    for k in range(FIRST, np.uint64(a.shape[1])):
        total += abs(apart(np.float64(a[i, k]), np.float64(b[i, k]), shift))
    return total


@regroups
def sum_powers(i, a, b, p, shift, u, scale):
    total = 0.0
    for k in range(FIRST, np.uint64(a.shape[1])):
        total += power(abs(apart(u * np.float64(a[i, k]), u * np.float64(b[i, k]), u * shift)) / scale, p)
    return total


def distance(i, a, b, p, shift):
    """Return ||a - b + shift||_p."""
    if p == 1.0:
        return sum_magnitudes(i, a, b, shift)
    if p == 2.0:
        total = sum_squares(i, a, b, shift)
        if not (total < SMALLEST or total > LARGEST):
            return math.sqrt(total)
    return distance_in(i, a, b, p, shift, 1.0)


def distance_in(i, a, b, p, shift, u):
    """Return the same times u, by way of the largest difference: no power of it over- or underflows."""
    scale = largest(i, a, b, shift, u)
    if scale == 0.0 or not scale < INFINITY:
        return scale
    total = sum_powers(i, a, b, p, shift, u, scale)
    return scale * total ** (1.0 / p) if log(total) < 700.0 * p else INFINITY


def direction(v, norm, p):
    """Return d norm / dv: sign(v) (|v| / norm)^(p - 1), 0 at v = 0."""
    if norm == 0.0:
        return 0.0
    if p == 2.0:
        return v / norm
    magnitude = power(abs(v) / norm, p - 1.0)
    return -magnitude if v < 0.0 else magnitude


def of_triplet(i, operands, factor, parameters, derivatives):
    """Return max(0, margin + d(a, p) - d(a, n)).

    With swap, d(a, n) is replaced by the smaller of it and d(p, n); where they are equal each has half the gradient.
    """
    anchor, positive, negative = operands
    by_anchor, by_positive, by_negative, _ = derivatives
    p, shift = parameters[POWER], parameters[SHIFT]
    near, far = distance(i, anchor, positive, p, shift), distance(i, anchor, negative, p, shift)
    swap, u = parameters[SWAP] != 0.0, 1.0
    other = distance(i, positive, negative, p, shift) if swap else far
    if near == INFINITY or far == INFINITY or other == INFINITY:  # they may cancel
        u = SHRUNK
        near, far = distance_in(i, anchor, positive, p, shift, u), distance_in(i, anchor, negative, p, shift, u)
        other = distance_in(i, positive, negative, p, shift, u) if swap else far
    share = 1.0
    if swap:
        share = 0.5 if other == far else (0.0 if other < far else 1.0)
    least = far if (far < other or far != far) else other
    z = u * parameters[MARGIN] + near - least
    if WANT_GRADIENT:
        push = step(z, factor)
        shift *= u
        for k in range(FIRST, np.uint64(anchor.shape[1])):
            x, y, w = u * np.float64(anchor[i, k]), u * np.float64(positive[i, k]), u * np.float64(negative[i, k])
            to_near = push * direction(apart(x, y, shift), near, p)
            to_far = push * share * direction(apart(x, w, shift), far, p)
            across = 0.0 if share == 1.0 else push * (1.0 - share) * direction(apart(y, w, shift), other, p)
            by_anchor[i, k] = to_near - to_far
            by_positive[i, k] = -to_near - across
            by_negative[i, k] = to_far + across
    return at_least(0.0, z) / u, 0


def within(i, a, b, d):
    """Return a unit in which the Euclidean distance d does not overflow, and the distance in it."""
    return (SHRUNK, distance_in(i, a, b, 2.0, 0.0, SHRUNK)) if d == INFINITY else (1.0, d)


def along(slope, v, norm):
    """Return the slope by a coordinate from that by a distance, which may have overflowed for a squared one."""
    return weighed(direction(v, norm, 2.0), slope)


def of_distance(i, operands, factor, parameters, derivatives):
    """Return value(||a - b||, label); parameters are those of the formula."""
    a, b, labels = operands
    by_a, by_b, _ = derivatives
    d = distance(i, a, b, 2.0, 0.0)
    if WANT_GRADIENT:
        s, (u, norm) = factor * slope(d, labels[i], parameters), within(i, a, b, d)
        for k in range(FIRST, np.uint64(a.shape[1])):
            g = along(s, u * np.float64(a[i, k]) - u * np.float64(b[i, k]), norm)
            by_a[i, k] = g
            by_b[i, k] = -g
    return value(d, labels[i], parameters), 0


def of_two_distances(i, operands, factor, parameters, derivatives):
    """Return value(||a - p||, 1) + value(||a - n||, 0); parameters are those of the formula."""
    anchor, positive, negative = operands
    by_anchor, by_positive, by_negative, _ = derivatives
    near, far = distance(i, anchor, positive, 2.0, 0.0), distance(i, anchor, negative, 2.0, 0.0)
    if WANT_GRADIENT:
        pull, push = factor * slope(near, 1.0, parameters), factor * slope(far, 0.0, parameters)
        (u, small_near), (v, small_far) = within(i, anchor, positive, near), within(i, anchor, negative, far)
        for k in range(FIRST, np.uint64(anchor.shape[1])):
            x = np.float64(anchor[i, k])
            to_near = along(pull, u * x - u * np.float64(positive[i, k]), small_near)
            to_far = along(push, v * x - v * np.float64(negative[i, k]), small_far)
            by_anchor[i, k] = to_near + to_far
            by_positive[i, k] = -to_near
            by_negative[i, k] = -to_far
    return value(near, 1.0, parameters) + value(far, 0.0, parameters), 0


class Products(NamedTuple):
    """The product a.b of two vectors, and their squared lengths with EPSILON added."""

    product: Any
    first: Any
    second: Any


@regroups
def sum_products(i, a, b):
    product = 0.0
    first = second = EPSILON
    for k in range(FIRST, np.uint64(a.shape[1])):
        x, y = np.float64(a[i, k]), np.float64(b[i, k])
        product += x * y
        first += x * x
        second += y * y
    return Products(product, first, second)


@regroups
def sum_shrunk_products(i, a, b, u, v):
    """Return the same of u a and v b, EPSILON being in the unit of the squares."""
    product, first, second = 0.0, EPSILON * u * u, EPSILON * v * v
    for k in range(FIRST, np.uint64(a.shape[1])):
        x, y = u * np.float64(a[i, k]), v * np.float64(b[i, k])
        product += x * y
        first += x * x
        second += y * y
    return Products(product, first, second)


def of_cosine(i, operands, factor, parameters, derivatives):
    """Return value(cos, label), cos = a.b / sqrt((a.a + e) (b.b + e)); d cos / da = b / root - cos a / (a.a + e).

    Long vectors are multiplied by powers of two, u and v, on which the cosine does not depend:
    d cos / da = u d cos / d(u a).
    """
    a, b, labels = operands
    by_a, by_b, _ = derivatives
    columns = np.uint64(a.shape[1])
    sums = sum_products(i, a, b)
    u, v = (HALVED if sums.first > LARGEST else 1.0), (HALVED if sums.second > LARGEST else 1.0)
    if u < 1.0 or v < 1.0:
        sums = sum_shrunk_products(i, a, b, u, v)
    first, second = sums.first, sums.second
    root = math.sqrt(first) * math.sqrt(second)
    cosine = sums.product / root
    cosine = 1.0 if cosine > 1.0 else (-1.0 if cosine < -1.0 else cosine)  # by rounding
    if WANT_GRADIENT:
        s = factor * slope(cosine, labels[i], parameters)
        for k in range(FIRST, columns):
            x, y = u * np.float64(a[i, k]), v * np.float64(b[i, k])
            by_a[i, k] = s * u * (y / root - cosine * (x / first))
            by_b[i, k] = s * v * (x / root - cosine * (y / second))
    return value(cosine, labels[i], parameters), 0


@regroups
def sum_squares_to(i, x, t, centers):
    total = 0.0
    for k in range(FIRST, np.uint64(x.shape[1])):
        v = np.float64(x[i, k]) - np.float64(centers[t, k])
        total += v * v
    return total


def of_centre(i, operands, factor, parameters, derivatives):
    """Return ||x_i - c_t||^2 / 2."""
    x, centers, labels = operands
    gradient, _ = derivatives
    t = np.uint64(labels[i])
    if WANT_GRADIENT:
        for k in range(FIRST, np.uint64(x.shape[1])):
            gradient[i, k] = factor * (np.float64(x[i, k]) - np.float64(centers[t, k]))
    return 0.5 * sum_squares_to(i, x, t, centers), 0


def of_members(i, operands, factor, parameters, derivatives):
    """Compute the gradient of center i: the sum of w_j (c_i - x_j) over its members j, in their order."""
    centers, x, order, offsets, weights = operands
    gradient, _ = derivatives
    start, stop = np.uint64(offsets[i]), np.uint64(offsets[i + np.uint64(1)])
    for k in range(FIRST, np.uint64(centers.shape[1])):
        center, total = np.float64(centers[i, k]), 0.0
        for at in range(start, stop):
            j = np.uint64(order[at])
            total += weighed(weights[j], center - np.float64(x[j, k]))
        gradient[i, k] = factor * total
    return 0.0, 0
