"""Find the files of a command line, their formats, and whether their columns agree."""

import os
from collections.abc import Iterable, Sequence

import pyarrow as pa

from fastloss.cli import storage
from fastloss.cli.arrays import Type, is_id, is_number, number_type, plain
from fastloss.cli.csv_files import CsvSource, stem
from fastloss.cli.errors import UserError, explained, named
from fastloss.cli.numpy_files import NpySource, NpzSource
from fastloss.cli.readers import IpcSource, ParquetSource, Source

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
    """Return the files of names, patterns and URIs in the order given, those of a pattern sorted."""
    paths: list[str] = []
    for pattern in map(storage.local, patterns):
        found = storage.matching(pattern)
        if found is None:
            paths.append(pattern)
            continue
        if not found:
            raise UserError(f"no file matches {pattern!r}")
        paths += found
    seen: set[str] = set()
    for path in paths:
        kind = storage.status(path).kind
        if kind == "nothing":
            raise UserError(f"{path}: no such file")
        if kind == "folder":
            raise UserError(f"{path}: is a folder (give a pattern, such as '{os.path.join(path, '*.parquet')}')")
        if kind != "file":
            raise UserError(f"{path}: is not a regular file")
        real = path if storage.uri_of(path) else os.path.realpath(path)
        if real in seen:
            raise UserError(f"{path}: is given twice")
        seen.add(real)
    return paths


def source(path: str, numbers: frozenset[str] = frozenset()) -> Source:
    """Return the reader of a file's format, which its first bytes tell, or else its name."""
    with explained(path):
        with storage.opened(path) as file:
            head = file.read(8)
        if not head:
            raise UserError(f"{path}: the file is empty")
        for magic, kind in MAGIC:
            if head.startswith(magic):
                return kind(path, numbers)
        suffix = os.path.splitext(stem(path)[0])[1]
        if suffix not in SUFFIXES:
            known = ", ".join(SUFFIXES)
            raise UserError(f"{path}: unknown format (known by their first bytes or by their names: {known})")
        return SUFFIXES[suffix](path, numbers)


def sources(paths: Sequence[str], roles: dict[str, str]) -> list[Source]:
    """Return readers for all files, after checking that all have the columns wanted, of one type each."""
    result: list[Source] = []
    expected: dict[str, tuple[Type, str]] = {}  # of each role's column, and the file that has it so
    for path in paths:
        one = source(path, frozenset(column for role, column in roles.items() if role != "groups"))
        for role, column in roles.items():
            kind = _type_for(role, column, one)
            if kind == pa.null():  # a column without rows, or an error when it is read
                continue
            wanted, first = expected.setdefault(role, (kind, path))
            if wanted != kind:
                raise UserError(f"{path}: column {column!r} has type {kind}, but {wanted} in {first}")
        result.append(one)
    return result


def _type_for(role: str, column: str, one: Source) -> Type:
    """Return the type of a role's column, or raise if the role does not take it."""
    with explained(one.path, anything=True):
        kind = one.type_of(column)
    if kind is None:
        names = ", ".join(named(name) for name, _ in one.columns[:50]) or "none"
        names += ", ..." if len(one.columns) > 50 else ""
        raise UserError(f"{one.path}: no column {column!r} for --{role} (columns: {names})")
    kind = kind if isinstance(kind, str) else plain(kind)
    if not (is_id if role == "groups" else is_number)(kind):
        expected = "integers or strings as group ids, or dates" if role == "groups" else "numbers"
        raise UserError(f"{one.path}: column {column!r} has type {kind}: expected {expected}")
    return kind if role == "groups" else number_type(kind)
