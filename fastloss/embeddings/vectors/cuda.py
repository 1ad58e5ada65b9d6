"""Vectors on the device, and sums over few of them in a fixed order. The interface is that of `vectors.cpu`.

A block of threads does a vector. No number is written by two blocks: bits do not depend on who comes first.
"""

import math
from typing import Any

import numpy as np
from numba import cuda

from fastloss.compile.cuda.arrays import Place
from fastloss.compile.cuda.launch import a_block_each, code, launch
from fastloss.compile.cuda.reduction import block_sum
from fastloss.compile.elementary import INFINITY, weighed
from fastloss.compile.templates import unbound
from fastloss.core import orders
from fastloss.core.validate import kernel_dtype
from fastloss.embeddings.candidates.logits import Scaled
from fastloss.embeddings.cuda_rows import block_largest, largest_magnitude
from fastloss.embeddings.mining.distances import unit_of

LONGEST = 256  # vectors that are added one after another; longer runs are cut into pieces
NOBODY = np.empty(0, np.int64)

UNIT = THREADS = unbound


def sum_squares(source, row, safe):
    total = 0.0
    for c in range(cuda.threadIdx.x, source.shape[1], THREADS):
        v = np.float64(source[row, c]) / safe
        total += v * v
    return total


def scale(arrays, factor):
    """Multiply a vector by a factor, or bring it to that length; a vector of zeros stays one."""
    source, target, inverse = arrays
    row = cuda.blockIdx.x
    safe = share = 1.0
    if UNIT:
        largest = block_largest(largest_magnitude(source, row))
        safe = largest if 0.0 < largest < INFINITY else 1.0  # so that no square over- or underflows
        total, _ = block_sum(sum_squares(source, row, safe), 0)
        length = math.sqrt(total)
        share = 1.0 / length if length > 0.0 else (0.0 if length == 0.0 else length)
        if cuda.threadIdx.x == 0:
            inverse[row] = share / safe
    for c in range(cuda.threadIdx.x, source.shape[1], THREADS):
        target[row, c] = np.float64(source[row, c]) / safe * share * factor


def sum_products(first, second, i, j):
    """Sum a thread's share of the product of row i of one matrix with row j of another."""
    total = 0.0
    for c in range(cuda.threadIdx.x, first.shape[1], THREADS):
        total += np.float64(first[i, c]) * np.float64(second[j, c])
    return total


def pull(arrays, factor):
    """Turn the gradient by a scaled vector into that by the given one; its part along the vector turns nothing."""
    gradient, vectors, inverse = arrays
    row = cuda.blockIdx.x
    along, multiple = 0.0, factor
    if UNIT:
        along, _ = block_sum(sum_products(vectors, gradient, row, row), 0)
        along, multiple = along / (factor * factor), factor * inverse[row]
    for c in range(cuda.threadIdx.x, gradient.shape[1], THREADS):
        turned = np.float64(gradient[row, c])
        if UNIT:
            turned -= np.float64(vectors[row, c]) * along
        gradient[row, c] = weighed(turned, multiple)  # one by the length of a short vector may be infinite


def dots(matrices, lists):
    """Multiply a listed row of one matrix by a listed row of another; an empty list stands for 0, 1, 2, ..."""
    first, second = matrices
    first_rows, second_rows, result = lists
    k = cuda.blockIdx.x
    i = first_rows[k] if first_rows.size else k
    j = second_rows[k] if second_rows.size else k
    total, _ = block_sum(sum_products(first, second, i, j), 0)
    if cuda.threadIdx.x == 0:
        result[k] = total


def add(matrices, lists):
    """Add to a listed row of the target the source's rows start <= at < stop of a list, times factors."""
    target, source = matrices
    target_rows, offsets, source_rows, factors = lists
    k = cuda.blockIdx.x
    row = target_rows[k] if target_rows.size else k
    start, stop = (offsets[k], offsets[k + 1]) if offsets.size else (k, k + 1)
    for c in range(cuda.threadIdx.x, target.shape[1], THREADS):
        total = 0.0
        for at in range(start, stop):
            total += factors[at] * np.float64(source[source_rows[at] if source_rows.size else at, c])
        target[row, c] += total


class Vectors:
    """A matrix on the device of vectors times a factor, or brought to that length."""

    def __init__(self, store: "Store", about: Scaled):
        self.about, self._place = about, store.place
        arrays = [store.on_device(one) for one in about.arrays]
        count, depth = sum(map(len, arrays)), arrays[0].shape[1]
        if about.classes is not None:
            count = len(about)
            means = store.zeros((count, depth), np.float64)
            shares = 1.0 / np.bincount(about.classes)[about.classes]
            store.add(means, about.classes, shares, store.vectors(about.members), None)
            arrays = [means]
        self.inverse = self._place.empty(count if about.unit else 0)
        self.scaled = arrays[0]
        if len(arrays) > 1 or about.unit or about.factor != 1.0 or arrays[0].dtype != about.dtype:
            self.scaled = self._place.empty((count, depth), about.dtype)
            ends = np.cumsum([0, *map(len, arrays)])
            for start, stop, one in zip(ends[:-1], ends[1:], arrays, strict=True):
                inverse = self.inverse[start:stop] if about.unit else self.inverse
                self._launch(scale, (one, self.scaled[start:stop], inverse))

    def __len__(self) -> int:
        return len(self.scaled)

    @property
    def shape(self) -> tuple[int, int]:
        return self.scaled.shape

    def all(self) -> Any:
        """Return the matrix."""
        return self.scaled

    def pull(self, gradient: Any) -> Any:
        """Turn the gradient by the scaled vectors into that by the given ones, in place."""
        if self.about.unit or self.about.factor != 1.0:
            self._launch(pull, (gradient, self.scaled, self.inverse))
        return gradient

    def _launch(self, template: Any, arrays: tuple[Any, ...]) -> None:
        name = "_".join(np.dtype(one.dtype).name for one in arrays[:2]) + ("_unit" if self.about.unit else "")
        what = code(template, name, UNIT=self.about.unit)
        launch(self._place, what, a_block_each(len(arrays[0])), arrays, self.about.factor)


