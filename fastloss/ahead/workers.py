"""The processes that compile ahead: each takes a loss, makes its kernels, and takes the next.

A process that has grown large ends, and another takes its place: what LLVM has allocated comes back no other way. Of
two processes that want one kernel, one compiles it and the other waits and loads it.
"""

import contextlib
import multiprocessing
import os
import pathlib
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from multiprocessing import connection
from typing import Any, NamedTuple, cast

from fastloss.compile import store

MOST_MEMORY = 600 << 20  # bytes after which a process takes no other loss, so that it stays below 1 GB with one more


class Ended(RuntimeError):
    """A process that has not done its loss."""


class Done(NamedTuple):
    """A loss whose kernels are stored."""

    name: str
    compiled: int
    loaded: int
    seconds: float
    memory: int  # of the process, at its largest, in bytes
    lost: int = 0  # compiled kernels that could not be stored


def warmed(
    names: Sequence[str],
    jobs: int,
    into: pathlib.Path | None = None,
    folder: Callable[[], contextlib.AbstractContextManager[str]] = tempfile.TemporaryDirectory,
    starting: Callable[[], contextlib.AbstractContextManager[None]] = contextlib.nullcontext,
) -> Generator[Done]:
    """Every loss, as it is done, by so many processes; kernels go into the user's store, or a wheel's folder.

    `folder` makes a temporary folder for locks. Each process is started inside a context that `starting` makes.

    Raises
    ------
    Ended
        If a process fails or is ended.
    """
    waiting = list(names)
    busy: dict[connection.Connection, tuple[Any, str]] = {}
    with folder() as locks:
        try:
            while waiting or busy:
                while waiting and len(busy) < jobs:
                    with starting():
                        ours, process = _started(locks, into)
                    busy[ours] = process, waiting.pop(0)
                    ours.send(busy[ours][1])
                for ready in connection.wait(list(busy)):
                    ours = cast(connection.Connection, ready)
                    process, name = busy.pop(ours)
                    try:
                        done = ours.recv()
                    except EOFError:
                        process.join()
                        raise Ended(_how_it_ended(name, process.exitcode)) from None
                    if waiting and done.memory < MOST_MEMORY:
                        busy[ours] = process, waiting.pop(0)
                        ours.send(busy[ours][1])
                    else:
                        ours.send(None)
                        process.join()
                    yield done
        finally:
            for process, _ in busy.values():
                process.terminate()
                process.join()
            store.sweep([process.pid for process, _ in busy.values()])


def _how_it_ended(name: str, code: int) -> str:
    how = f"was ended by signal {-code}, as where memory is short (--jobs 1 takes the least)" if code < 0 else "failed"
    return f"the process that compiled {name} {how}"


def _started(locks: str, into: pathlib.Path | None) -> tuple[connection.Connection, Any]:
    """A new process, and the connection to it."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=serve, args=(theirs, locks, into), daemon=True)
    process.start()
    theirs.close()
    return ours, process


def serve(theirs: connection.Connection, locks: str, into: pathlib.Path | None) -> None:
    """What such a process does."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the process that started it ends it
    from fastloss.ahead import metrics, wheels
    from fastloss.ahead.calls import calls_of
    from fastloss.compile import kernels
    from fastloss.core.loss import lookup

    if into is not None:
        wheels.make_into(into, locks)
    kernels.alone = lambda name: locked(os.path.join(locks, name))
    while (name := _received(theirs)) is not None:
        begin, before, known = time.perf_counter(), kernels.made.copy(), len(kernels.known)
        for call in metrics.calls_of(name) if name in metrics.NAMES else calls_of(lookup(name)):
            call()
        made = kernels.made - before
        seconds = time.perf_counter() - begin
        lost = sum(one.origin == "compiled" and not one.file for one in kernels.known[known:])
        theirs.send(Done(name, made["compiled"], made["wheel"] + made["store"], seconds, memory(), lost))


def _received(theirs: connection.Connection) -> str | None:
    """The next loss; None after the last one, and if the process that gives them is gone."""
    try:
        return cast(str | None, theirs.recv())
    except EOFError:
        return None


@contextlib.contextmanager
def locked(path: str) -> Iterator[None]:
    """Inside, no other process is inside with the same path."""
    import fcntl

    with open(path, "w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def memory() -> int:
    """The memory that this process has, in bytes; where the system does not say, the most that it has had.

    That would count what a new process has of the one that started it.
    """
    try:
        with open("/proc/self/statm") as file:
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        import resource

        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return peak if sys.platform == "darwin" else peak << 10
