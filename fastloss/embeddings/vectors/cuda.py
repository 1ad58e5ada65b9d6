"""Vectors on the device, and sums over few of them, in their order: what `embeddings.vectors.cpu` has.

A block of threads does a vector. No number is written by two blocks: bits do not depend on who comes first.
"""

import math
from typing import Any

import numpy as np
from numba import cuda, float64

from fastloss.compile.cuda.arrays import Place
from fastloss.compile.cuda.launch import a_block_each, code, launch
from fastloss.compile.cuda.reduction import block_sum
from fastloss.compile.elementary import INFINITY, weighed
from fastloss.compile.templates import unbound
from fastloss.core import orders
from fastloss.core.validate import kernel_dtype
from fastloss.embeddings.candidates.logits import Scaled
from fastloss.embeddings.mining.anchor import unit_of

LONGEST = 256  # vectors that are added one after another; of more, pieces are added first
NOBODY = np.empty(0, np.int64)

UNIT = THREADS = unbound


def block_largest(number):
    """The largest of all threads' numbers, for all of them; NaN if there is one."""
    numbers = cuda.shared.array(THREADS, float64)
    thread = cuda.threadIdx.x
    numbers[thread] = number
    half = THREADS // 2
    while half > 0:
        cuda.syncthreads()
        if thread < half:
            one, other = numbers[thread], numbers[thread + half]
            numbers[thread] = one if (one > other or one != one) else other
        half //= 2
    cuda.syncthreads()
    return numbers[0]


def largest_of(source, row):
    m = 0.0
    for c in range(cuda.threadIdx.x, source.shape[1], THREADS):
        v = abs(np.float64(source[row, c]))
        m = v if (v > m or v != v) else m
    return m


def sum_squares(source, row, safe):
    total = 0.0
    for c in range(cuda.threadIdx.x, source.shape[1], THREADS):
        v = np.float64(source[row, c]) / safe
        total += v * v
    return total


def scale(arrays, factor):
    """Each vector times a factor, or of that length, and then one by its length; a vector of zeros stays one."""
    source, target, inverse = arrays
    row = cuda.blockIdx.x
    safe = share = 1.0
    if UNIT:
        largest = block_largest(largest_of(source, row))
        safe = largest if 0.0 < largest < INFINITY else 1.0  # so that no square over- or underflows
        total, _ = block_sum(sum_squares(source, row, safe), 0)
        length = math.sqrt(total)
        share = 1.0 / length if length > 0.0 else (0.0 if length == 0.0 else length)
        if cuda.threadIdx.x == 0:
            inverse[row] = share / safe
    for c in range(cuda.threadIdx.x, source.shape[1], THREADS):
        target[row, c] = np.float64(source[row, c]) / safe * share * factor


def sum_products(row, matrices, rows):
    total = 0.0
    for c in range(cuda.threadIdx.x, matrices[0].shape[1], THREADS):
        total += np.float64(matrices[0][rows[0], c]) * np.float64(matrices[1][rows[1], c])
    return total


def pull(arrays, factor):
    """From the gradient by scaled vectors to that by the given ones: only what is at a right angle turns a vector."""
    gradient, vectors, inverse = arrays
    row = cuda.blockIdx.x
    along, multiple = 0.0, factor
    if UNIT:
        along, _ = block_sum(sum_products(row, (vectors, gradient), (row, row)), 0)
        along, multiple = along / (factor * factor), factor * inverse[row]
    for c in range(cuda.threadIdx.x, gradient.shape[1], THREADS):
        turned = np.float64(gradient[row, c])
        if UNIT:
            turned -= np.float64(vectors[row, c]) * along
        gradient[row, c] = weighed(turned, multiple)  # one by the length of a short vector may be infinite


def dots(matrices, lists):
    k = cuda.blockIdx.x
    numbers, others, result = lists
    first = numbers[k] if numbers.size else k
    second = others[k] if others.size else k
    total, _ = block_sum(sum_products(k, matrices, (first, second)), 0)
    if cuda.threadIdx.x == 0:
        result[k] = total


def add(matrices, lists):
    """To each listed place the vectors times factors that its list names."""
    target, source = matrices
    places, offsets, numbers, factors = lists
    k = cuda.blockIdx.x
    place = places[k] if places.size else k
    start, stop = (offsets[k], offsets[k + 1]) if offsets.size else (k, k + 1)
    for c in range(cuda.threadIdx.x, target.shape[1], THREADS):
        total = 0.0
        for at in range(start, stop):
            total += factors[at] * np.float64(source[numbers[at] if numbers.size else at, c])
        target[place, c] += total


