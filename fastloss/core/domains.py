"""What an argument may hold: data about a loss, from which checks, messages, tests and the CLI's choices are made.

A `Domain` is for the elements of an array. Its `check` is scalar plain Python, compiled into the kernels, so that the
check costs no pass of its own; it returns bits, 0 where all is well, and NaN is always well (NaN in gives NaN out).
A `Range`, `Choice` or `Flag` is for a parameter.
"""

import dataclasses
import functools
import math
import numbers
import sys
from collections.abc import Callable
from typing import Any

import numpy as np

from fastloss.core.errors import mixed, shown, wrong_element, wrong_type, wrong_value
from fastloss.core.spelling import did_you_mean, nearest

WRONG, ZERO, MINUS_ONE = 1, 2, 4  # the last two are wrong only together


def any_number(x):
    return 0


def not_relevance(x):
    return WRONG if x < 0.0 or x > 1000.0 else 0


def outside_unit(x):
    return 1 if (x < 0.0 or x > 1.0) else 0


def not_binary(x):
    return 0 if (x == 0.0 or x == 1.0 or x != x) else 1


def not_sign(x):
    return 0 if (x == -1.0 or x == 1.0 or x != x) else 1


def not_sign_or_binary(x):
    return 2 if x == 0.0 else (4 if x == -1.0 else (0 if (x == 1.0 or x != x) else 1))


def at_most_minus_one(x):
    return 1 if x <= -1.0 else 0


def below_zero(x):
    return 1 if x < 0.0 else 0


def equals_zero(x):
    return 1 if x == 0.0 else 0


@dataclasses.dataclass(frozen=True)
class Domain:
    """The values that the elements of an array argument may take."""

    expected: str
    check: Callable[[float], int] = any_number
    low: float = -math.inf  # where tests draw from, unless `values` are given
    high: float = math.inf
    values: tuple[float, ...] = ()

    @property
    def bounded(self) -> bool:
        """Tell whether numbers that float64 cannot hold exactly are outside."""
        return bool(self.values) or (math.isfinite(self.low) and math.isfinite(self.high))

    def holds_only_values(self, array: np.ndarray) -> bool:
        """Tell whether all of an array are among the `values`, without sorting it; NaN is not."""
        some = functools.reduce(np.logical_or, (array == one for one in self.values)) if self.values else np.False_
        return bool(some.all())

    def error(self, name: str, array: Any, before: int = 0) -> ValueError:
        """Return the error for the first element that is not in the domain; `before` elements came earlier."""
        flat = np.asarray(array).reshape(-1)
        seen: dict[int, int] = {}
        for start in range(0, flat.size, 65536):
            part = flat[start : start + 65536].astype(np.float64)
            for offset, x in enumerate(part.tolist()):
                bits = self.check(x)
                seen.setdefault(bits, start + offset)
                if bits == WRONG:
                    return wrong_element(name, np.asarray(array), start + offset, self.expected, before)
        return mixed(name, array, seen[ZERO], seen[MINUS_ONE], self.expected, before)


def wrong(bits: int) -> bool:
    """Tell from the union of all elements' bits whether some element is not in the domain."""
    return bool(bits & WRONG) or bits & (ZERO | MINUS_ONE) == ZERO | MINUS_ONE


def is_real(kind: type) -> bool:
    """Tell whether values of a type are real numbers; durations, which NumPy counts among its integers, are not."""
    return issubclass(kind, numbers.Real) and not issubclass(kind, np.timedelta64)


def is_integer(kind: type) -> bool:
    """Tell whether values of a type are integers, Python's bools among them."""
    return issubclass(kind, numbers.Integral) and not issubclass(kind, np.timedelta64)


def is_masked(value: Any) -> bool:
    """Tell whether a value is a masked array; there is none unless `numpy.ma`, which takes a while, is imported."""
    masked = sys.modules.get("numpy.ma")
    return masked is not None and isinstance(value, masked.MaskedArray)


def scalar(name: str, value: Any) -> Any:
    """Return a parameter; of an array or a tensor without a dimension, its number."""
    if is_masked(value):
        raise TypeError(f"{name} is a masked array: expected a number")
    return unwrapped(value) if getattr(value, "shape", None) == () else value


def unwrapped(value: Any) -> Any:
    """Return the element of an array or a tensor without a dimension; NumPy's `item` makes integers of durations."""
    if isinstance(value, np.generic):
        return value
    return value[()] if isinstance(value, np.ndarray) else value.item()


