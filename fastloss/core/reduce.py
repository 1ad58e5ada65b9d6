"""Sums in a fixed order, so that the bits do not depend on threads or partitions; units in which they stay finite."""

import math
from typing import Any

import numpy as np

# Numbers that are summed by themselves, in order, before the chunks' sums are: elements, numbers in rows, losses.
# A constant of the library, since results depend on it.
CHUNK = 8192
SMALLEST = 5e-324
SHRUNK = 2.0**-64  # no sum overflows of fewer than 2**64 numbers times this


def ordered_sum(partials: np.ndarray) -> float:
    """Add the chunks' sums, correctly rounded, hence the same in every order; NaN and infinities as IEEE."""
    if np.isfinite(partials).all():
        try:
            return math.fsum(partials.tolist())
        except OverflowError:  # also of sums on the way to one that fits
            return math.fsum((partials * SHRUNK).tolist()) / SHRUNK
    with np.errstate(invalid="ignore", over="ignore"):
        return float(np.sum(partials))


def sum_of_many(values: np.ndarray) -> float:
    """Add a number for each example, in input order: chunks by NumPy, then the chunks' sums as `ordered_sum`.

    A correctly rounded sum of them all would take longer than the kernel that made them.
    """
    if values.size <= CHUNK:
        return ordered_sum(values)
    with np.errstate(invalid="ignore", over="ignore"):
        whole = values.size // CHUNK * CHUNK
        chunks = values[:whole].reshape(-1, CHUNK).sum(1, dtype=np.float64)
        chunks = np.append(chunks, values[whole:].sum(dtype=np.float64))
        if not np.isfinite(chunks).all() and np.isfinite(values).all():
            return sum_of_many(values * SHRUNK) / SHRUNK
        return ordered_sum(chunks)


def mean(total: float, weight: float) -> float:
    """Return `total / weight`; the mean over nothing is 0, but NaN is not hidden."""
    if weight == 0.0:
        return total if math.isnan(total) else 0.0
    return total / weight


def may_shrink(weights: np.ndarray) -> bool:
    """Tell whether every positive weight stays positive times `SHRUNK`: with 0 an infinite loss would be lost."""
    least = float(np.min(weights, initial=np.inf, where=weights > 0.0))
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
    if not np.any(power):
        return number
    with np.errstate(over="ignore", under="ignore"):
        result = np.ldexp(number, power)
    return result if np.ndim(result) else float(result)


def weighed(weights: np.ndarray, each: np.ndarray) -> np.ndarray:
    """Multiply weights and losses, where 0 times infinity is 0, as in `elementary.weighed`."""
    with np.errstate(invalid="ignore", over="ignore", under="ignore"):
        return np.where((weights == 0.0) & np.isinf(each), 0.0, weights * each)


def inverse(weight: float) -> float:
    """Return the gradient's factor for a mean: 1 / weight, or 0 over nothing."""
    return 1.0 / weight if weight != 0.0 else 0.0


def penalty(factor: float, array: np.ndarray) -> float:
    """Return `factor` times the sum of an array's squares, also where the sum alone leaves the range."""
    with np.errstate(all="ignore"):
        total = float(np.sum(np.square(array, dtype=np.float64)))
        largest = float(np.max(np.abs(array), initial=0.0))
        if 1e-280 <= total < math.inf or not 0.0 < largest < math.inf:
            return factor * total
        unit = 2.0 ** min(max(math.frexp(largest)[1], -1000), 1000)
        return factor * unit * float(np.sum(np.square(np.asarray(array, np.float64) / unit))) * unit


class ExactSum:
    """A sum in batches that rounds once, at the end: the bits of `ordered_sum` over all, in little memory."""

    def __init__(self) -> None:
        self._terms: list[float] = []  # whose exact sum is that of all finite numbers so far
        self._beyond = 0.0  # the sum of the others

    def add(self, values: np.ndarray) -> None:
        """Add a batch of numbers."""
        finite = np.isfinite(values)
        with np.errstate(invalid="ignore", over="ignore"):
            if not finite.all():
                self._beyond += float(np.sum(values[~finite]))
                values = values[finite]
            numbers = self._terms + values.tolist()
            self._terms = []
            try:
                while (term := math.fsum(numbers)) != 0.0:
                    self._terms.append(term)
                    numbers.append(-term)
            except OverflowError:
                self._beyond += float(np.sum(numbers))
                self._terms = []

    def terms(self) -> np.ndarray:
        """Return numbers whose exact sum it is: added to another sum, they bring the same bits."""
        return np.array([*self._terms, self._beyond])

    def value(self) -> float:
        """Return the sum so far."""
        return self._beyond if self._beyond != 0.0 else math.fsum(self._terms)
