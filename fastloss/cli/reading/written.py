"""How ids are written: the same on screen, in CSV and JSON, on the page and in messages.

UUIDs are read as bytes, and are UUIDs again in what is written.
"""

from typing import Any

import pyarrow as pa

from fastloss.cli.errors import shortened
from fastloss.cli.reading.arrays import Type, is_text, plain, uncoded

DIGITS = {"s": 0, "ms": 3, "us": 6, "ns": 9}  # of a second's fraction, by the unit of durations
DAY, HOUR, MINUTE = 86_400, 3_600, 60  # seconds


def is_uuid(kind: Type | None) -> bool:
    """Return whether a column's values are UUIDs, however they are stored."""
    if not isinstance(kind, pa.DataType):
        return False
    if pa.types.is_dictionary(kind) or pa.types.is_run_end_encoded(kind):
        return is_uuid(kind.value_type)
    return bool(kind == pa.uuid())


def as_uuids(ids: pa.Array) -> pa.Array:
    """Return bytes that were read of UUIDs as such."""
    return pa.ExtensionArray.from_storage(pa.uuid(), uncoded(ids).cast(pa.binary(16)))


def written(values: pa.Array) -> pa.Array:
    """Return values as text, but for numbers, booleans and text, which stay as they are.

    UUIDs are written 8-4-4-4-12, other bytes in hexadecimal, durations as in ISO 8601, decimals with all their digits,
    and dates and times as PyArrow casts them to text, with the digits of their unit.
    """
    kind = values.type
    if is_uuid(kind):
        return _each(values.storage, lambda found: _dashed(found.hex()))
    if is_text(plain(kind)) and not pa.types.is_string(plain(kind)):
        return _each(values, bytes.hex)
    if pa.types.is_duration(kind):
        return _each(values.view(pa.int64()), lambda count: duration(count, kind.unit))
    if pa.types.is_temporal(kind) or pa.types.is_decimal(kind):
        return values.cast(pa.string())
    return values


def _each(values: pa.Array, text: Any) -> pa.Array:
    return pa.array([None if one is None else text(one) for one in values.to_pylist()], pa.string())


def _dashed(digits: str) -> str:
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))


def duration(count: int, unit: str) -> str:
    """Return a duration as ISO 8601 writes it, such as P1DT2H0.5S: what is 0 is left out."""
    seconds, fraction = divmod(abs(count), 10 ** DIGITS[unit])
    sizes = (("H", seconds % DAY // HOUR), ("M", seconds % HOUR // MINUTE))
    time = "".join(f"{size}{letter}" for letter, size in sizes if size)
    rest = f"{seconds % MINUTE}" + (f".{fraction:0{DIGITS[unit]}}".rstrip("0") if fraction else "")
    time += f"{rest}S" if rest != "0" or not count else ""
    days = f"{seconds // DAY}D" if seconds >= DAY else ""
    return f"{'-' if count < 0 else ''}P{days}{f'T{time}' if time else ''}"


def written_table(table: pa.Table) -> pa.Table:
    """Return a table whose columns are `written`."""
    schema = written_schema(table.schema)
    columns = [
        pa.chunked_array([written(chunk) for chunk in column.chunks], kind)
        for column, kind in zip(table.columns, schema.types, strict=True)
    ]
    return pa.table(columns, schema=schema)


def written_schema(schema: pa.Schema) -> pa.Schema:
    """Return the schema of `written_table`."""
    return pa.schema([(field.name, written(pa.nulls(0, field.type)).type) for field in schema])


def shown(value: Any) -> str:
    """Return what was `written` as it is printed: booleans as in CSV and JSON."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def quoted(ids: pa.Array, row: int) -> str:
    """Return an id as messages name it, text in quotes."""
    value = written(ids.slice(row, 1))[0].as_py()
    is_string = pa.types.is_string(plain(ids.type))
    return shortened(repr(value) if is_string else shown(value))
