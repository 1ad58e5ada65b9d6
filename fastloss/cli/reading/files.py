"""Find the files of a command line, their formats, and whether their columns agree."""

import os
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

import pyarrow as pa

from fastloss.cli.errors import UserError, explained, named
from fastloss.cli.reading import storage
from fastloss.cli.reading.arrays import Type, common, is_id, is_list, is_number, is_vector, number_type, plain, remedy
from fastloss.cli.reading.csv_files import CsvSource
from fastloss.cli.reading.json_files import JsonSource
from fastloss.cli.reading.numpy_files import NpySource, NpzSource
from fastloss.cli.reading.readers import Given, IpcSource, Numbers, ParquetSource, Source, nothing
from fastloss.cli.reading.roles import Roles, Wanted, resolved
from fastloss.cli.reading.text_files import BZIP2, GZIP, ZSTD, TextSource, stem
from fastloss.cli.reading.written import is_uuid
from fastloss.core.spelling import nearest

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
    ".json": JsonSource,
    ".jsonl": JsonSource,
    ".ndjson": JsonSource,
}
FORMATS: dict[str, type[Source]] = {
    "parquet": ParquetSource,
    "arrow": IpcSource,
    "npy": NpySource,
    "npz": NpzSource,
    "csv": CsvSource,
    "json": JsonSource,
}


def expand(patterns: Iterable[str]) -> list[str]:
    """Return the files of names, patterns, folders and URIs in the order given, those of a pattern or folder sorted."""
    seen: set[str] = set()
    paths = [path for pattern in map(storage.local, patterns) for path in _files_of(pattern)]
    for path in paths:
        real = path if storage.uri_of(path) else os.path.realpath(path)
        if real in seen:
            raise UserError(f"{path}: is given twice")
        seen.add(real)
    return paths


def _files_of(pattern: str) -> list[str]:
    """Return the files of a name, a pattern or a folder."""
    if not pattern:
        raise UserError("the name of a file is empty")
    paths = storage.matching(pattern)
    if paths is not None and not paths:
        raise UserError(f"no file matches {pattern!r}")
    found: list[str] = []
    for path in paths if paths is not None else [pattern]:
        kind = storage.status(path).kind
        if kind == "nothing":
            raise UserError(f"{path}: no such file")
        if kind == "other":
            raise UserError(f"{path}: is not a regular file")
        found += _known(path) if kind == "folder" else [path]
    return found


def _known(folder: str) -> list[str]:
    """Return a folder's files of known formats, in folders below it too."""
    found = [path for path in storage.inside(folder) if os.path.splitext(stem(path)[0])[1] in SUFFIXES]
    if not found:
        raise UserError(f"{folder}: is a folder without files of known formats ({', '.join(SUFFIXES)})")
    return found


class Blank(UserError):
    """A file of text without any."""


def sources(paths: Iterable[str], numbers: Numbers = nothing, given: Given | None = None) -> list[Source]:
    """Return the readers of all files but those of text without any; it is an error if there are no others."""
    found: list[Source] = []
    blanks: list[Blank] = []
    for path in paths:
        try:
            found.append(source(path, numbers, given))
        except Blank as error:
            blanks.append(error)
    if not found:
        raise blanks[0]
    return found


def source(path: str, numbers: Numbers = nothing, given: Given | None = None) -> Source:
    """Return the reader of a file's format: the one given, that of its first bytes, or that of its name."""
    given = given or Given()
    with explained(path, anything=True):
        with storage.opened(path) as file:
            head = file.read(8)
        one = _of_head(path, head, numbers, given)
        if isinstance(one, TextSource) and one.is_blank:
            raise Blank(f"{path}: {one.what_blank_is if head else 'the file is empty'}")
        if not head:
            raise UserError(f"{path}: the file is empty")
        return one


def _of_head(path: str, head: bytes, numbers: Numbers, given: Given) -> Source:
    if given.format:
        return _sound(FORMATS[given.format], path, head)(path, numbers, given)
    for magic, kind in MAGIC:
        if head.startswith(magic):
            return kind(path, numbers, given)
    suffix = os.path.splitext(stem(path)[0])[1]
    if path == storage.INPUT and not head.startswith((GZIP, BZIP2, ZSTD)):
        suffix = ".jsonl" if head.lstrip().startswith(b"{") else ".csv"
    if suffix not in SUFFIXES:
        what = f"unknown format (expected one of {', '.join(SUFFIXES)}, or --format)" if head else "the file is empty"
        raise UserError(f"{path}: {what}")
    return _sound(SUFFIXES[suffix], path, head)(path, numbers, given)


def _sound(kind: type[Source], path: str, head: bytes) -> type[Source]:
    """Return a format, or raise for a file that begins as those of another format do."""
    if not head:
        return kind
    begins = [magic for magic, other in MAGIC if other is kind]
    name = next(name for name, other in FORMATS.items() if other is kind)
    found = head.decode("latin-1")
    is_text = head.isascii() and (found.isprintable() or found.isspace() or b"\n" in head)
    if kind is IpcSource and not is_text:  # streams of old begin with a length
        return kind
    if begins and not head.startswith(tuple(begins)):
        hint = "; --format csv and --format json read text" if is_text else ""
        raise UserError(f"{path}: is no {_called(name)} file (it begins with {found!r}{hint})")
    other = next((other for magic, other in MAGIC if head.startswith(magic)), kind)
    if not begins and other is not kind:
        is_ = next(name for name, one in FORMATS.items() if one is other)
        raise UserError(f"{path}: is no {_called(name)} file (it begins as those of --format {is_} do)")
    return kind


