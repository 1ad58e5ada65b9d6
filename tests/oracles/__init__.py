"""Slow definitions of every loss, in plain loops over 60-digit numbers; they import nothing from fastloss.

An oracle takes object arrays of mpf (and integer arrays) and returns `Terms`: each item's loss, and its weight in the
mean's denominator. Since every step is exact to 60 digits, differences give derivatives to 20.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from mpmath import mp, mpf

mp.dps = 60
STEP = mpf(10) ** -20
ORACLES: dict[str, Callable[..., "Terms"]] = {}


class Terms(NamedTuple):
    """What `reduction="none"` returns, and each item's weight in the mean's denominator."""

    losses: np.ndarray
    denominators: np.ndarray


def oracle(function: Callable[..., Any]) -> Callable[..., Terms]:
    """Register a definition; an array of losses alone means denominators of 1."""

    def terms(*args: Any, **kwargs: Any) -> Terms:
        made = function(*args, **kwargs)
        if isinstance(made, Terms):
            return made
        losses = np.asarray(made, dtype=object)
        return Terms(losses, np.full(losses.shape, mpf(1), dtype=object))

    ORACLES[function.__name__] = terms
    return terms


def elementwise(function: Callable[..., Any]) -> Callable[..., Terms]:
    """Register a definition for one element of each array."""

    def each(*arrays: Any, **kwargs: Any) -> np.ndarray:
        arrays = [np.asarray(array, dtype=object) for array in arrays]
        losses = np.empty(arrays[0].shape, dtype=object)
        for index in np.ndindex(losses.shape):
            losses[index] = function(*(array[index] for array in arrays), **kwargs)
        return losses

    each.__name__ = function.__name__
    return oracle(each)


def total(numbers: Any) -> mpf:
    """A sum that starts from mpf 0."""
    result = mpf(0)
    for number in np.asarray(numbers, dtype=object).reshape(-1):
        result += number
    return result


def reduce(terms: Terms, reduction: str, sample_weight: Any = None) -> Any:
    """The reduced value; the mean over nothing is 0."""
    weights = np.full(terms.losses.shape, mpf(1), dtype=object) if sample_weight is None else sample_weight
    losses = weights * terms.losses
    if reduction == "none":
        return losses
    if reduction == "sum":
        return total(losses)
    denominator = total(weights * terms.denominators)
    return total(losses) / denominator if denominator else mpf(0)


def _moved(arrays: list[np.ndarray], which: int, index: tuple[int, ...], by: mpf) -> list[np.ndarray]:
    changed = arrays[which].copy()
    changed[index] = changed[index] + by
    return [changed if number == which else array for number, array in enumerate(arrays)]


def gradient(function: Callable[..., mpf], arrays: list[np.ndarray], which: int) -> np.ndarray:
    """Central differences by one array's elements."""
    result = np.empty(arrays[which].shape, dtype=object)
    for index in np.ndindex(result.shape):
        above, below = (function(*_moved(arrays, which, index, sign * STEP)) for sign in (1, -1))
        result[index] = (above - below) / (2 * STEP)
    return result


def second_derivative(function: Callable[..., mpf], arrays: list[np.ndarray], which: int) -> np.ndarray:
    """Second differences by each element of one array: the diagonal."""
    result = np.empty(arrays[which].shape, dtype=object)
    middle = function(*arrays)
    for index in np.ndindex(result.shape):
        above, below = (function(*_moved(arrays, which, index, sign * STEP)) for sign in (1, -1))
        result[index] = (above - 2 * middle + below) / STEP**2
    return result


from tests.oracles import classification, metric, ranking, regression, reinforcement, rows  # noqa: E402
