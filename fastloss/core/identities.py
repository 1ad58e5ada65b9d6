"""Ids of rows: anything that tells groups, classes or episodes apart, in arrays that NumPy orders exactly."""

import datetime
import decimal
import numbers
import uuid
from typing import Any

import numpy as np

from fastloss.core.arrays import converted
from fastloss.core.domains import is_integer, shown, unwrapped
from fastloss.core.errors import element, null, wrong_dtype, wrong_type, wrong_value
from fastloss.core.exact import missing, refuse_masked
from fastloss.core.lists import holds_arrays
from fastloss.core.tables import first_null

KINDS = {
    "string": (str,),
    "bytes": (bytes,),
    "bool": (bool, np.bool_),
    "duration": (datetime.timedelta, np.timedelta64),  # before integers: NumPy counts its durations among them
    "integer": (numbers.Integral,),
    "float": (float, np.floating),
    "datetime": (datetime.datetime, np.datetime64),
    "date": (datetime.date,),
    "UUID": (uuid.UUID,),
    "decimal": (decimal.Decimal,),
}
UNORDERED = (float, np.floating, np.datetime64, np.timedelta64)  # may be NaN or NaT
INTEGERS = tuple(np.iinfo(dtype) for dtype in (np.int64, np.uint64))
WIDE = 1 << 10  # characters from which strings are kept as objects


def as_ids(name: str, value: Any) -> np.ndarray:
    """Convert ids to a dtype in which equal ids are equal and others are ordered; raise if one is missing.

    Integers come as they are, those of uint64 as int64 if they fit; strings as NumPy's, dates as datetime64. What no
    dtype holds (integers beyond 64 bits or on both sides, long strings, those with a NUL in them) stays an array
    of Python objects of one type, which NumPy orders too.
    """
    if (at := first_null(value)) is not None:
        raise null(f"{name}[{at}]", "an id")
    array = _array(name, value)
    kind = array.dtype.kind
    if kind in "OT":
        return _of_objects(name, array)
    if kind in "fMm":
        gone = np.isnan(array)
        if gone.any():
            raise _without_value(name, array, int(np.argmax(gone)))
    elif kind not in "iubUS":
        raise wrong_dtype(name, array.dtype, "ids, as numbers, strings or dates")
    if array.dtype == np.uint64 and array.size and int(array.max()) <= INTEGERS[0].max:
        return array.astype(np.int64)
    return array


def _array(name: str, value: Any) -> np.ndarray:
    """Convert to an array; elements of a list stay as they are."""
    if not isinstance(value, (list, tuple)):
        return converted(name, value)
    kinds = set(map(type, value))
    if kinds == {int} and (array := np.asarray(value)).dtype.kind in "iu":
        return array  # quickly, else they are beyond 64 bits
    if any(map(holds_arrays, kinds)):
        for at, one in enumerate(value):
            refuse_masked(f"{name}[{at}]", one)
        value = list(map(_unwrapped, value))
        kinds = set(map(type, value))
    if any(issubclass(kind, (list, tuple)) or holds_arrays(kind) for kind in kinds):
        try:
            return np.array(value, dtype=object)
        except Exception as error:  # of a foreign library, any
            raise TypeError(f"{name} holds arrays: expected an id for each row ({error})") from error
    return np.fromiter(value, object, len(value))


def _unwrapped(value: Any) -> Any:
    return unwrapped(value) if holds_arrays(type(value)) and getattr(value, "shape", None) == () else value


def _without_value(name: str, array: np.ndarray, flat: int) -> ValueError:
    """Return the error for NaN, or for what stands for no value."""
    where, value = element(name, array, flat), array.reshape(-1)[flat]
    is_number = isinstance(value, (float, np.floating, decimal.Decimal))
    return wrong_value(where, value, "an id") if is_number else null(where, "an id")


def _of_objects(name: str, array: np.ndarray) -> np.ndarray:
    flat = array.reshape(-1).tolist()
    kinds = set(map(type, flat))
    if any(map(holds_arrays, kinds)):
        flat = list(map(_unwrapped, flat))
        kinds = set(map(type, flat))
    _refuse_missing(name, array, flat, kinds)
    known = {kind: _kind(kind) for kind in kinds}
    if len(set(known.values())) > 1 or "" in known.values():
        _refuse_mixed(name, array, flat, known)
    kind = next(iter(known.values()), "integer")
    if kind == "decimal":
        at = next((at for at, one in enumerate(flat) if not one.is_finite() or one % 1), None)
        if at is not None:
            raise wrong_value(element(name, array, at), flat[at], "whole numbers as decimal ids")
    if kind in ("date", "datetime", "duration"):
        return _of_times(name, array, flat).reshape(array.shape)
    return _plain(kind, flat).reshape(array.shape)


