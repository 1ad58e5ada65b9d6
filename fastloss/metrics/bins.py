"""How far probabilities are from the rates of what they predict, of one group whose rows rise by probability.

Rates are those of bins, or of the isotonic regression of the labels, which needs no bins: T. Dimitriadis, T. Gneiting
and A. I. Jordan, Stable reliability diagrams for probabilistic classifiers, PNAS 2021.
"""

from typing import Any, NamedTuple

import numpy as np

from fastloss.compile.templates import regroups, unbound

LEFT = unbound  # whether a bin holds its lower edge, or its upper one
NORM = unbound  # 1: the mean of distances, 2: the root of the mean of their squares, 0: the largest; 3: of Brier scores


class Rows(NamedTuple):
    """A group's rows by rising probability."""

    predicted: Any
    labels: Any
    weights: Any


class Pools(NamedTuple):
    """Neighbouring rows that have one rate: their sums, and where the next ones begin."""

    weights: Any
    labels: Any
    ends: Any


def norm(distance):
    return distance * distance if NORM >= 2 else abs(distance)


def added(total, weight, term):
    """Add a weighted term to a sum, or keep the largest one."""
    if NORM == 0:
        return term if term > total and weight > 0.0 else total
    return total + weight * term


def whole(total, weight):
    """Return the error from what terms add up to, and their weight."""
    if NORM == 0:
        return total
    return np.sqrt(total / weight) if NORM == 2 else total / weight


@regroups
def quantiles(predicted, ranks, edges):
    """Write as edges the quantiles of numbers in order, at ranks in [0, 1], linear in between as NumPy's default is."""
    last = predicted.size - 1
    for b in range(edges.size):
        at = last * ranks[b]
        below = min(np.int64(np.floor(at)), last)
        part, a, c = at - below, predicted[below], predicted[min(below + 1, last)]
        edges[b] = a + (c - a) * part if part < 0.5 else c - (c - a) * (1.0 - part)


def is_beyond(x, edge):
    """Tell whether x is above the bin that ends at an edge."""
    return x >= edge if LEFT else x > edge


@regroups
def binned(rows, edges):
    """Return the error over bins: each bin's mean probability against its rate."""
    total = all_weight = 0.0
    k = 0
    for b in range(edges.size - 1):
        weight = predicted = labels = 0.0
        while k < rows.labels.size and (b == edges.size - 2 or not is_beyond(rows.predicted[k], edges[b + 1])):
            w = rows.weights[k]
            weight += w
            predicted += w * rows.predicted[k]
            labels += w * rows.labels[k]
            k += 1
        if weight > 0.0:
            total = added(total, weight, norm((predicted - labels) / weight))
            all_weight += weight
    return whole(total, all_weight)


def uniform(rows, edges, own_edges, pools):
    return binned(rows, edges)


def quantile(rows, edges, own_edges, pools):
    quantiles(rows.predicted, edges, own_edges)
    return binned(rows, own_edges)


@regroups
def pool(rows, pools):
    """Pool adjacent violators, rows of equal probabilities first, and return the number of pools; rows may weigh 0."""
    predicted, labels, weights = rows
    count = k = 0
    while k < labels.size:
        x, weight, label = predicted[k], 0.0, 0.0
        while k < labels.size and predicted[k] == x:
            weight += weights[k]
            label += weights[k] * labels[k]
            k += 1
        # a pool of no weight joins the one before it
        while count > 0 and pools.labels[count - 1] * weight >= label * pools.weights[count - 1]:
            count -= 1
            weight += pools.weights[count]
            label += pools.labels[count]
        pools.weights[count], pools.labels[count], pools.ends[count] = weight, label, k
        count += 1
    return count


def excess(predicted, rate, label):
    """Return what a probability costs more than the rate: as (p - y)**2 - (rate - y)**2, or by their distance."""
    distance = predicted - rate
    return distance * ((predicted - label) + (rate - label)) if NORM == 3 else norm(distance)


@regroups
def isotonic(rows, edges, own_edges, pools):
    """Return the error against the isotonic regression of the labels."""
    total = all_weight = 0.0
    k = 0
    for b in range(pool(rows, pools)):
        rate = pools.labels[b] / pools.weights[b] if pools.weights[b] > 0.0 else 0.0
        all_weight += pools.weights[b]
        while k < pools.ends[b]:
            total = added(total, rows.weights[k], excess(rows.predicted[k], rate, rows.labels[k]))
            k += 1
    return whole(total, all_weight)
