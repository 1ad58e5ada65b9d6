"""Where files are: on this machine, or behind a URI that one of PyArrow's file systems reads.

In a URI, what is not a letter may be written as %XX, and options of the file system follow a `?`, as
`s3://bucket/key?region=eu-west-1`. Credentials come from the environment, as each cloud's own tools have them.
"""

import contextlib
import fnmatch
import functools
import glob
import io
import os
import re
import sys
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple
from urllib.parse import quote, unquote

import pyarrow as pa

from fastloss.cli import temporary
from fastloss.cli.errors import UserError, explained

URI = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://([^/?]*)([^?]*)(\?.*)?", re.DOTALL)
SCHEMES = "file://, s3://, gs://, abfs://, abfss://, hdfs://"
NO_KEY = "__HIVE_DEFAULT_PARTITION__"
BUFFER = 1 << 20  # bytes that are fetched at a time where a file is read through
SECONDS = "retry_limit_seconds"  # PyArrow's option of gs://, which otherwise tries for a quarter of an hour
PATIENCE = 30


INPUT = "-"  # the name of standard input
_copies: dict[str, str] = {}  # where standard input has been copied to, so that it can be read more than once


@contextlib.contextmanager
def standard_input(files: Iterable[str]) -> Iterator[None]:
    """Copy standard input to a temporary file, if it is among the files, for as long as it is read."""
    if INPUT not in files:
        yield
        return
    if sys.stdin is None or sys.stdin.isatty():
        raise UserError("standard input is a terminal: expected a pipe or a file")
    with temporary.folder() as folder:
        place = os.path.join(folder, "input")
        with open(place, "wb") as copy:
            _copied(sys.stdin.buffer, copy)
        _copies[INPUT] = place
        try:
            yield
        finally:
            del _copies[INPUT]


def _copied(source: Any, copy: Any) -> None:
    """Copy standard input to a file, with errors that tell which of the two failed."""
    while True:
        with explained("standard input"):
            some = source.read(BUFFER)
        if not some:
            break
        with temporary.written():
            copy.write(some)
    with temporary.written():
        copy.flush()


class Uri(NamedTuple):
    """The parts of a URI, as they are written."""

    scheme: str
    authority: str
    path: str
    options: str

    def __str__(self) -> str:
        return f"{self.scheme}://{self.authority}{self.path}{self.options}"


def uri_of(text: str) -> Uri | None:
    """Return the parts of a URI; None for a path of this machine."""
    found = URI.fullmatch(text)
    if found is None or os.path.exists(text):  # a folder may be called s3:
        return None
    scheme, authority, path, options = found.groups(default="")
    if ":" in authority.partition("@")[0] and "@" in authority:
        raise UserError(
            f"{scheme}://...@{authority.rpartition('@')[2]}{path}: holds a password, which would be printed:"
            " expected credentials in the environment"
        )
    return Uri(scheme, authority, path, options)


@functools.lru_cache(maxsize=64)
def _filesystem(scheme: str, authority: str, options: str) -> tuple[Any, str]:
    """Return a file system, and what stands in it before the paths of URIs: a bucket's name, or nothing."""
    from pyarrow.fs import FileSystem

    if scheme.lower() in ("gs", "gcs") and SECONDS not in options:
        options += f"{'&' if options else '?'}{SECONDS}={PATIENCE}"
    try:
        filesystem, path = FileSystem.from_uri(f"{scheme}://{authority}/x{options}")
    except pa.ArrowInvalid as error:
        if "Unrecognized filesystem type" in str(error):
            raise ValueError(f"{scheme}:// cannot be read: expected a path, or one of {SCHEMES}") from None
        raise
    return filesystem, path.removesuffix("x").removesuffix("/")


def local(text: str) -> str:
    """Return the path that a URI of this machine's own files stands for; anything else as it is."""
    uri = uri_of(text)
    if uri is None or uri.scheme.lower() != "file" or uri.authority not in ("", "localhost"):
        return text
    return unquote(uri.path)


def absolute(path: str) -> str:
    """Return a path that does not depend on the folder where a process runs."""
    path = _copies.get(path, path)
    return os.path.abspath(path) if uri_of(path) is None else path


class Status(NamedTuple):
    """What there is under a name."""

    kind: str  # "file", "folder", "nothing" or "other"
    size: int


def where(path: str) -> tuple[Any, str]:
    """Return the file system of a file, None for this machine's, and the path in it."""
    path = _copies.get(path, path)
    uri = uri_of(path)
    return (None, path) if uri is None else _inside(uri)


def _inside(uri: Uri) -> tuple[Any, str]:
    filesystem, root = _filesystem(uri.scheme, uri.authority, uri.options)
    return filesystem, root + unquote(uri.path)


