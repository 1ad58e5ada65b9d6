"""Units of weights: powers of two by which weights are divided, so that no sum of products leaves float64's range."""

import math
from typing import Any

import numpy as np

WIDEST = 64  # weights whose largest lies between 2**-64 and 2**64 are added up as they are


def exponent(weights: np.ndarray | None) -> int:
    """Return the exponent of the power of two that some weights are divided by: 0 for weights of ordinary size.

    A mean does not depend on the unit of its weights, so its sums need not leave the range of float64 either.
    """
    if weights is None or not weights.size:
        return 0
    largest = float(np.fmax.reduce(weights, axis=None))
    if largest <= 0.0 or not math.isfinite(largest):
        return 0
    own = math.frexp(largest)[1]
    return own if abs(own) > WIDEST else 0


def is_ordinary(weights: np.ndarray) -> bool:
    """Return whether all weights above 0 lie between 2**-64 and 2**64."""
    weights = np.asarray(weights, np.float64)
    low = float(np.min(weights, initial=np.inf, where=weights > 0.0))
    return low >= 2.0**-WIDEST and float(np.max(weights, initial=0.0)) <= 2.0**WIDEST


def divided(array: Any, power: int) -> Any:
    """Divide numbers by a power of two: exactly, unless they leave the range."""
    if not power:
        return array
    with np.errstate(over="ignore", under="ignore"):
        return np.ldexp(np.asarray(array, np.float64), -power)


def times(value: float, power: int) -> float:
    """Multiply a number by a power of two."""
    return float(divided(value, -power))


def common(*parts: tuple[int, bool]) -> int:
    """Return the unit in which sums are added, from each sum's unit and whether it holds a weight above 0."""
    return max((power for power, holds_weight in parts if holds_weight), default=0)


def in_one_unit(weight: np.ndarray, powers: np.ndarray, *sums: np.ndarray) -> tuple[int, list[np.ndarray]]:
    """Convert sums over parts from units of 2**powers[k] into one unit; return its exponent, and the sums.

    The unit is about `weight`, the parts' weights, at its largest: what is too small for float64 in it is negligible.
    Sums that all are in units of 1 stay as they are.
    """
    some = weight > 0.0
    if not some.any() or not powers.any():
        return 0, list(sums)
    power = int((powers + np.frexp(weight)[1])[some].max())
    with np.errstate(over="ignore", under="ignore"):
        return power, [np.ldexp(one, np.where(some, powers - power, 0)) for one in sums]
