"""Tasks of matrix products side by side, each with one BLAS thread.

Where a task is computed by one thread throughout, bits do not depend on how many there are, and a tile stays in one
core's cache. BLAS's own threads would also spin for some 20 ms after each product, on the processors that the compiled
code between two products needs. So every BLAS that NumPy may call is told to use one thread while tasks run.
"""

import collections
import contextlib
import functools
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
from threadpoolctl import ThreadpoolController

from fastloss.compile import threads

PATIENCE = 0.1  # seconds after which a task that waits for its turn looks whether anybody waits for it

_lock = threading.Lock()
_inside = 0
_before: list[int] = []
_own = threading.local()


class Stopped(Exception):
    """Nobody waits for a task any more."""


def check() -> None:
    """Raise if nobody waits for the task of this thread: Python tells the main thread of Ctrl-C, and no other."""
    stop = getattr(_own, "stop", None)
    if stop is not None and stop.is_set():
        raise Stopped


@functools.cache
def _libraries() -> list[Any]:
    """The controllers of the BLAS libraries that are loaded; NumPy's is, since NumPy is."""
    return list(ThreadpoolController().select(user_api="blas").lib_controllers)


@contextlib.contextmanager
def one_thread() -> Iterator[bool]:
    """While inside, a product takes one thread; False where that cannot be had."""
    global _inside, _before
    libraries = _libraries()
    if not libraries:
        yield False
        return
    with _lock:
        if not _inside:
            _before = [library.get_num_threads() for library in libraries]
            for library in libraries:
                library.set_num_threads(1)
        _inside += 1
    try:
        yield True
    finally:
        with _lock:
            _inside -= 1
            if not _inside:
                for library, count in zip(libraries, _before, strict=True):
                    library.set_num_threads(count)


def _alone(work: Callable[[Any], Any], task: Any, stop: threading.Event) -> Any:
    """A task in a thread of its own: what it launches is serial, and NumPy's warnings are off as in the caller's."""
    _own.stop = stop
    check()
    with threads.num_threads(1), np.errstate(all="ignore"):
        return work(task)


def in_order(work: Callable[[Any], Any], tasks: Sequence[Any]) -> Iterator[Any]:
    """work(task) of every task, in order; a few run side by side, and no more results are kept than that.

    Tasks call `check` every now and then, so that all of them end when one fails or Ctrl-C is pressed.
    """
    with one_thread() as single:
        count = min(threads.get_num_threads(), len(tasks)) if single else 1
        if count <= 1:
            yield from map(work, tasks)
            return
        pending: collections.deque[Any] = collections.deque()
        stop = threading.Event()
        with ThreadPoolExecutor(count) as pool:
            try:
                for task in tasks:
                    pending.append(pool.submit(_alone, work, task, stop))
                    if len(pending) > count:
                        yield pending.popleft().result()
                while pending:
                    yield pending.popleft().result()
            finally:
                stop.set()


class Turns:
    """Lets tasks that `in_order` runs side by side change parts of an array in the tasks' order, 0, 1, ...

    Sums are then the same bits whoever comes first, and no task needs an array of its own.
    """

    def __init__(self, parts: int):
        self._next = [0] * parts
        self._moved = threading.Condition()

    @contextlib.contextmanager
    def of(self, task: int, part: int) -> Iterator[None]:
        """Wait until all tasks before this one have had the part."""
        with self._moved:
            while self._next[part] < task:
                self._moved.wait(PATIENCE)
                check()
        yield
        with self._moved:
            self._next[part] = task + 1
            self._moved.notify_all()