def _called(format: str) -> str:
    return {"parquet": "Parquet", "arrow": "Arrow IPC", "csv": "CSV", "json": "JSON Lines"}.get(format, f".{format}")


class Opened(NamedTuple):
    """The readers of all files, and the columns that are read of each."""

    sources: list[Source]
    roles: Roles


def opened(paths: Sequence[str], wanted: Wanted, given: Given | None = None) -> Opened:
    """Return readers for all files, after checking that all have the columns wanted.

    A column whose type differs from file to file is converted to one that holds all values, if there is one.
    """
    given = given or Given()
    found = sources(paths, wanted.is_number, given)
    with explained(found[0].path, anything=True):
        described = found[0].columns
    return agreed(found, resolved(wanted, found[0].path, described), given)


def agreed(found: list[Source], roles: Roles, given: Given) -> Opened:
    """Return readers of which all have the columns of the roles, of types that they take, converted to common ones."""
    kinds: dict[str, dict[Type, str]] = {column: {} for column in roles.columns}  # and the first file that has each
    for one in found:
        for role, column in roles.items():
            kind = _type_for(role, column, one, roles)
            if kind != pa.null():  # a column without rows, or an error when it is read
                kinds[column].setdefault(kind, one.path)
    for role, column in roles.items():
        kind = given.types.get(column) or _agreed(role, column, kinds[column])
        if kind is not None:
            for one in found:
                one.converted[column] = kind
    unknown = set(given.types) - set(roles.columns)
    if unknown:
        raise UserError(f"--types names {sorted(unknown)[0]!r}, which is no column that is read")
    return Opened(found, roles._replace(are_uuids=_are_uuids(found, roles, given)))


def _are_uuids(found: list[Source], roles: Roles, given: Given) -> bool:
    """Return whether ids of groups are UUIDs; some files may have them as 16 bytes."""
    if roles.groups is None or roles.groups in given.types:
        return False
    kinds = [one.type_of(roles.groups) for one in found]
    return any(map(is_uuid, kinds)) and all(is_uuid(kind) or kind in (pa.binary(16), pa.null()) for kind in kinds)


def _agreed(role: str, column: str, kinds: dict[Type, str]) -> pa.DataType | None:
    """Return the type that a column is converted to in all files; None if it needs none."""
    found = [kind for kind in kinds if isinstance(kind, pa.DataType)]
    if not found or all(map(is_list, found)):  # `matrix` reads lists of any numbers
        return None
    agreed = common(found, role == "groups")
    if agreed is None:
        other, first = found[1], found[0]
        raise UserError(
            f"{kinds[other]}: column {column!r} has type {other}, but {first} in {kinds[first]}"
            f" ({remedy(column, first, other)})"
        )
    return agreed if len(found) > 1 or agreed != found[0] else None


def _type_for(role: str, column: str, one: Source, roles: Roles) -> Type:
    """Return the type of a role's column, or raise if the role does not take it."""
    with explained(one.path, anything=True):
        kind = one.type_of(column)
    if kind is None:
        raise UserError(f"{one.path}: no column {column!r} for --{role}{columns_of(column, one, role == 'scores')}")
    kind = one.given.types.get(column, kind)
    kind = kind if isinstance(kind, str) else plain(kind)
    fits, expected = _expected(role, roles)
    if not fits(kind):
        raise UserError(f"{one.path}: column {column!r} has type {kind}: expected {expected}")
    return kind if role == "groups" else number_type(kind)


def _expected(role: str, roles: Roles) -> tuple[Callable[[Type], bool], str]:
    """Return what tests the type of a role's column, and what it is to be."""
    if role == "groups":
        return is_id, "integers, strings, dates, decimals or UUIDs as group ids"
    if role == "labels" and roles.by_class:
        return is_id, "classes, as whole numbers or by their names"
    if role == "scores" and roles.by_class and not any(len(one.columns) > 1 for one in roles.scores.values()):
        return is_vector, "lists of numbers"
    return is_number, "numbers"


def columns_of(wanted: str, one: Source, may_repeat: bool = False) -> str:
    """Return what a message says of the columns that there are: the nearest one, and all of them.

    Where an option may be repeated, several columns in one name are to be several options.
    """
    names = [name for name, _ in one.columns]
    near = nearest(wanted.strip(), names)
    listed = ", ".join(named(name) for name in names[:50]) or "none"
    meant = f": did you mean {near[0]!r}?" if near else ""
    parts = wanted.split(",")
    if may_repeat and len(parts) > 1 and all(part.strip() in names for part in parts):
        meant = ": repeat the option for several columns"
    return f"{meant} (columns: {listed}{', ...' if len(names) > 50 else ''})"
