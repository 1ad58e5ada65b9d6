"""Nested lists of numbers, and of arrays, as one array."""

from collections.abc import Callable
from typing import Any

import numpy as np

from fastloss.core.domains import is_integer
from fastloss.core.orders import EXACT

Convert = Callable[[str, Any], np.ndarray]  # of what is in a list, under its own name in messages


def of_list(name: str, value: Any, convert: Convert) -> np.ndarray:
    """Convert a nested list to numbers, or to Python objects where NumPy would change them."""
    value, leaves = _leaves(name, value, convert)
    try:
        result = np.asarray(value)
    except ValueError:
        raise ValueError(_uneven(name, value)) from None
    except Exception as error:
        raise TypeError(f"{name} holds what is no number ({error})") from error
    kind = result.dtype.kind
    if kind in "US" and any(not issubclass(leaf, (str, bytes)) for leaf in leaves):
        return np.array(value, dtype=object)  # NumPy has made strings of numbers
    if kind == "f" and any(map(is_integer, leaves)):
        with np.errstate(invalid="ignore"):
            if (np.abs(result) >= EXACT).any():
                return np.array(value, dtype=object)  # and here floats of integers
    return result


def _leaves(name: str, value: Any, convert: Convert) -> tuple[Any, set[type]]:
    """Convert the arrays in nested lists to NumPy's, and collect the types of what is no list."""
    kinds = set(map(type, value))
    found = {kind for kind in kinds if not (issubclass(kind, (list, tuple)) or holds_arrays(kind) or is_sparse(kind))}
    if len(found) == len(kinds):
        return value, found
    plain, others = [], set()
    for at, one in enumerate(value):
        kind = type(one)
        if issubclass(kind, (list, tuple)):
            one, more = _leaves(f"{name}[{at}]", one, convert)
            others |= more
        elif kind not in found:
            one = convert(f"{name}[{at}]", one)
            others.add(one.dtype.type)
            if one.dtype.kind in "mM" and one.ndim:
                # beside numbers NumPy would make numbers of the array
                one, _ = _leaves(f"{name}[{at}]", list(one), convert)
            elif not one.ndim:
                one = one[()]
        plain.append(one)
    return plain, found | others


def holds_arrays(kind: type) -> bool:
    """Tell whether values of a type are arrays, of no dimension included, but no NumPy scalars."""
    return hasattr(kind, "__array__") and not issubclass(kind, np.generic)


def holds_rows(array: np.ndarray) -> bool:
    """Tell whether Python objects are lists or arrays, of which each is a row; the first one is looked at."""
    first = array.reshape(-1)[:1].tolist()
    return bool(first) and (isinstance(first[0], (list, tuple)) or holds_arrays(type(first[0])))


def is_sparse(kind: type) -> bool:
    """Tell whether values of a type are sparse matrices of SciPy."""
    return hasattr(kind, "tocsr")


def _uneven(name: str, value: Any) -> str:
    """Return the message for rows of different shapes."""
    shapes = [_shape(one) for one in value]
    at = next((at for at, shape in enumerate(shapes) if shape != shapes[0]), 0)
    found, first = (f"has shape {shape}" if shape else "is a number" for shape in (shapes[at], shapes[0]))
    if at == 0:
        return f"{name} has rows of different shapes: expected one shape"
    return f"{name}[{at}] {found}: expected rows of one shape, where {name}[0] {first}"


def _shape(value: Any) -> tuple[int, ...] | None:
    try:
        return np.shape(value)
    except ValueError:
        return None
