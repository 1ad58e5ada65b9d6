"""Matrices laid out by columns on the device, so that threads that do a row each read neighbouring elements.

Tiles are numbered along the grid's one axis: along a second one it has no more than 65535 blocks, two million columns.
"""

import functools
from typing import Any

import numba
import numpy as np
from numba import cuda

from fastloss.compile.templates import specialise

SIDE = 32  # of a tile
PADDED = SIDE + 1  # so that a column's elements lie in different banks
DEPTH = 8  # of its rows, what a thread does at a time
FEW = 4  # columns up to which a row lies within what is read at once anyway

NUMBER = numba.float64


def to_columns(source, target):
    """From an array that lies by rows to one that lies by columns, a tile for each block of threads."""
    tile = cuda.shared.array((SIDE, PADDED), NUMBER)
    wide = (source.shape[1] + SIDE - 1) // SIDE
    row, column = cuda.blockIdx.x // wide * SIDE, cuda.blockIdx.x % wide * SIDE
    x, y = cuda.threadIdx.x, cuda.threadIdx.y
    for k in range(y, SIDE, DEPTH):
        if row + k < source.shape[0] and column + x < source.shape[1]:
            tile[k, x] = source[row + k, column + x]
    cuda.syncthreads()
    for k in range(y, SIDE, DEPTH):
        if row + x < source.shape[0] and column + k < source.shape[1]:
            target[row + x, column + k] = tile[x, k]


def to_rows(source, target):
    """Back."""
    tile = cuda.shared.array((SIDE, PADDED), NUMBER)
    wide = (source.shape[1] + SIDE - 1) // SIDE
    row, column = cuda.blockIdx.x // wide * SIDE, cuda.blockIdx.x % wide * SIDE
    x, y = cuda.threadIdx.x, cuda.threadIdx.y
    for k in range(y, SIDE, DEPTH):
        if row + x < source.shape[0] and column + k < source.shape[1]:
            tile[x, k] = source[row + x, column + k]
    cuda.syncthreads()
    for k in range(y, SIDE, DEPTH):
        if row + k < source.shape[0] and column + x < source.shape[1]:
            target[row + k, column + x] = tile[k, x]


@functools.cache
def compiled(template: Any, dtype: np.dtype) -> Any:
    """One of the two for a precision."""
    names = {"NUMBER": numba.from_dtype(dtype)}
    return cuda.jit(specialise(template, f"{template.__name__}_{dtype.name}", **names))


def laid_out(place: Any, source: Any, by_columns: bool) -> Any:
    """A copy of a matrix that lies by columns, or by rows."""
    target = place.empty(source.shape, source.dtype, "F" if by_columns else "C")
    if source.size:
        rows, columns = source.shape
        blocks = -(-rows // SIDE) * -(-columns // SIDE)
        run = compiled(to_columns if by_columns else to_rows, np.dtype(source.dtype))
        place.over(run, blocks, (SIDE, DEPTH))(source, target)
    return target
