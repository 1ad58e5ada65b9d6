"""Powers of two by which weights are multiplied, so that products and sums of them stay within the range of numbers."""

import math
from typing import Any, NamedTuple

import numpy as np

from fastloss.core.summation import SHRUNK

SMALLEST = 5e-324


class MeanWeights(NamedTuple):
    """What multiplies each loss, and what it counts in the mean's divisor, each in a unit of its own.

    The mean of such losses lacks a factor of two to `power`.
    """

    losses: Any
    counted: Any
    power: int = 0


def may_shrink(weights: np.ndarray) -> bool:
    """Tell whether every positive weight stays positive times `SHRUNK`: with 0 an infinite loss would be lost."""
    least = float(np.min(np.asarray(weights, np.float64), initial=np.inf, where=weights > 0.0))
    return least * SHRUNK > 0.0


def unit(sizes: Any) -> float:
    """Return the power of two by which weights are multiplied before a mean, which does not depend on it.

    `sizes` are their sums by chunks, or the largest of them. It is 1, and leaves them as they are, unless products of
    weights, or weights times losses, could leave the range of the numbers that a mean within it is made of.
    """
    largest = float(np.max(sizes, initial=0.0))
    if largest == 0.0 or 2.0**-200 <= largest <= 2.0**200 or math.isnan(largest):
        return 1.0
    return 2.0**-600 if math.isinf(largest) else 2.0 ** min(-math.frexp(largest)[1], 1000)


def in_unit(weights: np.ndarray, counted: Any = True) -> np.ndarray:
    """Multiply weights on the host by the `unit` of those that count; the others become 0 where it is not 1."""
    factor = unit(np.max(weights, initial=0.0, where=counted))
    if factor == 1.0:
        return weights
    return kept_positive(np.where(counted, weights, 0.0), -round(math.log2(factor)))


def kept_positive(weights: np.ndarray, powers: Any) -> np.ndarray:
    """Divide weights by two to powers; positive ones stay positive: with 0 an infinite loss would be hidden."""
    with np.errstate(under="ignore"):
        made = np.ldexp(weights, -np.clip(powers, -4096, 4096))
    return np.where((weights != 0.0) & (made == 0.0), np.copysign(SMALLEST, weights), made)


def scaled(*parts: Any) -> tuple[Any, int]:
    """Return the product of arrays >= 0 on the host divided by two to a power, and the power; None counts as 1.

    The power is 0 where the largest product is of ordinary size. Else it is that product's exponent, be it beyond
    float64: factors may cancel that lie far from 1 each, and rows of product 0 do not count. No product becomes 0 that
    is none.
    """
    given = [np.asarray(part, np.float64) for part in parts if part is not None]
    if not given:
        return None, 0
    with np.errstate(over="ignore", under="ignore", invalid="ignore"):
        plain = math.prod(given[1:], start=given[0])
        largest = float(np.max(plain, initial=0.0))
        if math.isnan(largest) or 2.0**-200 <= largest <= 2.0**200:
            return plain, 0
        digits, powers = zip(*map(np.frexp, given), strict=True)
        product = math.prod(digits[1:], start=digits[0])
        exponents = sum(power.astype(np.int64) for power in powers)
        some = product != 0.0
        if not some.any():
            return plain, 0
        power = int(np.max(exponents, initial=np.iinfo(np.int64).min, where=some))
        return kept_positive(product, power - exponents), power


def lifted(number: Any, power: Any) -> Any:
    """Multiply by two to a power, without a warning where the product leaves the range."""
    if type(power) is int:
        if not power:
            return number
        if abs(power) < 1022 and np.ndim(number):
            with np.errstate(over="ignore", under="ignore"):
                return number * 2.0**power  # rounded as by `ldexp`, in a tenth of the time
    elif not np.any(power):
        return number
    with np.errstate(over="ignore", under="ignore"):
        result = np.ldexp(number, power)
    return result if np.ndim(result) else float(result)
