"""Vectors in memory or in a file, and sums over few of them in a fixed order."""

import math
from typing import Any

import numpy as np

from fastloss.core import orders
from fastloss.core.validate import kernel_dtype, mapped
from fastloss.embeddings.candidates.logits import Scaled
from fastloss.embeddings.mining.distances import unit_of

BLOCK = 1 << 16  # numbers that are worked on at a time: temporaries stay in the cache


def chunks(count: int, depth: int) -> list[slice]:
    """Cut `count` vectors of `depth` numbers into chunks of about `BLOCK` numbers."""
    step = max(1, BLOCK // max(depth, 1))
    return [slice(start, min(start + step, count)) for start in range(0, count, step)]


class Vectors:
    """Vectors times a factor, or brought to that length: an array, or a block at a time where they lie in a file."""

    def __init__(self, array: np.ndarray, about: Scaled):
        self.given, self.about = array, about
        self.inverse = np.empty(0)  # 1 / length of each, where they are brought to one length; 0 for a vector of zeros
        self.scaled: np.ndarray | None = None
        as_wanted = not about.unit and about.factor == 1.0 and array.dtype == about.dtype and array.flags.c_contiguous
        if as_wanted:
            self.scaled = np.asarray(array)
        elif not mapped(array):
            self.inverse = np.empty(len(array) if about.unit else 0)
            self.scaled = np.empty(array.shape, about.dtype)
            for part in chunks(*array.shape):
                self.scaled[part], inverse = self._scale(array[part])
                self.inverse[part if about.unit else slice(0)] = inverse

    def __len__(self) -> int:
        return len(self.given)

    @property
    def shape(self) -> tuple[int, int]:
        return self.given.shape

    def _scale(self, vectors: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return vectors as wanted, and one by the length of each if they are brought to one length."""
        wide = np.asarray(vectors, np.float64)
        inverse = np.empty(0)
        if self.about.unit:
            safe = _safe_divisors(wide)
            wide = wide / safe[:, None]
            length = np.sqrt(np.square(wide).sum(1))
            shares = np.divide(1.0, length, out=np.where(length == 0.0, 0.0, np.nan), where=length > 0.0)
            wide = wide * shares[:, None]
            with np.errstate(over="ignore"):
                inverse = shares / safe
        return (wide * self.about.factor).astype(self.about.dtype), inverse

    def _turned(self, slopes: np.ndarray, vectors: np.ndarray) -> np.ndarray:
        """Multiply slopes by factor / length, of vectors so short that 1 / length overflows."""
        wide = np.asarray(vectors, np.float64)
        safe = _safe_divisors(wide)[:, None]
        length = np.sqrt(np.square(wide / safe).sum(1, keepdims=True))
        with np.errstate(over="ignore", under="ignore"):
            turned = self.about.factor * slopes / np.where(length == 0.0, np.inf, length) / safe
            return turned.astype(self.about.dtype)

    def __getitem__(self, which: Any) -> np.ndarray:
        """Return the vectors of a slice or of some numbers, contiguous."""
        return self._scale(self.given[which])[0] if self.scaled is None else self.scaled[which]

    def all(self) -> np.ndarray:
        """Return all vectors as a matrix."""
        if self.scaled is not None:
            return self.scaled
        result = np.empty(self.shape, self.about.dtype)
        for part in chunks(*self.shape):
            result[part] = self[part]
        return result

    def pull(self, gradient: np.ndarray) -> np.ndarray:
        """Turn the gradient by the scaled vectors into that by the given ones, in place."""
        unit, factor, dtype = self.about.unit, self.about.factor, self.about.dtype
        for part in chunks(*gradient.shape):
            slopes = gradient[part]
            if unit:  # only what is at a right angle to the vector turns it
                if self.scaled is None:
                    vectors, inverse = self._scale(self.given[part])
                else:
                    vectors, inverse = self.scaled[part], self.inverse[part]
                along = np.einsum("ij,ij->i", vectors, slopes, dtype=np.float64) / factor**2
                slopes -= vectors * along[:, None].astype(dtype)
                if (factor * inverse > np.finfo(dtype).max).any():
                    slopes[...] = self._turned(slopes, self.given[part])
                else:
                    slopes *= (factor * inverse[:, None]).astype(dtype)
            elif factor != 1.0:
                slopes *= dtype.type(factor)
        return gradient


def _safe_divisors(vectors: np.ndarray) -> np.ndarray:
    """Return each vector's largest number, by which its squares neither over- nor underflow; 1 if 0 or not finite."""
    largest = np.abs(vectors).max(1, initial=0.0)
    return np.where((largest > 0.0) & np.isfinite(largest), largest, 1.0)


def _in_unit(array: np.ndarray) -> tuple[np.ndarray, float]:
    """Divide numbers by their `unit_of`; return them and the unit."""
    ends = abs(float(np.fmin.reduce(array, None, initial=0.0))), abs(float(np.fmax.reduce(array, None, initial=0.0)))
    largest = max(ends)
    if math.isinf(largest):
        largest = float(np.abs(array[np.isfinite(array)]).max(initial=0.0))
    unit = unit_of(largest, array.dtype)
    return (array, 1.0) if unit == 1.0 else (np.multiply(array, 1.0 / unit, dtype=np.float64).astype(array.dtype), unit)


class Store:
    """Where the vectors of a call lie, and sums of them. Row numbers that are None stand for 0, 1, 2, ..."""

    def __init__(self, *arrays: Any):
        pass

    def vectors(self, about: Scaled) -> Vectors:
        """Return the vectors that are described."""
        array = about.arrays[0] if len(about.arrays) == 1 else np.concatenate(about.arrays)
        if about.classes is not None:
            sizes = np.bincount(about.classes, minlength=len(about))
            means = self.zeros((len(about), array.shape[1]), np.float64)
            self.add(means, about.classes, 1.0 / sizes[about.classes], self.vectors(about.members), None)
            array = means
        return Vectors(array, about)

    def zeros(self, shape: tuple[int, int], dtype: Any) -> np.ndarray:
        """Return zeros, to be added to."""
        return np.zeros(shape, dtype)

    def dots(self, first: Any, first_rows: Any, second: Any, second_rows: Any) -> np.ndarray:
        """Multiply rows of two matrices, a pair at a time; float64."""
        count = len(first) if first_rows is None else len(first_rows)
        result = np.empty(count)
        for part in chunks(count, first.shape[1]):
            left = first[part if first_rows is None else first_rows[part]]
            right = second[part if second_rows is None else second_rows[part]]
            result[part] = np.einsum("ij,ij->i", left, right, dtype=np.float64)
        return result

    def add(self, target: np.ndarray, target_rows: Any, factors: np.ndarray, source: Any, source_rows: Any) -> None:
        """target[target_rows] += factors * source[source_rows], rows that occur several times included."""
        for part in chunks(len(factors), target.shape[1]):
            which: Any = part if source_rows is None else source_rows[part]
            vectors = source[which]
            multiples = factors[part, None].astype(np.result_type(target.dtype, vectors.dtype))
            if np.isinf(multiples).any():
                multiples = factors[part, None]  # beyond float32; its product with 0 is 0
            if target_rows is None:
                target[part] += vectors * multiples
                continue
            rows = target_rows[part]
            if (rows == rows[0]).all():
                target[rows[0]] += multiples[:, 0] @ vectors
                continue
            order = orders.sort(rows).order
            rows = rows[order]
            vectors = vectors[order] * multiples[order]
            starts = np.flatnonzero(np.append(True, rows[1:] != rows[:-1]))
            target[rows[starts]] += vectors if len(starts) == len(rows) else np.add.reduceat(vectors, starts)

    def centred(self, array: np.ndarray, order: np.ndarray) -> tuple[np.ndarray, float]:
        """Return vectors less their mean, in another order and divided by a power of two; and that power.

        No distance depends on the mean, which would cost products digits.
        """
        dtype = kernel_dtype(array)
        with np.errstate(invalid="ignore", over="ignore", under="ignore"):
            array, first = _in_unit(np.asarray(array, dtype))
            mean = array.mean(0, dtype=np.float64) if len(array) else 0.0
            mean = np.where(np.isfinite(mean), mean, 0.0)
            array, second = _in_unit(np.ascontiguousarray(array - mean.astype(dtype), dtype))
            return array[order], first * second

    def home(self, array: np.ndarray) -> np.ndarray:
        """Return a result as the caller's kind of array."""
        return array
