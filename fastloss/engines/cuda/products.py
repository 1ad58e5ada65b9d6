"""Products of matrices on CUDA: a block of threads has a tile, each thread some of its elements in registers.

Element (i, j) of a thread lies at (row + i SIDE, column + j SIDE) of the tile, so that neighbouring threads read and
write neighbours. What the tile is made of goes through shared memory, STEP of the depth at a time. `amend` is what a
loss makes of an element afterwards. No element is written by two blocks: bits do not depend on who comes first.
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
LONGEST = 1024  # of the depth, what is summed in the precision of the numbers
COLUMNS = 128  # threads of a block that add up columns, or parts

TILE = EACH = STEP = SIDE = THREADS = PADDED = 1
NUMBER, FLOAT = numba.float64, np.float64
load_first = load_second = amend = unbound


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
    """A thread's elements of the tile at `corner`, over a range of the depth; all threads must come here."""
    for i in range(EACH):
        for j in range(EACH):
            sums[i, j] = FLOAT(0.0)
    for k in range(depth[0], depth[1], STEP):
        load_first(buffers[0], sources[0], (corner[0], k), depth[1])
        load_second(buffers[1], sources[1], (corner[1], k), depth[1])
        cuda.syncthreads()
        for c in range(STEP):
            add_outer(sums, buffers, c)
        cuda.syncthreads()


def add_outer(sums, buffers, c):
    row, column = cuda.threadIdx.x // SIDE, cuda.threadIdx.x % SIDE
    for i in range(EACH):
        for j in range(EACH):
            sums[i, j] += buffers[0][c, row + i * SIDE] * buffers[1][c, column + j * SIDE]


def kernel(sources, depth, targets, more):
    """A tile of one of the targets, each of which takes a part of the depth."""
    first = cuda.shared.array((STEP, PADDED), NUMBER)
    second = cuda.shared.array((STEP, PADDED), NUMBER)
    sums = cuda.local.array((EACH, EACH), NUMBER)
    parts = targets.shape[0]
    part, tile = cuda.blockIdx.x % parts, cuda.blockIdx.x // parts
    target, wide = targets[part], (targets.shape[2] + TILE - 1) // TILE
    corner, steps = (tile // wide * TILE, tile % wide * TILE), (depth + STEP - 1) // STEP
    some = steps * part // parts * STEP, min(depth, steps * (part + 1) // parts * STEP)
    product(sums, sources, corner, some, (first, second))
    row, column = corner[0] + cuda.threadIdx.x // SIDE, corner[1] + cuda.threadIdx.x % SIDE
    for i in range(EACH):
        for j in range(EACH):
            r, c = row + i * SIDE, column + j * SIDE
            if r < target.shape[0] and c < target.shape[1]:
                target[r, c] = sums[i, j]
    for element in range(EACH * EACH):  # what would not be unrolled around registers
        r, c = row + element // EACH * SIDE, column + element % EACH * SIDE
        if r < target.shape[0] and c < target.shape[1]:
            amend(target, r, c, more)


def leave(target, r, c, more):
    pass


def add_parts(parts, target):
    k = cuda.blockIdx.x * cuda.blockDim.x + cuda.threadIdx.x
    if k < target.size:
        total = 0.0
        for part in range(parts.shape[0]):
            total += parts[part, k]
        target[k] += total


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
    amend: Callable[..., None] = leave
    names: tuple[tuple[str, Any], ...] = ()


PRODUCT = Product("product", (across, across))  # first @ second.T
BY_ROWS = Product("rows", (across, along))  # first @ second
BY_COLUMNS = Product("columns", (along, along))  # first.T @ second


def bound_kernel(product: Product, dtype: np.dtype, sizes: Sizes) -> Callable[..., None]:
    """The kernel of one product, as a plain function."""
    loads = {"load_first": product.loads[0], "load_second": product.loads[1], "amend": product.amend}
    names = {**dict(product.names), **loads, **sizes.names(dtype)}
    return bound(kernel, f"{product.name}_{dtype.name}", **names)


@functools.cache
def compiled(product: Product, dtype: np.dtype, sizes: Sizes) -> Any:
    """The same, to be launched."""
    return cuda.jit(bound_kernel(product, dtype, sizes))


def launch(place: Any, product: Product, sources: tuple[Any, Any], targets: Any, more: Any = 0) -> None:
    """Every tile of the targets, one behind another: each is a part of the product, over a part of the depth."""
    dtype = np.dtype(targets.dtype)
    sizes = SIZES[dtype.name]
    parts, height, width = targets.shape
    blocks = parts * sizes.tiles(height) * sizes.tiles(width)
    if blocks:
        run = compiled(product, dtype, sizes)
        run[blocks, sizes.threads, place.stream](sources, depth_of(product, sources), targets, more)


def depth_of(product: Product, sources: tuple[Any, Any]) -> int:
    """What is summed over."""
    return sources[1].shape[1 if product.loads[1] is across else 0]


def accumulate(place: Any, product: Product, sources: tuple[Any, Any], target: Any) -> None:
    """Add a product to a matrix; a long sum is that of parts, side by side, which are added in float64."""
    if not target.size:
        return
    parts = max(1, -(-depth_of(product, sources) // LONGEST))
    found = place.empty((parts, *target.shape), target.dtype)
    launch(place, product, sources, found)
    blocks = -(-target.size // COLUMNS)
    arrays = found.reshape(parts, target.size), target.reshape(target.size)
    simple(add_parts, np.dtype(target.dtype))[blocks, COLUMNS, place.stream](*arrays)


@functools.cache
def simple(template: Callable[..., None], dtype: np.dtype) -> Any:
    """A kernel without tiles, to be launched."""
    return cuda.jit(bound(template, f"{template.__name__}_{dtype.name}"))


def add_columns(place: Any, matrix: Any, sums: Any) -> None:
    """Add the sums of a matrix's columns."""
    blocks = -(-matrix.shape[1] // COLUMNS)
    if blocks:
        simple(column_sums, np.dtype(matrix.dtype))[blocks, COLUMNS, place.stream](matrix, sums)