def _kind(kind: type) -> str:
    return next((name for name, types in KINDS.items() if issubclass(kind, types)), "")


def is_nan(value: Any) -> bool:
    """Tell whether a number or a time is NaN or NaT."""
    if isinstance(value, decimal.Decimal):
        return value.is_nan()
    return isinstance(value, UNORDERED) and bool(value != value)


def _refuse_missing(name: str, array: np.ndarray, flat: list[Any], kinds: set[type]) -> None:
    may_be = tuple(kind for kind in kinds if not issubclass(kind, (str, bytes)) and not is_integer(kind))
    for at, one in enumerate(flat if may_be else ()):
        if isinstance(one, may_be) and (missing(one) or is_nan(one)):
            raise _without_value(name, array, at)


def _refuse_mixed(name: str, array: np.ndarray, flat: list[Any], known: dict[type, str]) -> None:
    first = known[type(flat[0])]
    for at, one in enumerate(flat):
        if not known[type(one)]:
            where = element(name, array, at)
            raise wrong_type(where, one, "an id, as a number, a string or a date")
        if known[type(one)] != first:
            expected = f"{'an' if first == 'integer' else 'a'} {first}" if first != "bytes" else first
            where = element(name, array, at)
            raise wrong_type(where, one, f"{expected}, as {name}[0], {shown(flat[0])}")


def _plain(kind: str, flat: list[Any]) -> np.ndarray:
    """Convert ids of one kind, none missing."""
    if kind in ("integer", "decimal"):
        flat = [int(one) for one in flat]
        for about in INTEGERS:
            if not flat or (about.min <= min(flat) and max(flat) <= about.max):
                return np.array(flat, about.dtype)
    elif kind in ("string", "bytes"):
        longest = max(map(len, flat))
        has_nul = "\0" in "".join(flat) if kind == "string" else b"\0" in b"".join(flat)
        if longest < WIDE and not has_nul:
            return np.array(flat, np.str_ if kind == "string" else np.bytes_)
    elif kind == "UUID":
        return np.array([str(one) for one in flat])  # of the same order
    elif kind == "bool":
        return np.array(flat, bool)
    elif kind == "float":
        return np.array(flat)  # float64, or longer if one of them is
    return np.fromiter(flat, object, len(flat))


def _of_times(name: str, array: np.ndarray, flat: list[Any]) -> np.ndarray:
    """Convert dates and durations of the standard library, NumPy or pandas; those with a time zone to UTC.

    All in the coarsest unit that tells each of them exactly: NumPy's own conversion of a list wraps around beyond 64
    bits, or leaves objects.
    """
    first = has_zone(flat[0])
    for at, one in enumerate(flat):
        if has_zone(one) != first:
            expected = f"a datetime {'with' if first else 'without'} a time zone, as {name}[0], {shown(flat[0])}"
            raise wrong_type(element(name, array, at), one, expected)
    times = [_time(one) for one in flat]
    dtype = times[0].dtype
    for at, one in enumerate(times):
        if one.dtype != dtype:
            dtype = _common_unit(dtype, one.dtype)
            if dtype is None:
                expected = f"a unit that goes with those before, as of {name}[0], {shown(flat[0])}"
                raise wrong_type(element(name, array, at), flat[at], expected)
    result = np.empty(len(times), dtype)
    for own in {one.dtype for one in times}:
        some = np.array([at for at, one in enumerate(times) if one.dtype == own])
        given = np.array([times[at] for at in some.tolist()], own)
        result[some] = given.astype(dtype)
        wrong = np.flatnonzero(result[some].astype(own) != given)
        if wrong.size:
            at = int(some[wrong[0]])
            raise ValueError(
                f"{element(name, array, at)} is {shown(flat[at])}: expected what {dtype} holds, as others are"
            )
    return result


def has_zone(value: Any) -> bool:
    """Tell whether a value is a datetime with a time zone, which equals none without."""
    return isinstance(value, datetime.datetime) and value.utcoffset() is not None


def _common_unit(one: np.dtype, other: np.dtype) -> np.dtype | None:
    """Return a dtype for both dates or durations, or None: months have no days, and no unit is not seconds."""
    if (np.datetime_data(one)[0] == "generic") != (np.datetime_data(other)[0] == "generic"):
        return None
    try:
        return np.promote_types(one, other)
    except (TypeError, OverflowError):
        return None


def _time(value: Any) -> Any:
    if isinstance(value, np.generic):
        return value
    if hasattr(value, "to_numpy"):  # pandas': to the nanosecond
        return value.to_numpy()
    if isinstance(value, datetime.timedelta):
        return np.timedelta64(value)
    if has_zone(value):
        return np.datetime64(value.replace(tzinfo=None)) - np.timedelta64(value.utcoffset())  # in UTC
    return np.datetime64(value.replace(tzinfo=None) if isinstance(value, datetime.datetime) else value)
