"""Queries and keys, and how far the products that BLAS computes of them may be from their similarities.

With u the unit roundoff and D the depth, a product of D terms, whatever the order of its sum, is off by at most
D u |q| |k| (1 + D u) (N. J. Higham, Accuracy and stability of numerical algorithms, 2002, section 3.1); a few u more
cover what is multiplied, added and compared afterwards.
"""

from typing import NamedTuple

import numpy as np

from fastloss.compile.kernels import Kernel, kernel, once
from fastloss.compile.launch import as_input, launch
from fastloss.compile.signatures import REALS, Signature, array_of
from fastloss.compile.templates import bind
from fastloss.embeddings.ranks import similarity
from fastloss.embeddings.ranks.similarity import Keys, Queries

FEW = 256  # vectors whose lengths take some 50 microseconds
FAR = {np.dtype(np.float32): 40, np.dtype(np.float64): 400}  # powers of two beyond which products may leave the range
WIDE = 2.0**-52


class Measured(NamedTuple):
    """Of some vectors: powers of two by which they are multiplied, lengths, and whether products are within range."""

    units: np.ndarray
    lengths: np.ndarray
    within: np.ndarray


@once
def _squares(dtype: np.dtype) -> Kernel:
    return kernel(bind(similarity.square_block), dtype.name, Signature((array_of(dtype, 2), REALS), (REALS,)))


def roundoff(depth: int, dtype: np.dtype) -> float:
    """Return the relative error of products that is allowed for, of their own and of float64's."""
    return (depth + 8) * (float(np.finfo(dtype).eps) / 2.0 + WIDE)


def measured(vectors: np.ndarray) -> Measured:
    """Measure vectors; those with a number that is not finite are out of range."""
    largest = np.abs(vectors).max(1, initial=0.0)
    finite = np.isfinite(largest)
    exponents = np.where(finite, np.frexp(np.where(finite, largest, 1.0))[1], 0)
    units = np.ldexp(1.0, np.clip(-exponents, -1000, 1000))
    squares = np.empty(len(vectors))
    launch(_squares(vectors.dtype), (vectors, units), np.empty(0), (squares,), len(vectors), FEW)
    return Measured(units, np.sqrt(squares), finite & (np.abs(exponents) <= FAR[vectors.dtype]))


def queries_of(vectors: np.ndarray, dtype: np.dtype, kind: str) -> tuple[Queries, np.ndarray]:
    """Return queries for products in a precision, and their lengths: infinite where products are out of range."""
    vectors = as_input(vectors, dtype)
    found = measured(vectors)
    lengths = np.where(found.within, found.lengths / found.units, np.inf)
    slopes = np.ones(len(vectors)) if kind == "euclidean" else roundoff(vectors.shape[1], dtype) * lengths
    return Queries(vectors, found.units, slopes.astype(dtype)), lengths


def keys_of(vectors: np.ndarray, dtype: np.dtype, kind: str) -> Keys:
    """Return a block of keys for products in a precision."""
    vectors = as_input(vectors, dtype)
    found = measured(vectors)
    lengths = np.where(found.within, found.lengths / found.units, 0.0)
    one, nothing = np.ones(len(vectors), dtype), np.zeros(len(vectors), dtype)
    factors, biases, reaches = one, nothing, one.astype(np.float64)
    scales = 1.0 / found.units
    if kind == "cos":
        scales = np.divide(1.0, found.lengths, out=np.zeros(len(vectors)), where=found.lengths != 0.0)
        factors = np.divide(1.0, lengths, out=np.zeros(len(vectors)), where=lengths != 0.0).astype(dtype)
    elif kind == "dot":
        reaches = lengths
    else:
        biases = (-0.5 * lengths * lengths).astype(dtype)
        reaches = 0.5 * roundoff(vectors.shape[1], dtype) * lengths * lengths
    return Keys(vectors, found.units, scales, factors, biases, np.where(found.within, reaches, np.inf).astype(dtype))


def lengths_of(keys: Keys) -> np.ndarray:
    """Return the lengths of a block of keys; infinite where products are out of range."""
    found = measured(keys.vectors)
    return np.where(found.within, found.lengths / found.units, np.inf)
