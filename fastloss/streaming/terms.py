"""Exact sums in a few numbers: adding them up in any order, and however often they are merged, rounds once at last."""

from typing import Any

import numpy as np

from fastloss.core import summation
from fastloss.streaming.units import divided

MOST = 128  # of an exact sum: a float64 for every 53 of 2100 bits, one for infinities and NaN, and room

Terms = tuple[float, ...]


def exact(values: Any) -> Terms:
    """Return a few numbers with the same exact sum as `values`."""
    total = summation.ExactSum()
    total.add(np.asarray(values, np.float64))
    return tuple(term for term in total.terms().tolist() if term != 0.0)


def added(*parts: tuple[Terms, int]) -> Terms:
    """Return the exact sum of sums, each divided by two to a power."""
    return exact(np.concatenate([divided(np.array(terms, np.float64), power) for terms, power in parts]))


def total(terms: Terms) -> float:
    """Return an exact sum, rounded."""
    whole = summation.ExactSum()
    whole.add(np.array(terms, np.float64))
    return whole.value()
