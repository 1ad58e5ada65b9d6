"""Rows that are vectors: a loss is a function of distances or cosines between row i of two or three matrices.

Where a distance is 0 its direction is undefined, and its gradient is taken to be 0.
"""

import math

import numpy as np

from fastloss.compile.elementary import INFINITY, at_least, log, step, weighed
from fastloss.compile.templates import regroups, unbound
from fastloss.rows.row import FIRST

WANT_GRADIENT = WANT_CURVATURE = unbound
value = slope = unbound
EPSILON = 1e-12  # added to squared lengths, as PyTorch does
LARGEST, SMALLEST = 1e300, 1e-290  # sums of squares between them have neither overflowed nor lost digits
SHRUNK = 2.0**-64  # norms of fewer than 2**128 numbers times this do not overflow
HALVED = 2.0**-600  # nor do squares of numbers times this, or underflow if they have overflowed before


def apart(x, y, shift):
    """A difference, in this order of operations."""
    return x - y + shift


def largest(i, a, b, shift, u):
    """The largest |a - b + shift| times u, a power of two; NaN if there is one."""
    m = 0.0
    for k in range(FIRST, np.uint64(a.shape[1])):
        v = abs(apart(u * np.float64(a[i, k]), u * np.float64(b[i, k]), u * shift))
        m = v if (v > m or v != v) else m
    return m


def power(base, exponent):
    """base**exponent for base in [0, 1], 0 at base 0 whatever the exponent."""
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
def sum_powers(i, vectors, form, scale):
    a, b = vectors
    p, shift, u = form
    total = 0.0
    for k in range(FIRST, np.uint64(a.shape[1])):
        total += power(abs(apart(u * np.float64(a[i, k]), u * np.float64(b[i, k]), u * shift)) / scale, p)
    return total


def distance(i, a, b, form):
    """||a - b + shift||_p for form (p, shift)."""
    p, shift = form
    if p == 1.0:
        return sum_magnitudes(i, a, b, shift)
    if p == 2.0:
        total = sum_squares(i, a, b, shift)
        if not (total < SMALLEST or total > LARGEST):
            return math.sqrt(total)
    return distance_in(i, a, b, form, 1.0)


def distance_in(i, a, b, form, u):
    """The same times u, by way of the largest difference: no power of it over- or underflows."""
    p, shift = form
    scale = largest(i, a, b, shift, u)
    if scale == 0.0 or not scale < INFINITY:
        return scale
    total = sum_powers(i, (a, b), (p, shift, u), scale)
    return scale * total ** (1.0 / p) if log(total) < 700.0 * p else INFINITY


def direction(v, norm, p):
    """D norm / dv: sign(v) (|v| / norm)^(p - 1), 0 at v = 0."""
    if norm == 0.0:
        return 0.0
    if p == 2.0:
        return v / norm
    magnitude = power(abs(v) / norm, p - 1.0)
    return -magnitude if v < 0.0 else magnitude


def of_triplet(i, operands, factor, parameters, derivatives):
    """max(0, margin + d(a, p) - d(a, n)); parameters are (margin, p, shift, swap).

    With swap, d(a, n) is replaced by the smaller of it and d(p, n); where they are equal each has half the gradient.
    """
    anchor, positive, negative = operands
    form = parameters[1], parameters[2]
    near, far = distance(i, anchor, positive, form), distance(i, anchor, negative, form)
    swap, u = parameters[3] != 0.0, 1.0
    other = distance(i, positive, negative, form) if swap else far
    if near == INFINITY or far == INFINITY or other == INFINITY:  # they may cancel
        u = SHRUNK
        near, far = distance_in(i, anchor, positive, form, u), distance_in(i, anchor, negative, form, u)
        other = distance_in(i, positive, negative, form, u) if swap else far
    share = 1.0
    if swap:
        share = 0.5 if other == far else (0.0 if other < far else 1.0)
    least = far if (far < other or far != far) else other
    z = u * parameters[0] + near - least
    if WANT_GRADIENT:
        push = step(z, factor)
        p, shift = form[0], u * form[1]
        for k in range(FIRST, np.uint64(anchor.shape[1])):
            x, y, w = u * np.float64(anchor[i, k]), u * np.float64(positive[i, k]), u * np.float64(negative[i, k])
            to_near = push * direction(apart(x, y, shift), near, p)
            to_far = push * share * direction(apart(x, w, shift), far, p)
            across = 0.0 if share == 1.0 else push * (1.0 - share) * direction(apart(y, w, shift), other, p)
            derivatives[0][i, k] = to_near - to_far
            derivatives[1][i, k] = -to_near - across
            derivatives[2][i, k] = to_far + across
    return at_least(0.0, z) / u, 0


def within(i, a, b, d):
    """A unit in which the Euclidean distance d has not overflowed, and the distance in it."""
    return (SHRUNK, distance_in(i, a, b, (2.0, 0.0), SHRUNK)) if d == INFINITY else (1.0, d)


def along(slope, v, norm):
    """A slope by a distance as one by a coordinate; that of a squared distance may have overflowed."""
    return weighed(direction(v, norm, 2.0), slope)


