"""How many pairs small groups have, and what these weigh."""

from typing import Any, NamedTuple

import numpy as np

from fastloss.compile.elementary import weighed
from fastloss.compile.kernels import Kernel, once
from fastloss.compile.signatures import INTEGERS, REALS, Signature
from fastloss.compile.templates import regroups
from fastloss.pairs.cpu_nodes import compiled

TINY = 6  # rows up to which labels are compared at once


class Counted(NamedTuple):
    """How many pairs, their weight, and whether these are all that the rows make."""

    pairs: Any
    weight: Any
    are_all: Any


@regroups
def count_pairs_of_two(labels, weights):
    """Count the pairs of rows of the lowest label with those of the highest."""
    size, low, high = labels.size, labels[0], labels[0]
    for k in range(size):
        low = labels[k] if labels[k] < low else low
        high = labels[k] if labels[k] > high else high
    lowest = highest = 0
    weight_lowest = weight_highest = 0.0
    for k in range(size):
        is_low, is_high = labels[k] == low, labels[k] == high
        lowest += is_low
        highest += is_high
        w = weights[k] if weights.size else 1.0
        weight_lowest += w if is_low else 0.0
        weight_highest += w if is_high else 0.0
    if low == high:
        return Counted(0, 0.0, True)
    return Counted(lowest * highest, weighed(weight_lowest, weight_highest), lowest + highest == size)


@regroups
def count_pairs(labels, weights):
    """Count the pairs of a group, and sum their weights: those of two labels in linear time."""
    size = labels.size
    if size > TINY:
        found = count_pairs_of_two(labels, weights)
        if found.are_all:
            return found
    pairs, weight = 0, 0.0
    for i in range(size):
        others, weight_others = 0, 0.0
        for j in range(np.uint64(i)):
            differs = labels[j] != labels[i]
            others += differs
            if weights.size:
                weight_others += weights[j] if differs else 0.0
        pairs += others
        weight += weighed(weights[i], weight_others) if weights.size else np.float64(others)
    return Counted(pairs, weight, True)


@regroups
def count_block(inputs, parameters, outputs, first, last):
    labels, weights, rows, offsets, batches = inputs
    pairs, weight, y, w = outputs
    for g in range(batches[first], batches[last]):
        start, size = offsets[g], offsets[g + 1] - offsets[g]
        for k in range(size):
            row = rows[start + k] if rows.size else start + k
            y[k] = labels[row]
            if weights.size:
                w[k] = weights[row]
        found = count_pairs(y[:size], w[:size])
        pairs[g], weight[g] = found.pairs, found.weight


@once
def compiled_count() -> Kernel:
    """Compile the block that counts pairs."""
    signature = Signature((REALS, REALS, INTEGERS, INTEGERS, INTEGERS), (INTEGERS, REALS), (REALS, REALS))
    return compiled(count_block, "any", signature, ())
