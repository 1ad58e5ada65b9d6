"""CSV files: pieces of whole rows, each parsed by PyArrow in memory; an error names the row and the field.

Ids are text, as they are written: 007 is not 7. Scores, labels and weights are float64; int64 where the first numbers
are integers that float64 does not hold.
"""

import contextlib
import decimal
import functools
import re
from collections.abc import Generator, Iterator
from typing import Any

import numpy as np
import pyarrow as pa

from fastloss.cli.errors import shortened
from fastloss.cli.reading.arrays import Type, beyond
from fastloss.cli.reading.csv_rows import pieces
from fastloss.cli.reading.readers import Columns
from fastloss.cli.reading.text_files import TextSource, require_utf8, stem, text_of

BLOCK = 1 << 24  # bytes that are parsed at a time
SHARE = 1 << 20  # bytes of them that a thread parses
DELIMITERS = ",\t;|"
NO_VALUES = ("na", "n/a", "#n/a", "null", "none", "-", "?", ".")  # what other programs write for null
NUMBERS = (pa.float64(), pa.int64())


class CsvSource(TextSource):
    """CSV with a header, compressed or not. An empty field is null."""

    what_blank_is = "holds no header"

    @functools.cached_property
    def _delimiter(self) -> str:
        """The one given, tabs in .tsv, or else the commonest of the header; a comma where there is none."""
        if self.given.delimiter:
            return self.given.delimiter
        if stem(self.path)[0].endswith(".tsv"):
            return "\t"
        with text_of(self) as (text, _):
            header = re.sub(rb'"[^"]*"', b"", text.read(SHARE)).splitlines()[:1]
        return max(DELIMITERS, key=lambda one: header[0].count(one.encode()) if header else 0)

    def _pieces(self) -> Generator[tuple[bytes, float]]:
        """Read pieces of whole rows, each with the share of the file that has been read."""
        with text_of(self) as (text, share):
            for piece in pieces(text, self._delimiter.encode(), BLOCK):
                yield piece, share()

    def _parsed(self, text: bytes, names: list[str] | None, convert: dict[str, Any], at_once: bool = False) -> pa.Table:
        """Parse text, which has no header if `names` are given; `at_once` uses one thread, whose errors name rows."""
        from pyarrow import csv

        block = len(text) + 1 if at_once else SHARE
        return csv.read_csv(
            pa.BufferReader(text),
            csv.ReadOptions(use_threads=not at_once, block_size=block, column_names=names),
            csv.ParseOptions(delimiter=self._delimiter, newlines_in_values=True),
            csv.ConvertOptions(null_values=[""], strings_can_be_null=True, **convert),
        )

    def described(self) -> list[tuple[str, Type]]:
        """Return the columns' names, and their types as the first rows show them."""
        with contextlib.closing(self._pieces()) as texts:
            text, _ = next(texts, (b"", 0.0))
        if not text:
            raise ValueError(self.what_blank_is)
        table = Piece(self, text, None, 0).table({})
        return [
            (name, self._type(name, column)) for name, column in zip(table.column_names, table.columns, strict=True)
        ]

    def _type(self, name: str, column: pa.ChunkedArray) -> Type:
        kind = column.type
        if not self.numbers(name):
            return pa.string()
        if pa.types.is_integer(kind):
            numbers = column.drop_null().to_numpy()
            is_exact = all(int(numbers[k]) == int(float(numbers[k])) for k in beyond(numbers.astype(float)).tolist())
            return pa.float64() if is_exact else pa.int64()
        # the word among numbers is named where it is read
        return kind if pa.types.is_boolean(kind) else pa.float64()

    def read(self, columns: list[str], rows: int) -> Iterator[tuple[Columns, float]]:
        """Read the file piece by piece."""
        described = dict(self.columns)
        types = {name: described[name] for name in columns}
        names, done = None, 0
        for text, share in self._pieces():
            table = Piece(self, text, names, done).table(types)
            names = [name for name, _ in self.columns if name not in self.keys]
            done += table.num_rows
            for batch in table.combine_chunks().to_batches():
                yield {name: batch.column(name) for name in columns}, share


