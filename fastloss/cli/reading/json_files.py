"""JSON Lines: an object a line; pieces of whole lines, each parsed by PyArrow in memory."""

import contextlib
import decimal
import json
from collections.abc import Generator, Iterator
from typing import Any

import pyarrow as pa

from fastloss.cli.errors import shortened
from fastloss.cli.reading.arrays import Type, beyond
from fastloss.cli.reading.readers import Columns
from fastloss.cli.reading.text_files import TextSource, require_utf8, text_of

BLOCK = 1 << 24  # bytes that are parsed at a time
KINDS: tuple[tuple[tuple[Any, ...], str, tuple[type, ...]], ...] = (  # of Arrow's types: what they are read of
    ((pa.types.is_integer, pa.types.is_floating), "a number", (int, decimal.Decimal)),
    ((pa.types.is_boolean,), "true or false, as in those before", (bool,)),
    ((pa.types.is_string, pa.types.is_timestamp), "a string, as in those before", (str,)),
    ((pa.types.is_list,), "a list, as in those before", (list,)),
    ((pa.types.is_struct,), "an object, as in those before", (dict,)),
    ((lambda kind: True,), "null, as in those before", ()),
)


def _type_of(value: Any) -> pa.DataType:
    """Return a type of the kind of a parsed value."""
    kinds = {bool: pa.bool_(), str: pa.string(), list: pa.list_(pa.null()), dict: pa.struct([])}
    return kinds.get(type(value), pa.float64())


class JsonSource(TextSource):
    """Objects, one a line; a field that an object lacks is null."""

    what_blank_is = "holds no objects"

    def _pieces(self) -> Generator[tuple[bytes, float]]:
        """Read pieces of whole lines, each with the share of the file that has been read."""
        with text_of(self) as (text, share):
            rest = b""
            while new := text.read(BLOCK):
                lines, newline, rest = (rest + new).rpartition(b"\n")
                if lines.strip():
                    yield lines + newline, share()
            if rest.strip():
                yield rest, share()

    def _parsed(self, text: bytes, types: dict[str, pa.DataType] | None) -> pa.Table:
        """Parse some lines; without types, all fields, whose types are guessed."""
        from pyarrow import json as arrow_json

        schema = None if types is None else pa.schema(types.items())
        unexpected = "infer" if types is None else "ignore"
        return arrow_json.read_json(
            pa.BufferReader(text),
            arrow_json.ReadOptions(block_size=len(text) + 1),
            arrow_json.ParseOptions(explicit_schema=schema, unexpected_field_behavior=unexpected),
        )

    def described(self) -> list[tuple[str, Type]]:
        """Return the fields' names, and their types as the first lines show them."""
        with contextlib.closing(self._pieces()) as texts:
            text, _ = next(texts, (b"", 0.0))
        if not text:
            raise ValueError(self.what_blank_is)
        try:
            table = self._parsed(text, None)
        except pa.ArrowInvalid:
            require_utf8(self)
            self._explain(text, self._first_types(text), 0)
            raise
        return [
            (name, self._type(name, column)) for name, column in zip(table.column_names, table.columns, strict=True)
        ]

    def _first_types(self, text: bytes) -> dict[str, pa.DataType]:
        """Return the types of the fields' first values; those that are to hold numbers are of numbers."""
        types: dict[str, pa.DataType] = {}
        for _, found in self._objects(text, 0):
            for name, value in found.items():
                if self.numbers(name) and not isinstance(value, bool):
                    types.setdefault(name, pa.float64())
                elif value is not None:
                    types.setdefault(name, _type_of(value))
        return types

    def _type(self, name: str, column: pa.ChunkedArray) -> Type:
        """Numbers are float64, and int64 where the first of them are integers that float64 does not hold."""
        if pa.types.is_timestamp(column.type):
            return pa.string()  # as it is written
        if not self.numbers(name) or not pa.types.is_integer(column.type):
            return column.type
        found = column.drop_null().to_numpy()
        is_exact = all(int(found[k]) == int(float(found[k])) for k in beyond(found.astype(float)).tolist())
        return pa.float64() if is_exact else pa.int64()

    def read(self, columns: list[str], rows: int) -> Iterator[tuple[Columns, float]]:
        """Read the file piece by piece."""
        described = dict(self.columns)
        types = {name: described[name] for name in columns}
        done = 0
        for text, share in self._pieces():
            try:
                table = self._parsed(text, types)
            except pa.ArrowInvalid:
                require_utf8(self)
                self._explain(text, types, done)
                raise
            self._require_exact(text, table, done)
            done += table.num_rows
            for batch in table.combine_chunks().to_batches():
                yield {name: batch.column(name) for name in columns}, share

    def _objects(self, text: bytes, done: int) -> Iterator[tuple[int, dict[str, Any]]]:
        """Parse lines one by one, each with its row; numbers with a fraction are exact."""
        lines = filter(bytes.strip, text.split(b"\n"))
        for row, line in enumerate(lines, done):
            try:
                found = json.loads(line, parse_float=decimal.Decimal)
            except (ValueError, RecursionError):
                found = None
            if not isinstance(found, dict):
                raise ValueError(f"row {row}: {shortened(line.decode(errors='replace').strip())!r} is no JSON object")
            yield row, found

    def _explain(self, text: bytes, types: dict[str, Any], done: int) -> None:
        """Raise for the first line that is no object, or whose field has another type than those before."""
        for row, found in self._objects(text, done):
            for name, kind in types.items():
                value = found.get(name)
                expected, classes = next(
                    (expected, classes) for is_of, expected, classes in KINDS if any(test(kind) for test in is_of)
                )
                fits = isinstance(value, classes) and (bool in classes or not isinstance(value, bool))
                if value is not None and not fits:
                    raise ValueError(f"row {row}: column {name!r} is {shortened(repr(value))}: expected {expected}")
                if pa.types.is_integer(kind) and isinstance(value, decimal.Decimal):
                    raise ValueError(f"row {row}: column {name!r} is {value}: expected an integer, as in those before")

    def _require_exact(self, text: bytes, table: pa.Table, done: int) -> None:
        """Raise for a number that float64 does not hold as it is written."""
        for name in table.column_names:
            column = table[name]
            if not pa.types.is_floating(column.type) or not beyond(column.to_numpy()).size:
                continue
            for row, found in self._objects(text, done):
                value = found.get(name)
                if isinstance(value, int) and int(float(value)) != value:
                    raise ValueError(f"row {row}: column {name!r} is {value}, which float64 does not hold")
