"""Errors of arguments, each kind made here: the name, what was found, and what was expected."""

from typing import Any, NamedTuple

import numpy as np

LONG = 80  # characters of a value that messages show whole


def shown(value: Any) -> str:
    """Write a value as messages show it: numbers with the fewest digits that tell them apart."""
    if isinstance(value, np.number):
        return str(value).removesuffix(".0")
    try:
        text = repr(value)
    except Exception:  # Python does not print integers of thousands of digits
        return f"a number of {value.bit_length()} bits" if isinstance(value, int) else f"a {type(value).__name__}"
    return text if len(text) <= LONG else f"{text[: LONG // 2]}... ({len(text)} characters)"


def position(array: Any, flat: int, before: int = 0) -> str:
    """Write the index of a flattened position, as between brackets; in a stream, `before` elements on."""
    if before:
        return str(before + flat)
    return ", ".join(str(int(i)) for i in np.unravel_index(flat, np.shape(array))) if np.ndim(array) else ""


def element(name: str, array: np.ndarray, flat: int, before: int = 0) -> str:
    """Name an element as messages do; in a stream, `before` elements came earlier."""
    where = position(array, flat, before)
    return f"{name}[{where}]" if where else name


class Offender(NamedTuple):
    """The element that an error is about, and the earlier one that it contradicts, if there is one."""

    argument: str
    position: int  # in the flattened array, or in the stream
    found: str
    expected: str
    earlier: int | None = None


def about(offender: Offender, message: str) -> ValueError:
    """Return an error that carries its element: whoever knows where the array came from can say more than an index."""
    error = ValueError(message)
    error.__dict__["offender"] = offender
    return error


def offender(error: BaseException) -> Offender | None:
    """Return the element that an error is about; None if it names none."""
    found = error.__dict__.get("offender")
    return found if isinstance(found, Offender) else None


def wrong_value(name: str, value: Any, expected: Any) -> ValueError:
    """Return the error for an argument, or an element under its name, that is out of its range."""
    return ValueError(f"{name} is {shown(value)}: expected {expected}")


def wrong_type(name: str, value: Any, expected: Any) -> TypeError:
    """Return the error for an argument, or an element under its name, of another type."""
    return TypeError(f"{name} is {shown(value)}: expected {expected}")


def wrong_element(name: str, array: Any, flat: int, expected: str, before: int = 0) -> ValueError:
    """Return the error for an element that is out of its range; `flat` is its position in the flattened array."""
    value = array.reshape(-1)[flat]
    message = str(wrong_value(element(name, array, flat, before), value, expected))
    return about(Offender(name, before + flat, shown(value), expected), message)


def null(where: str, expected: str = "a number") -> ValueError:
    """Return the error for an element that has no value: null, None, pandas' NA or NaT."""
    return ValueError(f"{where} is null: expected {expected}")


def wrong_shape(name: str, shape: tuple[int, ...], expected: Any) -> ValueError:
    """Return the error for an array of another shape."""
    return ValueError(f"{name} has shape {tuple(shape)}: expected {expected}")


def wrong_dtype(name: str, dtype: Any, expected: str) -> TypeError:
    """Return the error for an array of another dtype."""
    return TypeError(f"{name} has dtype {dtype}: expected {expected}")


def no_array(name: str, value: Any, error: Exception | None = None) -> TypeError:
    """Return the error for what cannot be converted to an array."""
    return TypeError(f"{name} is of type {type(value).__name__}: expected an array" + (f" ({error})" if error else ""))


def both_given(first: str, second: str) -> ValueError:
    """Return the error for two arguments that exclude each other."""
    return ValueError(f"{first} and {second} are both given: expected one of them")


def inexact(name: str, array: Any, flat: int, before: int = 0) -> ValueError:
    """Return the error for an element that float64 would round."""
    return wrong_element(name, array, flat, "a number that float64 holds exactly", before)


def mixed(name: str, array: Any, zero: int, minus: int, expected: str, before: int = 0) -> ValueError:
    """Return the error for an array that holds 0 and -1, first at these positions of the flattened one."""
    both = " and ".join(
        f"{label} (at index {position(array, at, before)})" for label, at in (("0", zero), ("-1", minus))
    )
    later = Offender(
        name, before + max(zero, minus), "0" if zero > minus else "-1", expected, before + min(zero, minus)
    )
    return about(later, f"{name} mixes {both}: expected {expected}")
