"""Short rows of logits with class ids, by chunks: `rows.logits.of_target` by way of a flat scratch array.

A loop over the few columns of a row has no packed instructions; one over all exponentials of a chunk has. And none is
computed twice: the gradient multiplies what lies in the scratch array.
"""

import numpy as np

from fastloss.compile.elementary import INFINITY, NAN, exp_negative, weighed
from fastloss.compile.templates import regroups, unbound
from fastloss.rows.logits import against_all, gap, inverse_of, maximum
from fastloss.rows.row import FIRST, ONE

WANT_GRADIENT = WANT_CURVATURE = unbound
value = slope = curvature = unbound
MOST = 8192  # columns of a short row
AT_ONCE = np.uint64(2048)  # numbers in the scratch array, which stays in the cache nearest to the core


def scratch(columns: int) -> tuple[int, int]:
    """The lengths of the two scratch arrays: exponentials of some rows, and these rows' maxima."""
    step = max(1, int(AT_ONCE) // max(columns, 1))
    return step * columns, step


def without(e, own):
    """A term of the sum, as a function of its own: the sum's reassociation must not reach this subtraction."""
    return e - own


@regroups
def sum_row(exponentials, start, stop):
    """How many are 1, the maximum's own, and the sum of the others."""
    count = rest = 0.0
    for j in range(start, stop):
        own = 1.0 if exponentials[j] == 1.0 else 0.0
        count += own
        rest += without(exponentials[j], own)
    return count, rest


def write_exponentials(x, bounds, exponentials, tops):
    """e**(x - r) of some rows, and their maxima r."""
    first, last = bounds
    columns = np.uint64(x.shape[1])
    for i in range(first, last):
        r = maximum(i, x, FIRST, columns)
        tops[i - first] = r
        base = (i - first) * columns
        for k in range(FIRST, columns):
            exponentials[base + k] = gap(np.float64(x[i, k]), r)
    for j in range(FIRST, (last - first) * columns):
        exponentials[j] = exp_negative(exponentials[j])


def fill_zero(i, derivatives):
    for k in range(FIRST, np.uint64(derivatives[0].shape[1])):
        derivatives[0][i, k] = 0.0
        if WANT_CURVATURE:
            derivatives[1][i, k] = 0.0


def write_derivatives(place, exponentials, parameters, factors, derivatives):
    """The derivatives of one row, `place` being (row, its target, where its exponentials start)."""
    i, t, base = place
    factor, log_p, q, (u, inverse), total = factors
    s = slope(log_p, q, parameters)
    multiplier = -factor * s * u * inverse
    for k in range(FIRST, np.uint64(derivatives[0].shape[1])):
        derivatives[0][i, k] = multiplier * exponentials[base + k]
    derivatives[0][i, t] = factor * s
    if WANT_CURVATURE:
        h = curvature(log_p, q, parameters)
        for k in range(FIRST, np.uint64(derivatives[1].shape[1])):
            e = exponentials[base + k]
            c = e * u * inverse
            derivatives[1][i, k] = factor * (h * c * c - s * c * ((total - e) / total))
        derivatives[1][i, t] = factor * (h - s * (1.0 - q))


def short_row(place, r, data, factor, outputs):
    """The loss of one row; `data` is (logits, exponentials, parameters), `outputs` the derivatives."""
    i, t, base = place
    x, exponentials, parameters = data
    n, rest = sum_row(exponentials, base, base + np.uint64(x.shape[1]))
    if r == -INFINITY or (r == INFINITY and n > 1.0):
        rest = NAN
    log_p, q, others = against_all(gap(np.float64(x[i, t]), r), exponentials[base + t], (r, n, rest))
    if WANT_GRADIENT:
        factors = factor, log_p, q, inverse_of(others), n + rest
        write_derivatives(place, exponentials, parameters, factors, outputs)
    return value(log_p, q, parameters)


def add_short_rows(inputs, parameters, outputs, chunk):
    weights, plan, x, targets = inputs
    scale, own = parameters[0], parameters[1:]
    each, partials, wrong, derivatives = outputs[0], outputs[1], outputs[2], outputs[3:-2]
    exponentials, tops = outputs[-2], outputs[-1]
    columns = np.uint64(x.shape[1])
    first, last = np.uint64(chunk * plan[1]), np.uint64(min(plan[0], (chunk + 1) * plan[1]))
    step = max(ONE, np.uint64(tops.size))  # a range whose step may be 0 raises an error
    total = 0.0
    for start in range(first, last, step):
        stop = min(last, start + step)
        write_exponentials(x, (start, stop), exponentials, tops)
        for i in range(start, stop):
            w = weights[i] if weights.size else 1.0
            loss = 0.0
            if targets[i] >= 0:
                place = i, np.uint64(targets[i]), (i - start) * columns
                loss = short_row(place, tops[i - start], (x, exponentials, own), scale * w, derivatives)
            elif WANT_GRADIENT:
                fill_zero(i, derivatives)
            loss = weighed(w, loss)
            total += loss
            if each.size:
                each[i] = loss
    partials[chunk] = total
    wrong[chunk] = 0
