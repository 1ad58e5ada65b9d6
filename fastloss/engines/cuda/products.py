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

from fastloss.compile.templates import unbound
from fastloss.engines.cuda.device import kernel as bound


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
            "LOADS": self.tile * self.step // self.threads,
            "PADDED": self.tile + max(1, 128 // (np.dtype(dtype).itemsize * self.step)),  # a warp writes to 32 banks
            "NUMBER": numba.from_dtype(np.dtype(dtype)),
            "FLOAT": np.dtype(dtype).type,
        }

    def tiles(self, count: int) -> int:
        """How many tiles cover that many rows or columns."""
        return -(-count // self.tile)


SIZES = {"float32": Sizes(128, 8, 8), "float64": Sizes(64, 4, 16)}
LONGEST = 1024  # of the depth, what is summed in the precision of the numbers
COLUMNS = 128  # threads of a block that have a column each, or an element

TILE = EACH = STEP = SIDE = THREADS = LOADS = PADDED = 1
NUMBER, FLOAT = numba.float64, np.float64
fetch_first = fetch_second = keep_first = keep_second = amend = unbound


def fetch_across(held, source, start, depth):
    """A thread's share of some of the rows, and of their columns from some on; 0 outside."""
    first, k = start
    column = k + cuda.threadIdx.x % STEP
    for q in range(LOADS):
        row = first + cuda.threadIdx.x // STEP + q * (THREADS // STEP)
        held[q] = source[row, column] if row < source.shape[0] and column < depth else FLOAT(0.0)


def keep_across(held, buffer):
    """Where all threads find it: buffer[c, r] is column c of row r."""
    for q in range(LOADS):
        buffer[cuda.threadIdx.x % STEP, cuda.threadIdx.x // STEP + q * (THREADS // STEP)] = held[q]


def fetch_along(held, source, start, depth):
    """The same of the transpose."""
    first, k = start
    column = first + cuda.threadIdx.x % TILE
    for q in range(LOADS):
        row = k + cuda.threadIdx.x // TILE + q * (THREADS // TILE)
        held[q] = source[row, column] if row < depth and column < source.shape[1] else FLOAT(0.0)


def keep_along(held, buffer):
    for q in range(LOADS):
        buffer[cuda.threadIdx.x // TILE + q * (THREADS // TILE), cuda.threadIdx.x % TILE] = held[q]


ACROSS, ALONG = (fetch_across, keep_across), (fetch_along, keep_along)


def product(sums, sources, corner, depth, buffers):
    """A thread's elements of the tile at `corner`, over a range of the depth; all threads must come here."""
    for i in range(EACH):
        for j in range(EACH):
            sums[i, j] = FLOAT(0.0)
    one = cuda.local.array(LOADS, NUMBER)
    two = cuda.local.array(LOADS, NUMBER)
    fetch_first(one, sources[0], (corner[0], depth[0]), depth[1])
    fetch_second(two, sources[1], (corner[1], depth[0]), depth[1])
    for k in range(depth[0] + STEP, depth[1] + STEP, STEP):
        keep_first(one, buffers[0])
        keep_second(two, buffers[1])
        cuda.syncthreads()
        fetch_first(one, sources[0], (corner[0], k), depth[1])  # it comes while the sums go on
        fetch_second(two, sources[1], (corner[1], k), depth[1])
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


Load = tuple[Callable[..., None], Callable[..., None]]


class Product(NamedTuple):
    """Which product: how the two matrices are read, what becomes of an element, and names that it needs."""

    name: str
    loads: tuple[Load, Load]
    amend: Callable[..., None] = leave
    names: tuple[tuple[str, Any], ...] = ()


PRODUCT = Product("product", (ACROSS, ACROSS))  # first @ second.T
BY_ROWS = Product("rows", (ACROSS, ALONG))  # first @ second
BY_COLUMNS = Product("columns", (ALONG, ALONG))  # first.T @ second


def loading(first: Load, second: Load) -> dict[str, Any]:
    """What the names of `product` mean."""
    return dict(zip(("fetch_first", "keep_first", "fetch_second", "keep_second"), (*first, *second), strict=True))


def bound_kernel(product: Product, dtype: np.dtype, sizes: Sizes) -> Callable[..., None]:
    """The kernel of one product, as a plain function."""
    names = {**dict(product.names), **loading(*product.loads), **sizes.names(dtype), "amend": product.amend}
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
        place.over(run, blocks, sizes.threads)(sources, depth_of(product, sources), targets, more)


def depth_of(product: Product, sources: tuple[Any, Any]) -> int:
    """What is summed over."""
    return sources[1].shape[1 if product.loads[1] is ACROSS else 0]


def accumulate(place: Any, product: Product, sources: tuple[Any, Any], target: Any) -> None:
    """Add a product to a matrix; a long sum is that of parts, side by side, which are added in float64."""
    if not target.size:
        return
    parts = max(1, -(-depth_of(product, sources) // LONGEST))
    found = place.empty((parts, *target.shape), target.dtype)
    launch(place, product, sources, found)
    blocks = -(-target.size // COLUMNS)
    arrays = found.reshape(parts, target.size), target.reshape(target.size)
    place.over(simple(add_parts, np.dtype(target.dtype)), blocks, COLUMNS)(*arrays)


@functools.cache
def simple(template: Callable[..., None], dtype: np.dtype) -> Any:
    """A kernel without tiles, to be launched."""
    return cuda.jit(bound(template, f"{template.__name__}_{dtype.name}"))


def add_columns(place: Any, matrix: Any, sums: Any) -> None:
    """Add the sums of a matrix's columns."""
    blocks = -(-matrix.shape[1] // COLUMNS)
    if blocks:
        place.over(simple(column_sums, np.dtype(matrix.dtype)), blocks, COLUMNS)(matrix, sums)
