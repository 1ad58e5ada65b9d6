"""Which files are meant, of which format they are, and whether their columns go together."""

import glob
import os
from collections.abc import Iterable, Sequence

import pyarrow as pa

from fastloss.cli.errors import UserError, explained
from fastloss.cli.readers import CsvSource, IpcSource, NpySource, NpzSource, ParquetSource, Source

MAGIC: tuple[tuple[bytes, type[Source]], ...] = (
    (b"PAR1", ParquetSource),
    (b"ARROW1", IpcSource),
    (b"\xff\xff\xff\xff", IpcSource),  # the stream format
    (b"\x93NUMPY", NpySource),
    (b"PK\x03\x04", NpzSource),
    (b"PK\x05\x06", NpzSource),
)
SUFFIXES: dict[str, type[Source]] = {
    ".parquet": ParquetSource,
    ".arrow": IpcSource,
    ".arrows": IpcSource,
    ".feather": IpcSource,
    ".ipc": IpcSource,
    ".npy": NpySource,
    ".npz": NpzSource,
    ".csv": CsvSource,
    ".tsv": CsvSource,
    ".txt": CsvSource,
}


def expand(patterns: Iterable[str]) -> list[str]:
    """The files that are named, and those that a pattern matches, sorted; in the order of the command line."""
    paths: list[str] = []
    for pattern in patterns:
        if os.path.exists(pattern) or not glob.has_magic(pattern):
            paths.append(pattern)
            continue
        found = sorted(path for path in glob.glob(pattern, recursive=True) if not os.path.isdir(path))
        if not found:
            raise UserError(f"no file matches {pattern!r}")
        paths += found
    seen: set[str] = set()
    for path in paths:
        if not os.path.exists(path):
            raise UserError(f"{path}: no such file")
        if os.path.isdir(path):
            raise UserError(f"{path}: is a folder (give a pattern, such as '{os.path.join(path, '*.parquet')}')")
        if not os.path.isfile(path):
            raise UserError(f"{path}: is not a regular file")
        real = os.path.realpath(path)
        if real in seen:
            raise UserError(f"{path}: is given twice")
        seen.add(real)
    return paths


def source(path: str, numbers: frozenset[str] = frozenset()) -> Source:
    """The reader for a file: by its first bytes, else by its name."""
    with explained(path):
        with open(path, "rb") as file:
            head = file.read(8)
        if not head:
            raise UserError(f"{path}: the file is empty")
        for magic, kind in MAGIC:
            if head.startswith(magic):
                return kind(path, numbers)
        stem, suffix = os.path.splitext(path.lower())
        if suffix in (".gz", ".bz2", ".zst"):
            suffix = os.path.splitext(stem)[1]
        if suffix not in SUFFIXES:
            known = ", ".join(SUFFIXES)
            raise UserError(f"{path}: unknown format (known by their first bytes or by their names: {known})")
        return SUFFIXES[suffix](path, numbers)


def sources(paths: Sequence[str], roles: dict[str, str]) -> list[Source]:
    """Readers for all files, each of which has the columns of all roles, of the same types in all files."""
    result: list[Source] = []
    for path in paths:
        one = source(path, frozenset(column for role, column in roles.items() if role != "groups"))
        with explained(path):
            types = one.types()
        for role, column in roles.items():
            if column not in types:
                names = ", ".join(list(types)[:50]) or "none"
                raise UserError(f"{path}: no column {column!r} for --{role} (columns: {names})")
            (_require_id if role == "groups" else _require_number)(path, column, plain(types[column]))
        _require_same(result[0] if result else one, one, roles)
        result.append(one)
    return result


def plain(kind: pa.DataType) -> pa.DataType:
    """The type of a column's values, however they are stored."""
    if pa.types.is_dictionary(kind):
        return plain(kind.value_type)
    if pa.types.is_run_end_encoded(kind):
        return plain(kind.value_type)
    if pa.types.is_large_string(kind) or pa.types.is_string_view(kind):
        return pa.string()
    if pa.types.is_large_binary(kind) or pa.types.is_binary_view(kind):
        return pa.binary()
    return kind


def _require_number(path: str, column: str, kind: pa.DataType) -> None:
    is_number = pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_boolean(kind)
    if not is_number and not pa.types.is_decimal(kind) and not pa.types.is_null(kind):
        raise UserError(f"{path}: column {column!r} has type {kind}: expected numbers")


def _require_id(path: str, column: str, kind: pa.DataType) -> None:
    is_text = pa.types.is_string(kind) or pa.types.is_binary(kind)
    if not is_text and not pa.types.is_integer(kind) and not pa.types.is_null(kind):
        raise UserError(f"{path}: column {column!r} has type {kind}: expected integers or strings as group ids")


def _require_same(first: Source, other: Source, roles: dict[str, str]) -> None:
    for column in roles.values():
        expected, found = plain(first.types()[column]), plain(other.types()[column])
        if expected != found:
            raise UserError(f"{other.path}: column {column!r} has type {found}, but {expected} in {first.path}")
