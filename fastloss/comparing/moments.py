"""What is kept of units (rows, or groups of them) to compare means of several models: their exact first two moments.

Unit u has a sum of losses n_mu for each model m, and a weight d_u. A model's mean is t_m = N_m / D with N_m the sum of
its n_mu, D that of d_u. To first order, unit u moves t_m by

    z_mu = (n_mu - t_m d_u) / D,

so that the variance of a difference of means is the sum of squares of z_au - z_bu, times G / (G - 1) for G units: the
linearised (sandwich) variance of a ratio, and of dependent rows where units are groups. Where all weigh the same, it is
that of the jackknife, which leaves out one unit at a time; else it differs from it by terms of d_u / D. A sum of
squares of c_a n_au + c_b n_bu + c_d d_u needs no unit once their products are summed. These sums are exact: nothing
cancels, and batches may come in any order and be merged.
"""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from fractions import Fraction
from typing import Any, NamedTuple

import numpy as np

from fastloss.comparing import cpu_limbs
from fastloss.comparing.cpu_limbs import PLACE, Sums
from fastloss.core.errors import wrong_shape

SMALLEST = Fraction(1, 1 << PLACE)


class Estimate(NamedTuple):
    """The values of some models, a number made of them, and its standard error, from so many units."""

    values: tuple[float, ...]
    number: float
    standard_error: float
    units: int


class Link(NamedTuple):
    """A function of a mean, its slope, and its inverse, which takes arrays."""

    value: Callable[[float], float]
    slope: Callable[[float], float]
    inverse: Callable[[Any], Any]


ROOT = Link(math.sqrt, lambda x: 0.5 / math.sqrt(x) if x > 0.0 else math.inf, lambda y: y * y)


