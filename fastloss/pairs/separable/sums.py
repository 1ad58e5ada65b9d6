"""Sums of e**(-s (x - t)) over sources t: the product of e**(-s (x - c)) and sum w e**(s (t - c)).

c is the largest t of those that weigh anything: its term is a weight, so that the sum is not 0 where a far row of
weight 0 lies above it.
"""

from typing import Any, NamedTuple

import numpy as np

from fastloss.compile.elementary import exp, weighed
from fastloss.compile.templates import regroups, unbound

WANT_VALUE = unbound
WANT_GRADIENT = unbound
WANT_CURVATURE = unbound
WEIGHTED = unbound


class Settings(NamedTuple):
    """The steepness s, the orientation of gaps, and what slopes and curvatures are multiplied by."""

    s: Any
    orientation: Any
    slope_factor: Any
    bend_factor: Any


class Total(NamedTuple):
    """c, and the sum over sources."""

    top: float
    sum: float


NOTHING = Total(-np.inf, 0.0)


@regroups
def largest(chosen, rows, orientation):
    """Return the largest of the chosen sources that weigh anything, -inf without any."""
    scores, weights = rows
    top = -np.inf
    for k in range(chosen.size):
        t = orientation * np.float64(scores[chosen[k]])
        top = t if t > top and (not WEIGHTED or weights[chosen[k]] > 0.0) else top
    return top


@regroups
def total_below(chosen, rows, s, orientation, c):
    """Return sum w e**(s (t - c)) over the chosen sources."""
    scores, weights = rows
    total = 0.0
    for k in range(np.uint64(chosen.size)):
        i = chosen[k]
        w = weights[i] if WEIGHTED else 1.0
        total += weighed(w, exp(s * (orientation * np.float64(scores[i]) - c)))
    return total


@regroups
def evaluate(chosen, rows, settings, sources, results):
    """Return the losses of the chosen targets; each of them and the derivatives are added to the results.

    `sources` is a `Total`.
    """
    scores, weights = rows
    each, gradient, curvature = results
    s, orientation, slope_factor, bend_factor = settings
    c, source_total = sources
    total = 0.0
    for k in range(np.uint64(chosen.size)):
        i = chosen[k]
        w = weights[i] if WEIGHTED else 1.0
        # in two factors, so that a small total may bring a large exponential back among the finite numbers
        half = exp(-0.5 * s * (orientation * np.float64(scores[i]) - c))
        loss = weighed(w, (source_total * half) * half)
        if WANT_VALUE:
            total += loss
            if each.size:
                each[i] += loss
        if WANT_GRADIENT:
            gradient[i] += weighed(slope_factor, loss)
        if WANT_CURVATURE:
            curvature[i] += weighed(bend_factor, loss)
    return total
