"""Softmaxes over candidates on CUDA: logits are computed and folded in registers.

`rest` walks over all columns with each tile of rows, every thread with running maxima and sums of its own, which are
merged at the end: no logit is stored. `gradients` writes a strip of the slopes by the logits, of which the gradients
are two more products. The interface is that of `embeddings.candidates.cpu`.
"""

import functools
from typing import Any

import numba
import numpy as np
from numba import cuda

from fastloss.compile.cuda.arrays import Place
from fastloss.compile.cuda.device import exp
from fastloss.compile.cuda.launch import Code, code, launch
from fastloss.compile.cuda.sizes import Tile, sizes
from fastloss.compile.elementary import INFINITY
from fastloss.compile.templates import unbound
from fastloss.embeddings.candidates.log_sums import Side, Sums, finite, log_sums, merge
from fastloss.embeddings.candidates.logits import Gradient, Logits, no_gradient
from fastloss.embeddings.cuda_products import (
    ACROSS,
    BY_COLUMNS,
    BY_ROWS,
    Product,
    accumulate,
    add_columns,
    loading,
    multiply,
    product,
    sized,
)
from fastloss.embeddings.tiles import better, fold_row, merged, share

STRIP = 1 << 26  # elements of a strip: 256 MB in single precision
BLOCKS = 512  # where rows give fewer blocks, several share the columns

WIDE, WIDER = numba.float64, np.float64  # of the sums

EACH = SIDE = TILE = STEP = PADDED = THREADS = NUMBER = FLOAT = unbound  # as in `products`
TWICE = unbound
NOTHING = unbound  # the second number of a row's state, before it has seen a column
fold = combine = unbound


def logit(z, row, column, sides):
    """Add the biases to a product; return -inf for what is left out, and beyond the last row or column."""
    (row_bias, row_groups), (column_bias, column_groups) = sides
    if row >= row_groups.size or column >= column_groups.size:
        return FLOAT(-INFINITY)
    if row_bias.size:
        z += row_bias[row]
    if column_bias.size:
        z += column_bias[column]
    group = row_groups[row]
    return FLOAT(-INFINITY) if group >= 0 and group == column_groups[column] else z


def to_logits(buffer, row, column, sides):
    for j in range(EACH):
        buffer[cuda.threadIdx.x, j] = logit(buffer[cuda.threadIdx.x, j], row, column + j * SIDE, sides)


def take(sums, i, buffer):
    """Copy row i of a thread's elements to its buffer, over later rows: no index of `sums` depends on i.

    Only so do they live in registers; the compiler would replace k by i behind `k == i`.
    """
    for k in range(EACH - 1, -1, -1):
        if k >= i:
            for j in range(EACH):
                buffer[cuda.threadIdx.x, j] = sums[k, j]


