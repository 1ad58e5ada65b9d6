"""Forks: a child has none of its parent's other threads, and waits for ever for a lock that one of them held.

Whoever imports a loss or an engine, loads a kernel or compiles one does it under `guard`, and a fork waits until it is
free. The locks of Numba and llvmlite that other code of the process may hold are out of its reach: a child asks
`answers` once, and what it cannot have is an error within a second.
"""

import contextlib
import functools
import os
import threading
from collections.abc import Callable, Iterator

SECONDS = 0.5

guard = threading.RLock()
is_child = False


def _in_child() -> None:
    global is_child
    is_child = True
    guard.release()


@functools.cache
def arm() -> None:
    """Make forks wait for `guard`; call it before the guard is taken for the first time.

    What is registered last is taken first. The lock of `logging`, which an import of Numba takes, must come after ours:
    the other order would be a deadlock.
    """
    import logging  # noqa: F401

    if hasattr(os, "register_at_fork"):
        os.register_at_fork(before=guard.acquire, after_in_parent=guard.release, after_in_child=_in_child)


@contextlib.contextmanager
def guarded() -> Iterator[None]:
    """Hold off forks inside the block."""
    arm()
    with guard:
        yield


def answers(work: Callable[[], object]) -> bool:
    """Whether some work ends soon, rather than wait for a lock: it is done on threads that are left behind if it does.

    On two at once, since a new thread of a child may have the number of the lost one that held the lock, and be let in.
    """
    together = threading.Barrier(2)

    def work_together() -> None:
        together.wait()
        work()

    threads = [threading.Thread(target=work_together, daemon=True) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(SECONDS / 2)
    return not any(thread.is_alive() for thread in threads)
