"""Numbers as float64 holds them: of Python objects, and of integers and floats that are wider."""

import decimal
import numbers
from typing import Any

import numpy as np

from fastloss.core.domains import is_integer, is_masked, is_real
from fastloss.core.errors import element, inexact, null, wrong_element, wrong_type
from fastloss.core.orders import is_large

MOST = decimal.Decimal(np.finfo(np.float64).max.item())


def of_objects(name: str, array: np.ndarray) -> np.ndarray:
    """Convert Python objects that are numbers: to integers where all are, else to float64.

    Decimals with a fraction are rounded to the nearest float64, as a file's digits are when it is read; whole ones are
    integers, and as exact as these.
    """
    flat = array.reshape(-1).tolist()
    kinds = set(map(type, flat))
    if decimals := tuple(kind for kind in kinds if issubclass(kind, decimal.Decimal)):
        flat = [_of_decimal(name, array, at) if isinstance(one, decimals) else one for at, one in enumerate(flat)]
        kinds = set(map(type, flat))
    wrong = tuple(kind for kind in kinds if not is_real(kind) and not issubclass(kind, np.bool_))
    if wrong:
        at = next(at for at, one in enumerate(flat) if type(one) in wrong)
        where, one = element(name, array, at), flat[at]
        refuse_masked(where, one)
        if missing(one):
            raise null(where)
        raise wrong_type(where, one, "a real number, of Python's or NumPy's types")
    if all(map(is_integer, kinds)) and flat:
        for dtype in (np.int64, np.uint64):
            about = np.iinfo(dtype)
            if about.min <= min(flat) and max(flat) <= about.max:
                return np.array([int(one) for one in flat], dtype).reshape(array.shape)
    result = np.empty(len(flat))
    for at, one in enumerate(flat):
        try:
            result[at] = float(one)
        except OverflowError:
            raise inexact(name, array, at) from None
        if isinstance(one, numbers.Integral) and int(result[at]) != int(one):
            raise inexact(name, array, at)
    return result.reshape(array.shape)


def _of_decimal(name: str, array: np.ndarray, at: int) -> int | float:
    number = array.reshape(-1)[at]
    if number.is_nan():
        return float("nan")
    if number.is_finite() and not -MOST <= number <= MOST:
        raise wrong_element(name, array, at, "less than 1.8e308")
    return int(number) if number.is_finite() and number == number.to_integral_value() else float(number)


def refuse_masked(name: str, value: Any) -> None:
    """Raise for an array with a mask, which NumPy would drop."""
    if is_masked(value):
        raise TypeError(
            f"{name} is a masked array: expected one without a mask; replace what is masked by .filled(...), "
            "or leave it out by .compressed()"
        )


def missing(value: Any) -> bool:
    """Tell whether a value stands for one that is not there: None, pandas' NA, NaT; not NaN."""
    return value is None or type(value).__name__ in ("NAType", "NaTType")


def exact(name: str, array: Any, before: int = 0) -> Any:
    """Return the array; raise unless float64 holds its numbers. Only integers of 64 bits and wider floats are read."""
    if array.dtype.kind == "f" and array.dtype.itemsize > 8:
        with np.errstate(over="ignore"):
            wrong = np.isinf(array.astype(np.float64)) & np.isfinite(array)
        if wrong.any():
            at = int(np.argmax(wrong))
            raise wrong_element(name, array, at, "less than 1.8e308", before)
    if not is_large(array):
        return array
    floats = array.astype(np.float64)
    inside = floats < (2.0**63 if array.dtype.kind == "i" else 2.0**64)
    same = np.where(inside, floats, 0.0).astype(array.dtype) == array
    if (same & inside).all():
        return array
    at = int(np.argmin(same & inside))
    raise inexact(name, array, at, before)
