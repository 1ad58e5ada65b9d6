"""Readers of file formats: each gives the columns' names and types, and reads columns batch by batch.

A file is open only while it is read. `csv_files.py` and `numpy_files.py` have further formats.
"""

import abc
import dataclasses
import functools
import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple, TypeAlias

import pyarrow as pa

from fastloss.cli.errors import shortened
from fastloss.cli.reading import storage
from fastloss.cli.reading.arrays import Type, Unfit, coded, converted, decoded, expected, is_text, plain, uncoded
from fastloss.cli.reading.written import as_uuids, is_uuid, written

Columns = dict[str, pa.Array]
Numbers: TypeAlias = Callable[[str], bool]
PART = 1 << 22  # rows of a part of a large file: less than a second's work


def nothing(column: str) -> bool:
    """Return False: no column is to hold numbers."""
    return False


@dataclasses.dataclass(frozen=True)
class Given:
    """What the command line says of files' contents."""

    format: str = ""  # "": what a file's first bytes or its name tell
    delimiter: str = ""  # of CSV; "": the commonest in the header
    types: dict[str, pa.DataType] = dataclasses.field(default_factory=dict)  # of columns, by their names


class Cell(NamedTuple):
    """A value of a file, as messages name it."""

    where: str  # the file and the row
    column: str

    def __str__(self) -> str:
        return f"{self.where}: column {self.column!r}"


class Source(abc.ABC):
    """A file with columns, or a part of one. Keys of partitions, such as the folder `day=7`, are columns too."""

    rows: int | None = None  # where the file says so before it is read
    first = 0  # row of the file
    cell: Callable[[int, str], Cell] | None = None  # where a value comes from, if not from a file of this path

    def __init__(self, path: str, numbers: Numbers = nothing, given: Given | None = None):
        self.path = path
        self.place = storage.absolute(path)  # by which another process finds it
        self.numbers = numbers  # whether a column is to hold numbers, for formats that know no types
        self.given = given or Given()
        self.keys = storage.keys(path)
        self.converted: dict[str, pa.DataType] = {}  # the types that columns are converted to, so that files agree

    @functools.cached_property
    def size(self) -> float:
        """How many bytes there are."""
        return storage.status(self.place).size

    def parts(self, least: int) -> list["Source"]:
        """Return the file's parts, of at least `least` rows where it can be read in parts."""
        return [self]

    @functools.cached_property
    def columns(self) -> list[tuple[str, Type]]:
        """The columns' names and types, in the file's order, then the keys of partitions."""
        found = self.described()
        names = {name for name, _ in found}
        self.keys = {key: text for key, text in self.keys.items() if key not in names}
        return [*found, *((key, self._key_type(key, text)) for key, text in self.keys.items())]

    def _key_type(self, key: str, text: str | None) -> Type:
        if not self.numbers(key):
            return pa.string()
        try:
            float(text or "0")
        except ValueError:
            return pa.string()
        return pa.float64()

    def type_of(self, column: str) -> Type | None:
        """Return the type of a column, None if there is none; two columns of one name are an error."""
        found = [kind for name, kind in self.columns if name == column]
        if len(found) > 1:
            raise ValueError(f"{len(found)} columns are called {column!r}")
        return found[0] if found else None

    @abc.abstractmethod
    def described(self) -> list[tuple[str, Type]]:
        """Read the columns' names and types."""

    @abc.abstractmethod
    def read(self, columns: list[str], rows: int) -> Iterator[tuple[Columns, float]]:
        """Read batches of about `rows` rows, each with the share of the file read so far."""

    def batches(self, columns: list[str], rows: int) -> Iterator[tuple[Columns, float]]:
        """Read decoded batches of `rows` rows, whatever the file's own are; the last may be smaller, none is empty.

        Text is `coded`: an id is looked up once in a batch, and a number stands for it from there.
        """
        waiting: list[Columns] = []
        count, before = 0, self.first
        share = 0.0
        own = [name for name, _ in self.columns if name in columns and name not in self.keys]
        for some, share in self.read(own or [self.columns[0][0]], rows):
            for array in some.values():
                array.validate()  # the lengths of its buffers, before it is sliced
            size = len(next(iter(some.values())))
            start = 0
            while start < size:
                stop = min(size, start + rows - count)
                piece = {name: _decoded(name, some[name].slice(start, stop - start), before + start) for name in own}
                piece |= {key: self._repeated(key, stop - start) for key in self.keys if key in columns}
                waiting.append({name: self._converted(name, piece[name], before + start) for name in columns})
                count, start = count + stop - start, stop
                if count == rows:
                    yield joined(waiting), share
                    waiting, count = [], 0
            before += size
        if waiting:
            yield joined(waiting), share

    def _repeated(self, key: str, count: int) -> pa.Array:
        text, kind = self.keys[key], self.type_of(key)
        return pa.nulls(count, kind) if text is None else pa.repeat(pa.scalar(text).cast(kind), count)

    def _converted(self, name: str, array: pa.Array, before: int) -> pa.Array:
        """Convert a column to the type of all files; an error names the row and what it holds."""
        if name not in self.converted:
            return array
        if self.converted[name] == pa.string() and is_uuid(self.type_of(name)):
            return written(as_uuids(array))
        if self.converted[name] == pa.string() and pa.types.is_duration(array.type):
            return written(array)
        try:
            return converted(array, self.converted[name])
        except Unfit as error:
            found, what = shortened(repr(error.found)), expected(self.converted[name], error.found)
            raise ValueError(f"row {before + error.index}: column {name!r} is {found}: expected {what}") from None


