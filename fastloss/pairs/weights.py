"""Weights of rows whose pairs weigh their products: in a unit of their own, so that no product leaves the range.

A mean does not depend on the unit. Powers of two change no digit, so that weights times a power of two give the same
bits. A group's unit is chosen by its heaviest pair: by the heaviest row, and the heaviest that makes a pair with it.
"""

from typing import Any

import numpy as np

from fastloss.core.units import kept_positive, lifted

WIDEST = 200  # powers of two between the largest weight and the smallest, up to which groups share a unit
DEEPEST = 900  # how far below 1 the second weight of the heaviest pair may lie
HIGHEST = 1020  # binary digits that a sum of weights may have
SMALL = -128  # power of two of pairs' weights with which sums of losses do not overflow


def unit(heaviest: Any, other: Any, rows: Any) -> Any:
    """The power of two that stands for 1, for the weights of the heaviest pair.

    The heaviest row comes to lie above 1 by a quarter of what is between the two: a row's own weight comes last in its
    gradient, and what comes before may be as large as that weight times a slope; and the pair's weight below 1 by half
    of it. Weights that are too far apart for this lie evenly about 1, as far as they may.
    """
    high, low = (np.frexp(one)[1].astype(np.int64) for one in (heaviest, np.where(other > 0.0, other, heaviest)))
    apart = high - low
    above = np.minimum(np.maximum(apart // 4, apart - DEEPEST), apart // 2)
    room = HIGHEST - np.frexp(np.asarray(rows, np.float64))[1]
    return np.where(heaviest > 0.0, high - np.minimum(above, room), 0)


def centred(
    weights: np.ndarray, rows: np.ndarray | None, offsets: np.ndarray, labels: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Weights in units of 2**powers[group], and the powers; `rows` is the groups' order of rows, if they have another.

    Rows of different labels make pairs; without `labels`, any two and a row with itself. All groups have one unit,
    unless their weights lie too far apart for it.
    """
    weights = np.asarray(weights, np.float64)
    powers = np.zeros(offsets.size - 1, np.int64)
    if not weights.size:
        return weights, powers
    smallest, largest = weights.min(), weights.max()
    if smallest == 0.0:  # a minimum of some takes five times as long
        smallest = np.min(weights, initial=np.inf, where=weights > 0.0)
    if not 0.0 < largest < np.inf:
        return weights, powers
    if np.frexp(largest)[1] - np.frexp(smallest)[1] <= WIDEST:
        powers[:] = unit(largest, smallest, weights.size)
        return lifted(weights, -int(powers[0])), powers
    some = np.flatnonzero(np.diff(offsets))
    if rows is None:
        powers[some] = _units(weights, labels, offsets)
    else:
        powers[some] = _units(weights[rows], None if labels is None else labels[rows], offsets)
    with np.errstate(under="ignore"):
        return np.ldexp(weights, -by_rows(powers, rows, offsets)), powers


def evenly(weights: np.ndarray) -> np.ndarray:
    """Weights of rows that all make pairs, in a unit in which the heaviest pair weighs about 1."""
    if weights.size < 2 or 2.0**-200 <= weights.max() <= 2.0**200:
        return weights
    other, heaviest = np.partition(weights, -2)[-2:]
    power = int(np.frexp(heaviest)[1]) - min(int(np.frexp(heaviest)[1] - np.frexp(other)[1]) // 2, HIGHEST)
    return kept_positive(weights, power)


def _units(weights: np.ndarray, labels: np.ndarray | None, offsets: np.ndarray) -> np.ndarray:
    """The unit of each group that has rows."""
    sizes = np.diff(offsets)
    starts, sizes = offsets[:-1][sizes > 0], sizes[sizes > 0]
    heaviest = other = np.maximum.reduceat(weights, starts)
    if labels is not None:
        owners = np.repeat(np.arange(sizes.size), sizes)
        at = np.flatnonzero(weights == heaviest[owners])
        own = labels[at[np.unique(owners[at], return_index=True)[1]]]
        other = np.maximum.reduceat(np.where(labels == own[owners], 0.0, weights), starts)
    return unit(heaviest, other, sizes)


def shifts(weight: np.ndarray, powers: np.ndarray) -> Any:
    """The powers of two by which groups' sums are multiplied before they are added up; `weight` is that of their pairs.

    0 where all groups have one unit. Whatever is too small then for float64 is nothing beside the others.
    """
    if (powers == powers[:1]).all():
        return 0
    some = weight > 0.0
    if not some.any():
        return 0
    powers = 2 * powers
    return np.where(some, powers - (powers + np.frexp(weight)[1])[some].max(), 0)


def late(weights: np.ndarray, rows: np.ndarray | None, offsets: np.ndarray, scales: np.ndarray) -> np.ndarray | None:
    """The powers of two by which groups' derivatives are multiplied at last, since weights times `scales` overflow.

    None where none of them does, as is so unless weights of a group lie 2**1000 apart.
    """
    if not weights.size or float(weights.max()) * float(scales.max()) < 2.0**1000:
        return None
    own, some = weights if rows is None else weights[rows], np.flatnonzero(np.diff(offsets))
    powers = np.zeros(offsets.size - 1, np.int64)
    above = np.maximum.reduceat(own, offsets[some])
    powers[some] = np.maximum(np.frexp(above)[1].astype(np.int64) + np.frexp(scales[some])[1] - 1023, 0)
    return powers if powers.any() else None


def by_rows(powers: np.ndarray, rows: np.ndarray | None, offsets: np.ndarray) -> np.ndarray:
    """A number of each group for each of its rows."""
    spread = np.empty(offsets[-1], np.int64)
    spread[slice(None) if rows is None else rows] = np.repeat(powers, np.diff(offsets))
    return spread


def excess(weight: np.ndarray) -> int:
    """The power of two to divide rows' weights by, so that no sum of losses overflows unless one of them does.

    `weight` is the sum of a group's pairs' weights; 0 where they are small enough.
    """
    return max(0, (int(np.frexp(weight.max(initial=0.0))[1]) - SMALL + 1) // 2)


def divided(weights: np.ndarray | None, size: int, power: int) -> np.ndarray:
    """Rows' weights divided by two to a power."""
    return kept_positive(np.ones(size) if weights is None else np.asarray(weights, np.float64), power)


def keep_digits(after: np.ndarray, before: np.ndarray, power: int) -> np.ndarray:
    """Whether the pairs' weights of groups lost no digit as their rows' were divided."""
    return np.abs(np.ldexp(after, 2 * power) - before) <= 1e-12 * before


def together(weight: np.ndarray, powers: np.ndarray, *sums: np.ndarray) -> list[np.ndarray]:
    """Sums of groups in one unit, so that they may be added up."""
    by = shifts(weight, powers)
    return [lifted(one, by) for one in sums]
