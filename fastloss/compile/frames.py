"""Frames: the tables of a kernel for small calls, filled once but for what changes from call to call.

A launch packs addresses and lengths anew, asks for threads and takes chunks from a counter, which takes longer than a
kernel on a few numbers. A frame is used by one thread at a time; who finds none that is free makes another.
"""

import ctypes
import functools
from collections.abc import Callable
from typing import Any

import numpy as np

from fastloss.compile import threads
from fastloss.compile.kernels import Kernel

HELD = ctypes.PYFUNCTYPE(None, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int64, ctypes.c_int64)


class Frame:
    """A kernel's tables, and what stays in them."""

    __slots__ = ("_entry", "_kept", "_where", "addresses", "kernel", "sizes", "starts")

    def __init__(self, kernel: Kernel):
        self.kernel, arrays = kernel, kernel.signature.arrays
        self.addresses = (ctypes.c_int64 * len(arrays))()
        self.starts, at = [], 0  # where an array's lengths begin
        for array in arrays:
            self.starts.append(at)
            at += array.dimensions
        self.sizes = (ctypes.c_int64 * at)()
        self._where = ctypes.addressof(self.addresses), ctypes.addressof(self.sizes)
        self._kept: list[Any] = []
        self._entry: Any = HELD(ctypes.cast(kernel.entry, ctypes.c_void_p).value or 0)

    def keep(self, at: int, numbers: Any) -> Any:
        """Put an array of `ctypes` into the tables that stays there: reading it gives Python's own numbers."""
        self._kept.append(numbers)
        self.addresses[at], self.sizes[self.starts[at]] = ctypes.addressof(numbers), len(numbers)
        return numbers

    def copied(self) -> "Frame":
        """A frame of the same arrays for another thread, with scratch arrays of its own."""
        other = Frame(self.kernel)
        for own, given in ((other.addresses, self.addresses), (other.sizes, self.sizes)):
            ctypes.memmove(own, given, ctypes.sizeof(own))
        arrays = self.kernel.signature.arrays
        for at in range(len(arrays) - len(self.kernel.signature.scratch), len(arrays)):
            kind = ctypes.c_byte * (np.dtype(arrays[at].dtype).itemsize * self.sizes[self.starts[at]])
            other._kept.append(scratch := kind())
            other.addresses[at] = ctypes.addressof(scratch)
        return other

    def run_together(self, chunks: int, few: int) -> None:
        """Run the kernel over many chunks by as many threads as they are worth."""
        mine = [self]

        def make() -> Callable[[int, int], None]:
            try:
                own = mine.pop()
            except IndexError:
                own = self.copied()
            run = functools.partial(self.kernel.entry, *own._where)
            run.frame = own  # type: ignore[attr-defined]  # addresses keep nothing alive
            return run

        threads.parallel(make, chunks, few)

    def run(self, chunks: int = 1) -> None:
        """Run the kernel over a few chunks, holding Python's lock: it is given back later than the kernel ends."""
        self._entry(*self._where, 0, chunks)
