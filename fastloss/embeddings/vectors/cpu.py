"""Vectors in memory or in a file, and sums over few of them, in their order. `embeddings.vectors.cuda` has the same."""

import math
from typing import Any

import numpy as np

from fastloss.core.validate import kernel_dtype, mapped
from fastloss.embeddings.candidates.logits import Scaled
from fastloss.embeddings.mining.anchor import unit_of

BLOCK = 1 << 16  # numbers that are worked on at a time: temporaries stay in the cache


def chunks(count: int, depth: int) -> list[slice]:
    """Vectors of that many numbers, cut so that a chunk has `BLOCK` numbers."""
    step = max(1, BLOCK // max(depth, 1))
    return [slice(start, min(start + step, count)) for start in range(0, count, step)]


class Vectors:
    """Vectors times a factor, or of that length: as an array, or a block at a time where they lie in a file."""

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

    def _scale(self, some: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        wide = np.asarray(some, np.float64)
        inverse = np.empty(0)
        if self.about.unit:
            largest = np.abs(wide).max(1, initial=0.0)  # so that no square over- or underflows
            safe = np.where((largest > 0.0) & np.isfinite(largest), largest, 1.0)
            wide = wide / safe[:, None]
            length = np.sqrt(np.square(wide).sum(1))
            shares = np.divide(1.0, length, out=np.where(length == 0.0, 0.0, np.nan), where=length > 0.0)
            wide = wide * shares[:, None]
            with np.errstate(over="ignore"):
                inverse = shares / safe
        return (wide * self.about.factor).astype(self.about.dtype), inverse

    def _turned(self, slopes: np.ndarray, some: np.ndarray) -> np.ndarray:
        """Slopes times the factor and by the lengths of vectors so short that one by the length is not a number."""
        wide = np.asarray(some, np.float64)
        largest = np.abs(wide).max(1, initial=0.0, keepdims=True)
        safe = np.where((largest > 0.0) & np.isfinite(largest), largest, 1.0)
        length = np.sqrt(np.square(wide / safe).sum(1, keepdims=True))
        with np.errstate(over="ignore", under="ignore"):
            turned = self.about.factor * slopes / np.where(length == 0.0, np.inf, length) / safe
            return turned.astype(self.about.dtype)

    def __getitem__(self, which: Any) -> np.ndarray:
        """Those in a slice, or of some numbers, contiguous."""
        return self._scale(self.given[which])[0] if self.scaled is None else self.scaled[which]

    def all(self) -> np.ndarray:
        """All of them as a matrix."""
        if self.scaled is not None:
            return self.scaled
        result = np.empty(self.shape, self.about.dtype)
        for part in chunks(*self.shape):
            result[part] = self[part]
        return result

    def pull(self, gradient: np.ndarray) -> np.ndarray:
        """From the gradient by the scaled vectors to that by the given ones; works in place."""
        unit, factor, dtype = self.about.unit, self.about.factor, self.about.dtype
        for part in chunks(*gradient.shape):
            own = gradient[part]
            if unit:  # only what is at a right angle to the vector turns it
                if self.scaled is None:
                    vectors, inverse = self._scale(self.given[part])
                else:
                    vectors, inverse = self.scaled[part], self.inverse[part]
                along = np.einsum("ij,ij->i", vectors, own, dtype=np.float64) / factor**2
                own -= vectors * along[:, None].astype(dtype)
                if (factor * inverse > np.finfo(dtype).max).any():
                    own[...] = self._turned(own, self.given[part])
                else:
                    own *= (factor * inverse[:, None]).astype(dtype)
            elif factor != 1.0:
                own *= dtype.type(factor)
        return gradient


def _in_unit(array: np.ndarray) -> tuple[np.ndarray, float]:
    """Numbers divided by their `unit_of`."""
    ends = abs(float(np.fmin.reduce(array, None, initial=0.0))), abs(float(np.fmax.reduce(array, None, initial=0.0)))
    largest = max(ends)
    if math.isinf(largest):
        largest = float(np.abs(array[np.isfinite(array)]).max(initial=0.0))
    unit = unit_of(largest, array.dtype)
    return (array, 1.0) if unit == 1.0 else (np.multiply(array, 1.0 / unit, dtype=np.float64).astype(array.dtype), unit)


class Store:
    """Where the vectors of a call lie, and what they are summed by; numbers and places are None for each in turn."""

    def __init__(self, *arrays: Any):
        pass

    def vectors(self, about: Scaled) -> Vectors:
        """The vectors that are described."""
        array = about.arrays[0] if len(about.arrays) == 1 else np.concatenate(about.arrays)
        if about.classes is not None:
            sizes = np.bincount(about.classes, minlength=len(about))
            means = self.zeros((len(about), array.shape[1]), np.float64)
            self.add(means, about.classes, 1.0 / sizes[about.classes], self.vectors(about.members), None)
            array = means
        return Vectors(array, about)

    def zeros(self, shape: tuple[int, int], dtype: Any) -> np.ndarray:
        """To be added to."""
        return np.zeros(shape, dtype)

    def dots(self, first: Any, numbers: Any, second: Any, others: Any) -> np.ndarray:
        """Products of vectors, a pair at a time, in float64."""
        count = len(first) if numbers is None else len(numbers)
        result = np.empty(count)
        for part in chunks(count, first.shape[1]):
            one, two = (
                source[part if which is None else which[part]] for source, which in ((first, numbers), (second, others))
            )
            result[part] = np.einsum("ij,ij->i", one, two, dtype=np.float64)
        return result

    def add(self, target: np.ndarray, places: Any, factors: np.ndarray, source: Any, numbers: Any) -> None:
        """target[places] += factors * source[numbers], places that occur several times included."""
        for part in chunks(len(factors), target.shape[1]):
            which: Any = part if numbers is None else numbers[part]
            some = source[which]
            own = factors[part, None].astype(np.result_type(target.dtype, some.dtype))
            if np.isinf(own).any():
                own = factors[part, None]  # beyond float32; its product with 0 is 0
            if places is None:
                target[part] += some * own
                continue
            if (places[part] == places[part.start]).all():
                target[places[part.start]] += own[:, 0] @ some
                continue
            order = np.argsort(places[part], kind="stable")
            at = places[part][order]
            some = some[order] * own[order]
            starts = np.flatnonzero(np.append(True, at[1:] != at[:-1]))
            target[at[starts]] += some if len(starts) == len(at) else np.add.reduceat(some, starts)

    def centred(self, array: np.ndarray, order: np.ndarray) -> tuple[np.ndarray, float]:
        """Vectors less their mean, which no distance knows, and products lose digits by; in another order.

        They are divided by a power of two, which comes with them.
        """
        dtype = kernel_dtype(array)
        with np.errstate(invalid="ignore", over="ignore", under="ignore"):
            array, first = _in_unit(np.asarray(array, dtype))
            mean = array.mean(0, dtype=np.float64) if len(array) else 0.0
            mean = np.where(np.isfinite(mean), mean, 0.0)
            array, second = _in_unit(np.ascontiguousarray(array - mean.astype(dtype), dtype))
            return array[order], first * second

    def home(self, array: np.ndarray) -> np.ndarray:
        """A result, as the caller's kind of array."""
        return array
