"""NumPy's files, read piece by piece: the fields of a structured array, or the arrays of an archive, are columns."""

import contextlib
import math
import zipfile
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa

from fastloss.cli.errors import shortened
from fastloss.cli.reading import storage
from fastloss.cli.reading.arrays import Type
from fastloss.cli.reading.readers import Columns, Source


class Header(NamedTuple):
    """The shape and the dtype that a .npy file gives."""

    shape: tuple[int, ...]
    dtype: np.dtype

    def column_type(self) -> Type:
        """Return the type of the array as a column."""
        if len(self.shape) != 1:
            return f"an array of shape {self.shape}"
        return arrow_type(self.dtype)


def arrow(array: np.ndarray) -> pa.Array:
    """Convert a NumPy array to Arrow, without a copy if it is contiguous and of the machine's byte order."""
    array = np.ascontiguousarray(array, array.dtype.newbyteorder("="))
    return pa.array(in_unit_of_arrow(array) if array.dtype.kind in "mM" else array)


def in_unit_of_arrow(array: np.ndarray) -> np.ndarray:
    """Convert dates, times or durations exactly to a unit that Arrow has; return them unchanged if it has none."""
    unit, count = np.datetime_data(array.dtype)
    is_duration = array.dtype.kind == "m"
    if is_duration and unit in ("Y", "M"):  # of no fixed length
        return array
    if unit in ("Y", "M", "W", "D"):
        other = "s" if is_duration else "D"
    else:
        other = "s" if unit in ("h", "m") else unit
    if unit in ("generic", "ps", "fs", "as") or ((other, 1) == (unit, count) and other != "D"):
        return array
    result = array.astype(f"{array.dtype.kind}8[{other}]")
    lost = result.astype(array.dtype) != array
    if other == "D":  # of which Arrow has 32 bits, and looks at no others
        lost |= result.view(np.int64).astype(np.int32) != result.view(np.int64)
    lost &= ~np.isnat(array)
    if lost.any():
        raise OverflowError(f"holds {array[lost][0]} in units of {unit}, which Arrow does not hold in {other}")
    return result


def arrow_type(dtype: np.dtype) -> Type:
    """Return the Arrow type of a dtype, or the dtype's name if Arrow has none."""
    if dtype.kind in "UT":
        return pa.string()
    if dtype.hasobject or dtype.shape or dtype.names is not None:
        return str(dtype)
    try:
        return arrow(np.empty(0, dtype)).type
    except (pa.ArrowException, ValueError, TypeError):
        return str(dtype)


def read_header(file: Any) -> Header:
    """Read the header of an open .npy file, up to the array's bytes."""
    version = np.lib.format.read_magic(file)
    read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
    shape, _, dtype = read(file)
    if any(size < 0 for size in shape):
        raise ValueError(f"its header is damaged: it says that the array's shape is {shape}")
    return Header(shape, dtype)


def read_piece(file: Any, dtype: np.dtype, count: int, what: str) -> np.ndarray:
    """Read the next elements of an array."""
    if not dtype.itemsize:
        return np.zeros(count, dtype)
    data = file.read(count * dtype.itemsize)
    if len(data) < count * dtype.itemsize:
        raise EOFError(f"{what} ends too early")
    return np.frombuffer(data, dtype)


class NpySource(Source):
    """.npy with a structured array: its fields are the columns."""

    def _header(self, file: Any) -> Header:
        header = read_header(file)
        if header.dtype.names is None:
            raise ValueError(
                f"holds a plain array of {header.dtype}: expected a structured one, with fields as columns"
            )
        if len(header.shape) != 1:
            raise ValueError(f"holds an array of shape {header.shape}: expected one dimension")
        if header.dtype.hasobject:
            raise ValueError("holds Python objects: expected numbers and strings")
        return header

    def described(self) -> list[tuple[str, Type]]:
        with storage.opened(self.place) as file:
            dtype = self._header(file).dtype
        return [(name, arrow_type(dtype[name])) for name in dtype.names or ()]

    def read(self, columns: list[str], rows: int) -> Iterator[tuple[Columns, float]]:
        """Read the wanted fields, piece by piece."""
        with storage.opened(self.place) as file:
            header = self._header(file)
            size = header.shape[0]
            for start in range(0, size, rows):
                part = read_piece(file, header.dtype, min(rows, size - start), "the array")
                yield {name: arrow(part[name]) for name in columns}, min(size, start + rows) / size


class NpzSource(Source):
    """.npz: its one-dimensional arrays are the columns; compressed or not, they are read piece by piece."""

    def described(self) -> list[tuple[str, Type]]:
        with storage.opened(self.place) as file, zipfile.ZipFile(file) as archive:
            names = [name.removesuffix(".npy") for name in archive.namelist() if name.endswith(".npy")]
            return [(name, self._type(archive, name)) for name in names]

    def _type(self, archive: zipfile.ZipFile, name: str) -> Type:
        try:
            with archive.open(f"{name}.npy") as file:
                return read_header(file).column_type()
        except Exception as error:  # whatever the decoders raise; the column may not be wanted
            return f"unknown ({shortened(str(error), 200)})"

    def read(self, columns: list[str], rows: int) -> Iterator[tuple[Columns, float]]:
        """Read the arrays piece by piece."""
        with contextlib.ExitStack() as stack:
            archive = stack.enter_context(zipfile.ZipFile(stack.enter_context(storage.opened(self.place))))
            files = {name: stack.enter_context(archive.open(f"{name}.npy")) for name in columns}
            headers = {name: read_header(file) for name, file in files.items()}
            size = math.prod(headers[columns[0]].shape)
            for name, header in headers.items():
                if math.prod(header.shape) != size:
                    raise ValueError(f"{name!r} has {header.shape[0]} elements, but {columns[0]!r} has {size}")
            for start in range(0, size, rows):
                count = min(rows, size - start)
                some = {
                    name: arrow(read_piece(file, headers[name].dtype, count, f"array {name!r}"))
                    for name, file in files.items()
                }
                yield some, (start + count) / size
