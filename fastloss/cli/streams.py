"""Standard input, output and error, made dependable before anything else is opened or printed.

If one is closed, the next file that is opened would take its number, and what is printed would go there: /dev/null
takes it, opened the other way, so that whoever reads or writes gets an error, as with a closed one.
"""

import contextlib
import io
import os
import select
import sys
from typing import Any, TextIO

from fastloss.cli.leaving import CLOSED_PIPE


def reserve() -> None:
    """Open what is closed."""
    for number, way in ((0, os.O_WRONLY), (1, os.O_RDONLY), (2, os.O_WRONLY)):
        with contextlib.suppress(OSError):
            os.fstat(number)
            continue
        os.open(os.devnull, way)  # takes the lowest number that is free


def settle() -> None:
    """Let nothing that is printed fail in any other way than by `Printed`'s."""
    if sys.stdin is None:
        sys.stdin = open(0, closefd=False)  # noqa: SIM115
    sys.stdout = _dependable(sys.stdout, 1, must=True)
    sys.stderr = _dependable(sys.stderr, 2, must=False)


def _dependable(stream: TextIO | None, number: int, must: bool) -> TextIO:
    """Return a stream like another one; like one that is closed, of its number."""
    if stream is None:
        raw: Any = io.FileIO(number, "w", closefd=False)
        return io.TextIOWrapper(io.BufferedWriter(Printed(raw, must)), "utf-8", "backslashreplace")
    raw = getattr(stream.buffer, "raw", stream.buffer)  # the latter where nothing is buffered (python -u)
    return io.TextIOWrapper(
        io.BufferedWriter(Printed(raw, must)),
        stream.encoding,
        "backslashreplace" if stream.errors == "strict" else stream.errors,
        line_buffering=bool(stream.line_buffering),
        write_through=getattr(stream, "write_through", False),
    )


class Unprintable(Exception):
    """What is printed cannot be written."""


class Printed(io.RawIOBase):
    """A file that is printed to.

    Where `must`, the first failure ends the command: by SystemExit for a reader who has seen enough, else by
    `Unprintable`. What comes later is dropped, as are errors that nobody can be told of.
    """

    def __init__(self, raw: Any, must: bool):
        self._raw, self._must = raw, must
        self._is_lost = False

    def writable(self) -> bool:
        return True

    def fileno(self) -> int:
        return int(self._raw.fileno())

    def isatty(self) -> bool:
        return bool(self._raw.isatty())

    def write(self, data: Any) -> int:
        size = memoryview(data).nbytes
        if self._is_lost:
            return size
        try:
            while (written := self._raw.write(data)) is None:
                select.select([], [self.fileno()], [])  # a pipe that does not wait for its reader
            return int(written)
        except OSError as error:
            self._is_lost = True
            if not self._must:
                return size
            if isinstance(error, BrokenPipeError):
                raise SystemExit(CLOSED_PIPE) from None
            raise Unprintable(f"standard output: {error.strerror}") from None
