"""Weights of rows whose pairs weigh their products: in a unit of their own, so that no product leaves the range.

A mean does not depend on the unit. Powers of two change no digit, so that weights times a power of two give the same
bits. Each group's largest and smallest weight, 0 aside, come to lie about 1, since one may stand against the other.
"""

from typing import Any

import numpy as np

MOST = 450  # binary digits that the largest weight may have: its square times a loss is finite then, mostly
WIDEST = 900  # powers of two between the largest weight and the smallest, up to which groups share a unit
SMALL = -64  # power of two of the largest weight where sums of losses would overflow


def _middle(largest: Any, smallest: Any) -> Any:
    """The power of two that stands for 1: half way from the smallest weight to the largest."""
    high, low = np.frexp(largest)[1].astype(np.int64), np.frexp(smallest)[1].astype(np.int64)
    return np.where(largest > 0.0, np.maximum((high + low) // 2, high - MOST), 0)


def centred(weights: np.ndarray, rows: np.ndarray | None, offsets: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Weights in units of 2**powers[group], and the powers; `rows` is the groups' order of rows, if they have another.

    All groups have one unit, unless their weights lie too far apart for it.
    """
    weights = np.asarray(weights, np.float64)
    powers = np.zeros(offsets.size - 1, np.int64)
    if not weights.size:
        return weights, powers
    smallest = np.min(weights, initial=np.inf, where=weights > 0.0)
    largest = weights.max()
    if not 0.0 < largest < np.inf:
        return weights, powers
    if np.frexp(largest)[1] - np.frexp(smallest)[1] <= WIDEST:
        powers[:] = _middle(largest, smallest)
        return np.ldexp(weights, -powers[0]), powers
    own = weights if rows is None else weights[rows]
    some = np.flatnonzero(np.diff(offsets))
    above = np.maximum.reduceat(own, offsets[some])
    below = np.minimum.reduceat(np.where(own > 0.0, own, np.inf), offsets[some])
    powers[some] = _middle(above, np.where(above > 0.0, below, 1.0))
    spread = np.empty(weights.size, np.int64)
    spread[slice(None) if rows is None else rows] = np.repeat(powers, np.diff(offsets))
    return np.ldexp(weights, -spread), powers


def shifts(weight: np.ndarray, powers: np.ndarray) -> np.ndarray:
    """The powers of two by which groups' sums are multiplied before they are added up; `weight` is that of their pairs.

    Whatever is too small then for float64 is nothing beside the others.
    """
    some = weight > 0.0
    if not some.any() or (powers == powers[0]).all():
        return np.zeros(weight.size, np.int64)
    powers = 2 * powers
    return np.where(some, powers - (powers + np.frexp(weight)[1])[some].max(), 0)


def shrunk(weights: np.ndarray | None, size: int) -> np.ndarray:
    """Weights so small that a sum over pairs is finite if each of its terms is."""
    weights = np.ones(size) if weights is None else np.asarray(weights, np.float64)
    return np.ldexp(weights, SMALL - int(np.frexp(weights.max(initial=0.0))[1]))


def together(weight: np.ndarray, powers: np.ndarray, *sums: np.ndarray) -> list[np.ndarray]:
    """Sums of groups in one unit, so that they may be added up."""
    by = shifts(weight, powers)
    with np.errstate(over="ignore"):
        return [np.ldexp(one, by) for one in sums]
