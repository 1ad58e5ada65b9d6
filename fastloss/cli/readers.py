"""The formats: each names a file's columns and their types, and reads wanted columns batch by batch."""

import abc
import bz2
import functools
import gzip
import io
import os
import zipfile
from collections.abc import Iterator
from typing import Any

import numpy as np
import pyarrow as pa

BLOCK = 1 << 24  # bytes of a CSV file that are parsed at a time
SAMPLE = 1 << 20  # bytes of it by which types are guessed

Columns = dict[str, pa.Array]


class Source(abc.ABC):
    """One file."""

    def __init__(self, path: str, numbers: frozenset[str] = frozenset()):
        self.path = path
        self.numbers = numbers  # columns that are to hold numbers, for formats that know no types
        self.size = os.path.getsize(path)

    @abc.abstractmethod
    def types(self) -> dict[str, pa.DataType]:
        """The columns' names and types."""

    @abc.abstractmethod
    def read(self, columns: list[str], rows: int) -> Iterator[tuple[Columns, float]]:
        """Batches of about `rows` rows, each with the share of the file that has been read after it."""

    def batches(self, columns: list[str], rows: int) -> Iterator[tuple[Columns, float]]:
        """Batches of `rows` rows, whatever the file's own are; the last is smaller."""
        waiting: list[Columns] = []
        count = 0
        share = 0.0
        for some, share in self.read(columns, rows):
            size = len(some[columns[0]])
            start = 0
            while count + size - start >= rows:
                stop = start + rows - count
                waiting.append({name: array.slice(start, stop - start) for name, array in some.items()})
                yield joined(waiting), share
                waiting, count, start = [], 0, stop
            if start < size:
                waiting.append({name: array.slice(start) for name, array in some.items()})
                count += size - start
        if waiting:
            yield joined(waiting), share


def joined(parts: list[Columns]) -> Columns:
    """Batches put together; one is not copied."""
    if len(parts) == 1:
        return parts[0]
    return {name: pa.concat_arrays([part[name] for part in parts]) for name in parts[0]}


class ParquetSource(Source):
    """Parquet: only the wanted columns are read."""

    @functools.cached_property
    def _file(self) -> Any:
        from pyarrow import parquet

        return parquet.ParquetFile(self.path, memory_map=True)

    @functools.cache  # noqa: B019  sources live as long as the command
    def types(self) -> dict[str, pa.DataType]:
        """The columns' names and types."""
        return {field.name: field.type for field in self._file.schema_arrow}

    def read(self, columns: list[str], rows: int) -> Iterator[tuple[Columns, float]]:
        """Row groups, decoded by PyArrow's threads."""
        total = max(self._file.metadata.num_rows, 1)
        done = 0
        for batch in self._file.iter_batches(rows, columns=columns):
            done += batch.num_rows
            yield {name: batch.column(name) for name in columns}, done / total


class IpcSource(Source):
    """Arrow IPC, the file and the stream format, memory-mapped."""

    @functools.cached_property
    def _is_file(self) -> bool:
        with open(self.path, "rb") as file:
            return file.read(6) == b"ARROW1"

    def _open(self, file: Any, options: pa.ipc.IpcReadOptions | None = None) -> Any:
        return (pa.ipc.open_file if self._is_file else pa.ipc.open_stream)(file, options=options)

    @functools.cache  # noqa: B019
    def types(self) -> dict[str, pa.DataType]:
        """The columns' names and types."""
        with pa.memory_map(self.path) as file:
            return {field.name: field.type for field in self._open(file).schema}

    def read(self, columns: list[str], rows: int) -> Iterator[tuple[Columns, float]]:
        """The file's own batches."""
        names = list(self.types())
        options = pa.ipc.IpcReadOptions(included_fields=sorted(names.index(name) for name in columns))
        with pa.memory_map(self.path) as file:
            reader = self._open(file, options)
            if self._is_file:
                count = reader.num_record_batches
                for k in range(count):
                    batch = reader.get_batch(k)
                    yield {name: batch.column(name) for name in columns}, (k + 1) / count
            else:
                for batch in reader:
                    yield {name: batch.column(name) for name in columns}, file.tell() / self.size


class Counted(io.RawIOBase):
    """A file that knows how much of it has been read."""

    def __init__(self, path: str):
        self.file = open(path, "rb")  # noqa: SIM115
        self.count = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        count = self.file.readinto(buffer)
        self.count += count
        return count

    def close(self) -> None:
        self.file.close()
        super().close()


