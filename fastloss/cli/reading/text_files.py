"""Files of text, compressed or not, as streams of bytes."""

import abc
import bz2
import contextlib
import gzip
import os
from collections.abc import Callable, Generator, Iterator
from typing import Any

import pyarrow as pa

from fastloss.cli.reading import storage
from fastloss.cli.reading.readers import Source

COMPRESSED = (".gz", ".bz2", ".zst")
GZIP, BZIP2, ZSTD = b"\x1f\x8b", b"BZh", b"\x28\xb5\x2f\xfd"  # how they begin
MOST_OF_BLANK = 1 << 12  # bytes of a file without text: what a compressed one has around nothing, or blank lines


def stem(path: str) -> tuple[str, str]:
    """Split a path, in lower case, into its name and the suffix of a compressed file, if it has one."""
    name = storage.named(path).lower()
    root, suffix = os.path.splitext(name)
    return (root, suffix) if suffix in COMPRESSED else (name, "")


@contextlib.contextmanager
def text_of(source: Source) -> Iterator[tuple[Any, Callable[[], float]]]:
    """Open a file's text, and give what tells the share of the file that has been read."""
    with contextlib.ExitStack() as stack:
        raw: Any = stack.enter_context(storage.opened(source.place))
        head = raw.read(4)
        raw.seek(0)
        text = raw
        if head.startswith(GZIP):
            text = stack.enter_context(gzip.GzipFile(fileobj=raw))
        elif head.startswith(BZIP2):
            text = stack.enter_context(bz2.BZ2File(raw))
        elif head.startswith(ZSTD):
            text = stack.enter_context(pa.CompressedInputStream(pa.PythonFile(raw, "r"), "zstd"))
        yield text, lambda: min(raw.tell() / max(source.size, 1), 1.0)


class TextSource(Source):
    """A file of text, read in pieces of whole rows."""

    what_blank_is: str  # what errors say of a file without any text

    @abc.abstractmethod
    def _pieces(self) -> Generator[tuple[bytes, float]]:
        """Read pieces of whole rows, each with the share of the file that has been read."""

    @property
    def is_blank(self) -> bool:
        """Whether a file, which may be compressed, has no text; a large one has some."""
        if self.size > MOST_OF_BLANK:
            return False
        with contextlib.closing(self._pieces()) as texts:
            return next(texts, None) is None