class Store:
    """Where the vectors of a call lie, and sums of them. Row numbers that are None stand for 0, 1, 2, ..."""

    def __init__(self, *arrays: Any):
        self.place = Place(*arrays)

    def vectors(self, about: Scaled) -> Vectors:
        """Return the vectors that are described; not copied if they lie on the device just so."""
        return Vectors(self, about)

    def on_device(self, array: Any) -> Any:
        """Return a matrix on the device, in single or double precision; not copied if it is there."""
        return array if hasattr(array, "copy_to_host") else self.place.device(array, kernel_dtype(array))

    def zeros(self, shape: tuple[int, int], dtype: Any) -> Any:
        """Return zeros, to be added to."""
        return self.place.zeros(shape, dtype)

    def dots(self, first: Any, first_rows: Any, second: Any, second_rows: Any) -> np.ndarray:
        """Multiply rows of two matrices, a pair at a time; float64, on the host."""
        count = len(first) if first_rows is None else len(first_rows)
        lists = (self._numbers(first_rows), self._numbers(second_rows))
        result = self.place.empty(count)
        self._launch(dots, (first, second), (*lists, result), count)
        return self.place.host(result)

    def add(self, target: Any, target_rows: Any, factors: np.ndarray, source: Any, source_rows: Any) -> None:
        """target[target_rows] += factors * source[source_rows], rows that occur several times included."""
        if not target.size or not len(factors):
            return
        offsets = NOBODY
        if target_rows is not None:
            order = orders.sort(target_rows).order
            offsets, target_rows = orders.runs(target_rows[order])
            source_rows, factors = order if source_rows is None else source_rows[order], factors[order]
            if np.diff(offsets).max() > LONGEST:
                pieces, owners = _pieces(offsets)
                partial = self.zeros((len(owners), target.shape[1]), np.float64)
                self._add(partial, None, factors, source, source_rows, pieces)
                return self.add(target, target_rows[owners], np.ones(len(owners)), partial, None)
        self._add(target, target_rows, factors, source, source_rows, offsets)

    def _add(
        self, target: Any, target_rows: Any, factors: np.ndarray, source: Any, source_rows: Any, offsets: np.ndarray
    ) -> None:
        """Add runs of rows, cut by offsets, to a row each; without offsets, row by row."""
        count = len(offsets) - 1 if len(offsets) else len(factors)
        lists = (self._numbers(target_rows), self._numbers(offsets), self._numbers(source_rows))
        self._launch(add, (target, source), (*lists, self.place.device(factors, np.float64)), count)

    def _numbers(self, rows: Any) -> Any:
        """Copy row numbers to the device, none for None."""
        return self.place.device(NOBODY if rows is None else rows, np.int64)

    def _launch(self, template: Any, sources: tuple[Any, Any], lists: tuple[Any, ...], count: int) -> None:
        matrices = tuple(one.scaled if isinstance(one, Vectors) else one for one in sources)
        name = "_".join(np.dtype(one.dtype).name for one in matrices)
        launch(self.place, code(template, name), a_block_each(count), matrices, lists)

    def centred(self, array: Any, order: np.ndarray) -> tuple[Any, float]:
        """Return vectors less their mean, in another order and divided by a power of two; and that power.

        No distance depends on the mean, which would cost products digits.
        """
        found, first = self._in_unit(array)
        count, depth = found.shape
        only, ones = np.zeros(count, np.int64), np.ones(count)
        mean = self.zeros((1, depth), np.float64)
        self.add(mean, only, ones / max(count, 1), found, None)
        mean = self.place.host(mean)
        result = self.zeros((count, depth), found.dtype)
        self.add(result, None, ones, found, order)
        self.add(result, None, -ones, self.on_device(np.where(np.isfinite(mean), mean, 0.0)), only)
        result, second = self._in_unit(result)
        return result, first * second

    def _in_unit(self, array: Any) -> tuple[Any, float]:
        """Divide vectors by the `unit_of` their greatest length; return them and the unit."""
        dtype = np.dtype(array.dtype) if hasattr(array, "copy_to_host") else kernel_dtype(array)
        for power in (1.0, 2.0**-600, 2.0**500):
            scaled = self.vectors(Scaled((array,), np.dtype(np.float64), power)).all()
            squares = self.dots(scaled, None, scaled, None)
            largest = float(np.fmax.reduce(squares[np.isfinite(squares)], initial=0.0))
            if largest > 1e-280 and not np.isposinf(squares).any():
                break
        unit = unit_of(math.sqrt(largest) / power, dtype)
        return self.vectors(Scaled((array,), dtype, 1.0 / unit)).all(), unit

    def home(self, result: Any) -> Any:
        """Return a matrix on the device as the caller's kind of array; anything else as it is."""
        return self.place.home(result) if hasattr(result, "copy_to_host") else result


def _pieces(offsets: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Cut runs so that none is longer than `LONGEST`; return the pieces' offsets, and each piece's run."""
    counts = -(-np.diff(offsets) // LONGEST)
    owners = np.repeat(np.arange(len(counts)), counts)
    before = np.repeat(np.cumsum(counts) - counts, counts)
    return np.append(offsets[owners] + LONGEST * (np.arange(len(owners)) - before), offsets[-1]), owners
