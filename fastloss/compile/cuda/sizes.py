"""Sizes of blocks and of what their threads do: the host lays out launches by them, and kernels are bound to them.

`using` sets others for the calls made inside it. The tests do: in the simulator a thread takes a millisecond.
"""

import contextlib
import contextvars
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np


class Tile(NamedTuple):
    """Of a product of matrices: a tile's side, what a thread has of it along each side, the depth read at a time."""

    tile: int
    each: int
    step: int

    @property
    def side(self) -> int:
        """Threads along a side."""
        return self.tile // self.each

    @property
    def threads(self) -> int:
        return self.side**2

    def count(self, rows: int) -> int:
        """How many tiles cover that many rows or columns."""
        return -(-rows // self.tile)


class Sizes(NamedTuple):
    """All of them; the defaults are those of every day."""

    threads: int = 128  # of a block, a power of two: sums over a block halve it
    rows: int = 1 << 13  # of a block of a fast method
    scanned: int = 1 << 12  # rows of a block that looks for ranges and levels
    ids: int = 1 << 12  # of a block
    listed: int = 256  # rows that a thread counts or lists
    turned: int = 32  # rows and columns of a block that turns a matrix over
    turned_at_once: int = 8  # of its rows
    single: Tile = Tile(128, 8, 8)
    double: Tile = Tile(64, 4, 16)

    def tile(self, dtype: Any) -> Tile:
        """For a precision."""
        return self.single if dtype == np.float32 else self.double


EVERY_DAY = Sizes()
_CHOSEN = contextvars.ContextVar("sizes", default=EVERY_DAY)


def sizes() -> Sizes:
    """Those to be used now."""
    return _CHOSEN.get()


@contextlib.contextmanager
def using(**others: Any) -> Iterator[None]:
    """Other sizes for the calls made inside.

    Raises
    ------
    ValueError
        If there is no size of that name.
    """
    token = _CHOSEN.set(sizes()._replace(**others))
    try:
        yield
    finally:
        _CHOSEN.reset(token)
