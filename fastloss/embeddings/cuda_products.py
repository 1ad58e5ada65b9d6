"""Products of matrices on CUDA: a block of threads has a tile, each thread some of its elements in registers.

Element (i, j) of a thread lies at (row + i SIDE, column + j SIDE) of the tile, so that neighbouring threads read and
write neighbours. Factors go through shared memory, STEP of the depth at a time. `amend` changes an element afterwards,
as a loss wants it. No element is written by two blocks: bits do not depend on the order of blocks.
"""

import functools
from collections.abc import Callable
from typing import Any, NamedTuple

import numba
import numpy as np
from numba import cuda

from fastloss.compile.cuda.launch import Code, a_thread_each, code, launch
from fastloss.compile.cuda.sizes import Tile, sizes
from fastloss.compile.templates import unbound

LONGEST = 1024  # products that are summed in the precision of the numbers

TILE = EACH = STEP = unbound  # see `sizes.Tile`
SIDE = THREADS = unbound  # along a side, and in all
LOADS = unbound  # numbers that a thread reads at a time
PADDED = unbound
NUMBER = FLOAT = unbound
fetch_first = fetch_second = keep_first = keep_second = amend = unbound


def fetch_across(held, source, first, k, depth):
    """Read a thread's share of the rows from `first` on, columns k <= c < k + STEP; 0 outside."""
    column = k + cuda.threadIdx.x % STEP
    for q in range(LOADS):
        row = first + cuda.threadIdx.x // STEP + q * (THREADS // STEP)
        held[q] = source[row, column] if row < source.shape[0] and column < depth else FLOAT(0.0)


