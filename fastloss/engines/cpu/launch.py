"""Running a compiled block over its chunks: the only parallel code on the CPU, and its guards.

A block is serial, `block(inputs, parameters, outputs, first, last)`, and does chunks first..last-1; what a chunk is
depends on the data's shape alone, so the bits never depend on the threads. One driver for each signature takes the
block as a typed function pointer: that costs nothing at run time, and a loss costs no parallel compilation of its own.
"""

import contextlib
import math
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator

import numba
import numpy as np
from numba import prange, types

from fastloss.engines.build import once, parallel_loop, specialise

ALONE = 1 << 15  # numbers that a thread does in about the time that it takes to wake another, some 50 microseconds
SLICE = 0.2  # seconds after which Python is to see a signal
APART = 512  # elements: more than the bytes of eight 512-bit vectors

_lock = threading.Lock()
_serial_only = False
_no_work_too_small = False


def _after_fork_in_child() -> None:
    """A forked child whose parent has used threads computes serially.

    GNU OpenMP kills such a child at its first parallel region. Under the other layers it could wait for ever: passing
    a block as a function pointer takes a lock of llvmlite's, which another thread may have held at the fork.
    """
    global _lock, _serial_only
    _lock = threading.Lock()
    _serial_only = _serial_only or _layer() != ""


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork_in_child)


def _layer() -> str:
    """Numba's threading layer, "" before the first parallel region of the process."""
    try:
        return numba.threading_layer()
    except ValueError:
        return ""


def drive(block, inputs, parameters, outputs, begin, end):
    for chunk in prange(begin, end):
        first = np.int64(chunk)
        block(inputs, parameters, outputs, first, first + 1)


@once
def driver(signature):
    """The parallel driver for blocks of one signature."""
    inputs, parameters, outputs, _, _ = signature.args
    return parallel_loop(
        drive, "any", types.void(types.FunctionType(signature), inputs, parameters, outputs, types.int64, types.int64)
    )


def launch(block, signature, arrays, chunks: int, few: int = 1) -> None:
    """Run `block` over all chunks; `arrays` is (inputs, parameters, outputs).

    No thread is woken for so few chunks that it would take longer than they do; they are the caller's estimate of what
    takes some 50 microseconds.
    """
    if numba.config.DISABLE_JIT:  # formulas are NumPy's then, which warns where kernels do not
        with np.errstate(all="ignore"):
            _in_slices(lambda begin, end: block(*arrays, begin, end), chunks, few)
        return
    if (chunks <= few and not (_no_work_too_small and chunks)) or _serial_only or numba.get_num_threads() == 1:
        _in_slices(lambda begin, end: block(*arrays, begin, end), chunks, few)
        return
    run = driver(signature)
    if _layer() != "workqueue":
        _in_slices(lambda begin, end: run(block, *arrays, begin, end), chunks, few)
        return

    def guarded(begin: int, end: int) -> None:
        with _lock:  # this layer aborts the process when two threads enter parallel code at once
            run(block, *arrays, begin, end)

    _in_slices(guarded, chunks, few)


def _in_slices(run: Callable[[int, int], None], chunks: int, few: int) -> None:
    """run(begin, end) over all chunks, a while at a time: Ctrl-C is seen between two calls, never inside one.

    The first call is as long as is known to be short, the next by what it took. No chunk knows which others are done
    in the same call, so no bit depends on it.
    """
    size = 2000 * few if few > 1 else 4 * numba.get_num_threads()
    begin = 0
    while begin < chunks:
        end = min(chunks, begin + size)
        start = time.perf_counter()
        run(begin, end)
        took = max(time.perf_counter() - start, 1e-6)
        size = max(1, int(size * min(SLICE / took, 16.0)))
        begin = end


@contextlib.contextmanager
def parallel_always() -> Iterator[None]:
    """Inside, even a single chunk goes through the driver, so that it is compiled."""
    global _no_work_too_small
    before, _no_work_too_small = _no_work_too_small, True
    try:
        yield
    finally:
        _no_work_too_small = before


def read_only(array: np.ndarray) -> np.ndarray:
    """A view that kernels may only read: one type for arrays that are writable and arrays that are not."""
    view = array.view()
    view.flags.writeable = False
    return view


def output(shape: int | tuple[int, ...], dtype: np.dtype) -> np.ndarray:
    """An empty array for a kernel to write.

    LLVM runs a loop that reads one array and writes another as packed instructions only if the second does not start
    within a few vectors behind the first, and a sum's last bits depend on that. So a small result, which may come to
    lie right behind a small argument, is kept away from it.
    """
    size = shape if isinstance(shape, int) else math.prod(shape)
    return np.empty(size + APART, dtype)[APART:].reshape(shape) if 0 < size < APART else np.empty(shape, dtype)


def set_threads(count: int) -> None:
    """How many threads the kernels use that this thread starts."""
    most = numba.config.NUMBA_NUM_THREADS
    if not 1 <= count <= most:
        raise ValueError(f"threads is {count}: expected 1 to {most}")
    numba.set_num_threads(count)


def cache_folder() -> str:
    """Where compiled kernels are stored, or why they are not."""
    if numba.config.DISABLE_JIT:
        return "none: NUMBA_DISABLE_JIT is set"
    try:
        return str(numba.njit(cache=True)(specialise(drive, "where")).stats.cache_path)
    except RuntimeError as error:
        return f"none: {error}"


def information() -> dict[str, object]:
    """What `fastloss info` says of this engine."""
    features = numba.core.codegen.get_host_cpu_features() if "numba.core.codegen" in sys.modules else ""
    return {
        "threads": numba.get_num_threads(),
        "threading layer": _layer() or "not started",
        "processor": numba.core.codegen.ll.get_host_cpu_name(),
        "vector instructions": ", ".join(name for name in ("sse2", "avx2", "fma", "avx512f") if f"+{name}" in features),
    }
