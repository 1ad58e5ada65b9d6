"""Class ids that lie on the device: they are checked there, and each class's number is looked up there."""

import math

import numpy as np
from numba import cuda

from fastloss.compile.cuda.arrays import Place
from fastloss.compile.cuda.launch import a_block_each, a_thread_each, code, launch
from fastloss.compile.cuda.reduction import block_sum
from fastloss.compile.cuda.sizes import sizes
from fastloss.compile.templates import unbound
from fastloss.core.gpu import INTEGERS, GpuArray

THREADS = unbound
ROWS = unbound  # ids of a block
HAS_IGNORED = unbound


def check(ids, settings, outputs):
    """Write a block's ids as kernels read them, the ignored one as -1, and whether one of them is out of range."""
    classes, ignored = settings
    checked_ids, any_wrong = outputs
    i = cuda.blockIdx.x * ROWS + cuda.threadIdx.x
    stop = min(ids.size, (cuda.blockIdx.x + 1) * ROWS)
    wrong = 0
    while i < stop:
        t = np.int64(ids[i])
        if HAS_IGNORED and t == ignored:
            t = np.int64(-1)
        elif t < 0 or t >= classes:
            wrong |= 1
        checked_ids[i] = t
        i += THREADS
    _, wrong = block_sum(0.0, wrong)
    if cuda.threadIdx.x == 0:
        any_wrong[cuda.blockIdx.x] = wrong


def look_up(inputs, result):
    """Look up the number of a thread's class, 1 if there are no numbers; 0 for a row that is ignored."""
    ids, numbers = inputs
    i = np.int64(cuda.blockIdx.x) * THREADS + cuda.threadIdx.x
    if i < ids.size:
        t = ids[i]
        result[i] = 0.0 if t < 0 else (numbers[t] if numbers.size else 1.0)


def checked(given: GpuArray, shape: tuple[int, ...], count: int, ignored: int | None) -> GpuArray | None:
    """Return the ids as a vector of int64; None if they are not of that shape or one is out of range."""
    if given.shape != shape:
        return None
    place, size = Place(given), math.prod(shape)
    rows = sizes().ids
    blocks = -(-size // rows)
    found, wrong = place.empty(size, np.int64), place.empty(blocks, np.int64)
    has_ignored = ignored is not None
    what = code(check, "ignoring" if has_ignored else "all", HAS_IGNORED=has_ignored, ROWS=rows)
    settings = count, ignored if ignored is not None else -1
    launch(place, what, a_block_each(blocks), place.device(given.reshape(size)), settings, (found, wrong))
    return None if place.host(wrong).any() else GpuArray(given.name, found, INTEGERS)


def of_classes(ids: GpuArray, numbers: np.ndarray) -> GpuArray:
    """Return the number of each id's class, or 1 if there are no numbers; 0 where a row is ignored."""
    place = Place(ids)
    result = place.empty(ids.size)
    launch(
        place, code(look_up), a_thread_each(ids.size), (place.device(ids), place.device(numbers, np.float64)), result
    )
    return GpuArray(ids.name, result)
