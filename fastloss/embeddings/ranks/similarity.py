"""Similarities of a query and a key in float64, in an order of sums that is fixed: ranks are those of these numbers.

A vector is multiplied by a power of two, its unit, so that sums of squares and products are within float64's range.
Four sums are written out, which become packed instructions, and products are rounded before they are added: the same
two vectors have the same bits in every kernel, tile and thread, so that equal keys are tied.
"""

from typing import Any, NamedTuple

import numpy as np

from fastloss.compile.templates import rounds_products, unbound

DISTANCE = unbound  # whether the similarity is the negated squared distance, or an inner product times a scale


class Queries(NamedTuple):
    """Queries as the kernels take them."""

    vectors: Any
    units: Any
    slopes: Any  # by which the reaches of keys are multiplied

    def some(self, part: slice) -> "Queries":
        """Return a range of queries."""
        return Queries(*(one[part] for one in self))


class Keys(NamedTuple):
    """A block of keys as the kernels take them: a product z is about factor * z + bias in the unit of thresholds."""

    vectors: Any
    units: Any
    scales: Any  # what inner products of vectors in their units are multiplied by
    factors: Any  # this and what follows are of the products' precision
    biases: Any
    reaches: Any  # times a query's slope: by how much that may be wrong; infinite for vectors that are out of range


@rounds_products
def inner_product(one, i, another, j, unit, other_unit):
    """Return the inner product of two vectors times their units."""
    a = b = c = d = 0.0
    depth = np.uint64(one.shape[1])
    whole = depth - depth % np.uint64(4)
    for k in range(np.uint64(0), whole, np.uint64(4)):
        k1, k2, k3 = k + np.uint64(1), k + np.uint64(2), k + np.uint64(3)
        a += (np.float64(one[i, k]) * unit) * (np.float64(another[j, k]) * other_unit)
        b += (np.float64(one[i, k1]) * unit) * (np.float64(another[j, k1]) * other_unit)
        c += (np.float64(one[i, k2]) * unit) * (np.float64(another[j, k2]) * other_unit)
        d += (np.float64(one[i, k3]) * unit) * (np.float64(another[j, k3]) * other_unit)
    for k in range(whole, depth):
        a += (np.float64(one[i, k]) * unit) * (np.float64(another[j, k]) * other_unit)
    return (a + b) + (c + d)


@rounds_products
def squared_distance(one, i, another, j):
    """Return the squared Euclidean distance of two vectors."""
    a = b = c = d = 0.0
    depth = np.uint64(one.shape[1])
    whole = depth - depth % np.uint64(4)
    for k in range(np.uint64(0), whole, np.uint64(4)):
        k1, k2, k3 = k + np.uint64(1), k + np.uint64(2), k + np.uint64(3)
        a += square(np.float64(one[i, k]) - np.float64(another[j, k]))
        b += square(np.float64(one[i, k1]) - np.float64(another[j, k1]))
        c += square(np.float64(one[i, k2]) - np.float64(another[j, k2]))
        d += square(np.float64(one[i, k3]) - np.float64(another[j, k3]))
    for k in range(whole, depth):
        a += square(np.float64(one[i, k]) - np.float64(another[j, k]))
    return (a + b) + (c + d)


@rounds_products
def square(x):
    return x * x


def similarity(queries, i, keys, j):
    """Return the similarity of a query and a key, see `Queries` and `Keys`."""
    if DISTANCE:
        return -squared_distance(queries.vectors, i, keys.vectors, j)
    return inner_product(queries.vectors, i, keys.vectors, j, queries.units[i], keys.units[j]) * keys.scales[j]


def square_block(inputs, parameters, outputs, first, last):
    """Compute squared lengths of vectors times their units; a chunk is a vector."""
    vectors, units = inputs
    (squares,) = outputs
    for i in range(first, last):
        squares[i] = inner_product(vectors, i, vectors, i, units[i], units[i])
