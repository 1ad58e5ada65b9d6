"""Distances between examples from their inner products, in place."""

import math

import numpy as np

from fastloss.compile.templates import regroups, unbound

FIRST = np.uint64(0)
SEGMENT = np.uint64(64)
NEAR = 0.05  # of the squared lengths: below that share a squared distance is computed from differences
SQUARED = unbound


def unit_of(largest, dtype):
    """Return the power of two to divide embeddings by: 1 unless their squares could over- or underflow.

    Losses scale with the embeddings and the margin, but for softplus, which takes them in their own unit. Below
    2**-450, embeddings are lost beside a margin, which has to be in their unit.
    """
    far = 40 if dtype == np.float32 else 400
    exponent = math.frexp(largest)[1]
    return 1.0 if largest == 0.0 or abs(exponent) <= far else 2.0 ** min(max(exponent, -450), 1000)


@regroups
def to_distances(strip, first, rows, squares):
    """Replace inner products by distances: exactly 0 where vectors are equal, never below 0, NaN kept."""
    for r in range(np.uint64(strip.shape[0])):
        square = squares[first + r]
        for start in range(FIRST, np.uint64(strip.shape[1]), SEGMENT):
            stop = min(start + SEGMENT, np.uint64(strip.shape[1]))
            if to_squares(strip, r, start, stop, square, squares):
                recompute_near(strip, r, start, stop, first + r, rows, squares)
        if not SQUARED:
            to_roots(strip, r, FIRST, np.uint64(strip.shape[1]))


@regroups
def to_squares(strip, r, start, stop, square, squares):
    """Replace inner products by squared distances; return how many are so near that digits are lost."""
    near = 0
    for j in range(start, stop):
        both = square + squares[j]
        strip[r, j] = both - (strip[r, j] + strip[r, j])
        near += np.int64(strip[r, j] < strip.dtype.type(NEAR) * both)
    return near


@regroups
def recompute_near(strip, r, start, stop, anchor, rows, squares):
    """Compute the small squared distances again, from differences."""
    for j in range(start, stop):
        if strip[r, j] < strip.dtype.type(NEAR) * (squares[anchor] + squares[j]):
            strip[r, j] = squared_distance(rows, anchor, j)


@regroups
def squared_distance(rows, i, j):
    total = 0.0
    for k in range(np.uint64(rows.shape[1])):
        gap = np.float64(rows[i, k]) - np.float64(rows[j, k])
        total += gap * gap
    return total


@regroups
def to_roots(strip, r, start, stop):
    for j in range(start, stop):
        strip[r, j] = math.sqrt(strip[r, j])


@regroups
def block(inputs, parameters, outputs, first, last):
    """Compute a strip of distances and nothing else; arrays are those of `anchor.block`."""
    rows, squares, _, _, _ = inputs
    to_distances(outputs[0], np.int64(parameters[2]), rows, squares)
