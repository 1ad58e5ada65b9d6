"""How many keys of a tile are more similar to each query than its own keys, and how many as similar.

A tile holds products from BLAS. Most of them are farther from a threshold, the similarity of a query's own key, than
they can be wrong, and are counted by packed comparisons. The others are computed again, as thresholds were: counts are
those of similarities in float64, whatever BLAS, tile and precision of the products.
"""

from typing import Any, NamedTuple

import numpy as np

from fastloss.compile.templates import regroups, unbound
from fastloss.embeddings.ranks.similarity import Keys, Queries, similarity

FIRST = np.uint64(0)
SEGMENT = np.uint64(64)
FLOAT = unbound  # of the tile's precision
FEW = unbound  # own keys of a query that are counted one by one


class Own(NamedTuple):
    """A query's own keys, by falling similarity."""

    exact: Any  # similarities in float64
    near: Any  # the same as the tile has them, in its precision
    spare: Any  # by how much these may be wrong
    above: Any  # keys that are more similar
    tied: Any  # keys that are as similar


class Sides(NamedTuple):
    """How many keys are surely more similar, and how many surely less."""

    above: Any
    below: Any


@regroups
def sides(tile, r, start, stop, keys, slope, near, spare):
    above = below = FLOAT(0.0)
    for j in range(start, stop):
        gap = (tile[r, j] * keys.factors[j] + keys.biases[j]) - near
        reach = slope * keys.reaches[j] + spare
        above += FLOAT(1.0) if gap > reach else FLOAT(0.0)
        below += FLOAT(1.0) if gap < -reach else FLOAT(0.0)
    return Sides(np.int64(above), np.int64(below))


def count_near(tile, r, start, stop, queries, i, keys, own, p):
    """Count keys that are too near to tell from the products; return whether a similarity is NaN."""
    lost = False
    for j in range(start, stop):
        gap = (tile[r, j] * keys.factors[j] + keys.biases[j]) - own.near[p]
        reach = queries.slopes[i] * keys.reaches[j] + own.spare[p]
        if not (gap > reach or gap < -reach):
            x = similarity(queries, i, keys, j)
            own.above[p] += 1 if x > own.exact[p] else 0
            own.tied[p] += 1 if x == own.exact[p] else 0
            lost = lost or x != x
    return lost


def count_one(tile, r, queries, i, keys, own, p):
    """Count the keys of a tile above own key p; return whether a similarity is NaN."""
    width, lost = np.uint64(tile.shape[1]), False
    for start in range(FIRST, width, SEGMENT):
        stop = min(start + SEGMENT, width)
        found = sides(tile, r, start, stop, keys, queries.slopes[i], own.near[p], own.spare[p])
        own.above[p] += found.above
        if found.above + found.below < np.int64(stop - start):
            lost = count_near(tile, r, start, stop, queries, i, keys, own, p) or lost
    return lost


class Found(NamedTuple):
    """Scratch for a segment of keys, and for own keys."""

    highest: Any  # what the product of a key may at most stand for
    places: Any  # how many thresholds are greater
    gained: Any  # keys that are above all own keys from one on; one more than there are own keys


def bisect(falling, found, count):
    """Write how many numbers, which fall, are greater than each of `count` others: step by step, all at once."""
    highest, places = found.highest, found.places
    for j in range(np.uint64(count)):
        places[j] = np.uint64(0)
    size = np.uint64(falling.size)
    while size > np.uint64(0):
        half = (size + np.uint64(1)) >> np.uint64(1)
        step(falling, highest, places, half, count)
        size = size - half if size > np.uint64(1) else np.uint64(0)


def step(falling, highest, places, half, count):
    for j in range(np.uint64(count)):
        at = places[j] + half
        places[j] = at if falling[at - np.uint64(1)] > highest[j] else places[j]


def count_many(tile, r, queries, i, keys, own, found):
    """Count the keys of a tile above all own keys, by bisection; return whether a similarity is NaN."""
    lost, spare, width = False, FLOAT(0.0), np.uint64(tile.shape[1])
    for p in range(own.exact.size):
        found.gained[p] = 0
        spare = own.spare[p] if own.spare[p] > spare else spare
    for start in range(FIRST, width, SEGMENT):
        stop = min(start + SEGMENT, width)
        for j in range(start, stop):
            reach = queries.slopes[i] * keys.reaches[j] + spare
            found.highest[j - start] = (tile[r, j] * keys.factors[j] + keys.biases[j]) + reach
        bisect(own.near, found, stop - start)
        for j in range(start, stop):
            p = np.int64(found.places[j - start])
            reach = queries.slopes[i] * keys.reaches[j] + spare
            if p < own.exact.size and not (own.near[p] < found.highest[j - start] - (reach + reach)):
                lost = count_exactly(queries, i, keys, j, own, found.gained) or lost
            else:
                found.gained[p] += 1
    before = 0
    for p in range(own.exact.size):
        before += found.gained[p]
        own.above[p] += before
    return lost


def greater(falling, x):
    """Return how many numbers, which fall, are greater than x; 0 if x is NaN."""
    low, size = 0, falling.size
    while size > 1:
        half = size // 2
        low += half if falling[low + half - 1] > x else 0
        size -= half
    return low + (1 if falling[low] > x else 0)


def count_exactly(queries, i, keys, j, own, gained):
    """Count a key above and beside own keys by its similarity; return whether that is NaN."""
    x = similarity(queries, i, keys, j)
    p = greater(own.exact, x)
    while p < own.exact.size and own.exact[p] == x:
        own.tied[p] += 1
        p += 1
    gained[p] += 1
    return x != x


def own_of(p, q, exact, near, spare, above, tied):
    return Own(exact[p:q], near[p:q], spare[p:q], above[p:q], tied[p:q])


def block(inputs, parameters, outputs, first, last):
    """Count the keys of a tile for some queries; queries that have a NaN similarity are marked, and left alone."""
    queries, units, slopes, vectors, key_units, scales, factors, biases, reaches, offsets, exact, near, spare = inputs
    tile, above, tied, lost, highest, places, gained = outputs
    rows = Queries(queries, units, slopes)
    keys = Keys(vectors, key_units, scales, factors, biases, reaches)
    for r in range(tile.shape[0]):
        start, count = offsets[r], offsets[r + 1] - offsets[r]
        own = own_of(start, start + count, exact, near, spare, above, tied)
        if count > FEW and not lost[r]:
            lost[r] = count_many(tile, r, rows, r, keys, own, Found(highest, places, gained))
            continue
        for p in range(count):
            if not lost[r]:
                lost[r] = count_one(tile, r, rows, r, keys, own, p)


def own_block(inputs, parameters, outputs, first, last):
    """Compute the similarity of a query and its own key; a chunk is a pair, the keys lie in the pairs' order."""
    queries, units, slopes, vectors, key_units, scales, factors, biases, reaches, owners = inputs
    (exact,) = outputs
    rows = Queries(queries, units, slopes)
    keys = Keys(vectors, key_units, scales, factors, biases, reaches)
    for p in range(first, last):
        exact[p] = similarity(rows, owners[p], keys, p)