def reads(kind: pa.DataType, text: str | None) -> bool:
    """Return whether a field is a number of the type, or empty."""
    try:
        pa.scalar((text or "0").strip()).cast(kind)
    except pa.ArrowInvalid:
        return False
    return True


def stands_for(text: str, number: float) -> bool:
    """Return whether float64 holds a number as it is written; in scientific notation, to as many digits as it has."""
    try:
        found = decimal.Decimal(text)
    except decimal.InvalidOperation:  # a word for infinity
        return True
    if found == number or "e" not in text.lower() or not found.is_finite():
        return found == number
    return decimal.Decimal(f"{number:.{len(found.as_tuple().digits) - 1}e}") == found


class Piece:
    """Some whole rows of a file, of which `before` have been read."""

    def __init__(self, source: CsvSource, text: bytes, names: list[str] | None, before: int):
        self._source, self._text, self._names, self._before = source, text, names, before

    def table(self, types: dict[str, Any]) -> pa.Table:
        """Parse the columns of `types`; without any, all columns, and guess their types."""
        convert = {"include_columns": list(types), "column_types": types}
        try:
            result = self._source._parsed(self._text, self._names, convert)
        except (pa.ArrowInvalid, UnicodeDecodeError):  # or a row is longer than a thread's share
            try:
                result = self._source._parsed(self._text, self._names, convert, at_once=True)
            except (pa.ArrowInvalid, UnicodeDecodeError) as error:
                self._explain(types, str(error))
                raise ValueError(str(error)) from error
        if self._names is None:
            self._require_names(result)
        for name, kind in types.items():
            if kind == pa.float64():
                self._require_exact(name, result[name].to_numpy())
        return result

    def _require_names(self, table: pa.Table) -> None:
        try:
            table.column_names  # noqa: B018  # decoded only here
        except UnicodeDecodeError:
            require_utf8(self._source)
            raise

    def _texts(self, name: str) -> list[Any]:
        """Return a column's fields as they are written."""
        convert = {"include_columns": [name], "column_types": {name: pa.string()}}
        return self._source._parsed(self._text, self._names, convert, at_once=True)[name].to_pylist()

    def _require_exact(self, name: str, numbers: np.ndarray) -> None:
        large = beyond(numbers)
        if not large.size:
            return
        texts = self._texts(name)
        for index in large.tolist():
            text = texts[index].strip()
            if not stands_for(text, float(numbers[index])):
                raise ValueError(f"row {self._before + index}: column {name!r} is {text}, which float64 does not hold")

    def _explain(self, types: dict[str, Any], said: str) -> None:
        """Raise for the first row with more or fewer fields than the header, text in place of a number, or no UTF-8."""
        uneven = re.search(r"Row #(\d+): Expected (\d+) columns, got (\d+): (.*)", said, re.DOTALL)
        if uneven:
            number, expected, found = map(int, uneven.groups()[:3])
            row = self._before + number - (1 if self._names else 2)  # PyArrow counts from 1, and the header
            raise ValueError(
                f"row {row}: has {found} field{'s' * (found > 1)} ({shortened(uneven[4])!r}):"
                f" expected {expected}, as in the header"
            )
        require_utf8(self._source)
        for name, kind in types.items():
            if kind not in NUMBERS:
                continue
            for index, text in enumerate(self._texts(name)):
                if reads(kind, text):
                    continue
                what = "a number" if kind == pa.float64() else "an integer, as those before"
                if text.strip().lower() in NO_VALUES:
                    what += ", or an empty field, which is null"
                row = self._before + index
                raise ValueError(f"row {row}: column {name!r} is {shortened(text)!r}: expected {what}")
