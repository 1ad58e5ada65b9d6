"""Sides in the order of their scores: NumPy sorts what a cache holds, units of buckets, in parallel.

Where rows' places are wanted, a unit is sorted as whole numbers, of which each holds a score's leading bits, as far as
the unit's scores differ there, and a place: NumPy sorts numbers several times as fast as it finds an order. What bits
that were left out have put in the wrong order is rare, and repaired.
"""

from typing import Any, NamedTuple

import numpy as np

from fastloss.compile import threads
from fastloss.compile.sorting import argsort, in_order
from fastloss.compile.templates import regroups
from fastloss.pairs.cpu_nodes import Scratch, few_within, run_block
from fastloss.pairs.records import Results
from fastloss.pairs.thresholds.partition import ONE, Apart, Partition

UNIT = 1 << 13  # rows, or a bucket if that has more
BITS = np.uint64(64)
LOWEST = np.int64(-(1 << 63))


class Order(NamedTuple):
    """Columns of sides, each by rising scores, and where its rows lie apart; places are empty where none are wanted."""

    scores: Any
    weights: Any
    places: Any


def units_of(parts: Partition) -> np.ndarray:
    """Return the bounds of units: buckets of one side, one after another."""
    starts, sides = parts.starts, parts.sides
    fresh = starts[1:-1] // UNIT != starts[:-2] // UNIT
    bounds = np.concatenate((starts[:1], starts[1:-1][fresh], sides))
    return np.unique(bounds)


def key_of(x):
    """Return a whole number that rises with a float64."""
    return np.int64(in_order(np.float64(x).view(np.int64)) ^ LOWEST).view(np.uint64)


def length(number):
    """Return how many bits a number has."""
    bits = np.uint64(0)
    while bits < BITS and number >> bits:
        bits += ONE
    return bits


@regroups
def pack_block(inputs, parameters, outputs, first, last):
    scores, bounds = inputs
    (packed,) = outputs
    for task in range(first, last):
        begin, end = np.uint64(bounds[task]), np.uint64(bounds[task + 1])
        low = high = key_of(scores[begin])
        for i in range(begin, end):
            key = key_of(scores[i])
            low, high = min(low, key), max(high, key)
        places = length(end - begin - ONE)
        kept = length(high - low)
        drop = kept + places - BITS if kept + places > BITS else np.uint64(0)
        for i in range(begin, end):
            packed[i] = (((key_of(scores[i]) - low) >> drop) << places) | np.uint64(i - begin)


@regroups
def unpack_block(inputs, parameters, outputs, first, last):
    scores_apart, weights_apart, bounds = inputs
    scores, weights, places, ranks, spare = outputs
    for task in range(first, last):
        begin, end = np.uint64(bounds[task]), np.uint64(bounds[task + 1])
        mask = (ONE << length(end - begin - ONE)) - ONE
        for i in range(begin, end):
            at = begin + (places[i] & mask)
            places[i], scores[i] = at, scores_apart[at]
        falls = np.uint64(0)
        for i in range(begin + ONE, end):
            falls += np.uint64(scores[i] < scores[i - ONE])
        if falls:
            repair(scores_apart, scores[begin:end], places[begin:end], ranks[: end - begin], spare[: end - begin])
        if weights.size:
            for i in range(begin, end):
                weights[i] = weights_apart[places[i]]


@regroups
def repair(scores_apart, scores, places, ranks, spare):
    """Sort what is nearly sorted."""
    argsort(scores, ranks, spare)
    for i in range(scores.size):
        spare[i] = places[ranks[i]]
    for i in range(scores.size):
        places[i], scores[i] = spare[i], scores_apart[spare[i]]


@regroups
def settle_block(inputs, parameters, outputs, first, last):
    each_sorted, gradient_sorted, curvature_sorted, places, bounds = inputs
    each, gradient, curvature = outputs
    for task in range(first, last):
        for i in range(np.uint64(bounds[task]), np.uint64(bounds[task + 1])):
            at = places[i]
            if each.size:
                each[at] = each_sorted[i]
            if gradient.size:
                gradient[at] = gradient_sorted[i]
            if curvature.size:
                curvature[at] = curvature_sorted[i]


def sort_units(array: np.ndarray, bounds: np.ndarray) -> None:
    """Sort each unit of an array in place."""
    edges = bounds.tolist()

    def run(first: int, last: int) -> None:
        for begin, end in zip(edges[first:last], edges[first + 1 : last + 1], strict=True):
            array[begin:end].sort()

    count = len(edges) - 1
    threads.parallel(lambda: run, count, few_within(count, array.size))


def ordered(apart: Apart, bounds: np.ndarray, with_places: bool) -> Order:
    """Return the sides in order, unit by unit; `apart` is overwritten where no place is wanted and no weights are."""
    if not (with_places or apart.weights.size):
        sort_units(apart.scores, bounds)
        return Order(apart.scores, apart.weights, np.empty(0, np.uint64))
    scores, weights = map(np.empty_like, apart)
    order = Order(scores, weights, np.empty(scores.size, np.uint64))
    count = bounds.size - 1
    few = few_within(count, apart.scores.size)
    run_block(pack_block, "any", (apart.scores, bounds), (0.0,), (order.places,), count, few=few)
    sort_units(order.places, bounds)
    spare = Scratch(int(np.diff(bounds).max(initial=0)), np.uint64)
    run_block(unpack_block, "any", (*apart, bounds), (0.0,), tuple(order), count, (spare, spare), few=few)
    return order


def settled(order: Order, bounds: np.ndarray, results: Results) -> Results:
    """Return results where their rows lie apart, unit by unit: no two threads write to one cache line."""
    apart = Results(*map(np.empty_like, results))
    count = bounds.size - 1
    few = few_within(count, order.scores.size)
    run_block(settle_block, "any", (*results, order.places, bounds), (0.0,), tuple(apart), count, few=few)
    return apart
