"""Products of matrices on CUDA: a block of threads has a tile, each thread some of its elements in registers.

Element (i, j) of a thread lies at (row + i SIDE, column + j SIDE) of the tile, so that neighbouring threads read and
write neighbours. What the tile is made of goes through shared memory, STEP of the depth at a time. `store` says where
elements go, `amend` what a loss makes of one there. No tile is added to by two blocks, and each in one order.
"""

import functools
from collections.abc import Callable
from typing import Any, NamedTuple

import numba
import numpy as np
from numba import cuda

from fastloss.engines.cuda.device import bound
from fastloss.shapes.pointwise import unbound


class Sizes(NamedTuple):
    """Of a tile's side, of what a thread has of it along each side, and of the depth that is read at a time."""

    tile: int
    each: int
    step: int

    @property
    def threads(self) -> int:
        return (self.tile // self.each) ** 2

    def names(self, dtype: Any) -> dict[str, Any]:
        """What the constants of this module mean."""
        return {
            "TILE": self.tile,
            "EACH": self.each,
            "STEP": self.step,
            "SIDE": self.tile // self.each,
            "THREADS": self.threads,
            "PADDED": self.tile + 1,  # so that neighbouring threads write to different banks
            "NUMBER": numba.from_dtype(np.dtype(dtype)),
            "FLOAT": np.dtype(dtype).type,
        }

    def tiles(self, count: int) -> int:
        """How many tiles cover that many rows or columns."""
        return -(-count // self.tile)


SIZES = {"float32": Sizes(128, 8, 8), "float64": Sizes(64, 4, 16)}
COLUMNS = 128  # threads of a block that add up columns

TILE = EACH = STEP = SIDE = THREADS = PADDED = 1
NUMBER, FLOAT = numba.float64, np.float64
load_first = load_second = store = amend = unbound


def across(buffer, source, start, depth):
    """Some of the rows, and of their columns: buffer[c, r] = source[first + r, k + c], 0 outside."""
    first, k = start
    element = cuda.threadIdx.x
    while element < TILE * STEP:
        r, c = element // STEP, element % STEP
        inside = first + r < source.shape[0] and k + c < depth
        buffer[c, r] = source[first + r, k + c] if inside else FLOAT(0.0)
        element += THREADS


def along(buffer, source, start, depth):
    """The same of the transpose: buffer[c, r] = source[k + c, first + r]."""
    first, k = start
    element = cuda.threadIdx.x
    while element < TILE * STEP:
        c, r = element // TILE, element % TILE
        inside = first + r < source.shape[1] and k + c < depth
        buffer[c, r] = source[k + c, first + r] if inside else FLOAT(0.0)
        element += THREADS


def product(sums, sources, corner, depth, buffers):
    """A thread's elements of the tile at `corner`; every thread of the block must come here."""
    for i in range(EACH):
        for j in range(EACH):
            sums[i, j] = FLOAT(0.0)
    for k in range(0, depth, STEP):
        load_first(buffers[0], sources[0], (corner[0], k), depth)
        load_second(buffers[1], sources[1], (corner[1], k), depth)
        cuda.syncthreads()
        for c in range(STEP):
            add_outer(sums, buffers, c)
        cuda.syncthreads()


def add_outer(sums, buffers, c):
    row, column = cuda.threadIdx.x // SIDE, cuda.threadIdx.x % SIDE
    for i in range(EACH):
        for j in range(EACH):
            sums[i, j] += buffers[0][c, row + i * SIDE] * buffers[1][c, column + j * SIDE]


def kernel(sources, depth, target, more):
    first = cuda.shared.array((STEP, PADDED), NUMBER)
    second = cuda.shared.array((STEP, PADDED), NUMBER)
    sums = cuda.local.array((EACH, EACH), NUMBER)
    wide = (target.shape[1] + TILE - 1) // TILE
    corner = cuda.blockIdx.x // wide * TILE, cuda.blockIdx.x % wide * TILE
    product(sums, sources, corner, depth, (first, second))
    row, column = corner[0] + cuda.threadIdx.x // SIDE, corner[1] + cuda.threadIdx.x % SIDE
    for i in range(EACH):
        for j in range(EACH):
            r, c = row + i * SIDE, column + j * SIDE
            if r < target.shape[0] and c < target.shape[1]:
                store(target, r, c, sums[i, j])
    for element in range(EACH * EACH):  # what would not be unrolled around registers
        r, c = row + element // EACH * SIDE, column + element % EACH * SIDE
        if r < target.shape[0] and c < target.shape[1]:
            amend(target, r, c, more)


def put(target, r, c, number):
    target[r, c] = number


def add(target, r, c, number):
    target[r, c] += number


def leave(target, r, c, more):
    pass


def column_sums(matrix, sums):
    """Add the sum of every column, in float64, rows in order."""
    j = cuda.blockIdx.x * cuda.blockDim.x + cuda.threadIdx.x
    if j < matrix.shape[1]:
        total = 0.0
        for i in range(matrix.shape[0]):
            total += matrix[i, j]
        sums[j] += total


class Product(NamedTuple):
    """Which product: how the two matrices are read, what becomes of an element, and names that it needs."""

    name: str
    loads: tuple[Callable[..., None], Callable[..., None]]
    store: Callable[..., None]
    amend: Callable[..., None] = leave
    names: tuple[tuple[str, Any], ...] = ()


PUT_ROWS = Product("put", (across, across), put)  # first @ second.T
ADD_ROWS = Product("rows", (across, along), add)  # first @ second
ADD_COLUMNS = Product("columns", (along, along), add)  # first.T @ second


def bound_kernel(product: Product, dtype: np.dtype, sizes: Sizes) -> Callable[..., None]:
    """The kernel of one product, as a plain function."""
    loads = {
        "load_first": product.loads[0],
        "load_second": product.loads[1],
        "store": product.store,
        "amend": product.amend,
    }
    names = {**dict(product.names), **loads, **sizes.names(dtype)}
    return bound(kernel, f"{product.name}_{dtype.name}", **names)


@functools.cache
def compiled(product: Product, dtype: np.dtype, sizes: Sizes) -> Any:
    """The same, to be launched."""
    return cuda.jit(bound_kernel(product, dtype, sizes))


def launch(place: Any, product: Product, sources: tuple[Any, Any], target: Any, more: Any = 0) -> None:
    """Every tile of the target."""
    dtype = np.dtype(target.dtype)
    sizes = SIZES[dtype.name]
    blocks = sizes.tiles(target.shape[0]) * sizes.tiles(target.shape[1])
    depth = sources[1].shape[1 if product.loads[1] is across else 0]
    if blocks:
        compiled(product, dtype, sizes)[blocks, sizes.threads, place.stream](sources, depth, target, more)


@functools.cache
def _columns(dtype: np.dtype) -> Any:
    return cuda.jit(bound(column_sums, dtype.name))


def add_columns(place: Any, matrix: Any, sums: Any) -> None:
    """Add the sums of a matrix's columns."""
    blocks = -(-matrix.shape[1] // COLUMNS)
    if blocks:
        _columns(np.dtype(matrix.dtype))[blocks, COLUMNS, place.stream](matrix, sums)
