"""Arrow columns in few types: checked, without dictionaries, runs and views; numbers as NumPy arrays.

What a file says of its strings, dictionaries and runs is checked before PyArrow follows it to memory that is not there.
"""

from collections.abc import Collection, Sequence
from typing import Any, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from fastloss.core.orders import EXACT

Type: TypeAlias = pa.DataType | str  # a string where Arrow has no such type: what NumPy calls it

MOST_CLASSES = 1 << 16  # of lists, for labels that are text
WHOLE_DIGITS = 18  # int64 holds all decimals of so many


def plain(kind: pa.DataType) -> pa.DataType:
    """Return the type of a column's values, however they are stored."""
    if pa.types.is_dictionary(kind) or pa.types.is_run_end_encoded(kind):
        return plain(kind.value_type)
    if isinstance(kind, pa.BaseExtensionType):  # such as UUIDs
        return plain(kind.storage_type)
    if pa.types.is_large_string(kind) or _is(kind, "string_view"):
        return pa.string()
    if pa.types.is_large_binary(kind) or pa.types.is_fixed_size_binary(kind) or _is(kind, "binary_view"):
        return pa.binary()
    if str(kind).startswith(("decimal32(", "decimal64(")):  # for which few of PyArrow's functions are written
        return pa.decimal128(kind.precision, kind.scale)
    return kind


def _is(kind: pa.DataType, name: str) -> bool:
    return str(kind) == name  # PyArrow's predicate goes by the type's number, and decimals are fixed-size binaries too


def decoded(array: pa.Array) -> pa.Array:
    """Check a column, and convert it to its plain type; dictionaries of text remain dictionaries."""
    array.validate(full=True)
    return _decoded(array)


def _decoded(array: pa.Array) -> pa.Array:
    if pa.types.is_run_end_encoded(array.type):
        return _decoded(pc.run_end_decode(array))
    if pa.types.is_dictionary(array.type):
        values = _decoded(array.dictionary)
        if is_text(values.type) and not values.null_count and len(values) <= len(array):
            return pa.DictionaryArray.from_arrays(array.indices.cast(pa.int32()), values, safe=False)  # checked
        return values.take(array.indices)  # decoding has no kernel for views
    if isinstance(array, pa.ExtensionArray):
        return _decoded(array.storage)
    kind = plain(array.type)
    return array if kind == array.type else array.cast(kind)


def is_text(kind: pa.DataType) -> bool:
    """Return whether a plain type is one of strings or bytes."""
    return bool(pa.types.is_string(kind) or pa.types.is_binary(kind))


def coded(array: pa.Array) -> pa.Array:
    """Return decoded text as codes of a dictionary in which nothing is twice; other columns as they are."""
    if is_text(array.type):
        return array.dictionary_encode()
    if not pa.types.is_dictionary(array.type):
        return array
    found = array.dictionary.dictionary_encode()
    if len(found.dictionary) == len(found):
        return array
    return pa.DictionaryArray.from_arrays(found.indices.take(array.indices), found.dictionary, safe=False)


def uncoded(array: pa.Array) -> pa.Array:
    """Return the values of a dictionary's codes; other columns as they are."""
    return array.dictionary.take(array.indices) if pa.types.is_dictionary(array.type) else array


def is_number(kind: Type) -> bool:
    """Return whether a plain type is one of numbers, as that of a column of nothing but null is."""
    if isinstance(kind, str):
        return False
    types = pa.types
    return any(
        test(kind) for test in (types.is_integer, types.is_floating, types.is_boolean, types.is_decimal, types.is_null)
    )


def is_list(kind: pa.DataType) -> bool:
    """Return whether a type is one of lists."""
    types = pa.types
    return any(test(kind) for test in (types.is_list, types.is_large_list, types.is_fixed_size_list))


def is_vector(kind: Type) -> bool:
    """Return whether a plain type is one of lists of numbers."""
    return not isinstance(kind, str) and is_list(kind) and is_number(plain(kind.value_type))


def is_id(kind: Type) -> bool:
    """Return whether values of a plain type may be ids: whether they are exact, or floats, which are to be whole."""
    if isinstance(kind, str):
        return False
    types = pa.types
    tests = (types.is_string, types.is_binary, types.is_decimal, types.is_null, types.is_boolean)
    is_time = types.is_temporal(kind) and not types.is_interval(kind)  # months and days, of no fixed length
    return types.is_integer(kind) or types.is_floating(kind) or is_time or any(test(kind) for test in tests)


def number_type(kind: Type) -> Type:
    """Return the type that numbers are converted to: decimals to float64, or to int64 if it holds all of that type."""
    if isinstance(kind, str) or not pa.types.is_decimal(kind):
        return kind
    return pa.int64() if kind.scale == 0 and kind.precision <= WHOLE_DIGITS else pa.float64()


def common(kinds: Collection[pa.DataType], are_ids: bool) -> pa.DataType | None:
    """Return a type that holds the values of all types; None if they are of different kinds.

    Integers of any width become int64, or uint64 where all are unsigned and one is of 64 bits; floats, with or without
    integers, become float64; ids that are floats become int64. What does not fit, such as 2**63 or an id of 0.5, is an
    error where it is read.
    """
    kinds = set(kinds)
    numeric = all(pa.types.is_integer(one) or pa.types.is_floating(one) or pa.types.is_boolean(one) for one in kinds)
    if len(kinds) == 1 and not (are_ids and numeric and any(map(pa.types.is_floating, kinds))):
        return next(iter(kinds))
    if numeric:
        if any(map(pa.types.is_floating, kinds)) and not are_ids:
            return pa.float64()
        only_unsigned = all(map(pa.types.is_unsigned_integer, kinds))
        return pa.uint64() if only_unsigned and pa.uint64() in kinds else pa.int64()
    if all(map(pa.types.is_decimal, kinds)):
        scale = max(one.scale for one in kinds)
        return pa.decimal128(min(38, scale + max(one.precision - one.scale for one in kinds)), scale)
    return None


