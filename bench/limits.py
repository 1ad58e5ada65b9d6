"""What no program can beat: reading the arguments and writing the gradient, one sort, one matrix product."""

import functools
from collections.abc import Callable
from typing import Any, NamedTuple

import numba
import numpy as np

from bench.workloads import Workload
from fastloss.compile import threads

BLOCK = 8192  # elements of a thread's piece
FEW = 8  # pieces that are not worth another thread


@numba.njit(nogil=True, fastmath=True)
def _read_blocks(array, sums, first, last):
    for block in range(first, last):
        total = 0.0
        for i in range(np.uint64(block * BLOCK), np.uint64(min(array.size, (block + 1) * BLOCK))):
            total += array[i]
        sums[block] = total


@numba.njit(nogil=True, fastmath=True)
def _write_blocks(array, out, first, last):
    for block in range(first, last):
        for i in range(np.uint64(block * BLOCK), np.uint64(min(array.size, (block + 1) * BLOCK))):
            out[i] = array[i] + array[i]


def _read(array: np.ndarray) -> None:
    run = functools.partial(_read_blocks, array, np.empty(-(-array.size // BLOCK)))
    threads.parallel(lambda: run, -(-array.size // BLOCK), FEW)


def _read_and_write(array: np.ndarray, out: np.ndarray) -> None:
    run = functools.partial(_write_blocks, array, out)
    threads.parallel(lambda: run, -(-array.size // BLOCK), FEW)


class Limit(NamedTuple):
    """What it is, and how to do it for the value and for the value with its gradient."""

    name: str
    value: Callable[[], Any]
    both: Callable[[], Any]


def limit(work: Workload) -> Limit:
    """The least that a workload's loss has to do."""
    if work.counted == "scores":
        numbers = np.concatenate([work.arrays[at] for at in work.differentiable])
        return Limit("np.sort of the scores", lambda: np.sort(numbers), lambda: np.sort(numbers))
    if work.counted == "similarities":
        return _product(work)
    changed = {id(work.arrays[at]) for at in work.differentiable}
    arrays = [array for array in work.arrays if isinstance(array, np.ndarray)]
    return bandwidth([one for one in arrays if id(one) not in changed], [one for one in arrays if id(one) in changed])


def bandwidth(read: list[np.ndarray], changed: list[np.ndarray]) -> Limit:
    """To read arrays, and for the gradient to write others as large as those that are `changed`."""

    def value() -> None:
        for array in (*read, *changed):
            _read(array.reshape(-1))

    def both() -> list[np.ndarray]:
        for array in read:
            _read(array.reshape(-1))
        made = [np.empty(array.size, array.dtype) for array in changed]  # a gradient is a new array, of new pages
        for array, out in zip(changed, made, strict=True):
            _read_and_write(array.reshape(-1), out)
        return made

    return Limit("read the arguments (and write the gradient)", value, both)


def _product(work: Workload) -> Limit:
    first = work.arrays[0]
    second = work.arrays[1] if work.differentiable[:2] == (0, 1) else first.copy()
    if work.loss.name == "nt_xent_loss":
        first = second = np.concatenate(work.arrays)
    if work.loss.name == "ge2e_loss":
        second = first[: work.size // len(first)]
    second = second.copy()  # NumPy computes x @ x.T of one array by another routine
    out = np.empty((len(first), len(second)), first.dtype)

    def value() -> np.ndarray:
        return np.matmul(first, second.T, out=out)

    def both() -> None:
        for _ in range(3):
            np.matmul(first, second.T, out=out)

    return Limit("bare product (three with the gradient)", value, both)
