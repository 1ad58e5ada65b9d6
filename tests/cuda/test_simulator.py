"""The threads of a block as `simulator.py` lets them take turns.

Run with NUMBA_ENABLE_CUDASIM=1 and the extra `cuda`.
"""

import numpy as np
import pytest

from fastloss.compile import cuda as engine
from tests.cuda.conftest import SIMULATED

if engine.missing():
    pytest.skip(engine.missing(), allow_module_level=True)
if not SIMULATED:
    pytest.skip("is about the simulator", allow_module_level=True)

from numba import cuda, float64

THREADS = 4


def reverse_blocks(numbers, ordered):
    """Turn each block's numbers over; with a barrier between the stores and the loads, or without."""
    shared = cuda.shared.array(THREADS, float64)
    i, k = cuda.threadIdx.x, cuda.grid(1)
    shared[i] = numbers[k]
    if ordered:
        cuda.syncthreads()
    numbers[k] = shared[THREADS - 1 - i]


@pytest.mark.parametrize("ordered", [True, False])
def test_a_missing_barrier_is_seen(ordered):
    numbers = np.arange(1.0, 13.0)
    expected = numbers.reshape(3, THREADS)[:, ::-1].reshape(-1).copy()
    cuda.jit(reverse_blocks)[3, THREADS](numbers, ordered)
    assert np.array_equal(numbers, expected) == ordered


def test_the_order_is_turned_around_at_each_barrier():
    def write_down(order, count):
        for _ in range(2):
            order[count[0]] = cuda.threadIdx.x
            count[0] += 1
            cuda.syncthreads()

    order = np.zeros(2 * THREADS, int)
    cuda.jit(write_down)[1, THREADS](order, np.zeros(1, int))
    assert order.tolist() == [0, 1, 2, 3, 3, 2, 1, 0]


def test_a_thread_may_end_before_the_others():
    def add(numbers, sums):
        for _ in range(cuda.threadIdx.x + 1):
            cuda.syncthreads()
        sums[cuda.threadIdx.x] = numbers[: cuda.threadIdx.x + 1].sum()

    sums = np.zeros(THREADS)
    cuda.jit(add)[1, THREADS](np.arange(1.0, 5.0), sums)
    assert sums.tolist() == [1, 3, 6, 10]


def test_barriers_count():
    def count(numbers, counts):
        counts[cuda.threadIdx.x] = cuda.syncthreads_count(numbers[cuda.threadIdx.x] > 2)

    counts = np.zeros(THREADS)
    cuda.jit(count)[1, THREADS](np.arange(4.0), counts)
    assert counts.tolist() == [1] * THREADS


@pytest.mark.parametrize("failing", range(THREADS))
def test_the_error_of_one_thread_ends_all(failing):
    def fail(numbers):
        cuda.syncthreads()
        if cuda.threadIdx.x == failing:
            numbers[99] = 1.0
        cuda.syncthreads()

    with pytest.raises(IndexError, match=rf"tid=\[{failing}, 0, 0\].* 99 "):
        cuda.jit(fail)[1, THREADS](np.zeros(4))
