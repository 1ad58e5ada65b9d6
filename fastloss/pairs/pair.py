"""Pairs of scores: what one row adds up over a range of others. Written once, for every engine and every formula.

A formula sees gap = m (s_i - s_j), where i is the pair's first item and the multiplier m says what the labels do:
1 where the order of the labels selects the pairs; y_i - y_j, y_i or its sign in the literal double sums over all i, j.
The row gathers: it computes each of its pairs as first and as second item, so that no two rows write to one place. A
pair of weight 0 adds nothing, whatever finite scores make of it.

The engines bind the names below before they compile.
"""

import dataclasses
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from fastloss.compile.elementary import log1p_unit, weighed
from fastloss.compile.templates import regroups, unbound
from fastloss.core.requests import Wanted
from fastloss.pairs.direct.products import log_of_product, log_of_products
from fastloss.pointwise.element import UNPACKS

WANT_VALUE = unbound
WANT_GRADIENT = unbound
WANT_CURVATURE = unbound
WEIGHTED = unbound
UNORDERED = unbound
HAS_EXPONENTIALS = NEEDS_SECOND = unbound  # what `row_sums` does

value = slope = curvature = multiplier = unbound


class SortedRows(NamedTuple):
    """Columns in float64, each group's rows in the order in which the engine sums them."""

    scores: Any
    labels: Any
    weights: Any  # empty if all are 1
    exponentials: Any  # of the scores; empty unless `row_sums` takes them


class Ranges(NamedTuple):
    """Where the pairs of a row lie: the second items of those that it leads, and the first items of the others."""

    start: Any
    stop: Any
    start_as_second: Any
    stop_as_second: Any


class RowSums(NamedTuple):
    """The loss of a row's pairs as first item, and its two derivatives by the row's score."""

    loss: Any
    slope: Any
    curvature: Any


def multiplier_one(first, second):
    return 1.0


def multiplier_difference(first, second):
    return first - second


def multiplier_first(first, second):
    return first


def multiplier_sign(first, second):
    return 1.0 if first > 0.0 else -1.0


@regroups
def as_first(i, start, stop, data, parameters):
    """Sum the loss and its two derivatives by the score of i over the pairs (i, j), start <= j < stop."""
    scores, labels, weights = data.scores, data.labels, data.weights
    own_score, own_label = scores[i], labels[i]
    loss = first = second = 0.0
    for j in range(np.uint64(start), np.uint64(stop)):
        m = multiplier(own_label, labels[j])
        gap = gap_of(m, own_score, scores[j]) if UNORDERED else m * (own_score - scores[j])
        w = weights[j] if WEIGHTED else 1.0
        if WANT_VALUE:
            loss += weighed(w, value(gap, *parameters))
        if WANT_GRADIENT:
            first += weighed(w, m * slope(gap, *parameters))
        if WANT_CURVATURE:
            second += weighed(w, m * m * curvature(gap, *parameters))
    return RowSums(loss, first, second)


@regroups
def as_second(i, start, stop, data, parameters):
    """Sum the two derivatives by the score of i over the pairs (j, i), start <= j < stop."""
    scores, labels, weights = data.scores, data.labels, data.weights
    own_score, own_label = scores[i], labels[i]
    first = second = 0.0
    for j in range(np.uint64(start), np.uint64(stop)):
        m = multiplier(labels[j], own_label)
        gap = m * (scores[j] - own_score)
        w = weights[j] if WEIGHTED else 1.0
        if WANT_GRADIENT:
            first -= weighed(w, m * slope(gap, *parameters))
        if WANT_CURVATURE:
            second += weighed(w, m * m * curvature(gap, *parameters))
    return RowSums(0.0, first, second)


def gap_of(m, own, other):
    """Return m (own - other): 0 for m = 0, even if a difference of finite scores is infinite; NaN stays."""
    return m * (own - other) if m != 0.0 else 0.0 * own - 0.0 * other


@regroups
def as_both(i, start, stop, data, parameters):
    """Sum over the pairs (i, j) and (j, i), start <= j < stop: the loss as first, and both derivatives as either.

    The two slopes meet before they are weighed and added up: where they cancel, as in a row's pair with itself, whose
    loss is a constant, no digit of the others is lost, whatever the weights. Its curvatures would not cancel.
    """
    scores, labels, weights = data.scores, data.labels, data.weights
    own_score, own_label = scores[i], labels[i]
    loss = first = second = 0.0
    for j in range(np.uint64(start), np.uint64(stop)):
        m, back = multiplier(own_label, labels[j]), multiplier(labels[j], own_label)
        gap, other_gap = gap_of(m, own_score, scores[j]), gap_of(back, scores[j], own_score)
        w = weights[j] if WEIGHTED else 1.0
        if WANT_VALUE:
            loss += weighed(w, value(gap, *parameters))
        if WANT_GRADIENT:
            first += weighed(w, slope_of_both(m, gap, back, other_gap, *parameters))
        if WANT_CURVATURE:
            bend = m * m * curvature(gap, *parameters) + back * back * curvature(other_gap, *parameters)
            second += weighed(w, bend if np.int64(j) != i else 0.0)
    return RowSums(loss, first, second)


def slope_of_both(m, gap, back, other_gap, *parameters):
    """Return the slope as first item less that as second."""
    return m * slope(gap, *parameters) - back * slope(other_gap, *parameters)


# The logistic loss as a function of x = e**-gap, and x = E_j / E_i with one exponential for each score instead of one
# for each pair: value log(1 + x), slope -x / (1 + x), curvature x / (1 + x)**2. A group's spread, sigma (max - min),
# must not exceed SPREAD, so that the rounding of s - centre, magnified by the exponential, stays below 4e-15, and that
# eight factors 1 + x cannot overflow.
SPREAD = 32.0
LOG_LARGEST = 690.0