def _decoded(name: str, array: pa.Array, before: int) -> pa.Array:
    """Return a column `decoded`; an error of its text names the row."""
    try:
        return decoded(array)
    except pa.ArrowInvalid as error:
        found = re.search(r"Invalid UTF8 sequence at string index (\d+)", str(error))
        if found is None:
            raise
        where = "" if pa.types.is_dictionary(array.type) else f"row {before + int(found[1])}: "
        raise ValueError(f"{where}column {name!r} holds bytes that are not UTF-8") from None


def joined(parts: list[Columns]) -> Columns:
    """Concatenate batches, and code their text."""
    return {name: coded(_in_one([part[name] for part in parts])) for name in parts[0]}


def _in_one(arrays: list[pa.Array]) -> pa.Array:
    if len({array.type for array in arrays}) > 1:  # text, and codes of text
        arrays = [uncoded(array) for array in arrays]
    return pa.concat_arrays(arrays)


def of_schema(schema: pa.Schema) -> list[tuple[str, Type]]:
    """Return the columns' names and types."""
    return [(field.name, field.type) for field in schema]


class ParquetSource(Source):
    """Parquet: only the wanted columns are read; parts are some of its row groups."""

    groups: range | None = None  # the row groups of this part; None: all

    def _open(self, columns: Sequence[str] = ()) -> Any:
        """Open the file to read some columns: of text, its own dictionaries, so that fewer strings are compared."""
        from pyarrow import parquet

        filesystem, path = storage.where(self.place)
        words = {"memory_map": True} if filesystem is None else {"filesystem": filesystem, "pre_buffer": True}
        kinds = dict(self.columns) if columns else {}
        text = [name for name in columns if is_text(plain(kinds[name]))]
        try:
            return parquet.ParquetFile(path, page_checksum_verification=True, read_dictionary=text, **words)
        except pa.ArrowInvalid as error:
            if "magic bytes not found in footer" in str(error):
                raise ValueError("the file is cut off, or damaged: it does not end as Parquet files do") from None
            raise

    def described(self) -> list[tuple[str, Type]]:
        with self._open() as file:
            self.counts = [file.metadata.row_group(at).num_rows for at in range(file.metadata.num_row_groups)]
            return of_schema(file.schema_arrow)

    @functools.cached_property
    def counts(self) -> list[int]:
        """How many rows each row group of the file has; known from then on when the columns are."""
        self.described()
        return self.counts

    @property
    def rows(self) -> int:  # type: ignore[override]
        """How many rows there are."""
        return sum(self.counts if self.groups is None else self.counts[self.groups.start : self.groups.stop])

    def parts(self, least: int) -> list[Source]:
        """Return successive row groups, as many at a time as have at least so many rows."""
        result: list[Source] = []
        first = count = 0
        for stop, rows in enumerate(self.counts, 1):
            count += rows
            if count >= least or stop == len(self.counts):
                result.append(self.only(range(first, stop)))
                first, count = stop, 0
        return result if len(result) > 1 else [self]

    def only(self, groups: range) -> "ParquetSource":
        """Return a part of the file."""
        part = ParquetSource(self.path, self.numbers, self.given)
        part.groups, part.first = groups, sum(self.counts[: groups.start])
        part.columns, part.counts, part.keys, part.converted = self.columns, self.counts, self.keys, self.converted
        part.size = self.size * part.rows / max(sum(self.counts), 1)
        return part

    def read(self, columns: list[str], rows: int) -> Iterator[tuple[Columns, float]]:
        """Read row groups, which PyArrow decodes in threads."""
        with self._open(columns) as file:
            total = max(self.rows, 1)
            done = 0
            for batch in file.iter_batches(rows, self.groups, columns):
                done += batch.num_rows
                yield {name: batch.column(name) for name in columns}, min(done / total, 1.0)


class IpcSource(Source):
    """Arrow IPC, the file and the stream format, memory-mapped."""

    @functools.cached_property
    def _is_file(self) -> bool:
        with storage.opened(self.place) as file:
            return file.read(6) == b"ARROW1"

    def _open(self, file: Any, options: pa.ipc.IpcReadOptions | None = None) -> Any:
        return (pa.ipc.open_file if self._is_file else pa.ipc.open_stream)(file, options=options)

    def described(self) -> list[tuple[str, Type]]:
        with storage.arrow_file(self.place) as file:
            return of_schema(self._open(file).schema)

    def read(self, columns: list[str], rows: int) -> Iterator[tuple[Columns, float]]:
        """Read the file's own batches."""
        names = [name for name, _ in self.columns]
        options = pa.ipc.IpcReadOptions(included_fields=sorted(names.index(name) for name in columns))
        with storage.arrow_file(self.place) as file:
            reader = self._open(file, options)
            if self._is_file:
                count = reader.num_record_batches
                for k in range(count):
                    batch = reader.get_batch(k)
                    yield {name: batch.column(name) for name in columns}, (k + 1) / count
            else:
                for batch in reader:
                    yield {name: batch.column(name) for name in columns}, file.tell() / self.size
