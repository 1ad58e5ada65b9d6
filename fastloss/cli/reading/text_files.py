"""Files of text, compressed or not, as streams of bytes."""

import abc
import bz2
import contextlib
import gzip
import io
import os
import zlib
from collections.abc import Callable, Generator, Iterator
from typing import Any

import pyarrow as pa

from fastloss.cli.reading import storage
from fastloss.cli.reading.readers import Source

COMPRESSED = (".gz", ".bz2", ".zst")
GZIP, BZIP2, ZSTD = b"\x1f\x8b", b"BZh", b"\x28\xb5\x2f\xfd"  # how they begin
MOST_OF_BLANK = 1 << 12  # bytes of a file without text: what a compressed one has around nothing, or blank lines
CUT = "the file is cut off: its compressed data has no end"


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
        with _sound():
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


@contextlib.contextmanager
def _sound() -> Iterator[None]:
    """Say in plain words that a compressed file is cut off or damaged."""
    try:
        yield
    except EOFError as error:
        raise ValueError(CUT) from error
    except (zlib.error, gzip.BadGzipFile) as error:
        raise ValueError(f"the file is damaged: it cannot be decompressed ({error})") from error
    except OSError as error:  # of zstd
        raise ValueError(CUT) if "Truncated compressed stream" in str(error) else error from None


def require_utf8(source: Source) -> None:
    """Raise for the first line that is not UTF-8; to be called where a text could not be parsed."""
    with text_of(source) as (text, _), io.BufferedReader(text) as lines:
        for number, line in enumerate(lines, 1):
            try:
                line.decode()
            except UnicodeDecodeError as error:
                byte = line[error.start]
                raise ValueError(
                    f"line {number}: byte {byte:#x} is not UTF-8: expected a file in UTF-8"
                    " (`iconv -f latin1 -t utf-8` converts Latin-1)"
                ) from None
