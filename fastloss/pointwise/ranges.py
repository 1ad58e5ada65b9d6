"""Sums and means of ranges of elements, given by CSR offsets."""

import numpy as np

from fastloss.core import summation, units


def sums_between(values: np.ndarray, offsets: np.ndarray) -> np.ndarray:
    """Sum each range between two offsets; 0 where it is empty."""
    sums = np.zeros(offsets.size - 1)
    some = np.flatnonzero(np.diff(offsets))
    if some.size:
        sums[some] = np.add.reduceat(values[: offsets[-1]], offsets[some])
    return sums


def units_between(weights: np.ndarray, offsets: np.ndarray) -> np.ndarray:
    """Return the `units.unit` of each range's weights, for each weight."""
    found = np.ones(offsets.size - 1)
    some = np.flatnonzero(np.diff(offsets))
    if some.size:
        largest = np.fmax.reduceat(weights[: offsets[-1]], offsets[some])
        found[some] = [units.unit(one) for one in largest.tolist()]
    return np.repeat(found, np.diff(offsets))


def mean_between(values: np.ndarray, offsets: np.ndarray, denominators: np.ndarray) -> np.ndarray:
    """Divide each range's sum by its denominator; the mean over nothing is NaN."""
    with np.errstate(over="ignore", invalid="ignore"):
        sums = sums_between(values, offsets)
        some = denominators != 0
        means = np.divide(sums, denominators, out=np.full(sums.size, np.nan), where=some)
        if not np.isfinite(sums).all():  # the mean may be, where the sum is not
            shrunk = sums_between(values * summation.SHRUNK, offsets)
            again = np.divide(shrunk, denominators, out=means.copy(), where=some) / summation.SHRUNK
            means = np.where(np.isfinite(sums), means, again)
    return means
