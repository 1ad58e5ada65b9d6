"""Sums over a block of threads as a tree: no atomics, so that the same device gives the same bits in every run."""

from numba import cuda, float64, int64

from fastloss.compile.templates import unbound

THREADS = unbound  # a power of two: the tree halves it


def block_sum(total, bits):
    """The sum of all threads' totals and the union of their bits, for all of them; every thread must come here."""
    sums = cuda.shared.array(THREADS, float64)
    flags = cuda.shared.array(THREADS, int64)
    thread = cuda.threadIdx.x
    sums[thread] = total
    flags[thread] = bits
    cuda.syncthreads()
    half = THREADS // 2
    while half > 0:
        if thread < half:
            sums[thread] += sums[thread + half]
            flags[thread] |= flags[thread + half]
        cuda.syncthreads()
        half //= 2
    return sums[0], flags[0]