def of_distance(i, operands, factor, parameters, derivatives):
    """value(||a - b||, label); parameters are those of the formula."""
    a, b, labels = operands
    d = distance(i, a, b, (2.0, 0.0))
    if WANT_GRADIENT:
        s, (u, norm) = factor * slope(d, labels[i], parameters), within(i, a, b, d)
        for k in range(FIRST, np.uint64(a.shape[1])):
            g = along(s, u * np.float64(a[i, k]) - u * np.float64(b[i, k]), norm)
            derivatives[0][i, k] = g
            derivatives[1][i, k] = -g
    return value(d, labels[i], parameters), 0


def of_two_distances(i, operands, factor, parameters, derivatives):
    """value(||a - p||, 1) + value(||a - n||, 0); parameters are those of the formula."""
    anchor, positive, negative = operands
    near, far = distance(i, anchor, positive, (2.0, 0.0)), distance(i, anchor, negative, (2.0, 0.0))
    if WANT_GRADIENT:
        pull, push = factor * slope(near, 1.0, parameters), factor * slope(far, 0.0, parameters)
        (u, small_near), (v, small_far) = within(i, anchor, positive, near), within(i, anchor, negative, far)
        for k in range(FIRST, np.uint64(anchor.shape[1])):
            x = np.float64(anchor[i, k])
            to_near = along(pull, u * x - u * np.float64(positive[i, k]), small_near)
            to_far = along(push, v * x - v * np.float64(negative[i, k]), small_far)
            derivatives[0][i, k] = to_near + to_far
            derivatives[1][i, k] = -to_near
            derivatives[2][i, k] = -to_far
    return value(near, 1.0, parameters) + value(far, 0.0, parameters), 0


@regroups
def sum_products(i, a, b):
    """a.b, a.a and b.b, the latter two with EPSILON added."""
    product = 0.0
    first = second = EPSILON
    for k in range(FIRST, np.uint64(a.shape[1])):
        x, y = np.float64(a[i, k]), np.float64(b[i, k])
        product += x * y
        first += x * x
        second += y * y
    return product, first, second


@regroups
def sum_shrunk_products(i, a, b, u, v):
    """The same of u a and v b, EPSILON being in the unit of the squares."""
    product, first, second = 0.0, EPSILON * u * u, EPSILON * v * v
    for k in range(FIRST, np.uint64(a.shape[1])):
        x, y = u * np.float64(a[i, k]), v * np.float64(b[i, k])
        product += x * y
        first += x * x
        second += y * y
    return product, first, second


def of_cosine(i, operands, factor, parameters, derivatives):
    """value(cos, label), cos = a.b / sqrt((a.a + e) (b.b + e)); d cos / da = b / root - cos a / (a.a + e).

    Long vectors are taken times powers of two, u and v, which the cosine does not know: d cos / da = u d cos / d(u a).
    """
    a, b, labels = operands
    columns = np.uint64(a.shape[1])
    product, first, second = sum_products(i, a, b)
    u, v = (HALVED if first > LARGEST else 1.0), (HALVED if second > LARGEST else 1.0)
    if u < 1.0 or v < 1.0:
        product, first, second = sum_shrunk_products(i, a, b, u, v)
    root = math.sqrt(first) * math.sqrt(second)
    cosine = product / root
    cosine = 1.0 if cosine > 1.0 else (-1.0 if cosine < -1.0 else cosine)  # by rounding
    if WANT_GRADIENT:
        s = factor * slope(cosine, labels[i], parameters)
        for k in range(FIRST, columns):
            x, y = u * np.float64(a[i, k]), v * np.float64(b[i, k])
            derivatives[0][i, k] = s * u * (y / root - cosine * (x / first))
            derivatives[1][i, k] = s * v * (x / root - cosine * (y / second))
    return value(cosine, labels[i], parameters), 0


@regroups
def sum_squares_to(i, x, t, centers):
    total = 0.0
    for k in range(FIRST, np.uint64(x.shape[1])):
        v = np.float64(x[i, k]) - np.float64(centers[t, k])
        total += v * v
    return total


def of_centre(i, operands, factor, parameters, derivatives):
    """||x_i - c_t||^2 / 2."""
    x, centers, labels = operands
    t = np.uint64(labels[i])
    if WANT_GRADIENT:
        for k in range(FIRST, np.uint64(x.shape[1])):
            derivatives[0][i, k] = factor * (np.float64(x[i, k]) - np.float64(centers[t, k]))
    return 0.5 * sum_squares_to(i, x, t, centers), 0


def of_members(i, operands, factor, parameters, derivatives):
    """The gradient of center i: the sum of w_j (c_i - x_j) over its members j, in their order."""
    centers, x, order, offsets, weights = operands
    start, stop = np.uint64(offsets[i]), np.uint64(offsets[i + np.uint64(1)])
    for k in range(FIRST, np.uint64(centers.shape[1])):
        center, total = np.float64(centers[i, k]), 0.0
        for at in range(start, stop):
            j = np.uint64(order[at])
            total += weighed(weights[j], center - np.float64(x[j, k]))
        derivatives[0][i, k] = factor * total
    return 0.0, 0
