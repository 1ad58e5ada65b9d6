"""Threads: a pool of Python threads that run chunks of one kernel, each without Python's lock.

Chunks are fixed by the data's shape, so bits do not depend on who does which. A call takes the threads that are idle,
is one of them itself, and never waits for others: any number of threads may call at once. A forked child starts its
own pool; work that is started inside a task of the pool runs there, in place.

Rejected: Numba's `prange`, whose layers abort when two threads call, or after a fork, and whose drivers compile for
seconds; `concurrent.futures`, whose queue wakes a thread in three times the time.
"""

import contextlib
import math
import os
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

VARIABLE = "FASTLOSS_NUM_THREADS"
SLICE = 0.02  # seconds: the longest that a thread should stay inside one call of a kernel, so that Ctrl-C is seen
WORTH = 0.0002  # seconds of work that two threads do no faster than one: half of it is lost on waking one and waiting
SHORT = 0.001  # a call shorter than this is not worth its turn: the next takes more chunks

Run = Callable[[int, int], Any]


def _quota() -> float:
    """How many processors the control group may use: containers are given shares, not processors."""
    for path in ("/sys/fs/cgroup/cpu.max", "/sys/fs/cgroup/cpu/cpu.cfs_quota_us"):
        with contextlib.suppress(OSError, ValueError):
            with open(path) as file:
                words = file.read().split()
            if len(words) == 1:
                with open("/sys/fs/cgroup/cpu/cpu.cfs_period_us") as file:
                    words += file.read().split()
            quota, period = float(words[0]), float(words[1])  # "max" is no number
            if quota > 0.0:
                return quota / period
    return math.inf