def kernel(sources, sides, outputs):
    """Walk over a part of the columns with a tile of rows, and fold each row's logits into two numbers."""
    first = cuda.shared.array((STEP, PADDED), NUMBER)
    second = cuda.shared.array((STEP, PADDED), NUMBER)
    buffer = cuda.shared.array((EACH, THREADS), NUMBER).T
    maxima = cuda.shared.array((EACH, THREADS), NUMBER)
    others = cuda.shared.array((EACH, THREADS), WIDE)
    sums = cuda.local.array((EACH, EACH), NUMBER)
    thread, parts = cuda.threadIdx.x, outputs[0].shape[0]
    top, part = cuda.blockIdx.x // parts * TILE, cuda.blockIdx.x % parts
    wide = (sources[1].shape[0] + TILE - 1) // TILE
    for i in range(EACH):
        maxima[i, thread], others[i, thread] = -INFINITY, NOTHING
    for tile in range(wide * part // parts, wide * (part + 1) // parts):
        product(sums, sources, top, tile * TILE, 0, sources[0].shape[1], (first, second))
        column = tile * TILE + thread % SIDE
        for i in range(EACH):
            take(sums, i, buffer)
            to_logits(buffer, top + thread // SIDE + i * SIDE, column, sides)
            fold(buffer, column, maxima[i], others[i])
    cuda.syncthreads()
    combine_threads(maxima, others, part, top, outputs)


def combine_threads(maxima, others, part, top, outputs):
    """Combine the numbers of all threads of a row."""
    row_maxima, row_others = outputs
    for r in range(cuda.threadIdx.x, TILE, THREADS):
        if top + r < row_maxima.shape[1]:
            i, start = r // SIDE, r % SIDE * SIDE
            largest, other = WIDER(maxima[i, start]), others[i, start]
            for k in range(start + 1, start + SIDE):
                largest, other = combine(largest, other, WIDER(maxima[i, k]), others[i, k])
            row_maxima[part, top + r], row_others[part, top + r] = largest, other


def fold_few(buffer, column, maxima, sums):
    fold_row(buffer, cuda.threadIdx.x, maxima, sums)


def find_few(buffer, column, maxima, columns):
    thread = cuda.threadIdx.x
    for j in range(EACH):
        if buffer[thread, j] > maxima[thread]:
            maxima[thread], columns[thread] = buffer[thread, j], column + j * SIDE


def soften(target, r, c, more):
    """Replace a product by the slope: the logit's share of the row's sum times a factor, plus the same by columns."""
    sides, (row_logs, row_factors), (column_logs, column_factors) = more
    z = logit(target[r, c], r, c, sides)
    slope = share(z, row_logs[r], row_factors[r])
    if TWICE:
        slope += share(z, column_logs[c], column_factors[c])
    target[r, c] = slope


FOLD: dict[str, Any] = {"fold": fold_few, "combine": merged, "NOTHING": 0.0, "exp_negative": exp}
FIND: dict[str, Any] = {"fold": find_few, "combine": better, "NOTHING": -1.0}


@functools.cache
def kernel_of(find: bool, dtype: np.dtype, tile: Tile) -> Code:
    """Name the kernel that folds rows, or finds their largest logits."""
    names = {**loading(ACROSS, ACROSS), **sized(tile, dtype), **(FIND if find else FOLD)}
    return code(kernel, f"{'find' if find else 'fold'}_{dtype.name}", **names)


def softened(twice: bool) -> Product:
    """Return the product whose elements become slopes by logits."""
    return Product("both" if twice else "soften", (ACROSS, ACROSS), soften, (("TWICE", twice), ("exp_negative", exp)))


class Operands:
    """Vectors, biases and groups on the device."""

    def __init__(self, logits: Logits):
        self.logits = logits
        self.place: Place = logits.store.place
        self.rows, self.columns = logits.rows, logits.columns.all()
        row_groups, column_groups = map(self.place.device, _groups(logits))
        none = self.place.empty(0, logits.dtype)
        bias = self.place.device(logits.bias) if logits.bias.size else none
        self.by_rows, self.by_columns = (none, row_groups), (bias, column_groups)


def _groups(logits: Logits) -> tuple[np.ndarray, np.ndarray]:
    """Return the group of each row and of each column, which is in one at most; -1 for none."""
    owners, offsets, members = logits.excluded
    rows = owners if owners.size else np.full(len(logits.rows), -1)
    columns = np.full(logits.width, -1)
    columns[members] = np.repeat(np.arange(max(offsets.size - 1, 0)), np.diff(offsets))
    return rows.astype(np.int64), columns.astype(np.int64)


def _walk(place: Place, find: bool, sources: tuple[Any, Any], sides: Any) -> tuple[np.ndarray, np.ndarray]:
    """Return two numbers of each row: its maximum and sum, or its largest logit and that one's column."""
    height, width = (source.shape[0] for source in sources)
    dtype = np.dtype(sources[0].dtype)
    tile = sizes().tile(dtype)
    blocks = tile.count(height)
    parts = 1 if find else max(1, min(tile.count(width), BLOCKS // max(blocks, 1)))
    outputs = place.empty((parts, height)), place.empty((parts, height))
    launch(place, kernel_of(find, dtype, tile), (blocks * parts, tile.threads), sources, sides, outputs)
    tops, totals = map(place.host, outputs)
    for top, total in zip(tops[1:], totals[1:], strict=True):
        merge(tops[0], totals[0], top, total)
    return tops[0], totals[0]


def prepared(logits: Logits) -> Operands:
    """Return what `rest` and `gradients` take; arrays on the host are copied to the device once."""
    return Operands(logits)


def rest(given: Operands, both: bool = False) -> Sums:
    """Compute logs of rows' sums of exponentials, and of columns' by a second walk with rows and columns exchanged."""
    rows = log_sums(*_walk(given.place, False, (given.rows, given.columns), (given.by_rows, given.by_columns)))
    if not both:
        return Sums(rows, np.empty(0))
    columns = _walk(given.place, False, (given.columns, given.rows), (given.by_columns, given.by_rows))
    return Sums(rows, log_sums(*columns))


def largest(logits: Logits) -> np.ndarray:
    """Find the column of each row's largest logit, the first of several; -1 for none."""
    given = Operands(logits)
    _, columns = _walk(given.place, True, (given.rows, given.columns), (given.by_rows, given.by_columns))
    return columns.astype(np.int64)


def strip_rows(logits: Logits) -> int:
    """Return 0: there is no way here that computes logs and gradient at once."""
    return 0


def gradients(given: Operands, rows: Side, columns: Side | None = None) -> Gradient:
    """Compute the gradient where the slope by z_ij is f_i e**(z_ij - l_i), plus the same by columns.

    Where columns are rows, `columns` must be `rows`, and the sum of both gradients comes as that by columns.
    """
    logits, place = given.logits, given.place
    height, width = len(logits.rows), logits.width
    if not height or not width:
        return no_gradient(logits, 0 if logits.same else height, width)
    step = strip_height(width, height, logits.dtype)
    by_rows = place.zeros(given.rows.shape if not logits.same else (0, given.rows.shape[1]), logits.dtype)
    by_columns = place.zeros(given.columns.shape, logits.dtype)
    sums = place.zeros(width if logits.bias.size else 0)
    strip = place.empty((step, width), logits.dtype)
    row_logs, row_factors = _on_device(place, rows, logits.dtype)
    column_side = _on_device(place, columns or rows, logits.dtype)
    row_bias, row_groups = given.by_rows
    for start in range(0, height, step):
        some = slice(start, min(start + step, height))
        slopes, vectors = strip[: some.stop - start], given.rows[some]
        sides, row_side = ((row_bias, row_groups[some]), given.by_columns), (row_logs[some], row_factors[some])
        more = sides, row_side, column_side
        multiply(place, softened(columns is not None), (vectors, given.columns), slopes.reshape(1, *slopes.shape), more)
        target = by_columns if logits.same else by_rows
        accumulate(place, BY_ROWS, (slopes, given.columns), target[some])
        if not logits.same:  # else a slope is that by z_ij and by z_ji
            accumulate(place, BY_COLUMNS, (slopes, vectors), by_columns)
        if logits.bias.size:
            add_columns(place, slopes, sums)
    return Gradient(by_rows, by_columns, place.host(sums).astype(logits.dtype))


def strip_height(width: int, height: int, dtype: np.dtype) -> int:
    """Return the number of rows of a strip: whole tiles."""
    tile = sizes().tile(dtype).tile
    return min(height, max(1, STRIP // (width * tile)) * tile)


def _on_device(place: Place, side: Side, dtype: np.dtype) -> tuple[Any, Any]:
    return place.device(finite(side.logs).astype(dtype)), place.device(side.factors.astype(dtype))