class CsvSource(Source):
    """CSV with a header; tabs in .tsv; compressed by .gz or .bz2. Numbers are float64, ids int64 or else strings.

    An empty field is null; "nan" and "inf" are numbers.
    """

    def _open(self, columns: list[str] | None, types: dict[str, pa.DataType] | None, block: int) -> tuple[Any, Counted]:
        from pyarrow import csv

        counted = Counted(self.path)
        name = self.path.lower()
        opened: Any = io.BufferedReader(counted)
        if name.endswith(".gz"):
            opened = gzip.GzipFile(fileobj=opened)
        elif name.endswith(".bz2"):
            opened = bz2.BZ2File(opened)
        elif name.endswith(".zst"):
            opened = pa.CompressedInputStream(pa.PythonFile(opened, "r"), "zstd")
        reader = csv.open_csv(
            opened,
            csv.ReadOptions(block_size=block),
            csv.ParseOptions(delimiter="\t" if ".tsv" in name else ","),
            csv.ConvertOptions(include_columns=columns, column_types=types, null_values=[""], strings_can_be_null=True),
        )
        return reader, counted

    @functools.cache  # noqa: B019
    def types(self) -> dict[str, pa.DataType]:
        """The columns' names and types, guessed from the first rows."""
        reader, counted = self._open(None, None, SAMPLE)
        types = {field.name: field.type for field in reader.schema}
        reader.close()
        counted.close()
        return {name: self._type(name, kind) for name, kind in types.items()}

    def _type(self, name: str, guessed: pa.DataType) -> pa.DataType:
        if name in self.numbers:
            is_number = pa.types.is_integer(guessed) or pa.types.is_floating(guessed) or pa.types.is_null(guessed)
            return pa.float64() if is_number else guessed
        return guessed if pa.types.is_integer(guessed) else pa.string()

    def read(self, columns: list[str], rows: int) -> Iterator[tuple[Columns, float]]:
        """Blocks of the file."""
        types = self.types()
        reader, counted = self._open(columns, {name: types[name] for name in columns}, BLOCK)
        with reader:
            for batch in reader:
                yield {name: batch.column(name) for name in columns}, counted.count / self.size
        counted.close()


def arrow(array: np.ndarray) -> pa.Array:
    """A NumPy array as an Arrow one, without a copy where it is contiguous and of the machine's byte order."""
    return pa.array(np.ascontiguousarray(array, array.dtype.newbyteorder("=")))


def arrow_type(dtype: np.dtype) -> pa.DataType:
    """The Arrow type of a NumPy one."""
    return pa.string() if dtype.kind == "U" else pa.from_numpy_dtype(dtype.newbyteorder("="))


class NpySource(Source):
    """.npy with a structured array, memory-mapped: its fields are the columns."""

    @functools.cached_property
    def _array(self) -> np.ndarray:
        array = np.load(self.path, mmap_mode="r", allow_pickle=False)
        if array.dtype.names is None:
            raise ValueError(f"holds a plain array of {array.dtype}: expected a structured one, with fields as columns")
        if array.ndim != 1:
            raise ValueError(f"holds an array of shape {array.shape}: expected one dimension")
        return array

    def types(self) -> dict[str, pa.DataType]:
        """The fields' names and types."""
        names = self._array.dtype.names or ()
        return {name: arrow_type(self._array.dtype[name]) for name in names if not self._array.dtype[name].shape}

    def read(self, columns: list[str], rows: int) -> Iterator[tuple[Columns, float]]:
        """Slices of the fields."""
        size = len(self._array)
        for start in range(0, size, rows):
            part = self._array[start : start + rows]
            yield {name: arrow(part[name]) for name in columns}, min(size, start + rows) / size


class NpzSource(Source):
    """.npz: its one-dimensional arrays are the columns; compressed or not, they are read piece by piece."""

    def _open(self, archive: zipfile.ZipFile, name: str) -> tuple[Any, tuple[int, ...], np.dtype]:
        file = archive.open(f"{name}.npy")
        version = np.lib.format.read_magic(file)
        header = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
        shape, _, dtype = header(file)
        return file, shape, dtype

    @functools.cached_property
    def _headers(self) -> dict[str, tuple[tuple[int, ...], np.dtype]]:
        with zipfile.ZipFile(self.path) as archive:
            names = [name.removesuffix(".npy") for name in archive.namelist() if name.endswith(".npy")]
            return {name: self._open(archive, name)[1:] for name in names}

    def types(self) -> dict[str, pa.DataType]:
        """The arrays' names and types, of those that have one dimension and hold no objects."""
        return {
            name: arrow_type(dtype)
            for name, (shape, dtype) in self._headers.items()
            if len(shape) == 1 and dtype.kind != "O" and dtype.names is None
        }

    def read(self, columns: list[str], rows: int) -> Iterator[tuple[Columns, float]]:
        """Pieces of the arrays."""
        sizes = {name: self._headers[name][0][0] for name in columns}
        size = sizes[columns[0]]
        for name, other in sizes.items():
            if other != size:
                raise ValueError(f"{name!r} has {other} elements, but {columns[0]!r} has {size}")
        with zipfile.ZipFile(self.path) as archive:
            files = {name: self._open(archive, name)[0] for name in columns}
            for start in range(0, size, rows):
                count = min(rows, size - start)
                some = {name: arrow(self._piece(file, name, count)) for name, file in files.items()}
                yield some, (start + count) / size

    def _piece(self, file: Any, name: str, count: int) -> np.ndarray:
        dtype = self._headers[name][1]
        data = file.read(count * dtype.itemsize)
        if len(data) < count * dtype.itemsize:
            raise EOFError(f"array {name!r} ends too early")
        return np.frombuffer(data, dtype)
