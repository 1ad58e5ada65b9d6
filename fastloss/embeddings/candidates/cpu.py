"""Softmaxes over candidates: the matrix of logits exists a tile at a time.

There are three ways through it. `rest` reads every column once and returns each row's (and each column's) log of the
sum of exponentials. `gradients` goes over the tiles again, with those known. `sweep` does both at once for one-sided
losses, keeping a strip of whole rows: three products instead of four. Tasks are ranges of columns or of rows, fixed by
the shapes alone; their results are added in their order.
"""

import collections
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from fastloss.compile.blas import Turns, check, in_order
from fastloss.compile.elementary import exp_negative, exp_negative_single
from fastloss.compile.kernels import Kernel, kernel, once
from fastloss.compile.launch import launch
from fastloss.compile.signatures import INTEGERS, REALS, Signature, array_of
from fastloss.compile.templates import bind, known_names
from fastloss.embeddings import tiles
from fastloss.embeddings.candidates.log_sums import Side, Sums, finite, log_sums, merge
from fastloss.embeddings.candidates.logits import NOBODY, Gradient, Logits, no_gradient

# Rows and columns of a tile divide one another, so that no tile of a symmetric matrix straddles its diagonal.
ROWS = 512  # of a tile
BYTES = 1 << 20  # of a tile: a second-level cache
STRIP = 1 << 22  # elements of a strip: each thread has one
FEWEST = 64  # rows of a strip below which its products are slower than a second look at every tile
TASKS = 32


@once
def compiled(template: Callable[..., None], dtype: np.dtype) -> Kernel:
    """Compile a block of `embeddings.tiles` for tiles of one precision."""
    vector = array_of(dtype)
    more = {tiles.soften_rows_block: (REALS, REALS), tiles.soften_both_block: (REALS, REALS, vector, vector)}
    folded = {
        tiles.fold_rows_block: (REALS, REALS),
        tiles.fold_both_block: (REALS, REALS, REALS, REALS),
        tiles.find_largest_block: (REALS, INTEGERS),
    }
    signature = Signature(
        (vector, INTEGERS, INTEGERS, INTEGERS, *more.get(template, ())),
        (array_of(dtype, 2), *folded.get(template, ())),
        (vector, vector) if template is tiles.fold_both_block else (),
    )
    exponential = exp_negative_single if dtype == np.float32 else exp_negative
    names = known_names(template, {"exp_negative": exponential, "FLOAT": dtype.type})
    return kernel(bind(template, **names), dtype.name, signature)


def on_tile(
    template: Callable[..., None], tile: np.ndarray, top: int, left: int, inputs: tuple[Any, ...], *outputs: np.ndarray
) -> None:
    """Run a block of `embeddings.tiles` in this thread on one tile, whose first row and column are `top` and `left`."""
    scratch = (tile.shape[1],) * 2 if template is tiles.fold_both_block else ()
    numbers = np.array((top, left), np.float64)
    launch(compiled(template, tile.dtype), inputs, numbers, (tile, *outputs), 1, 1, scratch)


def width_of(dtype: np.dtype) -> int:
    """Return the number of columns of a tile."""
    return BYTES // (ROWS * dtype.itemsize)


def ranges(count: int, step: int) -> list[tuple[int, int]]:
    """Cut [0, count) into ranges of `step`."""
    return [(start, min(start + step, count)) for start in range(0, count, step)]


