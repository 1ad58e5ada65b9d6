"""Columns and tables of pandas, Polars and PyArrow: what they lack, and how they become arrays."""

from collections.abc import Callable
from typing import Any

import numpy as np

from fastloss.core.errors import position
from fastloss.core.exact import missing
from fastloss.core.orders import EXACT

NAN_IS_NULL = ("CategoricalDtype", "StringDtype")  # types of pandas that hold NaN for null alone


def first_null(value: Any) -> str | None:
    """Return where a column or a table first lacks a value, which NumPy would take for NaN; None if it is whole."""
    if isinstance(value, np.ndarray) or not hasattr(value, "__array__"):
        return None
    if (columns := columns_of(value)) is None:
        gone = _gone(value)
        return None if gone is None else position(gone, int(np.argmax(gone)))
    first = [(int(np.argmax(gone)), at) for at, gone in enumerate(map(_gone, columns)) if gone is not None]
    return "{}, {}".format(*min(first)) if first else None


def columns_of(value: Any) -> list[Any] | None:
    """Return the columns of a table; None for anything else, and for a table with one dtype of NumPy.

    Its type is asked, here and below: a table of pandas has columns as attributes, and a column its rows.
    """
    kind = type(value)
    if _is_pandas(value):
        dtypes = set(value.dtypes)
        plain = len(dtypes) == 1 and isinstance(dtypes.pop(), np.dtype)
        return None if plain else [value.iloc[:, at] for at in range(value.shape[1])]
    if hasattr(kind, "get_columns"):
        return list(value.get_columns())
    return list(value.columns) if hasattr(kind, "num_columns") else None


def names_of(value: Any) -> list[Any] | None:
    """Return the names of a table's columns; None for anything else."""
    kind = type(value)
    if hasattr(kind, "num_columns"):  # of PyArrow
        return list(value.column_names)
    return list(value.columns) if hasattr(kind, "get_columns") or _is_pandas(value) else None


def _is_pandas(value: Any) -> bool:
    """Tell whether a value is a table of pandas."""
    kind = type(value)
    return hasattr(kind, "iloc") and hasattr(kind, "dtypes") and value.ndim == 2


def is_series(value: Any) -> bool:
    """Tell whether a value is a column of pandas or Polars, which may have a name."""
    kind = type(value)
    return hasattr(kind, "name") and (hasattr(kind, "iloc") or hasattr(kind, "null_count"))


def _gone(column: Any) -> np.ndarray | None:
    """Flag what a column lacks, elements of fixed-size elements included; None if it is whole."""
    if hasattr(type(column), "null_count"):
        gone = column.is_null() if _count(column.null_count) else None
        if gone is None and type(dtype_of(column)).__name__ == "Array":  # of Polars
            inner = _gone(column.explode())
            return None if inner is None else inner.reshape(len(column), -1)
    else:
        dtype = dtype_of(column)
        may_lack = missing(getattr(dtype, "na_value", 0)) or type(dtype).__name__ in NAN_IS_NULL
        gone = column.isna() if may_lack and hasattr(column, "isna") else None
    flags = None if gone is None else np.asarray(gone, bool)
    return flags if flags is not None and flags.any() else None


def dtype_of(value: Any) -> Any:
    """Return the dtype of an array or a column, None if it has none."""
    kind = type(value)
    if hasattr(kind, "dtype"):
        return value.dtype
    return value.type if hasattr(kind, "type") else None


def is_wide(column: Any) -> bool:
    """Tell whether a column of Polars has integers of 128 bits, which NumPy has not."""
    return "Int128" in str(dtype_of(column)) and hasattr(column, "to_list")


def mixed_columns(value: Any) -> list[Any]:
    """Return the columns of a table whose dtypes differ, or which NumPy has not; none of any other value."""
    columns = columns_of(value)
    return columns if columns and (len(set(map(dtype_of, columns))) > 1 or is_wide(columns[0])) else []


def of_columns(name: str, columns: list[Any], convert: Callable[[str, Any], np.ndarray]) -> np.ndarray:
    """Convert the columns of a table, each by itself: together NumPy may round them."""
    arrays = [convert(f"{name}[:, {at}]", column) for at, column in enumerate(columns)]
    kinds = {array.dtype.kind for array in arrays}
    at = next((at for at, array in enumerate(arrays) if array.dtype.kind in "mM"), None)
    if at is not None and len(kinds) > 1:
        raise TypeError(f"{name}[:, {at}] has dtype {arrays[at].dtype}: expected one of the other columns' kind")
    as_objects = not kinds <= set("fiub")
    if not as_objects and np.result_type(*arrays).kind == "f":
        as_objects = any(array.dtype.kind in "iu" and (np.abs(array.astype(float)) >= EXACT).any() for array in arrays)
    return np.column_stack([array.astype(object) if as_objects else array for array in arrays])


def _count(value: Any) -> int:
    return value() if callable(value) else value
