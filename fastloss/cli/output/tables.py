"""Writers of tables, by the suffix of a file's name: each appends Arrow tables of one schema to an open file."""

import abc
import json
import os
from collections.abc import Iterator
from typing import Any

import pyarrow as pa

from fastloss.cli.errors import UserError
from fastloss.cli.reading.written import written_schema, written_table


class Writer(abc.ABC):
    """Appends tables to a file that is open for writing bytes, and stays so."""

    def __init__(self, file: Any, schema: pa.Schema):
        self._file, self._schema = file, schema

    @abc.abstractmethod
    def write(self, table: pa.Table) -> None:
        """Append a table."""

    @abc.abstractmethod
    def close(self) -> None:
        """Write what ends the file."""


class ArrowWriter(Writer):
    """Writes by a writer of PyArrow's."""

    def __init__(self, file: Any, schema: pa.Schema):
        super().__init__(file, schema)
        self._writer = self.opened(file, schema)

    @abc.abstractmethod
    def opened(self, file: Any, schema: pa.Schema) -> Any:
        """Return PyArrow's writer."""

    def write(self, table: pa.Table) -> None:
        self._writer.write_table(table)

    def close(self) -> None:
        self._writer.close()


class ParquetTable(ArrowWriter):
    """Parquet."""

    def opened(self, file: Any, schema: pa.Schema) -> Any:
        from pyarrow import parquet

        return parquet.ParquetWriter(file, schema)


class ArrowTable(ArrowWriter):
    """The file format of Arrow IPC."""

    def opened(self, file: Any, schema: pa.Schema) -> Any:
        return pa.ipc.new_file(pa.PythonFile(file, "w"), schema)


class CsvTable(ArrowWriter):
    """CSV with a header; a null is an empty field."""

    delimiter = ","

    def opened(self, file: Any, schema: pa.Schema) -> Any:
        from pyarrow import csv

        options = csv.WriteOptions(delimiter=self.delimiter, quoting_style="needed")
        return csv.CSVWriter(pa.PythonFile(file, "w"), written_schema(schema), write_options=options)

    def write(self, table: pa.Table) -> None:
        super().write(written_table(table))


class TsvTable(CsvTable):
    """The same with tabs."""

    delimiter = "\t"


class JsonLines(Writer):
    """An object a row; NaN and infinities are strings, as in all JSON of the command."""

    def write(self, table: pa.Table) -> None:
        self._file.write("".join(line + "\n" for line in objects(table)).encode())

    def close(self) -> None:
        self._file.flush()


class JsonDocument(Writer):
    """A list of the same objects, one a line."""

    before = "[\n"  # the next object

    def write(self, table: pa.Table) -> None:
        for one in objects(table):
            self._file.write((self.before + one).encode())
            self.before = ",\n"

    def close(self) -> None:
        self._file.write(("[]\n" if self.before.startswith("[") else "\n]\n").encode())
        self._file.flush()


WRITERS: dict[str, type[Writer]] = {
    ".json": JsonDocument,
    ".parquet": ParquetTable,
    ".csv": CsvTable,
    ".tsv": TsvTable,
    ".jsonl": JsonLines,
    ".ndjson": JsonLines,
    ".arrow": ArrowTable,
    ".feather": ArrowTable,
}


def objects(table: pa.Table) -> Iterator[str]:
    """Return each row as a JSON object."""
    for row in written_table(table).to_pylist():
        yield json.dumps({name: plain(value) for name, value in row.items()})


def plain(value: Any) -> Any:
    """Return a value as JSON has it: NaN and infinities become "NaN", "Infinity" and "-Infinity"."""
    if isinstance(value, float) and (value != value or value in (float("inf"), float("-inf"))):
        return "NaN" if value != value else ("Infinity" if value > 0 else "-Infinity")
    return value


def writer_of(path: str) -> type[Writer]:
    """Return the writer that a file's suffix stands for: Parquet's where there is none, as of a device."""
    suffix = os.path.splitext(path)[1].lower()
    if suffix and suffix not in WRITERS:
        raise UserError(f"{path}: cannot write {suffix} files: expected one of {', '.join(WRITERS)}")
    return WRITERS.get(suffix, ParquetTable)