def groups_of(parts: list[Any], count: int) -> list[list[Any]]:
    """Group neighbours into at most `count` lists."""
    size = -(-len(parts) // count) if parts else 1
    return [parts[i : i + size] for i in range(0, len(parts), size)]


class Tile:
    """A thread's buffer, viewed in the shape of the tile that it holds."""

    def __init__(self, logits: Logits, width: int):
        self._logits = logits
        self._numbers = np.empty(ROWS * width, logits.dtype)

    def product(self, rows: tuple[int, int], columns: tuple[int, int], block: np.ndarray) -> np.ndarray:
        """Compute the logits of a range of rows and a range of columns, whose vectors are `block`."""
        check()
        shape = rows[1] - rows[0], columns[1] - columns[0]
        tile = self._numbers[: shape[0] * shape[1]].reshape(shape)
        return np.matmul(self._logits.rows[slice(*rows)], block.T, out=tile)


class Adder:
    """A thread's buffer for products that are added to something."""

    def __init__(self, rows: int, depth: int, dtype: np.dtype):
        self._numbers = np.empty((rows, depth), dtype)

    def product(self, first: np.ndarray, second: np.ndarray) -> np.ndarray:
        """Compute first @ second into the buffer."""
        check()
        return np.matmul(first, second, out=self._numbers[: len(first)])

    def add(self, target: np.ndarray, first: np.ndarray, second: np.ndarray) -> None:
        """target += first @ second."""
        target += self.product(first, second)


def prepared(logits: Logits) -> Logits:
    """Return what `rest` and `gradients` take; the other engine copies it to the device first."""
    return logits


class Partial(NamedTuple):
    """Maxima of rows and sums of e**(z - maximum) over some columns, and the same of these columns, if asked for."""

    maxima: np.ndarray
    sums: np.ndarray
    column_maxima: np.ndarray
    column_sums: np.ndarray


def rest(logits: Logits, both: bool = False) -> Sums:
    """Compute logs of sums of exponentials in one pass over the columns, each of which is read once."""
    made = folded(logits, both)
    return Sums(log_sums(made.maxima, made.sums), log_sums(made.column_maxima, made.column_sums))


def folded(logits: Logits, both: bool = False) -> Partial:
    """Compute the same as maxima and sums, which merge with those over other columns or rows."""
    height, count, width = len(logits.rows), logits.width, width_of(logits.dtype)
    row_ranges = ranges(height, ROWS)

    def work(columns: list[tuple[int, int]]) -> Partial:
        tile = Tile(logits, width)
        maxima, sums = np.full(height, -np.inf), np.zeros(height)
        begin, size = columns[0][0], columns[-1][1] - columns[0][0]
        column_maxima, column_sums = np.full(size if both else 0, -np.inf), np.zeros(size if both else 0)
        for start, stop in columns:
            block = logits.block(start, stop)
            for begin_row, end_row in row_ranges:
                if logits.same and begin_row >= stop:
                    break  # the tile below the diagonal is the transpose of one above
                some = slice(begin_row, end_row)
                z = tile.product((begin_row, end_row), (start, stop), block)
                row_state = maxima[some], sums[some]
                if logits.same and end_row <= start:
                    column_state = maxima[start:stop], sums[start:stop]
                elif both:
                    at = slice(start - begin, stop - begin)
                    column_state = column_maxima[at], column_sums[at]
                else:
                    on_tile(tiles.fold_rows_block, z, begin_row, start, logits.hidden, *row_state)
                    continue
                on_tile(tiles.fold_both_block, z, begin_row, start, logits.hidden, *row_state, *column_state)
        return Partial(maxima, sums, column_maxima, column_sums)

    maxima, sums = np.full(height, -np.inf), np.zeros(height)
    columns = []
    for part in in_order(work, groups_of(ranges(count, width), TASKS)):
        merge(maxima, sums, part.maxima, part.sums)
        columns.append((part.column_maxima, part.column_sums))
    return Partial(maxima, sums, *map(np.concatenate, zip(*columns, strict=True)) if columns else (np.empty(0),) * 2)


def largest(logits: Logits) -> np.ndarray:
    """Find the column of each row's largest logit, the first of several; -1 for none."""
    width = width_of(logits.dtype)
    where = np.full(len(logits.rows), -1)

    def work(rows: tuple[int, int]) -> None:
        tile, columns = Tile(logits, width), where[slice(*rows)]
        maxima = np.full(len(columns), -np.inf)
        for start, stop in ranges(logits.width, width):
            z = tile.product(rows, (start, stop), logits.block(start, stop))
            on_tile(tiles.find_largest_block, z, rows[0], start, logits.hidden, maxima, columns)

    collections.deque(in_order(work, ranges(len(where), ROWS)), 0)
    return where


def gradients(logits: Logits, rows: Side, columns: Side | None = None) -> Gradient:
    """Compute the gradient where the slope by z_ij is f_i e**(z_ij - l_i), plus the same by columns.

    Where columns are rows, `columns` must be `rows`, and the sum of both gradients comes as that by columns.
    """
    height, depth = logits.rows.shape
    width = width_of(logits.dtype)
    row_ranges = ranges(height, ROWS)
    row_logs, by_column = finite(rows.logs), None
    if columns is not None:
        by_column = Side(finite(columns.logs).astype(logits.dtype), columns.factors.astype(logits.dtype))

    def work(parts: list[tuple[int, int]]) -> tuple[int, Gradient]:
        tile, adder = Tile(logits, width), Adder(max(width, ROWS), depth, logits.dtype)
        begin = parts[0][0]
        partial = no_gradient(logits, 0 if logits.same else height, parts[-1][1] - begin)
        for start, stop in parts:
            block = logits.block(start, stop)
            for part in row_ranges:
                some = slice(*part)
                z = tile.product(part, (start, stop), block)
                inputs = *logits.hidden, row_logs[some], rows.factors[some]
                if by_column is None:
                    on_tile(tiles.soften_rows_block, z, part[0], start, inputs)
                else:
                    column_side = by_column.logs[start:stop], by_column.factors[start:stop]
                    on_tile(tiles.soften_both_block, z, part[0], start, (*inputs, *column_side))
                at = slice(start - begin, stop - begin)
                adder.add(partial.columns[at], z.T, logits.rows[some])
                if not logits.same:
                    adder.add(partial.rows[some], z, block)
                if logits.bias.size:
                    partial.bias[at] += np.ones(len(z), z.dtype) @ z
        return begin, partial

    total = no_gradient(logits, 0 if logits.same else height, logits.width)
    for begin, partial in in_order(work, groups_of(ranges(logits.width, width), TASKS)):
        total.columns[begin : begin + len(partial.columns)] = partial.columns
        total.bias[begin : begin + len(partial.bias)] = partial.bias
        total.rows[...] += partial.rows
    return total


Slopes = Callable[[slice, np.ndarray], np.ndarray]


def strip_rows(logits: Logits) -> int:
    """Return the number of rows of a strip; 0 where strips would be too flat to be worth it."""
    rows = min(ROWS, STRIP // max(logits.width, 1))
    return rows if rows >= FEWEST else 0


def sweep(logits: Logits, slopes: Slopes) -> tuple[np.ndarray, Gradient]:
    """Compute the rows' logs and the gradient; `slopes` computes some rows' factors from their logs.

    Strips add to the columns' gradient in turn: as large as the columns are, it exists once.
    """
    height, depth = logits.rows.shape
    width, count = width_of(logits.dtype), strip_rows(logits)
    parts, turns = ranges(logits.width, width), Turns(-(-logits.width // width))
    nothing = tiles.Hidden(np.empty(0, logits.dtype), NOBODY, NOBODY, NOBODY)
    logs, total = np.empty(height), no_gradient(logits, height, logits.width)
    buffers: list[tuple[np.ndarray, Adder]] = []  # of tasks that have ended

    def work(strip: int) -> None:
        try:
            numbers, adder = buffers.pop()
        except IndexError:
            numbers = np.empty(count * logits.width, logits.dtype)
            adder = Adder(max(width, ROWS), depth, logits.dtype)
        some = slice(strip * count, min((strip + 1) * count, height))
        size = some.stop - some.start
        maxima, sums = np.full(size, -np.inf), np.zeros(size)
        for start, stop in parts:
            check()
            tile = numbers[size * start : size * stop].reshape(size, stop - start)
            np.matmul(logits.rows[some], logits.block(start, stop).T, out=tile)
            on_tile(tiles.fold_rows_block, tile, some.start, start, logits.hidden, maxima, sums)
        logs[some] = log_sums(maxima, sums)
        shifts, factors = finite(logs[some]), slopes(some, logs[some])
        for part, (start, stop) in enumerate(parts):
            tile = numbers[size * start : size * stop].reshape(size, stop - start)
            on_tile(tiles.soften_rows_block, tile, some.start, start, (*nothing, shifts, factors))
            adder.add(total.rows[some], tile, logits.block(start, stop))
            product = adder.product(tile.T, logits.rows[some])
            bias = np.ones(size, tile.dtype) @ tile if logits.bias.size else logits.bias
            with turns.of(strip, part):
                total.columns[start:stop] += product
                total.bias[start : start + bias.size] += bias
        buffers.append((numbers, adder))

    collections.deque(in_order(work, range(len(ranges(height, count)))), 0)
    return logs, total
