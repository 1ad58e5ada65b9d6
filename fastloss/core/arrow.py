"""What PyArrow reads for us: columns whose elements are lists, and what other libraries export by Arrow's C interface.

PyArrow is imported for these alone: who holds such a column has it, but for exports of other libraries.
"""

import math
from typing import Any

import numpy as np

from fastloss.core.errors import null

LISTS = frozenset(  # types of elements, of Polars and PyArrow
    {
        "List",
        "ListType",
        "LargeListType",
        "FixedSizeListType",
        "ListViewType",
        "LargeListViewType",
        "FixedShapeTensorType",
    }
)


def is_exported(value: Any) -> bool:
    """Tell whether a value is known by Arrow's C interface alone."""
    kind = type(value)
    exports = hasattr(kind, "__arrow_c_stream__") or hasattr(kind, "__arrow_c_array__")
    return exports and not hasattr(kind, "__array__")


def imported(name: str, value: Any) -> Any:
    """Return PyArrow's array, column or table of what another library exports.

    Raises
    ------
    TypeError
        If PyArrow is not installed, or cannot read it.
    """
    pa = _pyarrow(name, value)
    if hasattr(type(value), "__arrow_c_stream__"):
        column = pa.chunked_array(value)
        return pa.Table.from_struct_array(column) if pa.types.is_struct(column.type) else column
    array = pa.array(value)
    return pa.RecordBatch.from_struct_array(array) if pa.types.is_struct(array.type) else array


def _pyarrow(name: str, value: Any) -> Any:
    try:
        import pyarrow
    except ImportError as error:
        raise TypeError(
            f"{name} is of type {type(value).__name__}: expected an array, or PyArrow to be installed, which reads it"
        ) from error
    return pyarrow


def has_lists(dtype: Any) -> bool:
    """Tell whether the elements of a column of this type are lists: of Polars, PyArrow, or of PyArrow in pandas."""
    return type(getattr(dtype, "pyarrow_dtype", dtype)).__name__ in LISTS


def of_lists(name: str, column: Any) -> np.ndarray:
    """Return a column of lists of one length as a matrix, of lists of lists as an array of more dimensions.

    Raises
    ------
    TypeError
        If PyArrow is not installed.
    ValueError
        If lists differ in length, or a list or one of its elements is null.
    """
    pa = _pyarrow(name, column)
    if hasattr(type(column), "to_arrow"):  # of Polars
        column = column.to_arrow()
    elif not isinstance(column, (pa.Array, pa.ChunkedArray)):  # of pandas
        column = pa.array(column)
    return _dense(name, column, ())


def _dense(name: str, column: Any, lengths: tuple[int, ...]) -> np.ndarray:
    """Return the elements of a column of a row's lists, which lie within lists of these `lengths`, as an array."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if isinstance(column, pa.ChunkedArray):
        chunks = column.chunks or [pa.array([], column.type)]
        column = chunks[0] if len(chunks) == 1 else pa.concat_arrays(chunks)
    if column.null_count:
        raise null(_at(name, int(np.argmax(column.is_null())), lengths))
    if isinstance(column, pa.ExtensionArray):
        read = getattr(column, "to_numpy_ndarray", column.to_numpy)
        return read()
    if not has_lists(column.type):
        return column.to_numpy(zero_copy_only=False)
    sizes = pc.list_value_length(column)
    most = pc.max(sizes).as_py() or 0
    if most != (pc.min(sizes).as_py() or 0):
        first = sizes[0].as_py()
        at = int(np.argmax(np.asarray(sizes) != first))
        where, other = (_at(name, one, lengths) for one in (at, 0))
        raise ValueError(f"{where} is a list of {sizes[at].as_py()}: expected one of {first}, as {other} is")
    inner = _dense(name, column.flatten(), (*lengths, most))
    return inner.reshape(len(column), most, *inner.shape[1:])


def _at(name: str, flat: int, lengths: tuple[int, ...]) -> str:
    """Name an element of lists within lists of these lengths."""
    row, inner = divmod(flat, math.prod(lengths))
    places = [row, *map(int, np.unravel_index(inner, lengths))] if lengths else [row]
    return f"{name}[{', '.join(map(str, places))}]"
