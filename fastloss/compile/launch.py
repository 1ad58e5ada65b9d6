"""Launching a kernel: over all chunks of its arrays, by as many threads as the work is worth."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from fastloss.compile import threads
from fastloss.compile.kernels import INTERPRETED, Kernel
from fastloss.compile.signatures import Array

ALONE = 1 << 15  # numbers that a thread does in about the time that it takes to wake another, some 50 microseconds
APART = 512  # elements: more than the bytes of eight 512-bit vectors


def launch(
    kernel: Kernel,
    inputs: tuple[np.ndarray, ...],
    parameters: np.ndarray,
    outputs: tuple[np.ndarray, ...],
    chunks: int,
    few: int = 1,
    scratch: tuple[int, ...] = (),
) -> None:
    """Run a kernel over all chunks.

    No thread is woken for so few chunks that it would take longer than they do; they are the caller's estimate of what
    takes some 50 microseconds, 0 for chunks of which each takes far longer. `scratch` are the lengths of the kernel's
    scratch arrays, which each thread has its own of.
    """
    arrays = (*inputs, parameters, *outputs)
    own = kernel.signature.scratch

    def make() -> Callable[[int, int], None]:
        return kernel.calls((*arrays, *_scratch(own, scratch)) if own else arrays)

    if INTERPRETED:  # formulas are NumPy's then, which warns where kernels do not
        with np.errstate(all="ignore"):
            threads.Job(make, chunks, few, 1).work()
    else:
        threads.parallel(make, chunks, few)


def _scratch(arrays: tuple[Array, ...], lengths: tuple[int, ...]) -> tuple[np.ndarray, ...]:
    return tuple(np.empty(length, one.dtype) for one, length in zip(arrays, lengths, strict=True))


def output(shape: int | tuple[int, ...], dtype: np.dtype) -> np.ndarray:
    """An empty array for a kernel to write.

    LLVM runs a loop that reads one array and writes another as packed instructions only if the second does not start
    within a few vectors behind the first, and a sum's last bits depend on that. So a small result, which may come to
    lie right behind a small argument, is kept away from it.
    """
    size = shape if isinstance(shape, int) else math.prod(shape)
    return np.empty(size + APART, dtype)[APART:].reshape(shape) if 0 < size < APART else np.empty(shape, dtype)


def as_input(array: np.ndarray, dtype: Any) -> np.ndarray:
    """An array as kernels read it: contiguous, aligned, of one dtype; the array itself if it is that."""
    if array.dtype == dtype and array.flags.c_contiguous and array.flags.aligned:
        return array
    return np.require(array, dtype, ["C", "A"])
