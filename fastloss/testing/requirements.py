"""What checks are made of: requirements that raise an AssertionError, also under `python -O`."""

from typing import Any

import numpy as np


def require(fact: Any, text: str) -> None:
    """Raise an AssertionError with a text unless something is so."""
    if not fact:
        raise AssertionError(text)


def tuple_of(derivatives: Any) -> tuple[Any, ...]:
    """Return one array, or several, as a tuple."""
    return tuple(derivatives) if isinstance(derivatives, tuple) else (derivatives,)


def require_close(what: str, found: Any, expected: Any, relative: float, absolute: float = 0.0) -> None:
    """Raise unless numbers agree, NaN and infinities with themselves."""
    found, expected = np.asarray(found, np.float64), np.asarray(expected, np.float64)
    require(found.shape == expected.shape, f"{what}: shape {found.shape}, expected {expected.shape}")
    right = np.isclose(found, expected, relative, absolute, equal_nan=True)
    if not right.all():
        at = tuple(int(one) for one in np.argwhere(~right)[0])
        place = f" at {at}" if at else ""
        raise AssertionError(f"{what}{place}: {found[at]}, expected {expected[at]}")


def require_same_bits(what: str, found: Any, expected: Any) -> None:
    """Raise unless two results, or tuples of them, are equal to the bit, shapes and dtypes included."""
    for one, other in zip(tuple_of(found), tuple_of(expected), strict=True):
        one, other = np.asarray(one), np.asarray(other)
        same = one.dtype == other.dtype and one.shape == other.shape and one.tobytes() == other.tobytes()
        require(same, f"{what}: {one.dtype} {one}, expected {other.dtype} {other}")
