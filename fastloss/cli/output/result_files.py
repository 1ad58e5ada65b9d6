"""Files of results, which appear under their names when they are complete, or not at all."""

import contextlib
import os
import secrets
import shutil
import stat
import sys
import tempfile
from types import TracebackType
from typing import Any, Self

import pyarrow as pa

from fastloss.cli import temporary
from fastloss.cli.errors import UserError, explained
from fastloss.cli.leaving import Undoing
from fastloss.cli.output.tables import Writer, writer_of
from fastloss.cli.reading import storage


class ResultFile:
    """A file of bytes.

    A regular file is written beside its final place and moved there by `commit`, with the mode and the owner of the
    file that it replaces; if the path is a link, its target is replaced. A device or a pipe is not replaced: `commit`
    writes the complete file to it.
    """

    def __init__(self, path: str, inputs: list[str], option: str = "--per-group"):
        self.path = path
        with explained(path or option):
            self._place = os.path.realpath(path)
            self._before = _status(path)
        folder = os.path.dirname(self._place)
        if not path or os.path.isdir(path):
            raise UserError(f"{path}: is a folder" if path else f"{option} is empty: expected the name of a file")
        if self._before is None and not os.path.isdir(folder):
            raise UserError(f"{path}: no folder {folder}")
        if self._before is not None:
            _require_fit(path, self._before, inputs)
        self._is_regular = self._before is None or stat.S_ISREG(self._before.st_mode)
        self._temporary = os.path.join(folder, f".{os.path.basename(self._place)[:200]}.{secrets.token_hex(6)}.tmp")
        self._undoing = Undoing(self._remove)
        self._file: Any = None
        self._through: Any = None  # the device or pipe

    def __enter__(self) -> Self:
        with explained(self.path):  # a place that cannot be written is an error before anything is read
            if self._is_regular:
                self._undoing.__enter__()
                self._file = open(self._temporary, "x+b", opener=self._opener)
            else:
                self._through = open(self.path, "wb")
                if self._through.isatty():
                    raise UserError(f"{self.path}: is a terminal: expected a file")
                with temporary.written():
                    self._file = tempfile.TemporaryFile(dir=temporary.place())
        return self

    def _opener(self, path: str, flags: int) -> int:
        before = self._before
        descriptor = os.open(path, flags, 0o666 if before is None else 0o600)
        if before is not None:
            with contextlib.suppress(PermissionError):
                os.fchown(descriptor, before.st_uid, before.st_gid)
            os.fchmod(descriptor, stat.S_IMODE(before.st_mode))
        return descriptor

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._close()
        for file in (self._file, self._through):
            if file is not None:
                with contextlib.suppress(OSError):
                    file.close()
        self._remove()
        self._undoing.__exit__()

    def _remove(self) -> None:
        if self._is_regular:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(self._temporary)

    def restart(self) -> None:
        """Discard what has been written."""
        self._close()
        self._file.seek(0)
        self._file.truncate()

    def write(self, data: bytes) -> None:
        """Append bytes."""
        with explained(self.path):
            self._file.write(data)

    def commit(self) -> None:
        """Move the file to its place."""
        with explained(self.path):
            self._end()
            self._file.flush()
            if self._is_regular:
                self._file.close()
                os.replace(self._temporary, self._place)
            else:
                self._file.seek(0)
                shutil.copyfileobj(self._file, self._through)
                self._through.close()

    def _end(self) -> None:
        """Write what ends the file."""

    def _close(self) -> None:
        """Drop what has not been written."""


class TableFile(ResultFile):
    """A table of a format that the file's suffix tells."""

    def __init__(self, path: str, inputs: list[str], option: str = "--per-group"):
        self._kind = writer_of(path)
        self._writer: Writer | None = None
        super().__init__(path, inputs, option)

    def append(self, table: pa.Table) -> None:
        """Append a table."""
        with explained(self.path):
            if self._writer is None:
                self._writer = self._kind(self._file, table.schema)
            self._writer.write(table)

    def _end(self) -> None:
        if self._writer is not None:
            self._writer.close()
            self._writer = None

    def _close(self) -> None:
        with contextlib.suppress(OSError, pa.ArrowException):
            self._end()
        self._writer = None


def _status(path: str) -> os.stat_result | None:
    """Return the status of a path, None if there is no file."""
    try:
        return os.stat(path)
    except FileNotFoundError:
        return None


def _require_fit(path: str, before: os.stat_result, inputs: list[str]) -> None:
    """Raise if the file that a path names must not be written to."""
    if any(os.path.samestat(before, os.stat(other)) for other in inputs if storage.uri_of(other) is None):
        raise UserError(f"{path}: is one of the files to be read")
    if stat.S_ISBLK(before.st_mode):
        raise UserError(f"{path}: is a block device: expected a file")
    if stat.S_ISSOCK(before.st_mode):
        raise UserError(f"{path}: is a socket: expected a file")
    if not os.access(path, os.W_OK):
        raise UserError(f"{path}: Permission denied")
    if not os.path.samestat(before, os.stat(os.devnull)):
        for stream, what in ((sys.__stdout__, "results"), (sys.__stderr__, "errors")):
            with contextlib.suppress(OSError, ValueError, AttributeError):
                if os.path.samestat(before, os.fstat(stream.fileno())):  # type: ignore[union-attr]
                    raise UserError(f"{path}: is where the {what} are printed")
