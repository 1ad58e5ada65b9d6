"""Tasks of matrix products side by side, each with one BLAS thread.

Where a task is computed by one thread throughout, bits do not depend on how many there are, and a tile stays in one
core's cache. BLAS's own threads would also spin for some 20 ms after each product, on the processors that the compiled
code between two products needs. OpenBLAS, which NumPy's wheels bring, is told to use one thread while tasks run; where
NumPy has another BLAS, tasks run one after another and each product takes the threads that the BLAS chooses.
"""

import collections
import contextlib
import ctypes
import functools
import pathlib
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numba
import numpy as np

_lock = threading.Lock()
_inside = 0
_before = 1
_own = threading.local()


class Stopped(Exception):
    """Nobody waits for a task any more."""


def check() -> None:
    """Raise if nobody waits for the task of this thread: Python tells the main thread of Ctrl-C, and no other."""
    stop = getattr(_own, "stop", None)
    if stop is not None and stop.is_set():
        raise Stopped


@functools.cache
def _openblas() -> tuple[Callable[[], int], Callable[[int], None]] | None:
    """Getter and setter of the number of threads of the OpenBLAS in NumPy's wheel; None if it has another BLAS."""
    package = pathlib.Path(np.__file__).parent
    for path in (*package.parent.glob("numpy.libs/*openblas*"), *package.glob(".dylibs/*openblas*")):
        with contextlib.suppress(OSError):
            library = ctypes.CDLL(str(path))
            for name in ("scipy_openblas_{}_num_threads64_", "openblas_{}_num_threads64_", "openblas_{}_num_threads"):
                if hasattr(library, name.format("set")):
                    return getattr(library, name.format("get")), getattr(library, name.format("set"))
    return None


@contextlib.contextmanager
def one_thread() -> Iterator[bool]:
    """While inside, a product takes one thread; False where that cannot be had."""
    global _inside, _before
    controls = _openblas()
    if controls is None:
        yield False
        return
    get, set_ = controls
    with _lock:
        if not _inside:
            _before = get()
            set_(1)
        _inside += 1
    try:
        yield True
    finally:
        with _lock:
            _inside -= 1
            if not _inside:
                set_(_before)


def _alone(work: Callable[[Any], Any], task: Any, stop: threading.Event) -> Any:
    """A task in a thread of its own: what it launches is serial, and NumPy's warnings are off as in the caller's."""
    numba.set_num_threads(1)
    _own.stop = stop
    check()
    with np.errstate(all="ignore"):
        return work(task)


def in_order(work: Callable[[Any], Any], tasks: Sequence[Any]) -> Iterator[Any]:
    """work(task) of every task, in order; a few run side by side, and no more results are kept than that.

    Tasks call `check` every now and then, so that all of them end when one fails or Ctrl-C is pressed.
    """
    with one_thread() as single:
        threads = min(numba.get_num_threads(), len(tasks)) if single else 1
        if threads <= 1:
            yield from map(work, tasks)
            return
        pending: collections.deque[Any] = collections.deque()
        stop = threading.Event()
        with ThreadPoolExecutor(threads) as pool:
            try:
                for task in tasks:
                    pending.append(pool.submit(_alone, work, task, stop))
                    if len(pending) > threads:
                        yield pending.popleft().result()
                while pending:
                    yield pending.popleft().result()
            finally:
                stop.set()
