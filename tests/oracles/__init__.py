"""Slow definitions of the losses: plain loops over 60-digit numbers, nothing from fastloss.

An oracle takes arrays or nested lists of numbers, mpf included, and returns `Terms`. A step of
1e-20 then gives derivatives to 20 digits and more. An infinite argument gives the limit in that
argument with the others held; where there is none, and wherever NaN comes in, the loss is NaN.
"""

import functools
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
from mpmath import mp, mpf

DIGITS = 60
STEP = mpf(10) ** -20
MOST_REMEMBERED = 20_000
ORACLES: dict[str, Callable[..., "Terms"]] = {}
Function = Callable[..., Any]
Arrays = Sequence[Any]

mp.dps = DIGITS


class Terms(NamedTuple):
    """Each item's loss without `sample_weight`, and its weight in the mean's denominator."""

    losses: np.ndarray
    denominators: np.ndarray


def oracle(function: Callable[..., Any]) -> Callable[..., Terms]:
    """Register a definition; losses alone have denominators of 1."""

    @functools.wraps(function)
    def terms(*args: Any, **kwargs: Any) -> Terms:
        with mp.workdps(max(mp.dps, DIGITS)):
            made = function(*args, **kwargs)
            return made if isinstance(made, Terms) else with_ones(made)

    if function.__name__ in ORACLES:
        raise ValueError(f"{function.__name__} has an oracle already")
    ORACLES[function.__name__] = terms
    return terms


def elementwise(function: Callable[..., Any]) -> Callable[..., Terms]:
    """Register a definition for one element of each array."""

    @functools.wraps(function)
    def each(*args: Any, **kwargs: Any) -> np.ndarray:
        arrays = [exact(array) for array in args]
        if any(array.shape != arrays[0].shape for array in arrays):
            raise ValueError("the shapes differ")
        losses = np.empty(arrays[0].shape, dtype=object)
        for i in np.ndindex(losses.shape):
            losses[i] = function(*(array[i] for array in arrays), **kwargs)
        return losses

    return oracle(each)


def with_ones(losses: Any) -> Terms:
    losses = np.asarray(losses, dtype=object)
    return Terms(losses, np.full(losses.shape, mpf(1), dtype=object))


def number(x: Any) -> mpf:
    """The mpf of exactly this number."""
    return mp.convert(int(x) if isinstance(x, (bool, np.bool_)) else x)


def exact(data: Any) -> np.ndarray:
    """An object array of exactly these numbers."""
    given = np.asarray(data, dtype=object)
    made = np.empty(given.shape, dtype=object)
    for i in np.ndindex(given.shape):
        made[i] = number(given[i])
    return made


def total(numbers: Any) -> mpf:
    """A sum that starts from mpf 0."""
    result = mpf(0)
    for x in np.asarray(numbers, dtype=object).reshape(-1):
        result += x
    return result


def times(a: mpf, b: mpf) -> mpf:
    """The product, with 0 * inf = 0: the limit of 0 * x. NaN stays."""
    product = a * b
    return mpf(0) if mp.isnan(product) and not (mp.isnan(a) or mp.isnan(b)) else product


def at_least_zero(x: mpf) -> mpf:
    """max(0, x). NaN stays."""
    return mpf(0) if x <= 0 else x


def largest(numbers: Any) -> mpf:
    """The maximum, -inf of nothing. NaN stays."""
    result = -mp.inf
    for x in numbers:
        if mp.isnan(x):
            return mp.nan
        if x > result:
            result = x
    return result


def remembered(function: Callable[[mpf], mpf]) -> Callable[[mpf], mpf]:
    """Keep results by number and precision: differences move one number of many, and those of the others come again."""
    found: dict[Any, mpf] = {}

    @functools.wraps(function)
    def of(x: mpf) -> mpf:
        key = x._mpf_, mp.prec
        if key not in found:
            if len(found) >= MOST_REMEMBERED:
                found.clear()
            found[key] = function(x)
        return found[key]

    return of


@remembered
def exp(x: mpf) -> mpf:
    """The exponential."""
    return mp.exp(x)