def lesser(low, x):
    """Return the lesser of two scores, NaN if either is."""
    return x if x < low or x != x else low


def greater(high, x):
    """Return the greater of two scores, NaN if either is."""
    return x if x > high or x != x else high


def logistic_value(gap, first, second):
    """Return the loss of a gap, times sigma, from both exponentials: the logarithm of a number between 1 and 2."""
    ratio = (second if gap > 0.0 else first) / (first if gap > 0.0 else second)
    return (0.0 if gap > 0.0 else -gap) + log1p_unit(ratio)


def logistic_slope(first, second):
    """Return the slope by the first score of a pair from both exponentials, for sigma = 1."""
    return -second / (first + second)


def logistic_bend(first, second):
    """Return the curvature."""
    return (second / (first + second)) * (first / (first + second))


@regroups
def logistic_as_first(i, start, stop, data, sigma, spread):
    """Do what `as_first` does, for the logistic loss from the scores' exponentials."""
    weights, exponentials = data.weights, data.exponentials
    e = exponentials[i]
    loss = first = second = 0.0
    if WANT_VALUE and WEIGHTED:
        for j in range(np.uint64(start), np.uint64(stop)):
            loss += weights[j] * logistic_value(sigma * (data.scores[i] - data.scores[j]), e, exponentials[j])
    elif WANT_VALUE and (spread + 1.0) * (stop - start) < LOG_LARGEST:
        loss = log_of_product(1.0 / e, start, stop, exponentials)
    elif WANT_VALUE:
        loss = log_of_products(1.0 / e, start, stop, exponentials)
    if WANT_GRADIENT:
        for j in range(np.uint64(start), np.uint64(stop)):
            w = weights[j] if WEIGHTED else 1.0
            first += w * logistic_slope(e, exponentials[j])
            if WANT_CURVATURE:
                second += w * logistic_bend(e, exponentials[j])
    return RowSums(loss, sigma * first, sigma * (sigma * second))


@regroups
def logistic_as_second(i, start, stop, data, sigma):
    """Do what `as_second` does, for the logistic loss from the scores' exponentials."""
    weights, exponentials = data.weights, data.exponentials
    e = exponentials[i]
    first = second = 0.0
    for j in range(np.uint64(start), np.uint64(stop)):
        w = weights[j] if WEIGHTED else 1.0
        first -= w * logistic_slope(exponentials[j], e)
        if WANT_CURVATURE:
            second += w * logistic_bend(exponentials[j], e)
    return RowSums(0.0, sigma * first, sigma * (sigma * second))


def row_sums(i, ranges, data, parameters, spread):
    """Sum row i's pairs as first item and as second; `spread` is that of the exponentials."""
    if HAS_EXPONENTIALS and spread <= SPREAD:
        sigma = parameters[0]
        sums = logistic_as_first(i, ranges.start, ranges.stop, data, sigma, spread)
        if NEEDS_SECOND:
            more = logistic_as_second(i, ranges.start_as_second, ranges.stop_as_second, data, sigma)
            return RowSums(sums.loss, sums.slope + more.slope, sums.curvature + more.curvature)
        return sums
    if UNORDERED and NEEDS_SECOND:
        return as_both(i, ranges.start, ranges.stop, data, parameters)
    sums = as_first(i, ranges.start, ranges.stop, data, parameters)
    if NEEDS_SECOND:
        more = as_second(i, ranges.start_as_second, ranges.stop_as_second, data, parameters)
        return RowSums(sums.loss, sums.slope + more.slope, sums.curvature + more.curvature)
    return sums


@dataclasses.dataclass(frozen=True)
class PairFormulas:
    """The scalar formulas of one pairwise loss, as functions of the gap and the parameters."""

    name: str
    value: Callable[..., float]
    slope: Callable[..., float]
    curvature: Callable[..., float] = unbound
    exponential_form: bool = False  # the logistic loss: see above; its one parameter is sigma
    parameters: int = 1
    # A smooth kernel's limits as functions of sigma, for `pairs/boxes/`: (A, B, R, L) of value, slope and curvature, by
    # which each is A + B |gap| + R e**(-sigma |gap|) where the gap is far below 0, and L e**(-sigma gap) far above.
    tails: Callable[[float], tuple[tuple[float, ...], ...]] | None = None
    # value = max(0, parameter - gap)**power, for `pairs/thresholds/` and `pairs/sloped/`; 0: whether parameter > gap
    power: int | None = None
    signed: bool = False  # with power 0 and parameter 0: value = the gap's sign
    separable: bool = False  # value = e**(-parameter gap), for `pairs/separable/`

    def by_exponentials(self, unordered: bool) -> bool:
        """Check whether `row_sums` takes one exponential for each score."""
        return self.exponential_form and not unordered

    def bindings(
        self, wanted: Wanted, weighted: bool, multiplier: Callable[..., float], unordered: bool
    ) -> dict[str, Any]:
        """Return what the names of this module mean for this loss."""
        return {
            "WANT_VALUE": wanted.value or wanted.each,
            "WANT_GRADIENT": wanted.gradient,
            "WANT_CURVATURE": wanted.curvature,
            "WEIGHTED": weighted,
            "UNORDERED": unordered,
            "NEEDS_SECOND": wanted.gradient or wanted.curvature,
            "HAS_EXPONENTIALS": self.by_exponentials(unordered),
            "unpack": UNPACKS[self.parameters],
            "value": self.value,
            "slope": self.slope,
            "curvature": self.curvature if wanted.curvature else self.slope,
            "multiplier": multiplier,
        }
