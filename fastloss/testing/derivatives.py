"""Checks of derivatives by differences, which know nothing of the formulas."""

import dataclasses
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np

from fastloss.ahead.cases import Case
from fastloss.testing.requirements import require, require_close, tuple_of

STEP = 2.0**-17  # of the number: central differences err by 1e-11 of the third derivative, and of the value by rounding
SMALLEST = 2.0**-10  # numbers below it are moved as far as this one
TOLERANCE = 1e-6
KINK = 1e-3  # slopes on both sides that differ by more, in units of the largest


class Slot(NamedTuple):
    """An argument with a gradient: its position, or its keyword."""

    where: int | str
    array: np.ndarray
    derivative: np.ndarray


def replaced(case: Case, where: int | str, value: Any) -> Case:
    """Return the case with another argument."""
    if isinstance(where, str):
        return dataclasses.replace(case, keywords={**case.keywords, where: value})
    return dataclasses.replace(case, arrays=(*case.arrays[:where], value, *case.arrays[where + 1 :]))


def slots(case: Case, derivatives: Any) -> Iterator[Slot]:
    """Yield the arguments that a call's derivatives are by, as float64."""
    positions = dict(zip(case.loss.arguments, range(len(case.arrays)), strict=False))
    given = {**dict(zip(case.loss.arguments, case.arrays, strict=False)), **case.loss.defaults, **case.keywords}
    found = tuple_of(derivatives)
    names = getattr(derivatives, "_fields", case.loss.gradients_by({k: v for k, v in given.items() if v is not None}))
    require(len(names) == len(found), f"gives {len(found)} derivatives: expected those by {', '.join(names)}")
    for name, one in zip(names, found, strict=True):
        array = np.asarray(given[name])
        if one is not None and array.dtype.kind in "fiu":
            shape = np.shape(one)
            require(shape == array.shape, f"the derivative by {name} has shape {shape}: expected {array.shape}")
            yield Slot(positions.get(name, name), array.astype(np.float64), np.asarray(one, np.float64))


def step_of(x: float) -> float:
    """Return how far a number is moved."""
    return STEP * max(SMALLEST, abs(x))


def differences(function: Callable[[np.ndarray], Any], array: np.ndarray, at: tuple[int, ...]) -> tuple[float, ...]:
    """Return what a function of an array changes by, below and above one of its elements, for each unit."""
    step = step_of(float(array[at]))
    moved = [array.copy() for _ in range(2)]
    moved[0][at] -= step
    moved[1][at] += step
    low, here, high = (float(function(one)) for one in (moved[0], array, moved[1]))
    return (here - low) / step, (high - here) / step


def require_slope(what: str, found: float, sides: tuple[float, ...], scale: float) -> None:
    """Raise unless a derivative is the mean of the slopes on both sides, or lies between them at a kink."""
    low, high = sorted(sides)
    tolerance = TOLERANCE * scale
    if high - low > KINK * scale:
        inside = low - tolerance <= found <= high + tolerance
        require(inside, f"{what} is {found}: expected {low} to {high}, by a kink")
    else:
        middle = 0.5 * (low + high)
        require(abs(found - middle) <= tolerance, f"{what} is {found}: differences give {middle}")


def gradient_is_slope(case: Case) -> None:
    """The gradient of the mean, by differences of the mean."""

    def value_at(where: int | str, array: np.ndarray) -> Any:
        other = replaced(case, where, array)
        return case.loss(*other.arrays, **other.keywords)

    value, gradient = case.loss.value_and_grad(*case.arrays, **case.keywords)
    for where, array, slopes in slots(case, gradient):
        scale = max(float(np.abs(slopes).max(initial=0.0)), abs(float(value)) * 1e-3, 1e-6)
        for at in np.ndindex(array.shape):
            sides = differences(lambda one, where=where: value_at(where, one), array, at)  # type: ignore[misc]
            require_slope(f"the gradient by {where} at {at}", float(slopes[at]), sides, scale)


def curvature_is_slope_of_gradient(case: Case) -> None:
    """The second derivative's diagonal, by differences of the gradient, which `grad_hess` gives too."""
    if not case.loss.has_curvature:
        return
    gradient, curvature = case.loss.grad_hess(*case.arrays, **case.keywords)
    both = case.loss.value_and_grad(*case.arrays, **case.keywords)[1]
    for one, other in zip(tuple_of(gradient), tuple_of(both), strict=True):
        require_close("the gradient of grad_hess differs from that of value_and_grad", one, other, 1e-12, 1e-15)

    def slope_at(which: int, where: int | str, array: np.ndarray, at: tuple[int, ...]) -> Any:
        other = replaced(case, where, array)
        return tuple_of(case.loss.value_and_grad(*other.arrays, **other.keywords)[1])[which][at]

    for which, (where, array, seconds) in enumerate(slots(case, curvature)):
        slopes = np.abs(tuple_of(gradient)[which])
        scale = max(float(np.abs(seconds).max(initial=0.0)), float(slopes.max(initial=1e-6)))
        for at in np.ndindex(array.shape):
            sides = differences(lambda one: slope_at(which, where, one, at), array, at)  # noqa: B023
            if max(map(abs, sides)) * step_of(float(array[at])) > KINK * scale:
                continue  # the gradient jumps: there is no second derivative
            require_slope(f"the second derivative by {where} at {at}", float(seconds[at]), sides, scale)