def named(path: str) -> str:
    """Return the part of a name that tells a file's format."""
    uri = uri_of(path)
    return path if uri is None else uri.path


def status(path: str) -> Status:
    """Return what there is under a path or a URI."""
    path = _copies.get(path, path)
    if uri_of(path) is None:
        kind = "file" if os.path.isfile(path) else "folder" if os.path.isdir(path) else "other"
        return Status(kind, os.path.getsize(path)) if os.path.exists(path) else Status("nothing", 0)
    from pyarrow.fs import FileType

    kinds = {FileType.File: "file", FileType.Directory: "folder", FileType.NotFound: "nothing"}
    with explained(path, anything=True):
        filesystem, inside = where(path)
        found = filesystem.get_file_info(inside)
    return Status(kinds.get(found.type, "other"), found.size or 0)


def opened(path: str) -> Any:
    """Open a file for reading: an object like Python's own files, with `seek`."""
    filesystem, inside = where(path)
    if filesystem is None:
        return open(inside, "rb")
    return io.BufferedReader(filesystem.open_input_file(inside), BUFFER)


def arrow_file(path: str) -> Any:
    """Open a file as PyArrow reads it, at any place; mapped into memory if it is on this machine."""
    filesystem, inside = where(path)
    return pa.memory_map(inside) if filesystem is None else filesystem.open_input_file(inside)


def matching(pattern: str) -> list[str] | None:
    """Return the files of a pattern, sorted; None if it is no pattern, but one file's name."""
    uri = uri_of(pattern)
    if uri is None:
        if os.path.exists(pattern) or not glob.has_magic(pattern):
            return None
        return sorted(path for path in glob.glob(pattern, recursive=True) if not os.path.isdir(path))
    if not glob.has_magic(uri.path):
        return None
    with explained(pattern, anything=True):
        return sorted(str(uri._replace(path=quote(path))) for path in _listed(uri))


def inside(folder: str) -> list[str]:
    """Return all files below a folder, sorted; names that begin with a dot or an underscore are others' business."""
    uri = uri_of(folder)
    if uri is None:
        found = [os.path.join(place, name) for place, _, names in os.walk(folder, followlinks=True) for name in names]
        return sorted(path for path in found if _is_shown(os.path.relpath(path, folder).split(os.sep)))
    from pyarrow.fs import FileSelector, FileType

    filesystem, root = _inside(uri)
    with explained(folder, anything=True):
        listed = filesystem.get_file_info(FileSelector(root, recursive=True))
    above = unquote(uri.path).rstrip("/")
    names = [one.path.removeprefix(root).strip("/") for one in listed if one.type == FileType.File]
    return sorted(str(uri._replace(path=quote(f"{above}/{name}"))) for name in names if _is_shown(name.split("/")))


def _is_shown(names: list[str]) -> bool:
    return not any(name.startswith((".", "_")) for name in names)


def keys(path: str) -> dict[str, str | None]:
    """Return the keys of partitions that a path's folders name, such as `day` in `day=7/part.parquet`."""
    uri = uri_of(path)
    folders = (path if uri is None else uri.path).split("/")[:-1]
    pairs = (folder.partition("=") for folder in folders if "=" in folder)
    return {unquote(key): None if text == NO_KEY else unquote(text) for key, _, text in pairs if key}


def _listed(uri: Uri) -> Iterator[str]:
    """Return the paths of a URI's pattern below its authority; `**` stands for any folders, as in Python's glob."""
    from pyarrow.fs import FileSelector, FileType

    segments = uri.path.split("/")
    first = next(at for at, segment in enumerate(segments) if glob.has_magic(segment))
    filesystem, folder = _inside(uri._replace(path="/".join(segments[:first])))
    selector = FileSelector(folder, allow_not_found=True, recursive=first < len(segments) - 1 or "**" in segments)
    above = unquote("/".join(segments[:first]))
    wanted = [unquote(segment) for segment in segments[first:]]
    for found in filesystem.get_file_info(selector):
        inside = found.path.removeprefix(folder).lstrip("/")
        if found.type == FileType.File and _fits(inside.split("/"), wanted):
            yield f"{above}/{inside}"


def _fits(names: list[str], wanted: list[str]) -> bool:
    """Return whether folders and a file's name fit a pattern; names that begin with a dot must be asked for."""
    if not wanted:
        return not names
    if wanted[0] == "**" and len(wanted) > 1:
        deeper = bool(names) and not names[0].startswith(".") and _fits(names[1:], wanted)
        return _fits(names, wanted[1:]) or deeper
    if not names or (names[0].startswith(".") and not wanted[0].startswith(".")):
        return False
    return fnmatch.fnmatchcase(names[0], wanted[0]) and _fits(names[1:], wanted[1:])