class Moments:
    """The moments of the units seen so far, of some models; batches are added, and moments merged, in any order."""

    def __init__(self, models: int):
        self.models = models
        self.units = 0  # those that weigh something
        columns = models + 1  # the last one is the weight
        self._sums = Sums((0,) * columns, (0,) * (columns * (columns + 1) // 2))
        self._beyond = (0.0,) * columns  # the sums of what is not finite

    def add(self, sums: Any, weights: Any = None) -> None:
        """Add units: an array of their sums of losses with a row for each model, and their weights, 1 if None.

        Raises
        ------
        ValueError
            If the shapes do not fit.
        """
        sums = np.asarray(sums, np.float64)
        if sums.ndim != 2 or sums.shape[0] != self.models:
            raise wrong_shape("sums", sums.shape, f"{self.models} rows, one for each model")
        weights = np.ones(sums.shape[1]) if weights is None else np.asarray(weights, np.float64)
        if weights.shape != sums.shape[1:]:
            raise wrong_shape("weights", weights.shape, sums.shape[1:])
        self._include(_moments_of(sums, weights))

    def merge(self, other: "Moments") -> None:
        """Add the units of others of the same models."""
        if other.models != self.models:
            raise ValueError(f"other has {other.models} models: expected {self.models}")
        self._include(other)

    def _include(self, other: "Moments") -> None:
        added = (
            tuple(a + b for a, b in zip(mine, new, strict=True))
            for mine, new in zip(self._sums, other._sums, strict=True)
        )
        self._sums = Sums(*added)
        self._beyond = tuple(a + b for a, b in zip(self._beyond, other._beyond, strict=True))
        self.units += other.units

    def mean(self, model: int) -> Fraction | None:
        """Return a model's mean, None where it is not finite or there is no weight."""
        total, weight = self._sums.columns[model], self._sums.columns[-1]
        return Fraction(total, weight) if weight and not self._beyond[model] and not self._beyond[-1] else None

    def value(self, model: int) -> float:
        """Return a model's mean, rounded; NaN where there is no weight."""
        mean = self.mean(model)
        if mean is not None:
            return rounded(mean)
        has_weight = self._sums.columns[-1] > 0 and not self._beyond[-1]
        return self._beyond[model] if has_weight else math.nan

    def weight(self) -> Fraction:
        """Return the sum of the weights."""
        return self._sums.columns[-1] * SMALLEST

    def square(self, factors: Sequence[Fraction]) -> Fraction:
        """Return the sum over units of the squares of their columns' sums, each column times a factor."""
        total = Fraction(0)
        for j, one in enumerate(factors):
            for k, other in enumerate(factors[: j + 1]):
                if one and other:
                    product = self._sums.products[j * (j + 1) // 2 + k]
                    total += one * other * product * (1 if j == k else 2)
        return total * SMALLEST * SMALLEST


def _moments_of(sums: np.ndarray, weights: np.ndarray) -> Moments:
    """Return the moments of some units alone."""
    made = Moments(len(sums))
    made.units = int(np.count_nonzero(weights))
    if (weights == 1.0).all() and np.isfinite(sums).all():
        made._sums = _with_ones(cpu_limbs.sums(sums), weights.size)
        return made
    columns = np.vstack((sums, weights))
    finite = np.isfinite(columns)
    if not finite.all():
        with np.errstate(invalid="ignore"):
            made._beyond = tuple(float(np.sum(one[~own])) for one, own in zip(columns, finite, strict=True))
        columns = np.where(finite, columns, 0.0)
    made._sums = cpu_limbs.sums(columns)
    return made


def _with_ones(sums: Sums, units: int) -> Sums:
    """Return the sums with a column of ones behind the others."""
    one = 1 << PLACE
    products = (*sums.products, *(column * one for column in sums.columns), units * one * one)
    return Sums((*sums.columns, units * one), products)


def together(parts: Sequence[Moments]) -> Moments:
    """Return the moments of all units of some samples."""
    whole = Moments(parts[0].models)
    for part in parts:
        whole.merge(part)
    return whole


def estimate(parts: Sequence[Moments], signs: Mapping[int, int], link: Link | None = None, order: int = 1) -> Estimate:
    """Return a sum of means, each with a sign, and its standard error, NaN for one unit or a mean that is not finite.

    `parts` are samples of units of their own, as the rows of each class are. `order` is 2 where each unit's sums are
    over the pairs that it is in: every pair is in two of them, and a unit moves the mean by twice its share. With a
    `link` it is a sum of that function of the means (the delta method).
    """
    whole = together(parts)
    given = [whole.value(model) for model in signs]
    values = tuple(given if link is None else (link.value(one) for one in given))
    slopes = [1.0 if link is None else link.slope(one) for one in given]
    means = [mean for mean in map(whole.mean, signs) if mean is not None]
    if len(means) < len(given) or not all(map(math.isfinite, slopes)) or any(part.units == 1 for part in parts):
        return Estimate(values, _signed(signs.values(), values), math.nan, whole.units)
    number = rounded(_signed(signs.values(), means)) if link is None else _signed(signs.values(), values)
    scale = order / whole.weight()
    factors = [Fraction(0)] * (whole.models + 1)
    for (model, sign), slope, mean in zip(signs.items(), slopes, means, strict=True):
        own = sign * Fraction(slope) * scale
        factors[model] += own
        factors[-1] -= own * mean
    square = Fraction(0)
    for part in filter(lambda one: one.units, parts):
        square += part.square(factors) * Fraction(part.units, part.units - 1)
    return Estimate(values, number, root(square), whole.units)


def _signed(signs: Iterable[int], numbers: Iterable[Any]) -> Any:
    return sum(sign * number for sign, number in zip(signs, numbers, strict=True))


def rounded(number: Fraction) -> float:
    """Return the nearest float64, infinite beyond the range."""
    try:
        return float(number)
    except OverflowError:
        return math.copysign(math.inf, number)


def root(square: Fraction) -> float:
    """Return the square root, also of numbers whose square is beyond the range."""
    if not square:
        return 0.0
    shift = (square.numerator.bit_length() - square.denominator.bit_length()) // 2
    return rounded(Fraction(math.sqrt(square / Fraction(4) ** shift)) * Fraction(2) ** shift)
