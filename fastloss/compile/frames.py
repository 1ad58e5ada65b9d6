"""Frames: the tables of a kernel for small calls, filled once but for what changes from call to call.

A launch packs addresses and lengths anew, asks for threads and takes chunks from a counter, which takes longer than a
kernel on a few numbers. A frame is used by one thread at a time; who finds none that is free makes another.
"""

import ctypes
import functools
from collections.abc import Callable, Sequence
from typing import Any, Generic, TypeVar

import numpy as np

from fastloss.compile import threads
from fastloss.compile.kernels import Kernel
from fastloss.compile.signatures import address_of

T = TypeVar("T")
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


def addresses_of(arrays: Sequence[np.ndarray], masks: Sequence[int]) -> list[Any] | None:
    """Where arrays lie; None if a kernel cannot read one as it lies. `masks` are their elements' sizes less one."""
    found = []
    for at, array in enumerate(arrays):  # a strict `zip` takes as long as the rest
        address = address_of(array)
        if address & masks[at] or not array.flags.c_contiguous:
            return None
        found.append(address)
    return found


class Spare(Generic[T]):
    """Frames, with what belongs to them, that no call uses now."""

    __slots__ = ("_free", "_make", "give")

    def __init__(self, make: Callable[[], T]):
        self._make = make
        self._free: list[T] = []
        self.give = self._free.append

    def take(self) -> T:
        """One of them, or a new one."""
        try:
            return self._free.pop()
        except IndexError:
            return self._make()