class Vectors:
    """Vectors times a factor, or of that length, as a matrix on the device."""

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
        """The matrix."""
        return self.scaled

    def pull(self, gradient: Any) -> Any:
        """From the gradient by the scaled vectors to that by the given ones; works in place."""
        if self.about.unit or self.about.factor != 1.0:
            self._launch(pull, (gradient, self.scaled, self.inverse))
        return gradient

    def _launch(self, template: Any, arrays: tuple[Any, ...]) -> None:
        name = "_".join(np.dtype(one.dtype).name for one in arrays[:2]) + ("_unit" if self.about.unit else "")
        what = code(template, name, UNIT=self.about.unit)
        launch(self._place, what, a_block_each(len(arrays[0])), arrays, self.about.factor)


class Store:
    """Where the vectors of a call lie, and what they are summed by; numbers and places are None for each in turn."""

    def __init__(self, *arrays: Any):
        self.place = Place(*arrays)

    def vectors(self, about: Scaled) -> Vectors:
        """The vectors that are described; where they lie there as they are wanted, they are not copied."""
        return Vectors(self, about)

    def on_device(self, array: Any) -> Any:
        """A matrix that may be there already, in single or double precision."""
        return array if hasattr(array, "copy_to_host") else self.place.device(array, kernel_dtype(array))

    def zeros(self, shape: tuple[int, int], dtype: Any) -> Any:
        """To be added to."""
        return self.place.zeros(shape, dtype)

    def dots(self, first: Any, numbers: Any, second: Any, others: Any) -> np.ndarray:
        """Products of vectors, a pair at a time, in float64, on the host."""
        count = len(first) if numbers is None else len(numbers)
        lists = (self.place.device(NOBODY if one is None else one, np.int64) for one in (numbers, others))
        result = self.place.empty(count)
        self._launch(dots, (first, second), (*lists, result), count)
        return self.place.host(result)

    def add(self, target: Any, places: Any, factors: np.ndarray, source: Any, numbers: Any) -> None:
        """target[places] += factors * source[numbers], places that occur several times included."""
        if not target.size or not len(factors):
            return
        offsets = NOBODY
        if places is not None:
            order = np.argsort(places, kind="stable")
            offsets, places = orders.runs(places[order])
            numbers, factors = order if numbers is None else numbers[order], factors[order]
            if np.diff(offsets).max() > LONGEST:
                pieces, owners = _pieces(offsets)
                partial = self.zeros((len(owners), target.shape[1]), np.float64)
                self._add(partial, source, (None, pieces, numbers, factors))
                return self.add(target, places[owners], np.ones(len(owners)), partial, None)
        self._add(target, source, (places, offsets, numbers, factors))

    def _add(self, target: Any, source: Any, lists: Any) -> None:
        ids = [self.place.device(NOBODY if one is None else one, np.int64) for one in lists[:3]]
        count = len(lists[1]) - 1 if len(lists[1]) else len(lists[3])
        self._launch(add, (target, source), (*ids, self.place.device(lists[3], np.float64)), count)

    def _launch(self, template: Any, sources: tuple[Any, Any], lists: tuple[Any, ...], count: int) -> None:
        matrices = tuple(one.scaled if isinstance(one, Vectors) else one for one in sources)
        name = "_".join(np.dtype(one.dtype).name for one in matrices)
        launch(self.place, code(template, name), a_block_each(count), matrices, lists)

    def centred(self, array: Any, order: np.ndarray) -> tuple[Any, float]:
        """Vectors less their mean, which no distance knows, and products lose digits by; in another order.

        They are divided by a power of two, which comes with them.
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
        """Vectors divided by the `unit_of` their greatest length."""
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
        """A matrix on the device as the caller's kind of array; anything else as it is."""
        return self.place.home(result) if hasattr(result, "copy_to_host") else result


def _pieces(offsets: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Runs cut so that none is longer than `LONGEST`: offsets of the pieces, and the run that each belongs to."""
    counts = -(-np.diff(offsets) // LONGEST)
    owners = np.repeat(np.arange(len(counts)), counts)
    before = np.repeat(np.cumsum(counts) - counts, counts)
    return np.append(offsets[owners] + LONGEST * (np.arange(len(owners)) - before), offsets[-1]), owners