def available() -> int:
    """How many threads make sense: by affinity and control group."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, min(cores, math.ceil(min(_quota(), cores))))


def _default() -> int:
    given = os.environ.get(VARIABLE)
    if not given:
        return available()
    if not given.isdecimal() or int(given) < 1:
        raise ValueError(f"{VARIABLE} is {given!r}: expected an integer >= 1")
    return int(given)


class _Local(threading.local):
    count: int | None = None  # as `num_threads` says, of this thread
    inside = False  # a task of the pool


_local = _Local()
_count: int | None = None


def get_num_threads() -> int:
    """How many threads a call uses at most that this thread makes."""
    global _count
    if _local.inside:
        return 1
    if _local.count is not None:
        return _local.count
    if _count is None:
        _count = _default()
    return _count


def _checked(count: Any) -> int:
    from fastloss.core.domains import is_integer, shown

    if not is_integer(type(count)) or isinstance(count, bool) or count < 1:
        raise ValueError(f"threads is {shown(count)}: expected an integer >= 1")
    return int(count)


def set_num_threads(count: int) -> None:
    """Set how many threads calls use at most, in the whole process.

    Parameters
    ----------
    count : int
        At least 1. At the start it is the environment's ``FASTLOSS_NUM_THREADS``, else as many as the process's
        affinity and its control group allow.

    Raises
    ------
    ValueError
        If it is not an integer >= 1.

    Examples
    --------
    >>> import fastloss
    >>> before = fastloss.get_num_threads()
    >>> fastloss.set_num_threads(1)
    >>> fastloss.get_num_threads()
    1
    >>> fastloss.set_num_threads(before)
    """
    global _count
    _count = _checked(count)


@contextlib.contextmanager
def num_threads(count: int) -> Iterator[None]:
    """Let the calls that this thread makes inside use so many threads at most.

    Parameters
    ----------
    count : int
        At least 1.

    Raises
    ------
    ValueError
        If it is not an integer >= 1.

    Examples
    --------
    >>> import fastloss
    >>> with fastloss.num_threads(1):
    ...     fastloss.mse_loss([1.0, 2.0], [0.0, 0.0])
    2.5
    """
    before, _local.count = _local.count, _checked(count)
    try:
        yield
    finally:
        _local.count = before


class Job:
    """Chunks that several threads take from one counter, and what became of it."""

    def __init__(self, make: Callable[[], Run], chunks: int, few: int, threads: int):
        self._make, self._chunks, self._few, self._threads = make, chunks, few, threads
        self._next = 0
        self._lock = threading.Lock()

    def _taken(self, size: int) -> tuple[int, int]:
        """The next chunks: no more than leave enough for the others at the end."""
        with self._lock:
            begin = self._next
            left = self._chunks - begin
            most = left if self._threads == 1 else max(1, left // (2 * self._threads))
            self._next = end = begin + min(size, most) if left > 0 else begin
        return begin, end

    def stop(self) -> None:
        """Let nobody take more chunks."""
        with self._lock:
            self._next = self._chunks

    def is_worth_threads(self, run: Run) -> bool:
        """Do the first chunks; whether the others take so long that several threads are faster."""
        begin, end = self._taken(max(1, self._few))
        start = time.perf_counter()
        run(begin, end)
        took = time.perf_counter() - start
        if took * (self._chunks - end) >= WORTH * (end - begin):
            return True
        self._threads = 1
        return False

    def work(self, run: Run | None = None) -> None:
        """Take chunks until there are none, as many at a time as fit a slice of time; an error ends all threads."""
        try:
            self._work(run or self._make())
        except BaseException:
            self.stop()
            raise

    def _work(self, run: Run) -> None:
        size = max(1, self._few)
        while True:
            begin, end = self._taken(size)
            if begin == end:
                return
            start = time.perf_counter()
            run(begin, end)
            took = time.perf_counter() - start
            if took < SHORT:
                size = 4 * (end - begin)
            elif took > SLICE:
                size = max(1, (end - begin) // 2)


class _Worker(threading.Thread):
    """A thread that waits for work, does it, and says so."""

    def __init__(self, idle: list["_Worker"]):
        super().__init__(name="fastloss", daemon=True)
        self._idle = idle
        self._wake, self._done = threading.Lock(), threading.Lock()
        self._wake.acquire()
        self._done.acquire()
        self._work: Callable[[], None] = lambda: None
        self._error: BaseException | None = None
        self.start()

    def give(self, work: Callable[[], None]) -> None:
        """Start some work; `wait` must follow."""
        self._work = work
        self._wake.release()

    def wait(self, stop: Callable[[], None]) -> BaseException | None:
        """The error of the work, or an interrupt, when the work has ended: arrays must outlive it."""
        interrupt: BaseException | None = None
        while True:
            try:
                self._done.acquire()
                break
            except BaseException as raised:
                interrupt = raised
                stop()
        error, self._error = self._error, None
        self._idle.append(self)
        return interrupt or error

    def run(self) -> None:
        _local.inside = True
        while True:
            self._wake.acquire()
            try:
                self._work()
            except BaseException as error:
                self._error = error
            self._work = lambda: None
            self._done.release()


_idle: list[_Worker] = []
_workers = 0
_growing = threading.Lock()


def _after_fork_in_child() -> None:
    """The parent's threads are not here."""
    global _idle, _workers, _growing
    _idle, _workers, _growing = [], 0, threading.Lock()
    _local.inside = False


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork_in_child)


def _borrowed(count: int) -> list[_Worker]:
    """Up to so many idle threads; new ones while the pool has fewer than calls may use."""
    global _workers
    found: list[_Worker] = []
    while len(found) < count:
        try:
            found.append(_idle.pop())
        except IndexError:
            with _growing:
                if _workers >= get_num_threads() - 1:
                    break
                _workers += 1
            found.append(_Worker(_idle))
    return found


def together(job: Job, run: Run, threads: int) -> None:
    """Let this thread, by its own `run`, and up to `threads` - 1 others do the chunks of a job."""
    helpers = _borrowed(threads - 1)
    for one in helpers:
        one.give(job.work)
    error: BaseException | None = None
    try:
        job.work(run)
    except BaseException as raised:
        error = raised
    for one in helpers:
        other = one.wait(job.stop)
        if other is not None and error is None:
            error = other
            job.stop()
    if error is not None:
        raise error


def parallel(make: Callable[[], Run], chunks: int, few: int = 1) -> None:
    """run(begin, end) over all chunks, `make()` being each thread's own `run`.

    `few` chunks take some 50 microseconds. The first of them say how long the others will take: no thread is woken for
    work that ends sooner alone. Where `few` is 0, each chunk is known to take far longer, and none is waited for.
    """
    run = make()
    if 0 < chunks <= few:
        run(0, chunks)
        return
    threads = max(1, min(get_num_threads(), -(-chunks // max(few, 1))))
    job = Job(make, chunks, few, threads)
    if threads > 1 and (few == 0 or job.is_worth_threads(run)):
        together(job, run, threads)
    else:
        job.work(run)
