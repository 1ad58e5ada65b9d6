"""Check arguments and convert them for the engines; errors name the argument, the first wrong element and what fits."""

import functools
from collections.abc import Iterable
from typing import Any

import numpy as np

from fastloss.core.arrays import as_array
from fastloss.core.domains import NON_NEGATIVE, REAL, Domain, is_integer, scalar, wrong
from fastloss.core.errors import wrong_element, wrong_shape, wrong_type, wrong_value
from fastloss.core.exact import exact
from fastloss.core.gpu import GpuArray
from fastloss.core.identities import as_ids


def array(name: str, value: Any) -> np.ndarray:
    """Return an array of real numbers, bools or integers, or a `GpuArray`; an array is not copied."""
    return value if isinstance(value, GpuArray) else as_array(name, value)  # type: ignore[return-value]


def real(name: str, value: Any, before: int = 0) -> np.ndarray:
    """Return the same for arithmetic in floating point: raise for an integer that float64 would round."""
    return value if isinstance(value, GpuArray) else exact(name, as_array(name, value), before)  # type: ignore[return-value]


def kernel_dtype(array: np.ndarray) -> np.dtype:
    """Return float32 for what float32 holds exactly, else float64."""
    return _kernel_dtype(array.dtype)


@functools.lru_cache(256)
def _kernel_dtype(dtype: np.dtype) -> np.dtype:
    small = (dtype.kind == "f" and dtype.itemsize <= 4) or dtype.name == "bfloat16"
    return np.dtype(np.float32 if small else np.float64)


def mapped(array: Any) -> bool:
    """Tell whether an array is a view of a file that is mapped into memory."""
    while array is not None and not isinstance(array, np.memmap):
        array = getattr(array, "base", None)
    return array is not None


def common_dtype(arrays: Iterable[np.ndarray]) -> np.dtype:
    """Return the precision of the products of some arrays."""
    return np.result_type(*map(kernel_dtype, arrays))


def matrix(name: str, value: Any) -> np.ndarray:
    """Return a two-dimensional array of real numbers."""
    result = real(name, value)
    if result.ndim != 2:
        raise wrong_shape(name, result.shape, "two dimensions")
    return result


def same_shape(names: tuple[str, ...], arrays: tuple[np.ndarray, ...]) -> None:
    """Raise unless all arrays have the first one's shape: nothing is broadcast silently."""
    for name, one in zip(names[1:], arrays[1:], strict=True):
        if one.shape != arrays[0].shape:
            raise wrong_shape(name, one.shape, f"the shape of {names[0]}, {arrays[0].shape}")


def sample_weight(value: Any, shape: tuple[int, ...], before: int = 0) -> Any:
    """Return the examples' weights in the losses' shape: one for each loss, or for each entry of the first axis."""
    if value is None:
        return None
    weights = real("sample_weight", value, before)
    if weights.shape == shape:
        return weights
    if len(shape) > 1 and weights.shape == shape[:1]:
        return broadcast("sample_weight", weights.reshape(shape[0], *[1] * (len(shape) - 1)), shape)
    expected = f"{shape}" if len(shape) < 2 else f"{shape} or {shape[:1]}"
    raise wrong_shape("sample_weight", weights.shape, expected)


def weights(value: Any, shape: tuple[int, ...]) -> np.ndarray | None:
    """Return the examples' weights >= 0 on the host as a vector of float64, None if there are none; NaN passes."""
    given = sample_weight(value, shape)
    return None if given is None else within("sample_weight", given, NON_NEGATIVE).reshape(-1)


def broadcast(name: str, value: Any, shape: tuple[int, ...]) -> Any:
    """Return the value viewed in a shape, by NumPy's rule; a `GpuArray` as it is, for the engine to broadcast."""
    result, shape = real(name, value), tuple(shape)
    try:
        fits = np.broadcast_shapes(result.shape, shape) == shape
    except ValueError:
        fits = False
    if not fits:
        raise wrong_shape(name, result.shape, f"one that broadcasts to {shape}")
    return result if isinstance(value, GpuArray) else np.broadcast_to(result, shape)


def _whole(name: str, array: np.ndarray, expected: str) -> np.ndarray:
    """Convert whole numbers, also those that are floats, to int64; raise for the first that is none or beyond int64."""
    if array.dtype.kind in "ib" or (array.dtype.kind == "u" and array.dtype.itemsize < 8):
        return array.astype(np.int64, copy=False)
    with np.errstate(invalid="ignore"):
        if array.dtype.kind == "u":
            wrong = array > np.uint64(np.iinfo(np.int64).max)
        else:
            wrong = ~((array == np.floor(array)) & (np.abs(array) < 2.0**63))
    if wrong.any():
        at = int(np.argmax(wrong))
        raise wrong_element(name, array, at, expected)
    return array.astype(np.int64)


