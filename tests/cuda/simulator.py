"""A faster way through the blocks of numba-cuda's simulator, whose own asks each thread in turn whether it waits.

Threads take turns: each runs up to a barrier or to its end, then the next. The order is turned around at each barrier,
so that a thread which reads what another writes between the same two barriers finds it missing in one of two phases.
"""

import threading

import numpy as np


def run(manager, grid_point, *args):
    """Run one block; in the place of `BlockManager.run`."""
    from numba.cuda.simulator.kernel import BlockThread

    def target():
        manager._f(*args)

    points = np.ndindex(*manager._block_dim)
    threads = [BlockThread(target, manager, grid_point, point, manager._debug) for point in points]
    for thread in threads:
        thread.turn, thread.returned = threading.Lock(), threading.Lock()
        thread.turn.acquire()
        thread.returned.acquire()
    waiting = threads
    while waiting:
        for thread in waiting:
            if thread.ident is None:
                thread.start()
            else:
                thread.turn.release()
            thread.returned.acquire()
            if thread.exception:
                end(waiting)
                raise thread.exception[0].with_traceback(thread.exception[1])
        waiting = [thread for thread in waiting[::-1] if thread.syncthreads_blocked]


def end(waiting):
    """Let the threads at a barrier raise an error there."""
    for thread in waiting:
        thread.abort = True
        if thread.syncthreads_blocked:
            thread.turn.release()


def wait(thread):
    """Wait for the block's other threads; in the place of `BlockThread.syncthreads`."""
    thread.syncthreads_blocked = True
    thread.returned.release()
    thread.turn.acquire()
    thread.syncthreads_blocked = False
    if thread.abort:
        raise RuntimeError("another thread of the block failed")


def install():
    """Let the simulator run blocks this way."""
    from numba.cuda.simulator.kernel import BlockManager, BlockThread

    own = BlockThread.run

    def run_and_return(thread):
        own(thread)
        thread.returned.release()

    BlockManager.run, BlockThread.syncthreads, BlockThread.run = run, wait, run_and_return
