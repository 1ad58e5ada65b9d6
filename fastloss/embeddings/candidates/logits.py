"""Logits of every row against every candidate, described and not stored: z_ij = r_i . c_j + b_j."""

import dataclasses
from typing import Any, NamedTuple

import numpy as np

NOBODY = np.empty(0, np.int64)


@dataclasses.dataclass(frozen=True)
class Scaled:
    """Vectors as a loss wants them: those of some matrices, one below another, times a factor or of that length."""

    arrays: tuple[Any, ...]
    dtype: np.dtype
    factor: float = 1.0
    unit: bool = False
    classes: np.ndarray | None = None  # numbers from 0: each class's mean takes the place of its vectors
    unit_members: bool = False  # the means are those of vectors of length 1

    @property
    def members(self) -> "Scaled":
        """Of means, the vectors that they are made of."""
        return Scaled(self.arrays, np.dtype(np.float64), unit=self.unit_members)

    def __len__(self) -> int:
        return sum(map(len, self.arrays)) if self.classes is None else int(self.classes.max(initial=-1)) + 1


class Logits(NamedTuple):
    """What the engines walk."""

    store: Any  # the engine's, of all vectors
    rows: Any  # a matrix there
    columns: Any  # the engine's vectors
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
        return self.columns[start:stop]


class Gradient(NamedTuple):
    """By rows and by columns, as scaled, and by the columns' biases if there are any."""

    rows: Any
    columns: Any
    bias: np.ndarray


def no_gradient(logits: Logits, rows: int, columns: int) -> Gradient:
    """Zeros for some rows and columns."""
    by_rows, by_columns = (logits.store.zeros((count, logits.rows.shape[1]), logits.dtype) for count in (rows, columns))
    return Gradient(by_rows, by_columns, np.zeros(columns if logits.bias.size else 0, logits.dtype))


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
