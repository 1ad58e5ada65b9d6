"""From partial sums to a number: the order is fixed, so that the bits do not depend on threads or partitions."""

import math
from typing import Any

import numpy as np

CHUNK = 8192  # numbers that are added up by themselves where there are many: sums depend on it


def ordered_sum(partials: np.ndarray) -> float:
    """The sum of the chunks' sums, correctly rounded, hence the same in every order; NaN and infinities as IEEE."""
    if np.isfinite(partials).all():
        try:
            return math.fsum(partials.tolist())
        except OverflowError:
            pass
    with np.errstate(invalid="ignore", over="ignore"):
        return float(np.sum(partials))


def sum_of_many(values: np.ndarray) -> float:
    """The sum of a number for each example, in their order: chunks by NumPy, then the chunks' sums as above.

    A correctly rounded sum of them all would take longer than the kernel that made them.
    """
    if values.size <= CHUNK:
        return ordered_sum(values)
    with np.errstate(invalid="ignore", over="ignore"):
        whole = values.size // CHUNK * CHUNK
        chunks = values[:whole].reshape(-1, CHUNK).sum(1, dtype=np.float64)
        return ordered_sum(np.append(chunks, values[whole:].sum(dtype=np.float64)))


def mean(total: float, weight: float) -> float:
    """`total / weight`; the mean over nothing is 0, but NaN is not hidden."""
    if weight == 0.0:
        return total if math.isnan(total) else 0.0
    return total / weight


def reduced(each: np.ndarray, reduction: str, weight: float) -> Any:
    """Losses by "none", their "sum", or their "mean" over a weight."""
    if reduction == "none":
        return each
    total = sum_of_many(each)
    return total if reduction == "sum" else mean(total, weight)


def inverse(weight: float) -> float:
    """The gradient's factor for a mean: 1 / weight, or 0 over nothing."""
    return 1.0 / weight if weight != 0.0 else 0.0


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
        """Numbers whose exact sum it is: added to another, they bring the same bits."""
        return np.array([*self._terms, self._beyond])

    def value(self) -> float:
        """The sum so far."""
        return self._beyond if self._beyond != 0.0 else math.fsum(self._terms)