@remembered
def log(x: mpf) -> mpf:
    """The logarithm: -inf at 0, NaN below."""
    if x == 0:
        return -mp.inf
    return mp.log(x) if x > 0 else mp.nan


@remembered
def log1p(x: mpf) -> mpf:
    """log(1 + x), small x included: -inf at -1, NaN below."""
    if x == -1:
        return -mp.inf
    return mp.log1p(x) if x > -1 else mp.nan


@remembered
def softplus(x: mpf) -> mpf:
    """log(1 + e^x) = x + log(1 + e^-x)."""
    return mp.log1p(mp.exp(x)) if x <= 0 else x + mp.log1p(mp.exp(-x))


def side(t: mpf) -> mpf:
    """Targets {0, 1} and {-1, 1} as {-1, 1}; NaN for any other."""
    if t == 1:
        return mpf(1)
    return mpf(-1) if t in (0, -1) else mp.nan


def reduce(terms: Terms, reduction: str, sample_weight: Any = None) -> Any:
    """The reduced value; the mean over nothing is 0. Pairs have their weights inside already."""
    shape = terms.losses.shape
    weights = np.broadcast_to(exact(1 if sample_weight is None else sample_weight), shape)
    losses, shares = np.empty(shape, dtype=object), np.empty(shape, dtype=object)
    for i in np.ndindex(shape):
        losses[i] = times(weights[i], terms.losses[i])
        shares[i] = times(weights[i], terms.denominators[i])
    if reduction == "none":
        return losses
    if reduction == "sum":
        return total(losses)
    if reduction != "mean":
        raise ValueError(f"reduction is {reduction!r}")
    value, denominator = total(losses), total(shares)
    if mp.isnan(value):
        return mp.nan
    return value / denominator if denominator != 0 else mpf(0)


def _digits(arrays: Arrays, digits: int) -> int:
    """Digits that keep a step at the smallest number beside the square of the largest."""
    numbers = (x for array in arrays for x in exact(array).reshape(-1))
    binary = max((abs(mp.mag(x)) for x in numbers if mp.isfinite(x) and x != 0), default=0)
    return digits + 4 * int(0.302 * binary)  # log10(2) < 0.302


def _differences(function: Function, arrays: Arrays, which: int) -> Iterator[tuple[Any, ...]]:
    """For each element: its index, the step, and the function below and above."""
    here = exact(arrays[which])
    for i in np.ndindex(here.shape):
        size = abs(here[i])
        step = STEP * size if 0 < size < 1 else STEP
        values = []
        for sign in (-1, 1):
            moved = here.copy()
            moved[i] = here[i] + sign * step
            values.append(function(*arrays[:which], moved, *arrays[which + 1 :]))
        yield i, step, *values


def gradient(function: Function, arrays: Arrays, which: int, digits: int = DIGITS) -> np.ndarray:
    """Central differences of a number by one array's elements; at a kink, the mean of both slopes.

    The step is 1e-20, relative for elements below 1; the digits grow with the arrays' exponents.
    Ask for more `digits` where the losses spread further: a slope of e^-500 beside a loss of 1.
    """
    result = np.empty(np.shape(arrays[which]), dtype=object)
    with mp.workdps(_digits(arrays, digits)):
        for i, step, below, above in _differences(function, arrays, which):
            result[i] = (above - below) / (2 * step)
    return result


def second_derivative(
    function: Function,
    arrays: Arrays,
    which: int,
    digits: int = 2 * DIGITS,
) -> np.ndarray:
    """Second differences by each element of one array: the diagonal of the Hessian.

    They divide by 1e-40: 60 digits would leave 1e-20 of the loss, which may be 1e10.
    """
    result = np.empty(np.shape(arrays[which]), dtype=object)
    with mp.workdps(_digits(arrays, digits)):
        middle = function(*arrays)
        for i, step, below, above in _differences(function, arrays, which):
            result[i] = (above - 2 * middle + below) / step**2
    return result


from tests.oracles import classification, embeddings, metric, ranking, regression, reinforcement  # noqa: E402
