"""Pieces of whole rows of a CSV file, to be parsed in memory; damage that would merge rows is an error.

PyArrow's own streaming reader takes a quote that never closes for a field that holds the rest of the file, goes on
after a closing quote as if nothing were there, and reads ahead in a thread that outlives an error. Here a row ends at a
newline outside quotes; a quote opens a field only as its first character, and elsewhere outside quotes is text.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np

LONGEST = 1 << 29  # bytes of one row: a quote that never closes must not bring a whole file into memory
QUOTE, NEWLINE, RETURN = b'"\n\r'
MARK = b"\xef\xbb\xbf"  # UTF-8's, at the start of what some programs write


def pieces(file: Any, delimiter: bytes, size: int) -> Iterator[bytes]:
    """Read a file in pieces of about `size` bytes, each of whole rows."""
    rest, lines, more = b"", 0, size
    is_first = True
    while True:
        new = file.read(more)
        is_last = not new
        data = rest + (new.removeprefix(MARK) if is_first else new)
        is_first = False
        if is_last and data:
            data += b"\n"
        marks = _marks(data, delimiter[0], lines)
        end = _last_row_end(data, marks)
        _require_sound(data, marks, end, is_last, lines)
        piece, rest = data[:end], data[end:]
        if piece.strip(b"\r\n"):
            yield piece
        if is_last:
            return
        lines += line_ends(piece)
        more = max(size, len(rest))  # doubles what is there while a row has no end


def line_ends(text: bytes) -> int:
    """Count the ends of lines in a text."""
    return text.count(b"\n") + text.count(b"\r") - text.count(b"\r\n")


def _marks(data: bytes, delimiter: int, lines: int) -> np.ndarray:
    """Return where quoting starts and ends, in turn; a doubled quote ends it and starts it again."""
    if b'"' not in data:
        return np.empty(0, np.int64)
    bytes_ = np.frombuffer(data, np.uint8)
    quotes = np.flatnonzero(bytes_ == QUOTE)
    before = np.where(quotes == 0, NEWLINE, bytes_[quotes - 1])
    if not np.isin(before[::2], (delimiter, NEWLINE, RETURN, QUOTE)).all():  # some quotes are text
        quotes = np.array(_opening_and_closing(data, quotes.tolist(), delimiter), np.int64)
    closing = quotes[1::2]
    after = bytes_[np.minimum(closing + 1, bytes_.size - 1)]
    wrong = ~np.isin(after, (delimiter, NEWLINE, RETURN, QUOTE)) & (closing + 1 < bytes_.size)
    if wrong.any():
        opening = int(quotes[2 * int(np.argmax(wrong))])
        raise ValueError(
            f"line {_line(data, opening, lines)}: a quoted field goes on after its closing quote"
            " (a quote inside one is doubled; does this one close where it should?)"
        )
    return quotes


def _opening_and_closing(data: bytes, quotes: list[int], delimiter: int) -> list[int]:
    """Return the quotes that open or close a field; the others are text."""
    starts = (delimiter, NEWLINE, RETURN)
    result: list[int] = []
    is_inside, last = False, -2
    for place in quotes:
        if is_inside or place == last + 1 or place == 0 or data[place - 1] in starts:
            is_inside, last = not is_inside, place
            result.append(place)
    return result


def _last_row_end(data: bytes, marks: np.ndarray) -> int:
    """Return the position after the last newline outside quotes, 0 if there is none."""
    for newline, stop in ((b"\n", len(data)), (b"\r", len(data) - 1)):  # a newline may follow a return at the end
        while (end := data.rfind(newline, 0, max(stop, 0)) + 1) > 0:
            count = int(np.searchsorted(marks, end))
            if count % 2 == 0:
                return end
            stop = int(marks[count - 1])
    return 0


def _require_sound(data: bytes, marks: np.ndarray, end: int, is_last: bool, lines: int) -> None:
    if is_last and marks.size % 2:
        raise ValueError(f"line {_line(data, int(marks[-1]), lines)}: a quote that never closes")
    if len(data) - end > LONGEST:
        raise ValueError(
            f"line {_line(data, end, lines)}: a row of more than {LONGEST} bytes (does a quote in it never close?)"
        )
    if (nul := data.find(b"\0")) >= 0:
        raise ValueError(f"line {_line(data, nul, lines)}: a byte 0, which is in no text")


def _line(data: bytes, place: int, before: int) -> int:
    """Return the number of the line, counted from 1, of a position."""
    return before + line_ends(data[:place]) + 1
