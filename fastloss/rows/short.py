"""Short rows of logits with class ids: `rows.logits.of_target` for many rows at a time, with a flat scratch array.

A loop over the few columns of a row has no packed instructions; one over all exponentials of a chunk has. And none is
computed twice: the gradient multiplies those in the scratch array. CUDA does a row a thread instead, where neither
matters and a scratch array would be traffic.
"""

import numpy as np

from fastloss.compile.elementary import exp_negative, weighed
from fastloss.compile.templates import regroups, unbound
from fastloss.rows.logits import (
    ExpSum,
    curvature_of_other,
    curvature_of_target,
    gap,
    inverse_of,
    maximum,
    share_of,
    skip_row,
    unless_undefined,
)
from fastloss.rows.row import FIRST, ONE

WANT_GRADIENT = WANT_CURVATURE = unbound
value = slope = curvature = unbound
MOST = 8192  # columns of a short row
AT_ONCE = np.uint64(2048)  # numbers in the scratch array, which stays in the cache nearest to the core


def scratch(columns: int) -> tuple[int, int]:
    """Return the lengths of the two scratch arrays: exponentials of some rows, and these rows' maxima."""
    step = max(1, int(AT_ONCE) // max(columns, 1))
    return step * columns, step


def without(e, one):
    """Return e - 1 or e; a function of its own, since the sum's reassociation must not reach this subtraction."""
    return e - one


@regroups
def sum_row(exponentials, start, stop):
    """Count the exponentials that are 1, which are the maximum's, and sum the others."""
    count = rest = 0.0
    for j in range(start, stop):
        one = 1.0 if exponentials[j] == 1.0 else 0.0
        count += one
        rest += without(exponentials[j], one)
    return count, rest


def write_exponentials(x, first, last, exponentials, maxima):
    """Write e**(x - r) of some rows, and their maxima r."""
    columns = np.uint64(x.shape[1])
    for i in range(first, last):
        r = maximum(i, x, FIRST, columns)
        maxima[i - first] = r
        base = (i - first) * columns
        for k in range(FIRST, columns):
            exponentials[base + k] = gap(np.float64(x[i, k]), r)
    for j in range(FIRST, (last - first) * columns):
        exponentials[j] = exp_negative(exponentials[j])


def write_derivatives(i, t, base, exponentials, parameters, factor, target, total, derivatives):
    """Write the derivatives of row i with the target t, whose exponentials begin at `base` and have the sum `total`."""
    gradient, diagonal = derivatives
    u, inverse = inverse_of(target.others)
    s = slope(target.log_p, target.q, parameters)
    multiplier = -factor * s * u * inverse
    for k in range(FIRST, np.uint64(gradient.shape[1])):
        gradient[i, k] = multiplier * exponentials[base + k]
    gradient[i, t] = factor * s
    if WANT_CURVATURE:
        h = curvature(target.log_p, target.q, parameters)
        for k in range(FIRST, np.uint64(diagonal.shape[1])):
            e = exponentials[base + k]
            diagonal[i, k] = factor * curvature_of_other(h, s, e, total, u, inverse)
        diagonal[i, t] = factor * curvature_of_target(h, s, target.q)


def short_row(i, t, base, x, r, exponentials, parameters, factor, derivatives):
    """Return the loss of row i with the target t, the maximum r, and exponentials from `base` on."""
    n, rest = sum_row(exponentials, base, base + np.uint64(x.shape[1]))
    rest = unless_undefined(r, n, rest)
    target = share_of(gap(np.float64(x[i, t]), r), exponentials[base + t], ExpSum(r, n, rest))
    if WANT_GRADIENT:
        write_derivatives(i, t, base, exponentials, parameters, factor, target, n + rest, derivatives)
    return value(target.log_p, target.q, parameters)


def add_short_rows(inputs, parameters, outputs, chunk):
    weights, plan, x, targets = inputs
    each, partials, wrong, gradient, diagonal, exponentials, maxima = outputs
    scale, rows, size = parameters[0], plan[0], plan[1]
    columns = np.uint64(x.shape[1])
    first, last = np.uint64(chunk * size), np.uint64(min(rows, (chunk + 1) * size))
    step = max(ONE, np.uint64(maxima.size))  # a range whose step may be 0 raises an error
    total = 0.0
    for start in range(first, last, step):
        stop = min(last, start + step)
        write_exponentials(x, start, stop, exponentials, maxima)
        for i in range(start, stop):
            w = weights[i] if weights.size else 1.0
            loss = 0.0
            if targets[i] >= 0:
                t, base, r = np.uint64(targets[i]), (i - start) * columns, maxima[i - start]
                factor = scale * w
                loss = short_row(i, t, base, x, r, exponentials, parameters[1:], factor, (gradient, diagonal))
            else:
                skip_row(i, (gradient, diagonal))
            loss = weighed(w, loss)
            total += loss
            if each.size:
                each[i] = loss
    partials[chunk] = total
    wrong[chunk] = 0
