"""Sums of e**(-s (x - t)) over sources t: the product of e**(-s (x - c)) and sum w e**(s (t - c)).

c is the largest t of those that weigh anything: its term is a weight, so that the sum is not 0 where a far row of
weight 0 lies above it.
"""

import numpy as np

from fastloss.compile.elementary import exp, weighed
from fastloss.compile.templates import regroups, unbound

WANT_VALUE = unbound
WANT_GRADIENT = unbound
WANT_CURVATURE = unbound
WEIGHTED = unbound


@regroups
def largest(chosen, rows, orientation):
    """The largest of the chosen sources that weigh anything, -inf without any."""
    scores, weights = rows
    top = -np.inf
    for k in range(chosen.size):
        t = orientation * np.float64(scores[chosen[k]])
        top = t if t > top and (not WEIGHTED or weights[chosen[k]] > 0.0) else top
    return top


@regroups
def total_below(chosen, rows, settings):
    """sum w e**(s (t - c)) over the chosen sources; `settings` is (s, orientation, c)."""
    scores, weights = rows
    total = 0.0
    for k in range(np.uint64(chosen.size)):
        i = chosen[k]
        w = weights[i] if WEIGHTED else 1.0
        total += weighed(w, exp(settings[0] * (settings[1] * np.float64(scores[i]) - settings[2])))
    return total


@regroups
def evaluate(chosen, rows, settings, state, results):
    """The losses of the chosen targets, returned and added; derivatives are multiplied by the factors and added.

    `settings` is (s, orientation, slope's factor, curvature's factor), `state` is (c, the sources' total).
    """
    scores, weights = rows
    each, gradient, curvatures = results
    total = 0.0
    for k in range(np.uint64(chosen.size)):
        i = chosen[k]
        w = weights[i] if WEIGHTED else 1.0
        # in two factors, so that a small total may bring a large exponential back among the finite numbers
        half = exp(-0.5 * settings[0] * (settings[1] * np.float64(scores[i]) - state[0]))
        loss = weighed(w, (state[1] * half) * half)
        if WANT_VALUE:
            total += loss
            if each.size:
                each[i] += loss
        if WANT_GRADIENT:
            gradient[i] += weighed(settings[2], loss)
        if WANT_CURVATURE:
            curvatures[i] += weighed(settings[3], loss)
    return total
