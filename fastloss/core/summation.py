"""Sums in a fixed order, so that the bits do not depend on threads or partitions; means of them."""

import math

import numpy as np

# Numbers that are summed by themselves, in order, before the chunks' sums are: elements, numbers in rows, losses.
# A constant of the library, since results depend on it.
CHUNK = 8192
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
    chunks = chunk_sums(values)
    if not np.isfinite(chunks).all() and np.isfinite(values).all():
        return sum_of_many(values * SHRUNK) / SHRUNK
    return ordered_sum(chunks)


def chunk_sums(values: np.ndarray) -> np.ndarray:
    """Add the numbers of each chunk, by NumPy; few numbers stay as they are."""
    if values.size <= CHUNK:
        return values
    whole = values.size // CHUNK * CHUNK
    with np.errstate(invalid="ignore", over="ignore"):
        chunks = values[:whole].reshape(-1, CHUNK).sum(1, dtype=np.float64)
        return np.append(chunks, values[whole:].sum(dtype=np.float64))


def mean(total: float, weight: float) -> float:
    """Return `total / weight`; the mean over nothing is 0, but NaN is not hidden."""
    if weight == 0.0:
        return total if math.isnan(total) else 0.0
    return total / weight


def inverse(weight: float) -> float:
    """Return the gradient's factor for a mean: 1 / weight, or 0 over nothing."""
    return 1.0 / weight if weight != 0.0 else 0.0


def weighed(weights: np.ndarray, each: np.ndarray) -> np.ndarray:
    """Multiply weights and losses, where 0 times infinity is 0, as in `elementary.weighed`."""
    with np.errstate(invalid="ignore", over="ignore", under="ignore"):
        return np.where((weights == 0.0) & np.isinf(each), 0.0, weights * each)


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
