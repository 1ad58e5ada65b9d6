"""The constant score at which a loss is least, where boosting begins."""

import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

STEPS = 300  # of which bisection takes 2100 / 2 at most for any float, and some 60 from numbers of ordinary size
CLOSE = 4.0 * np.finfo(np.float64).eps  # relative
ROUNDING = 1e-13  # of values, relative: below it slopes tell which of two is less


class Sums(NamedTuple):
    """First and second derivatives by a constant, summed over rows; a number each, or a vector for columns."""

    slope: np.ndarray
    bend: np.ndarray

    def size(self, bends: np.ndarray) -> float:
        """Return the slopes' squared length in the metric in which each whole step halves it at least."""
        return float(np.sum(np.square(self.slope) / bends, where=bends > 0.0))


def of_one(sums: Callable[[float], Sums]) -> float:
    """Return the constant at which a slope changes its sign, by Newton's steps within a bracket.

    A slope may jump, as that of a median does, so that steps which do not halve the bracket give way to its middle.
    """
    at, low, high = 0.0, -math.inf, math.inf
    reach, before, little = 1.0, math.inf, 0.0
    for step in range(STEPS):
        slope, bend = (float(one) for one in sums(at))
        little = CLOSE * abs(slope) if step == 0 else little  # a slope of one sign falls to it on the way to infinity
        if not abs(slope) > little:
            break
        low, high = (low, at) if slope > 0.0 else (at, high)
        newton = at - slope / bend if bend > 0.0 and math.isfinite(bend) else math.nan
        if low < newton < high and abs(newton - at) <= 0.5 * before:
            following = newton
        elif high - low < math.inf:
            following = 0.5 * low + 0.5 * high
        else:
            following = at - math.copysign(reach, slope)
            reach *= 2.0
        before, at = abs(following - at), following
        if before <= CLOSE * abs(at) or (high - low < math.inf and high - low <= CLOSE * max(abs(low), abs(high))):
            break
    return at


def of_columns(
    sums: Callable[[np.ndarray], Sums], value: Callable[[np.ndarray], float], columns: int, longest: float
) -> np.ndarray:
    """Return a constant for each column at which a loss is least, by diagonal Newton steps that lower it.

    Twice the diagonal bounds the second derivative of softmax losses, so that a step of length 1 lowers those; others
    are halved until they do. `longest` is the length to which they may grow: 1, or infinity where slopes jump, as those
    of quantiles do, and second derivatives say nothing; there it ends near a jump.
    """
    at, length = np.zeros(columns), 1.0
    least, now = value(at), sums(at)
    for _ in range(STEPS):
        step = np.divide(now.slope, 2.0 * now.bend, out=np.zeros(columns), where=now.bend > 0.0)
        if not np.isfinite(step).all() or np.abs(step).max(initial=0.0) <= CLOSE * np.abs(at).max(initial=1.0):
            break
        while length > CLOSE:
            following = at - length * step
            found, after = value(following), sums(following)
            gain, noise = least - found, ROUNDING * abs(least)
            if gain > noise or (gain >= -noise and after.size(now.bend) < now.size(now.bend)):
                break
            length *= 0.5
        else:
            break
        at, least, now = following, found, after
        length = min(2.0 * length, longest)
    return at