def keep_across(held, buffer):
    """Write it where all threads find it: buffer[c, r] is column c of row r."""
    for q in range(LOADS):
        buffer[cuda.threadIdx.x % STEP, cuda.threadIdx.x // STEP + q * (THREADS // STEP)] = held[q]


def fetch_along(held, source, first, k, depth):
    """Read the same of the transpose."""
    column = first + cuda.threadIdx.x % TILE
    for q in range(LOADS):
        row = k + cuda.threadIdx.x // TILE + q * (THREADS // TILE)
        held[q] = source[row, column] if row < depth and column < source.shape[1] else FLOAT(0.0)


def keep_along(held, buffer):
    for q in range(LOADS):
        buffer[cuda.threadIdx.x // TILE + q * (THREADS // TILE), cuda.threadIdx.x % TILE] = held[q]


ACROSS, ALONG = (fetch_across, keep_across), (fetch_along, keep_along)


def product(sums, sources, top, left, begin, end, buffers):
    """Compute a thread's elements of a tile over begin <= k < end of the depth; all threads must come here."""
    first, second = sources
    first_buffer, second_buffer = buffers
    for i in range(EACH):
        for j in range(EACH):
            sums[i, j] = FLOAT(0.0)
    one = cuda.local.array(LOADS, NUMBER)
    two = cuda.local.array(LOADS, NUMBER)
    fetch_first(one, first, top, begin, end)
    fetch_second(two, second, left, begin, end)
    for k in range(begin + STEP, end + STEP, STEP):
        keep_first(one, first_buffer)
        keep_second(two, second_buffer)
        cuda.syncthreads()
        fetch_first(one, first, top, k, end)  # the next numbers arrive while these are multiplied
        fetch_second(two, second, left, k, end)
        for c in range(STEP):
            add_outer(sums, first_buffer, second_buffer, c)
        cuda.syncthreads()


def add_outer(sums, first_buffer, second_buffer, c):
    row, column = cuda.threadIdx.x // SIDE, cuda.threadIdx.x % SIDE
    for i in range(EACH):
        for j in range(EACH):
            sums[i, j] += first_buffer[c, row + i * SIDE] * second_buffer[c, column + j * SIDE]


def kernel(sources, depth, targets, more):
    """Compute a tile of one of the targets, each of which is the product over a part of the depth."""
    first = cuda.shared.array((STEP, PADDED), NUMBER)
    second = cuda.shared.array((STEP, PADDED), NUMBER)
    sums = cuda.local.array((EACH, EACH), NUMBER)
    parts = targets.shape[0]
    part, tile = cuda.blockIdx.x % parts, cuda.blockIdx.x // parts
    target, wide = targets[part], (targets.shape[2] + TILE - 1) // TILE
    top, left, steps = tile // wide * TILE, tile % wide * TILE, (depth + STEP - 1) // STEP
    begin, end = steps * part // parts * STEP, min(depth, steps * (part + 1) // parts * STEP)
    product(sums, sources, top, left, begin, end, (first, second))
    row, column = top + cuda.threadIdx.x // SIDE, left + cuda.threadIdx.x % SIDE
    for i in range(EACH):
        for j in range(EACH):
            r, c = row + i * SIDE, column + j * SIDE
            if r < target.shape[0] and c < target.shape[1]:
                target[r, c] = sums[i, j]
    for element in range(EACH * EACH):  # a loop of its own: `amend` must not be unrolled around the registers
        r, c = row + element // EACH * SIDE, column + element % EACH * SIDE
        if r < target.shape[0] and c < target.shape[1]:
            amend(target, r, c, more)


def leave(target, r, c, more):
    pass


def add_parts(parts, target):
    """Add the sum of the parts, in float64."""
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
    """A product: how the two matrices are read, how an element is changed, and names bound for that."""

    name: str
    loads: tuple[Load, Load]
    amend: Callable[..., None] = leave
    names: tuple[tuple[str, Any], ...] = ()


PRODUCT = Product("product", (ACROSS, ACROSS))  # first @ second.T
BY_ROWS = Product("rows", (ACROSS, ALONG))  # first @ second
BY_COLUMNS = Product("columns", (ALONG, ALONG))  # first.T @ second


def loading(first: Load, second: Load) -> dict[str, Any]:
    """Return the bindings of `product`."""
    return dict(zip(("fetch_first", "keep_first", "fetch_second", "keep_second"), (*first, *second), strict=True))


def sized(tile: Tile, dtype: np.dtype) -> dict[str, Any]:
    """Return the bindings of sizes, but for THREADS, and of a precision."""
    return {
        "TILE": tile.tile,
        "EACH": tile.each,
        "STEP": tile.step,
        "SIDE": tile.side,
        "LOADS": tile.tile * tile.step // tile.threads,
        "PADDED": tile.tile + max(1, 128 // (dtype.itemsize * tile.step)),  # a warp writes to 32 banks
        "NUMBER": numba.from_dtype(dtype),
        "FLOAT": dtype.type,
    }


@functools.cache
def kernel_of(product: Product, dtype: np.dtype, tile: Tile) -> Code:
    """Name the kernel of one product."""
    names = {**dict(product.names), **loading(*product.loads), **sized(tile, dtype)}
    return code(kernel, f"{product.name}_{dtype.name}", amend=product.amend, **names)


def multiply(place: Any, product: Product, sources: tuple[Any, Any], targets: Any, more: Any = 0) -> None:
    """Multiply two matrices; each target is the product over a part of the depth."""
    dtype = np.dtype(targets.dtype)
    tile = sizes().tile(dtype)
    parts, height, width = targets.shape
    shape = parts * tile.count(height) * tile.count(width), tile.threads
    launch(place, kernel_of(product, dtype, tile), shape, sources, depth_of(product, sources), targets, more)


def depth_of(product: Product, sources: tuple[Any, Any]) -> int:
    """Return how many products make an element."""
    return sources[1].shape[1 if product.loads[1] is ACROSS else 0]


def accumulate(place: Any, product: Product, sources: tuple[Any, Any], target: Any) -> None:
    """Add a product to a matrix; a long sum is cut into parts, which are added in float64."""
    if not target.size:
        return
    parts = max(1, -(-depth_of(product, sources) // LONGEST))
    found = place.empty((parts, *target.shape), target.dtype)
    multiply(place, product, sources, found)
    arrays = found.reshape(parts, target.size), target.reshape(target.size)
    launch(place, code(add_parts, np.dtype(target.dtype).name), a_thread_each(target.size), *arrays)


def add_columns(place: Any, matrix: Any, sums: Any) -> None:
    """Add the sums of a matrix's columns."""
    launch(place, code(column_sums, np.dtype(matrix.dtype).name), a_thread_each(matrix.shape[1]), matrix, sums)