def remedy(column: str, *kinds: pa.DataType) -> str:
    """Return the option that converts a column of different types, for a message: to text unless text is read as it."""
    others = [kind for kind in kinds if not is_text(kind)]
    reads_text = len(others) == 1 and not pa.types.is_duration(others[0])
    name = str(others[0]) if reads_text else "string"
    try:
        pa.type_for_alias(name)
    except ValueError:
        name = "string"
    return f"--types {column}={name} converts it"


def converted(array: pa.Array, kind: pa.DataType) -> pa.Array:
    """Convert a decoded column; raise `Unfit` for the first value that the type does not hold. Floats are rounded."""
    if plain(array.type) == kind or (pa.types.is_decimal(array.type) and not pa.types.is_decimal(kind)):
        return array  # `numbers` converts decimals
    array = uncoded(array)
    try:
        return array.cast(kind)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        first, stop = 0, len(array)
        while stop - first > 1:
            middle = (first + stop) // 2
            if _fits(array.slice(first, middle - first), kind):
                first = middle
            else:
                stop = middle
        raise Unfit(first, array[first].as_py()) from None


def _fits(array: pa.Array, kind: pa.DataType) -> bool:
    try:
        array.cast(kind)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        return False
    return True


class Unfit(Exception):
    """A value that a type does not hold, and its index in the column."""

    def __init__(self, index: int, found: Any):
        super().__init__(f"{found!r} does not fit")
        self.index, self.found = index, found


def expected(kind: pa.DataType, found: Any) -> str:
    """Return what a value is to be that a type does not hold, as errors say it."""
    if not pa.types.is_integer(kind):
        return str(kind)
    try:
        whole = int(found) if isinstance(found, str) or found == int(found) else None
    except (ValueError, OverflowError, TypeError):  # text, an infinity, bytes
        whole = None
    if whole is None:
        return "a whole number"
    return "a whole number below 2^63 (see --types)" if kind == pa.int64() and whole >= 2**63 else str(kind)


class Inexact(Exception):
    """A number of at least 2**53 that float64 does not hold, and its index in the column."""

    def __init__(self, index: int, found: str):
        super().__init__(f"{found} is not a number of float64")
        self.index, self.found = index, found


def numbers(array: pa.Array, whole: bool = False) -> np.ndarray:
    """Convert a decoded column of numbers to a NumPy array, a view if possible; raise `Inexact` for what does not fit.

    With `whole`, the array is of int64, which holds integers that float64 does not.
    """
    if whole and not pa.types.is_integer(array.type):
        try:
            return array.cast(pa.int64()).to_numpy()
        except pa.ArrowInvalid:
            if not pa.types.is_decimal(array.type):
                raise
    if not pa.types.is_decimal(array.type):
        return array.to_numpy(zero_copy_only=not pa.types.is_boolean(array.type))
    if number_type(array.type) == pa.int64():
        return array.cast(pa.int64()).to_numpy()
    # text is read back as the nearest float64; PyArrow's own cast from decimals rounds twice
    result = array.cast(pa.string()).cast(pa.float64()).to_numpy()
    for index in beyond(result).tolist():
        found = array[index].as_py()
        if found != float(result[index]):
            raise Inexact(index, f"{found:f}")
    return result


def matrix(array: pa.Array) -> np.ndarray:
    """Convert a decoded column of lists of numbers, all of one length, to an array of a row each.

    Raise `Unfit` for the first list of another length, or with a null.
    """
    flat = array.flatten()
    if not len(array):
        return np.empty((0, 0))
    lengths = pc.list_value_length(array).to_numpy(zero_copy_only=False)
    uneven = np.flatnonzero(lengths != lengths[0])
    if uneven.size:
        raise Unfit(int(uneven[0]), f"a list of {lengths[uneven[0]]} numbers where the first has {lengths[0]}")
    if flat.null_count:
        index = int(np.argmax(flat.is_null().to_numpy(zero_copy_only=False)))
        raise Unfit(index // int(lengths[0]), "a list with a null")
    return numbers(decoded(flat)).reshape(len(array), -1)


def class_ids(array: pa.Array, classes: Sequence[str]) -> np.ndarray:
    """Return the index of each label's class; without names of classes, labels are indices already.

    Whole numbers are names where all names are whole numbers; else they are indices, as text too. Raise `Unfit` for a
    label that is no class.
    """
    whole = all(one.isascii() and one.isdigit() for one in classes)
    if is_number(array.type) and (not classes or not whole):
        return numbers(array)
    if is_number(array.type):
        values = pa.array([int(one) for one in classes], pa.float64())
        found = pc.index_in(pa.array(numbers(array).astype(np.float64)), values)
    else:
        text = array.cast(pa.string())
        found = pc.index_in(text, pa.array(classes, pa.string()))
        if not whole or not classes:
            places = pa.array([str(k) for k in range(len(classes) or MOST_CLASSES)], pa.string())
            found = pc.coalesce(found, pc.index_in(text, places))
    if found.null_count:
        index = int(np.argmax(found.is_null().to_numpy(zero_copy_only=False)))
        raise Unfit(index, array[index].as_py())
    return found.to_numpy().astype(np.int64)


def beyond(values: np.ndarray) -> np.ndarray:
    """Return the indices of numbers so large that float64 does not hold every integer."""
    with np.errstate(invalid="ignore"):
        return np.flatnonzero(np.abs(values) >= EXACT)