REAL = Domain("a number")
UNIT = Domain("a number in [0, 1]", outside_unit, 0.0, 1.0)
PROBABILITY = Domain(
    "a probability in [0, 1] (for logits use the loss's `_with_logits` or softmax form)", outside_unit, 0.0, 1.0
)
BINARY = Domain("0 or 1", not_binary, values=(0.0, 1.0))
SIGN = Domain("-1 or 1", not_sign, values=(-1.0, 1.0))
SIGN_OR_BINARY = Domain("-1 or 1 (or 0 and 1 throughout)", not_sign_or_binary, values=(-1.0, 1.0))
ABOVE_MINUS_ONE = Domain("a number above -1", at_most_minus_one, -0.99)
NON_NEGATIVE = Domain("a number >= 0", below_zero, 0.0)
RELEVANCE = Domain("a number in [0, 1000]", not_relevance, 0.0, 1000.0)
NON_ZERO = Domain("a number other than 0 (or give `epsilon`)", equals_zero, 0.1)


@dataclasses.dataclass(frozen=True)
class Range:
    """A real parameter between two bounds; `open_low` excludes the lower one."""

    low: float = -math.inf
    high: float = math.inf
    open_low: bool = False
    open_high: bool = False
    optional: bool = False  # None is allowed

    def __str__(self) -> str:
        left, right = (
            "(" if self.open_low or self.low == -math.inf else "[",
            ")" if self.open_high or self.high == math.inf else "]",
        )
        return f"a number in {left}{shown(np.float64(self.low))}, {shown(np.float64(self.high))}{right}" + (
            " or None" if self.optional else ""
        )

    def validate(self, name: str, value: Any) -> Any:
        """Return the value as a float; None where it is allowed."""
        if value is None and self.optional:
            return None
        value = scalar(name, value)
        if not is_real(type(value)) or isinstance(value, (bool, np.bool_)):
            raise wrong_type(name, value, self)
        try:
            number = float(value)
        except OverflowError:
            raise wrong_value(name, value, f"{self}, within the range of floats") from None
        below = number <= self.low if self.open_low else number < self.low
        above = number >= self.high if self.open_high else number > self.high
        if below or above or not math.isfinite(number):
            raise wrong_value(name, value, self)
        return number


def one_of(name: str, value: Any, allowed: tuple[int, ...]) -> int:
    """Return a parameter that is one of a few numbers."""
    value = scalar(name, value)
    for one in allowed if is_real(type(value)) or isinstance(value, np.bool_) else ():
        if value == one:
            return one
    raise wrong_value(name, value, " or ".join(map(str, allowed)))


@dataclasses.dataclass(frozen=True)
class Choice:
    """A parameter that is one of a few words."""

    values: tuple[str, ...]

    def __str__(self) -> str:
        return "one of " + ", ".join(repr(value) for value in self.values)

    def validate(self, name: str, value: Any) -> str:
        value = scalar(name, value)
        if not isinstance(value, str):
            raise wrong_type(name, value, self)
        if value not in self.values:
            raise wrong_value(name, value, f"{self}{did_you_mean(nearest(value, self.values))}")
        return str(value)


@dataclasses.dataclass(frozen=True)
class Flag:
    """A parameter that is True or False."""

    def __str__(self) -> str:
        return "True or False"

    def validate(self, name: str, value: Any) -> bool:
        value = scalar(name, value)
        if not isinstance(value, (bool, np.bool_)):
            raise wrong_type(name, value, self)
        return bool(value)


@dataclasses.dataclass(frozen=True)
class Free:
    """A parameter whose check the loss does itself; `expected` says what it takes.

    `takes` is its type: "array", "arrays" (a sequence of them), "integer", "integers" (one, or a sequence), "numbers"
    (one, or a sequence) or "word" (or a number in its place). An "array" may also be a number where that means one for
    all.
    """

    expected: str
    takes: str = "array"

    def __str__(self) -> str:
        return self.expected

    def validate(self, name: str, value: Any) -> Any:
        return value


Parameter = Range | Choice | Flag | Free

POSITIVE = Range(0.0, open_low=True)
AT_LEAST_ZERO = Range(0.0)
ANY = Range()
FRACTION = Range(0.0, 1.0)
# Factors of exponents: between them neither float32 nor a square or a product of them leaves its range.
SCALE = Range(1e-30, 1e30)
STEEPNESS = Range(0.0, 1e100, open_low=True)
FOCUS = Range(0.0, 1e100)
INNER_FRACTION = Range(0.0, 1.0, open_low=True, open_high=True)
