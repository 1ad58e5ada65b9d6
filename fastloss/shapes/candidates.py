"""Logits of every row against every candidate, described and not stored: z_ij = r_i . c_j + b_j."""

from typing import Any, NamedTuple

import numpy as np

BLOCK = 1 << 16  # numbers that are scaled at a time: temporaries stay in the cache
NOBODY = np.empty(0, np.int64)


def chunks(count: int, depth: int) -> list[slice]:
    """Vectors of that many numbers, cut so that a chunk has `BLOCK` numbers."""
    step = max(1, BLOCK // max(depth, 1))
    return [slice(start, min(start + step, count)) for start in range(0, count, step)]


class Vectors:
    """Vectors times a factor, or of that length: as an array, or a block at a time where they lie in a file."""

    def __init__(self, array: np.ndarray, dtype: np.dtype, factor: float, unit: bool):
        self.given, self.dtype, self.factor, self.unit = array, dtype, factor, unit
        self.inverse = np.empty(0)  # 1 / length of each, where they are brought to one length; 0 for a vector of zeros
        self.scaled: np.ndarray | None = None
        if not _mapped(array):
            if unit:
                self.inverse = np.empty(len(array))
            if unit or factor != 1.0 or array.dtype != dtype or not array.flags.c_contiguous:
                self.scaled = np.empty(array.shape, dtype)
                for part in chunks(*array.shape):
                    self.scaled[part], inverse = self._scale(array[part])
                    self.inverse[part if unit else slice(0)] = inverse
            else:
                self.scaled = array

    def __len__(self) -> int:
        return len(self.given)

    def _scale(self, some: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        wide = np.asarray(some, np.float64)
        inverse = np.empty(0)
        if self.unit:
            largest = np.abs(wide).max(1, initial=0.0)  # so that no square over- or underflows
            safe = np.where((largest > 0.0) & np.isfinite(largest), largest, 1.0)
            wide = wide / safe[:, None]
            length = np.sqrt(np.square(wide).sum(1))
            shares = np.divide(1.0, length, out=np.where(length == 0.0, 0.0, np.nan), where=length > 0.0)
            wide = wide * shares[:, None]
            with np.errstate(over="ignore"):
                inverse = shares / safe
        return (wide * self.factor).astype(self.dtype), inverse

    def block(self, start: int, stop: int) -> np.ndarray:
        """Some of them, contiguous."""
        return self._scale(self.given[start:stop])[0] if self.scaled is None else self.scaled[start:stop]

    def take(self, numbers: np.ndarray) -> np.ndarray:
        """Those of some numbers."""
        return self._scale(self.given[numbers])[0] if self.scaled is None else self.scaled[numbers]

    def pull(self, gradient: np.ndarray) -> np.ndarray:
        """From the gradient by the scaled vectors to that by the given ones; works in place."""
        for part in chunks(*gradient.shape):
            own = gradient[part]
            if self.unit:  # only what is at a right angle to the vector turns it
                if self.scaled is None:
                    vectors, inverse = self._scale(self.given[part])
                else:
                    vectors, inverse = self.scaled[part], self.inverse[part]
                along = np.einsum("ij,ij->i", vectors, own, dtype=np.float64) / self.factor**2
                own -= vectors * along[:, None].astype(self.dtype)
                own *= (self.factor * inverse[:, None]).astype(self.dtype)
            elif self.factor != 1.0:
                own *= self.dtype.type(self.factor)
        return gradient


def _mapped(array: Any) -> bool:
    """Whether it is a view of a file that is mapped into memory."""
    while array is not None and not isinstance(array, np.memmap):
        array = getattr(array, "base", None)
    return array is not None


class Logits(NamedTuple):
    """What the engines walk."""

    rows: np.ndarray
    columns: Vectors
    bias: np.ndarray  # empty for none
    # Row i leaves out the columns members[offsets[g]:offsets[g + 1]] of its group g = owners[i], where that is not -1.
    excluded: tuple[np.ndarray, np.ndarray, np.ndarray] = (NOBODY, NOBODY, NOBODY)
    same: bool = False  # columns are rows: z_ij = z_ji, and the same pairs are left out

    @property
    def dtype(self) -> np.dtype:
        return self.rows.dtype

    @property
    def hidden(self) -> tuple[np.ndarray, ...]:
        """What `tiles.hide` takes."""
        return self.bias, *self.excluded

    @property
    def width(self) -> int:
        """The number of candidates."""
        return len(self.columns)

    def block(self, start: int, stop: int) -> np.ndarray:
        """Some candidates' vectors."""
        return self.columns.block(start, stop)


class Gradient(NamedTuple):
    """By rows and by columns, as scaled, and by the columns' biases if there are any."""

    rows: np.ndarray
    columns: np.ndarray
    bias: np.ndarray


def no_gradient(logits: Logits, rows: int, columns: int) -> Gradient:
    """Zeros for some rows and columns."""
    depth = logits.rows.shape[1]
    shapes = (rows, depth), (columns, depth), (columns if logits.bias.size else 0,)
    return Gradient(*(np.zeros(shape, logits.dtype) for shape in shapes))


def members(ids: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray]:
    """For group numbers of columns: CSR offsets of `count` groups and their columns in order."""
    order = np.argsort(ids, kind="stable")
    offsets = np.searchsorted(ids[order], np.arange(count + 1))
    return offsets, order


class Sums(NamedTuple):
    """Logs of rows' and columns' sums of exponentials; the columns' only where asked for."""

    rows: np.ndarray
    columns: np.ndarray


class Side(NamedTuple):
    """What the gradient takes of rows or columns: the logs, and the factors of their softmaxes."""

    logs: np.ndarray
    factors: np.ndarray


def merge(maxima: np.ndarray, sums: np.ndarray, others: np.ndarray, more: np.ndarray) -> None:
    """Add sums of e**(z - maximum) over some candidates to those over others, in place."""
    highest = np.maximum(maxima, others)
    safe = np.where(highest == -np.inf, 0.0, highest)
    with np.errstate(invalid="ignore"):
        sums[:] = sums * np.exp(maxima - safe) + more * np.exp(others - safe)
    maxima[:] = highest


def log_sums(maxima: np.ndarray, sums: np.ndarray) -> np.ndarray:
    """The logs of sums of e**z, from those of e**(z - maximum)."""
    with np.errstate(divide="ignore"):
        return maxima + np.log(sums)


def finite(logs: np.ndarray) -> np.ndarray:
    """With +inf for the log of an empty sum, so that its softmax is 0."""
    return np.where(logs == -np.inf, np.inf, logs)
