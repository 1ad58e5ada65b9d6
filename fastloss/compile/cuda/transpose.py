"""Matrices laid out by columns on the device, so that threads that do a row each read neighbouring elements.

Tiles are numbered along the grid's one axis: along a second one it has no more than 65535 blocks, two million columns.
"""

from typing import Any

import numba
import numpy as np
from numba import cuda

from fastloss.compile.cuda.launch import code, launch
from fastloss.compile.cuda.sizes import sizes
from fastloss.compile.templates import unbound

FEW = 4  # columns up to which a row lies within what is read at once anyway

SIDE = unbound  # of a tile
PADDED = unbound  # one more, so that a column's elements lie in different banks
DEPTH = unbound  # of its rows, what the block does at a time
NUMBER = unbound


def to_columns(source, target):
    """Copy an array that lies by rows to one that lies by columns, a tile for each block of threads."""
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
    """Copy back: transposed, the two lie as `to_columns` has them."""
    to_columns(source.T, target.T)


def laid_out(place: Any, source: Any, by_columns: bool) -> Any:
    """Copy a matrix so that it lies by columns, or by rows."""
    target = place.empty(source.shape, source.dtype, "F" if by_columns else "C")
    if source.size:
        rows, columns = source.shape
        dtype, side, depth = np.dtype(source.dtype), sizes().turned, sizes().turned_at_once
        names = {"NUMBER": numba.from_dtype(dtype), "SIDE": side, "PADDED": side + 1, "DEPTH": depth}
        what = code(to_columns if by_columns else to_rows, dtype.name, **names)
        launch(place, what, (-(-rows // side) * -(-columns // side), (side, depth)), source, target)
    return target