def indices(name: str, value: Any, shape: tuple[int, ...], count: int, ignore: int | None = None) -> np.ndarray:
    """Return ids in [0, count) as int64 of the given shape; those that equal `ignore` become -1."""
    given = array(name, value)
    if given.shape != shape:
        raise wrong_shape(name, given.shape, shape)
    expected = f"an id in [0, {count})" + ("" if ignore is None else f" or ignore_index={ignore}")
    result = np.ascontiguousarray(_whole(name, given, expected)).reshape(shape)
    none_ignored = ignore is None or not 0 <= ignore < count
    if none_ignored and (not result.size or result.view(np.uint64).max() < count):  # a negative number is a large one
        return result
    outside = (result < 0) | (result >= count)
    if ignore is not None:
        ignored = result == ignore
        outside &= ~ignored
    if outside.any():
        at = int(np.argmax(outside))
        raise wrong_element(name, given, at, expected)
    if ignore is not None and ignored.any():
        result = np.where(ignored, -1, result)
    return result


def offsets(name: str, value: Any, count: int) -> np.ndarray:
    """Return CSR offsets over `count` rows: int64, from 0 to `count`, never falling."""
    given = array(name, value)
    if given.ndim != 1 or given.size < 1:
        raise wrong_shape(name, given.shape, "one dimension and at least one entry")
    result = np.ascontiguousarray(_whole(name, given, "a whole number"))
    if result[0] != 0:
        raise ValueError(f"{name}[0] is {result[0]}: expected 0")
    falls = np.flatnonzero(result[1:] < result[:-1])
    if falls.size:
        at = int(falls[0]) + 1
        raise ValueError(f"{name}[{at}] is {result[at]}: expected at least {name}[{at - 1}] = {result[at - 1]}")
    if result[-1] != count:
        raise ValueError(f"{name}[{result.size - 1}] is {result[-1]}: expected the number of rows, {count}")
    return result


def within(name: str, array: np.ndarray, domain: Domain) -> np.ndarray:
    """Return the array as float64; raise unless all of it is in a domain of a few values or an interval."""
    result = np.asarray(array, np.float64)
    if not result.size:
        return result
    if domain is REAL or domain.holds_only_values(result):
        return result
    some = (
        np.unique(result) if domain.values else np.array([np.fmin.reduce(result, None), np.fmax.reduce(result, None)])
    )
    bits = 0
    for x in some.tolist():
        bits |= domain.check(x)
    if wrong(bits):
        raise domain.error(name, array)
    return result


def vector(name: str, value: Any, shape: tuple[int, ...], domain: Domain = REAL) -> np.ndarray:
    """Return numbers of a domain, one for each row, as a flat array of float64."""
    result = real(name, value)
    if result.shape != shape:
        raise wrong_shape(name, result.shape, shape)
    return within(name, result, domain).reshape(-1)


def per_class(name: str, value: Any, count: int) -> np.ndarray:
    """Return a number >= 0 for each class; ones if None."""
    return np.ones(count) if value is None else vector(name, value, (count,), NON_NEGATIVE)


def integer(name: str, value: Any) -> int:
    """Return a whole number that int64 holds."""
    value = scalar(name, value)
    if not is_integer(type(value)) or isinstance(value, (bool, np.bool_)):
        raise wrong_type(name, value, "an integer")
    if not -(1 << 63) <= int(value) < 1 << 63:
        raise wrong_value(name, value, "an integer of at most 64 bits")
    return int(value)


def ids(name: str, value: Any, shape: tuple[int, ...]) -> np.ndarray:
    """Return an id for each row, none missing; see `fastloss.core.identities.as_ids`."""
    result = as_ids(name, value)
    if result.shape != shape:
        raise wrong_shape(name, result.shape, shape)
    return result


def lists(name: str, given: Any, expected: str, rows: tuple[int, str], count: int) -> tuple[np.ndarray, np.ndarray]:
    """Return CSR offsets and numbers in [0, count) of a list for each row; `rows` is how many rows of what."""
    if not isinstance(given, (tuple, list)) or len(given) != 2:
        raise TypeError(f"{name}: expected {expected}")
    numbers = array(f"{name}[1]", given[1])
    bounds = offsets(f"{name}[0]", given[0], numbers.size)
    if bounds.size != rows[0] + 1:
        raise ValueError(f"{name} has {bounds.size - 1} rows: expected {rows[0]}, one for each {rows[1]}")
    return bounds, indices(f"{name}[1]", numbers, (numbers.size,), count)
