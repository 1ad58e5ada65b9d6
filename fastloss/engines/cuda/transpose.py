"""Matrices turned over on the device, so that threads that do a row each read neighbouring elements."""

import functools
from typing import Any

import numba
import numpy as np
from numba import cuda

from fastloss.engines import build

SIDE = 32  # of a tile
PADDED = SIDE + 1  # so that a column's elements lie in different banks
DEPTH = 8  # of its rows, what a thread does at a time
FEW = 4  # columns up to which a row lies within what is read at once anyway

NUMBER = numba.float64


def kernel(source, target):
    tile = cuda.shared.array((SIDE, PADDED), NUMBER)
    row = cuda.blockIdx.y * SIDE + cuda.threadIdx.y
    column = cuda.blockIdx.x * SIDE + cuda.threadIdx.x
    for k in range(0, SIDE, DEPTH):
        if row + k < source.shape[0] and column < source.shape[1]:
            tile[cuda.threadIdx.y + k, cuda.threadIdx.x] = source[row + k, column]
    cuda.syncthreads()
    row = cuda.blockIdx.x * SIDE + cuda.threadIdx.y
    column = cuda.blockIdx.y * SIDE + cuda.threadIdx.x
    for k in range(0, SIDE, DEPTH):
        if row + k < target.shape[0] and column < target.shape[1]:
            target[row + k, column] = tile[cuda.threadIdx.x, cuda.threadIdx.y + k]


def bound_kernel(dtype: np.dtype) -> Any:
    """The kernel for one precision, as a plain function."""
    return build.specialise(kernel, dtype.name, NUMBER=numba.from_dtype(dtype))


@functools.cache
def _compiled(dtype: np.dtype) -> Any:
    return cuda.jit(bound_kernel(dtype))


def transposed(place: Any, source: Any) -> Any:
    """A new matrix whose rows are the columns of another."""
    rows, columns = source.shape
    target = place.empty((columns, rows), source.dtype)
    if source.size:
        blocks = -(-columns // SIDE), -(-rows // SIDE)
        _compiled(np.dtype(source.dtype))[blocks, (SIDE, DEPTH), place.stream](source, target)
    return target
