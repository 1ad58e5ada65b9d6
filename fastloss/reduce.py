"""From partial sums to a number: the order is fixed, so that the bits do not depend on threads or partitions."""

import math

import numpy as np


def ordered_sum(partials: np.ndarray) -> float:
    """The sum of the chunks' sums, correctly rounded, hence the same in every order; NaN and infinities as IEEE."""
    if np.isfinite(partials).all():
        try:
            return math.fsum(partials.tolist())
        except OverflowError:
            pass
    with np.errstate(invalid="ignore", over="ignore"):
        return float(np.sum(partials))


def mean(total: float, weight: float) -> float:
    """`total / weight`; the mean over nothing is 0, but NaN is not hidden."""
    if weight == 0.0:
        return total if math.isnan(total) else 0.0
    return total / weight


def inverse(weight: float) -> float:
    """The gradient's factor for a mean: 1 / weight, or 0 over nothing."""
    return 1.0 / weight if weight != 0.0 else 0.0
